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
