"""What was asked is read off the conversation."""

from __future__ import annotations

import pytest

from kiosk.emulator.mind.asked import (
    MOST_REQUESTS,
    fresh_outputs,
    request,
    request_behind,
    split_requests,
    visitor_words,
)
from kiosk.emulator.mind.thought import Called, Returned, Said, Turn
from kiosk.emulator.mind.tongues import TONGUES

TURNS: tuple[Turn, ...] = (
    Said("user", "Hello."),
    Said("assistant", "Hello!"),
    Said("user", "Where is"),
    Said("user", "the cafe?"),
    Said("assistant", "One moment."),
    Called("f", "{}", "1"),
    Called("g", "{}", "2"),
    Returned("1", "a"),
    Returned("2", "b"),
)


def test_a_question_in_two_breaths() -> None:
    assert request(TURNS[:4]) == "Where is the cafe?"
    assert request(TURNS) == ""


def test_outputs_are_fresh_until_somebody_speaks() -> None:
    assert [output.output for output in fresh_outputs(TURNS)] == ["a", "b"]
    assert fresh_outputs((*TURNS, Said("assistant", "a b"))) == []
    assert len(fresh_outputs((*TURNS, Said("system", "Be brief.")))) == 2


def test_the_request_behind_the_calls() -> None:
    said, calls = request_behind(TURNS)
    assert said == "Where is the cafe?"
    assert [call.name for call in calls] == ["f", "g"]
    assert request_behind(()) == ("", [])


def test_everything_the_visitor_said() -> None:
    assert visitor_words(TURNS) == ["Hello.", "Where is", "the cafe?"]


@pytest.mark.parametrize(
    ("said", "language", "pieces"),
    [
        ("Where is it and when?", "en", ["Where is it", "when?"]),
        ("Where is it? When do you close?", "en", ["Where is it?", "When do you close?"]),
        ("Wo ist es, und wann?", "de", ["Wo ist es", "wann?"]),
        ("Où est-ce et quand ?", "fr", ["Où est-ce", "quand ?"]),
        ("¿Dónde está y cuándo?", "es", ["¿Dónde está", "cuándo?"]),
        ("Sandy hands", "en", ["Sandy hands"]),
        ("", "en", []),
    ],
)
def test_requests_of_one_utterance(said: str, language: str, pieces: list[str]) -> None:
    assert split_requests(said, TONGUES[language]) == pieces


def test_an_endless_utterance_is_cut() -> None:
    assert len(split_requests("this and " * 50, TONGUES["en"])) == MOST_REQUESTS
