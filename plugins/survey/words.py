"""What visitors read of the survey, by language; English for those not written here.

The answers to one question differ from each other: they are counted by what was chosen.
"""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "title": "How was it?",
        "stars": "How did you like this conversation?",
        "5": "Very much", "4": "Well", "3": "It was all right", "2": "Not so much",
        "1": "Not at all",
        "found": "Did you find what you were looking for?",
        "yes": "Yes", "partly": "Partly", "no": "No",
        "note": "Only numbers are kept: nothing says who answered.",
        "thanks": "Thank you! That helps us.",
        "closed": "No problem. Thank you for your visit.",
        "again": "You have told us already. Thank you!",
    },
    "de": {
        "title": "Wie war es?",
        "stars": "Wie hat Ihnen das Gespräch gefallen?",
        "5": "Sehr gut", "4": "Gut", "3": "Es ging", "2": "Nicht so gut", "1": "Gar nicht",
        "found": "Haben Sie gefunden, was Sie gesucht haben?",
        "yes": "Ja", "partly": "Zum Teil", "no": "Nein",
        "note": "Nur Zahlen werden behalten: Niemand weiß, wer geantwortet hat.",
        "thanks": "Danke! Das hilft uns.",
        "closed": "Kein Problem. Danke für Ihren Besuch.",
        "again": "Sie haben es uns schon gesagt. Danke!",
    },
    "ar": {
        "title": "كيف كانت التجربة؟",
        "stars": "ما مدى رضاكم عن هذه المحادثة؟",
        "5": "راضون جدًا", "4": "راضون", "3": "لا بأس", "2": "غير راضين", "1": "غير راضين إطلاقًا",
        "found": "هل وجدتم ما كنتم تبحثون عنه؟",
        "yes": "نعم", "partly": "جزئيًا", "no": "لا",
        "note": "لا نحتفظ إلا بالأرقام: لا شيء يدل على من أجاب.",
        "thanks": "شكرًا لكم! هذا يساعدنا.",
        "closed": "لا بأس. شكرًا لزيارتكم.",
        "again": "لقد أخبرتمونا من قبل. شكرًا لكم!",
    },
    "es": {
        "title": "¿Qué le ha parecido?",
        "stars": "¿Le ha gustado esta conversación?",
        "5": "Mucho", "4": "Bastante", "3": "Regular", "2": "No mucho", "1": "Nada",
        "found": "¿Ha encontrado lo que buscaba?",
        "yes": "Sí", "partly": "En parte", "no": "No",
        "note": "Solo se guardan números: nada indica quién ha respondido.",
        "thanks": "¡Gracias! Nos ayuda mucho.",
        "closed": "No pasa nada. Gracias por su visita.",
        "again": "Ya nos lo ha dicho. ¡Gracias!",
    },
    "fr": {
        "title": "Comment était-ce ?",
        "stars": "Cette conversation vous a-t-elle plu ?",
        "5": "Beaucoup", "4": "Plutôt bien", "3": "Moyennement", "2": "Pas vraiment",
        "1": "Pas du tout",
        "found": "Avez-vous trouvé ce que vous cherchiez ?",
        "yes": "Oui", "partly": "En partie", "no": "Non",
        "note": "Seuls des nombres sont conservés : rien n’indique qui a répondu.",
        "thanks": "Merci ! Cela nous aide.",
        "closed": "Ce n’est pas grave. Merci de votre visite.",
        "again": "Vous nous l’avez déjà dit. Merci !",
    },
    "ja": {
        "title": "いかがでしたか？",
        "stars": "この会話にご満足いただけましたか？",
        "5": "とても満足", "4": "満足", "3": "ふつう", "2": "やや不満", "1": "不満",
        "found": "お探しのものは見つかりましたか？",
        "yes": "はい", "partly": "一部だけ", "no": "いいえ",
        "note": "保存されるのは数字だけです。どなたの回答かはわかりません。",
        "thanks": "ありがとうございます。参考にさせていただきます。",
        "closed": "かしこまりました。ご来館ありがとうございました。",
        "again": "すでにご回答いただいています。ありがとうございます。",
    },
    "pt": {
        "title": "Como correu?",
        "stars": "Gostou desta conversa?",
        "5": "Muito", "4": "Bastante", "3": "Mais ou menos", "2": "Pouco", "1": "Nada",
        "found": "Encontrou o que procurava?",
        "yes": "Sim", "partly": "Em parte", "no": "Não",
        "note": "Só se guardam números: nada diz quem respondeu.",
        "thanks": "Obrigado! Isso ajuda-nos.",
        "closed": "Não faz mal. Obrigado pela sua visita.",
        "again": "Já nos disse. Obrigado!",
    },
    "uk": {
        "title": "Як усе пройшло?",
        "stars": "Чи сподобалася вам ця розмова?",
        "5": "Дуже", "4": "Подобалася", "3": "Більш-менш", "2": "Не дуже", "1": "Зовсім ні",
        "found": "Ви знайшли те, що шукали?",
        "yes": "Так", "partly": "Частково", "no": "Ні",
        "note": "Зберігаються лише числа: ніхто не знає, хто відповів.",
        "thanks": "Дякуємо! Це нам допомагає.",
        "closed": "Нічого страшного. Дякуємо за візит.",
        "again": "Ви вже нам сказали. Дякуємо!",
    },
    "zh": {
        "title": "您觉得怎么样？",
        "stars": "您喜欢这次对话吗？",
        "5": "非常喜欢", "4": "喜欢", "3": "一般", "2": "不太喜欢", "1": "不喜欢",
        "found": "您找到想要的内容了吗？",
        "yes": "找到了", "partly": "部分找到", "no": "没有",
        "note": "只保存数字，不会显示是谁回答的。",
        "thanks": "谢谢！这对我们很有帮助。",
        "closed": "没关系，感谢您的光临。",
        "again": "您已经告诉过我们了，谢谢！",
    },
}  # fmt: skip


def words(language: str) -> dict[str, str]:
    """Return our words in a language; English for those not written here."""
    return WORDS.get(language.partition("-")[0], WORDS["en"])
