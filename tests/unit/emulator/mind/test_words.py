"""Words are brought to what they mean; numbers and sentences are found."""

from __future__ import annotations

import pytest

from kiosk.emulator.mind.words import (
    as_list,
    meaning,
    meanings,
    numbers,
    plain,
    sentences,
    split_words,
)


def test_accents_and_case_do_not_matter() -> None:
    assert plain("Café  Wi-Fi") == "cafe  wifi"


def test_names_are_taken_apart() -> None:
    assert split_words("find_place gallery-2 showRoute") == [
        "find", "place", "gallery", "2", "show", "route",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("toilets", "restroom"),
        ("closes", "opening"),
        ("elevators", "lift"),
        ("paintings", "painting"),
        ("galleries", "gallery"),
        ("stopped", "stop"),
        ("children", "kids"),
        ("glasses", "glass"),
    ],
)
def test_words_that_mean_the_same(one: str, other: str) -> None:
    assert meaning(one) == meaning(other)


@pytest.mark.parametrize(("one", "other"), [("bus", "bu"), ("this", "thi"), ("cafe", "toilet")])
def test_words_that_do_not(one: str, other: str) -> None:
    assert meaning(one) != meaning(other)


def test_what_is_asked_between_the_words() -> None:
    assert meanings("How do I get to the café?") == ["cafe", "where"]
    assert meanings("What's on?") == meanings("What is on today?") == ["event"]
    assert meanings("Can I speak to someone?") == ["staff"]
    assert meanings("gallery two") == ["gallery", "2"]
    assert meanings("Is it in there?") == []


def test_numbers_are_found_in_order() -> None:
    assert numbers("two adults and 3 children, 4.5 hours") == [2, 3, 4.5]
    assert numbers("none at all") == []


def test_sentences_end_where_sentences_end() -> None:
    text = "Dr. Jones speaks at ten. Come early!\n- Second line\n2. Third line"
    assert sentences(text) == [
        "Dr. Jones speaks at ten.", "Come early!", "Second line", "Third line",
    ]  # fmt: skip


def test_lists_are_read_out() -> None:
    assert as_list([]) == ""
    assert as_list(["a"]) == "a"
    assert as_list(["a", "b", "c"], "and") == "a, b and c"
