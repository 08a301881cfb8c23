"""German words mean what they mean, and its questions are about what they are about."""

from __future__ import annotations

import pytest

from kiosk.emulator.mind.german import GERMAN
from kiosk.emulator.mind.tools import noun_phrase
from kiosk.emulator.mind.words import meanings, numbers, plain


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Wo sind die Toiletten?", "toilet where"),
        ("Wie komme ich zum Fahrstuhl?", "lift where"),
        ("Was kostet der Eintritt für Kinder?", "ticket child"),
        ("Wann schließt ihr?", "open"),
        ("Gibt es WLAN?", "wifi"),
        ("Gibt es heute Führungen?", "event"),
    ],
)
def test_meanings(said: str, meant: str) -> None:
    assert set(meanings(said, "de")) == set(meant.split())


@pytest.mark.parametrize(
    ("said", "thing"),
    [
        ("Wo finde ich die römischen Münzen, bitte?", "römischen Münzen"),
        ("Zeigen Sie mir das Café", "Café"),
        ("Ich suche den Aufzug", "Aufzug"),
    ],
)
def test_what_a_question_is_about(said: str, thing: str) -> None:
    assert noun_phrase(said, "de") == thing


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Auf Wiedersehen!", "bye"),
        ("Vielen Dank", "thanks"),
        ("Sind Sie ein Roboter?", "self"),
        ("Wie geht es Ihnen?", "how"),
        ("Was können Sie?", "offer"),
        ("Wie heiße ich?", "my_name"),
        ("Was habe ich gefragt?", "asked"),
        ("Noch einmal bitte", "again"),
    ],
)
def test_small_talk(said: str, kind: str) -> None:
    kinds = [kind for pattern, kind in GERMAN.small_talk if pattern.search(plain(said))]
    assert kinds[0] == kind


def test_greetings_names_and_numbers() -> None:
    assert GERMAN.hello.search(plain("Guten Tag"))
    given = GERMAN.name_given.search("Ich heiße Jürgen")
    assert given is not None
    assert given[1] == "Jürgen"
    assert numbers("zwei Karten und drei", "de") == [2.0, 3.0]
