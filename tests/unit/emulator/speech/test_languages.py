"""A language shows itself in a question; a name or a borrowed word says nothing."""

from __future__ import annotations

import pytest

from kiosk.emulator.speech.languages import base_language, guess_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where are the toilets?", "en"),
        ("What's on today?", "en"),
        ("take me to the cafe", "en"),
        ("Wo sind die Toiletten?", "de"),
        ("Wann schließt das Museum?", "de"),
        ("Mein Name ist Anna.", "de"),
        ("Hallo", "de"),
        ("Où sont les toilettes ?", "fr"),
        ("Quand fermez-vous ?", "fr"),
        ("¿Cuándo cierran?", "es"),
        ("¿Cuánto cuesta una entrada?", "es"),
        ("Waar is het toilet?", "nl"),
        ("Onde fica o banheiro?", "pt"),
        ("Dove sono i bagni?", "it"),
        ("Привет", "ru"),
        ("こんにちは", "ja"),
        ("博物馆今天开放", "zh"),
        ("안녕하세요", "ko"),
        ("Roman coins", ""),
        ("Harbour City Museum", ""),
        ("Café", ""),
        ("ok", ""),
        ("12:30", ""),
        ("", ""),
    ],
)
def test_guesses(text: str, language: str) -> None:
    assert guess_language(text) == language


def test_a_foreign_title_does_not_change_the_language() -> None:
    said = "Where can I find the painting that is called Die Frau mit dem Hut?"
    assert guess_language(said) == "en"


def test_the_language_of_a_tag() -> None:
    assert base_language("de-AT") == "de"
    assert base_language("zh_CN") == "zh"
    assert base_language("") == ""
