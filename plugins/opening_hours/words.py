"""What visitors read of opening hours, by language; English for those not written here."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from babel.dates import format_date

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

WORDS: Final = {
    "en": {
        "title": "What is on",
        "open": "Open {hours}.",
        "closed": "We are closed on this day.",
        "opens": "We open at {time}. See you soon!",
        "shut": "We are closed now. See you another day!",
    },
    "de": {
        "title": "Programm",
        "open": "Geöffnet {hours}.",
        "closed": "An diesem Tag haben wir geschlossen.",
        "opens": "Wir öffnen um {time}. Bis bald!",
        "shut": "Wir haben jetzt geschlossen. Bis ein andermal!",
    },
    "ar": {
        "title": "ما يجري اليوم",
        "open": "مفتوح {hours}.",
        "closed": "نحن مغلقون في هذا اليوم.",
        "opens": "نفتح الساعة {time}. إلى اللقاء قريبًا!",
        "shut": "نحن مغلقون الآن. إلى اللقاء في يوم آخر!",
    },
    "es": {
        "title": "Programa",
        "open": "Abierto {hours}.",
        "closed": "Ese día está cerrado.",
        "opens": "Abrimos a las {time}. ¡Hasta pronto!",
        "shut": "Ahora está cerrado. ¡Hasta otro día!",
    },
    "fr": {
        "title": "Programme",
        "open": "Ouvert {hours}.",
        "closed": "C’est fermé ce jour-là.",
        "opens": "Nous ouvrons à {time}. À bientôt !",
        "shut": "C’est fermé maintenant. À un autre jour !",
    },
    "ja": {
        "title": "催し",
        "open": "開館時間 {hours}。",
        "closed": "この日は休館です。",
        "opens": "{time}に開館します。お待ちしております。",
        "shut": "ただいま閉館中です。またのお越しをお待ちしております。",
    },
    "pt": {
        "title": "Programa",
        "open": "Aberto {hours}.",
        "closed": "Nesse dia estamos fechados.",
        "opens": "Abrimos às {time}. Até breve!",
        "shut": "Agora estamos fechados. Até outro dia!",
    },
    "uk": {
        "title": "Програма",
        "open": "Відчинено {hours}.",
        "closed": "Цього дня ми зачинені.",
        "opens": "Ми відчиняємося о {time}. До зустрічі!",
        "shut": "Зараз ми зачинені. До зустрічі іншого дня!",
    },
    "zh": {
        "title": "活动",
        "open": "开放时间 {hours}。",
        "closed": "这一天不开放。",
        "opens": "{time}开门，期待您的光临！",
        "shut": "现在已关门，欢迎改日再来！",
    },
}


def say(language: str, what: str, **values: Any) -> str:
    """Return a sentence in a language; `day` is a date written out."""
    base = language.partition("-")[0]
    if what == "day":
        return str(format_date(values["date"], "full", locale=base if base in WORDS else "en"))
    return WORDS.get(base, WORDS["en"])[what].format(**values)


def spoken_day(text: str, today: date) -> date | None:
    """Return the day a model asked for, or None when it is none."""
    wanted = text.strip().casefold()
    if wanted in {"", "today"}:
        return today
    if wanted == "tomorrow":
        return today + timedelta(days=1)
    if wanted in WEEKDAYS:
        return today + timedelta(days=(WEEKDAYS.index(wanted) - today.weekday()) % 7)
    try:
        return date.fromisoformat(wanted)
    except ValueError:
        return None
