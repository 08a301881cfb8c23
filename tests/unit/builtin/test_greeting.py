"""The default greeting: in the visitor's language, honest, and last to be asked."""

from __future__ import annotations

import pytest

from kiosk.builtin import greeting as builtin
from kiosk.builtin.greeting import GREETINGS
from kiosk.hooks.markers import hookimpl
from kiosk.model import Greeting
from tests.unit.hooks.hooking import Session, running


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("en", "en"), ("en-GB", "en"), ("de", "de"), ("de-AT", "de"), ("pt-BR", "pt"),
        ("zh-Hans-CN", "zh"), ("nb", "no"), ("nn-NO", "no"), ("tlh", "en"), ("", "en"),
    ],
)  # fmt: skip
def test_it_greets_in_the_language_of_the_session(language: str, code: str) -> None:
    assert builtin.greeting(Session(language=language)) == GREETINGS[code]


@pytest.mark.parametrize("code", GREETINGS)
def test_each_is_short_and_whole(code: str) -> None:
    text = GREETINGS[code]
    assert len(text) <= 90, "a visitor waits for the end of it"
    assert text == text.strip()
    assert text[-1] in "?\uff1f\u061f\u3002"


def test_the_words_for_a_computer_are_there() -> None:
    """Article 50 of the EU AI Act: a visitor is told what speaks."""
    for code, word in {"en": "computer", "de": "Computer", "fr": "informatique"}.items():
        assert word in GREETINGS[code]


async def test_any_other_plugin_is_asked_first() -> None:
    class Ours:
        @hookimpl(tryfirst=False)
        def greeting(self, session: Session) -> str | None:
            return "Ours" if session.language == "en" else None

    async with running({"ours": Ours()}, builtins={"greeting": builtin}) as made:
        assert await made.hooks.greeting(Session(language="en")) == Greeting("Ours")
        assert await made.hooks.greeting(Session(language="de")) == Greeting(GREETINGS["de"])
        assert made.kinds == []
