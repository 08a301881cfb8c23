"""What visitors are told about the person who comes; English for languages not written here."""

from __future__ import annotations

from typing import Final

CARD: Final = "staff"

WORDS: Final = {
    "en": {
        "title": "A person for you",
        "waiting": "I have called somebody. Please stay here for a moment.",
        "coming": "Somebody is coming to you now.",
        "nobody": "Nobody is free at the moment. {desk}",
        "desk": "Please go to the staff desk.",
    },
    "de": {
        "title": "Jemand für Sie",
        "waiting": "Ich habe jemanden gerufen. Bitte bleiben Sie einen Moment hier.",
        "coming": "Jemand ist auf dem Weg zu Ihnen.",
        "nobody": "Gerade ist niemand frei. {desk}",
        "desk": "Bitte gehen Sie zum Empfang.",
    },
    "ar": {
        "title": "شخص لمساعدتكم",
        "waiting": "لقد ناديت أحد الموظفين. يرجى الانتظار هنا لحظة.",
        "coming": "أحد الموظفين في طريقه إليكم.",
        "nobody": "لا أحد متاح في الوقت الحالي. {desk}",
        "desk": "يرجى التوجه إلى مكتب الاستقبال.",
    },
    "es": {
        "title": "Una persona para usted",
        "waiting": "He llamado a alguien. Por favor, espere aquí un momento.",
        "coming": "Ya viene alguien a ayudarle.",
        "nobody": "Ahora mismo no hay nadie libre. {desk}",
        "desk": "Por favor, vaya al mostrador de información.",
    },
    "fr": {
        "title": "Quelqu’un pour vous",
        "waiting": "J’ai appelé quelqu’un. Veuillez rester ici un instant.",
        "coming": "Quelqu’un arrive.",
        "nobody": "Personne n’est libre pour le moment. {desk}",
        "desk": "Veuillez aller à l’accueil.",
    },
    "ja": {
        "title": "スタッフがまいります",
        "waiting": "スタッフを呼びました。ここで少々お待ちください。",
        "coming": "スタッフがまもなくまいります。",
        "nobody": "ただいま手の空いている者がおりません。{desk}",
        "desk": "受付までお越しください。",
    },
    "pt": {
        "title": "Alguém para si",
        "waiting": "Chamei alguém. Por favor, aguarde aqui um momento.",
        "coming": "Já vem alguém ter consigo.",
        "nobody": "De momento não há ninguém livre. {desk}",
        "desk": "Por favor, dirija-se à receção.",
    },
    "uk": {
        "title": "Людина для вас",
        "waiting": "Я покликав працівника. Будь ласка, зачекайте тут хвилинку.",
        "coming": "До вас уже йдуть.",
        "nobody": "Зараз ніхто не вільний. {desk}",
        "desk": "Будь ласка, зверніться до стійки інформації.",
    },
    "zh": {
        "title": "工作人员为您服务",
        "waiting": "我已经叫了工作人员，请在这里稍等。",
        "coming": "工作人员正在过来。",
        "nobody": "目前没有空闲的工作人员。{desk}",
        "desk": "请前往服务台。",
    },
}


def say(language: str, what: str, desk: str = "") -> str:
    """Return a sentence in a language."""
    return WORDS.get(language.partition("-")[0], WORDS["en"])[what].format(desk=desk)
