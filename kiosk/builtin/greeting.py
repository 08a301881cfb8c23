"""Default greeting: short, warm, honest that a computer speaks; asked when no plugin has one."""

from __future__ import annotations

from typing import Final

from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import SessionHandle

# The visitor hears this before anything else, so it says what speaks (EU AI Act, Article 50).
GREETINGS: Final = {
    "ar": "مرحبًا، أنا مساعد حاسوبي. كيف يمكنني مساعدتك؟",
    "cs": "Dobrý den, jsem počítačový asistent. Jak vám mohu pomoci?",
    "da": "Hej, jeg er en computerassistent. Hvad kan jeg hjælpe med?",
    "de": "Guten Tag, ich bin ein Computer-Assistent. Wie kann ich Ihnen helfen?",
    "en": "Hello, I am a computer assistant. How can I help you?",
    "es": "Hola, soy un asistente informático. ¿En qué puedo ayudarle?",
    "fi": "Hei, olen tietokoneavustaja. Miten voin auttaa?",
    "fr": "Bonjour, je suis un assistant informatique. Comment puis-je vous aider ?",
    "it": "Buongiorno, sono un assistente informatico. Come posso aiutarla?",
    "ja": "こんにちは、コンピューターのアシスタントです。ご用件をどうぞ。",
    "ko": "안녕하세요, 저는 컴퓨터 도우미입니다. 무엇을 도와드릴까요?",
    "nl": "Hallo, ik ben een computerassistent. Waarmee kan ik u helpen?",
    "no": "Hei, jeg er en dataassistent. Hva kan jeg hjelpe med?",
    "pl": "Dzień dobry, jestem asystentem komputerowym. W czym mogę pomóc?",
    "pt": "Olá, sou um assistente de computador. Como posso ajudar?",
    "sv": "Hej, jag är en datorassistent. Hur kan jag hjälpa till?",
    "tr": "Merhaba, ben bir bilgisayar asistanıyım. Nasıl yardımcı olabilirim?",  # noqa: RUF001 - Turkish's own letters
    "uk": "Вітаю, я комп’ютерний помічник. Чим можу допомогти?",  # noqa: RUF001 - Ukrainian's own letters
    "zh": "您好，我是电脑助手。请问有什么可以帮您？",  # noqa: RUF001 - Chinese's own letters
}
_SAME: Final = {"nb": "no", "nn": "no"}


@hookimpl(trylast=True)
def greeting(session: SessionHandle) -> str:
    """Greet in the session's language, in English when it is none of ours."""
    base = session.language.partition("-")[0].lower()
    return GREETINGS.get(_SAME.get(base, base), GREETINGS["en"])
