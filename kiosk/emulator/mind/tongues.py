"""The languages the built-in mind speaks, and which one it speaks now."""

from __future__ import annotations

from kiosk.emulator.mind.english import ENGLISH
from kiosk.emulator.mind.french import FRENCH
from kiosk.emulator.mind.german import GERMAN
from kiosk.emulator.mind.spanish import SPANISH
from kiosk.emulator.mind.tongue import Tongue
from kiosk.emulator.speech.languages import base_language, guess_language

TONGUES: dict[str, Tongue] = {tongue.code: tongue for tongue in (ENGLISH, GERMAN, FRENCH, SPANISH)}


def tongue_of(language: str) -> Tongue:
    """Return what the mind has in a language (BCP-47), English when it has nothing."""
    return TONGUES.get(base_language(language), ENGLISH)


def spoken_language(said: list[str], session: str, otherwise: str) -> str:
    """Return the ISO 639-1 code of the language to answer in.

    The visitor's words decide, the last ones that show their language first; then what the
    session is set to, then the scenario. A language the mind does not have gives way to the next.
    """
    for words in reversed(said):
        guessed = guess_language(words)
        if guessed in TONGUES:
            return guessed
    for language in (session, otherwise):
        if base_language(language) in TONGUES:
            return base_language(language)
    return ENGLISH.code
