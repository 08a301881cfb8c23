"""What a mind is given and gives back."""

from __future__ import annotations

from collections.abc import AsyncIterator

from kiosk.emulator.mind.thought import Context, FunctionCall, Plan, whole


async def pieces() -> AsyncIterator[str]:
    yield "One. "
    yield "Two."


async def test_a_text_in_pieces_becomes_whole() -> None:
    assert await whole(Plan(pieces=pieces())) == "One. Two."
    assert await whole(Plan(say="Three.")) == "Three."


def test_plans_are_compared_by_what_they_do() -> None:
    call = FunctionCall("f", {"a": 1})
    assert Plan(calls=(call,), language="de") == Plan(calls=(FunctionCall("f", {"a": 1}),))
    assert Plan(say="a") != Plan(say="b")
    assert Context().parallel


def test_what_is_said_is_whole_or_in_pieces() -> None:
    assert Plan(say="One.").words == "One."
    coming = pieces()
    assert Plan(pieces=coming).words is coming
