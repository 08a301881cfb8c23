"""Tests of the check of what plugins give back, down to the fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from kiosk.hooks.shapes import anything, many, misfit, nothing, one_of
from kiosk.hooks.values import Deny, Panel
from kiosk.model import Card


class Thing:
    """Something that pydantic knows nothing of."""


@dataclass
class Holds:
    thing: Thing
    number: int = 1


@pytest.mark.parametrize("value", [None, 0, "words", object()])
def test_anything_takes_all_and_nothing_only_none(value: object) -> None:
    assert anything(value) == ""
    assert nothing(value) == ("" if value is None else f"returned {type(value).__name__}")


WRONG: Any = 7


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Deny("We are closed."), ""),
        ("We are closed.", "returned str"),
        (Deny, "returned type"),
        (Deny(WRONG), "returned Deny with a wrong reason"),
    ],
)
def test_one_of_looks_at_the_fields_too(value: object, said: str) -> None:
    assert one_of(Deny)(value) == said


def test_one_of_several_kinds() -> None:
    check = one_of(str, Deny)
    assert [check("hello"), check(Deny("no")), check(3)] == ["", "", "returned int"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], ""),
        ((Panel("Today"), Panel("Tomorrow", rows=[("a", "b")])), ""),
        (Panel("Today"), "returned Panel"),
        ([Panel("Today"), "Tomorrow"], "returned list of str"),
        ([Panel("Today", text=WRONG)], "returned list of Panel with a wrong text"),
    ],
)
def test_many_looks_at_each(value: object, said: str) -> None:
    assert many(Panel)(value) == said


def test_misfit_names_the_first_wrong_field() -> None:
    assert misfit(Card("text", "Title", {"text": "words"})) == ""
    assert misfit(Panel(WRONG, text=WRONG)) == "title"
    assert misfit(Holds(Thing())) == ""
    assert misfit(Holds(WRONG)) == "thing"
    assert misfit("no dataclass") == misfit(Holds) == ""
