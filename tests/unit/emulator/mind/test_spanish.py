"""Spanish words mean what they mean, and its questions are about what they are about."""

from __future__ import annotations

import pytest

from kiosk.emulator.mind.spanish import SPANISH
from kiosk.emulator.mind.tools import noun_phrase
from kiosk.emulator.mind.words import meanings, numbers, plain


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("¿Dónde están los baños?", "toilet where"),
        ("¿Cómo llego al ascensor?", "lift where"),
        ("¿Cuánto cuesta la entrada para niños?", "ticket child"),
        ("¿A qué hora cierran?", "open"),
        ("¿Hay wifi?", "wifi"),
    ],
)
def test_meanings(said: str, meant: str) -> None:
    assert set(meanings(said, "es")) == set(meant.split())


@pytest.mark.parametrize(
    ("said", "thing"),
    [
        ("¿Dónde está el guardarropa?", "guardarropa"),
        ("Busco las monedas romanas por favor", "monedas romanas"),
        ("Muéstreme la cafetería", "cafetería"),
    ],
)
def test_what_a_question_is_about(said: str, thing: str) -> None:
    assert noun_phrase(said, "es") == thing


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("¡Adiós!", "bye"),
        ("Muchas gracias", "thanks"),
        ("¿Es usted un robot?", "self"),
        ("¿Qué tal?", "how"),
        ("¿Qué puede hacer?", "offer"),
        ("¿Cómo me llamo?", "my_name"),
        ("¿Qué te he preguntado?", "asked"),
        ("Repítalo", "again"),
    ],
)
def test_small_talk(said: str, kind: str) -> None:
    kinds = [kind for pattern, kind in SPANISH.small_talk if pattern.search(plain(said))]
    assert kinds[0] == kind


def test_greetings_names_and_numbers() -> None:
    assert SPANISH.hello.search(plain("¡Hola!"))
    given = SPANISH.name_given.search("Me llamo José")
    assert given is not None
    assert given[1] == "José"
    assert numbers("dos entradas y tres", "es") == [2.0, 3.0]
