"""Small talk: names are kept, questions are remembered, offers are in the right language."""

from __future__ import annotations

import pytest

from kiosk.emulator.mind.talk import is_hello, offer_of, parting, small_talk
from kiosk.emulator.mind.thought import Context, Said
from kiosk.emulator.mind.tongues import TONGUES
from kiosk.emulator.mind.tools import parse_tools
from tests.unit.emulator.emulating import PLACES

EN, DE = TONGUES["en"], TONGUES["de"]
LEAVE = {"type": "function", "name": "leave", "description": "When the visitor says goodbye."}
WEG = {"type": "function", "name": "weg", "description": "Zeigt den Weg zu einem Ort im Museum."}


def after(*said: str) -> Context:
    return Context(turns=tuple(Said("user", text) for text in said))


def test_a_name_is_noted_and_remembered() -> None:
    assert small_talk("My name is Ana.", after("My name is Ana."), EN) == (
        "Nice to meet you, Ana. How can I help you?"
    )
    told = after("Hi, I am here", "my name is Ana and I like ships", "What is my name?")
    assert small_talk("What is my name?", told, EN) == "Your name is Ana."
    assert small_talk("Wie heiße ich?", after("Ich heiße Jürgen"), DE) == "Sie heißen Jürgen."
    assert "not told me" in (small_talk("What's my name?", after("Hello"), EN) or "")


def test_a_name_with_a_question_is_a_question() -> None:
    assert small_talk("My name is Ana, where is the cafe?", after(), EN) is None


def test_the_question_before_is_remembered() -> None:
    context = after("Where is the cafe?", "What did I ask before?")
    assert small_talk("What did I ask before?", context, EN) == "You said: Where is the cafe?"
    assert "not asked" in (small_talk("What did I ask?", after("What did I ask?"), EN) or "")


@pytest.mark.parametrize(
    ("said", "hello"), [("Hello!", True), ("Good morning", True), ("Hello, the cafe?", False)]
)
def test_hello(said: str, hello: bool) -> None:
    assert is_hello(said, EN) is hello


def test_goodbyes_call_what_is_for_them() -> None:
    context = Context(tools=parse_tools([LEAVE]))
    tool = parting("Auf Wiedersehen!", context, DE)
    assert tool is not None
    assert tool.name == "leave"
    assert parting("Bye?", context, EN) is None
    assert parting("Hello", context, EN) is None


def test_an_offer_is_made_in_the_language_of_the_description() -> None:
    tools = parse_tools([PLACES, WEG, LEAVE])
    assert offer_of(tools, EN) == "I can show the way to a place in the museum."
    assert offer_of(tools, DE) == "Dabei kann ich helfen: Zeigt den Weg zu einem Ort im Museum."
    assert offer_of((), DE) == DE.sentences.ask_else
