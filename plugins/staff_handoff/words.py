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
}


def say(language: str, what: str, desk: str = "") -> str:
    """Return a sentence in a language."""
    return WORDS.get(language.partition("-")[0], WORDS["en"])[what].format(desk=desk)
