"""English small talk is told from questions, and two requests from one."""

from __future__ import annotations

import pytest

from kiosk.emulator.mind.english import ENGLISH
from kiosk.emulator.mind.words import plain


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Goodbye!", "bye"),
        ("Thanks", "thanks"),
        ("Are you a robot?", "self"),
        ("How are you?", "how"),
        ("What can you do?", "offer"),
        ("Do you know my name?", "my_name"),
        ("What did I just ask?", "asked"),
        ("Say that again", "again"),
        ("Where is the cafe?", ""),
    ],
)
def test_small_talk(said: str, kind: str) -> None:
    kinds = [kind for pattern, kind in ENGLISH.small_talk if pattern.search(plain(said))]
    assert (kinds or [""])[0] == kind


def test_patterns() -> None:
    assert ENGLISH.hello.search("good morning")
    assert not ENGLISH.hello.search("say hello")
    given = ENGLISH.name_given.search("Hi, my name is O'Neill.")
    assert given is not None
    assert given[1] == "O'Neill"
    assert ENGLISH.conjunction.split("toilets, and also the cafe") == ["toilets", "the cafe"]
