"""The language to answer in: the visitor's words, the session, the scenario."""

from __future__ import annotations

from dataclasses import fields

import pytest

from kiosk.emulator.mind.tongue import Sentences
from kiosk.emulator.mind.tongues import TONGUES, spoken_language, tongue_of
from kiosk.emulator.speech.languages import guess_language


@pytest.mark.parametrize(
    ("said", "session", "scenario", "language"),
    [
        (["Wo sind die Toiletten?"], "en", "en-US", "de"),
        (["Wo sind die Toiletten?", "ok"], "", "en-US", "de"),
        (["Wo sind die Toiletten?", "Where is the cafe?"], "de", "en-US", "en"),
        (["12"], "fr-FR", "en-US", "fr"),
        ([], "", "es-ES", "es"),
        (["Waar is het toilet?"], "nl", "de-DE", "de"),
        ([], "", "xx", "en"),
    ],
)
def test_who_decides(said: list[str], session: str, scenario: str, language: str) -> None:
    assert spoken_language(said, session, scenario) == language


def test_a_language_the_mind_has_not_is_english() -> None:
    assert tongue_of("ja-JP").code == "en"
    assert tongue_of("de-AT").code == "de"


@pytest.mark.parametrize("code", ["de", "fr", "es"])
def test_a_language_has_everything_that_english_has(code: str) -> None:
    tongue, english = TONGUES[code], TONGUES["en"]
    assert [kind for _, kind in tongue.small_talk] == [kind for _, kind in english.small_talk]
    assert len(tongue.numbers) == 13
    assert set(tongue.days.values()) >= {"today", "tomorrow", "monday", "sunday"}
    for name in (field.name for field in fields(Sentences)):
        own, english_text = (getattr(t.sentences, name) for t in (tongue, english))
        assert own
        if len(own.split()) > 3:
            assert own != english_text
            assert guess_language(own) in (code, "")
