"""Tests of operators' orders on the wire between servers: bounded, and strange ones are nothing."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.session import orders


@pytest.mark.parametrize(
    ("payload", "order"),
    [
        ({"command": "end"}, orders.End()),
        ({"command": "whisper", "by": "a", "text": " hi "}, orders.Whisper(by="a", text="hi")),
        ({"command": "take_over", "by": "anna"}, orders.TakeOver(by="anna")),
        ({"command": "say", "by": "a", "sentence": "hi"}, orders.Say(by="a", sentence="hi")),
        ({"command": "dance"}, None),
        ({"command": "type", "by": "anna", "text": "   "}, None),
        ({"command": "type", "by": "anna", "text": "x" * (orders.MAX_WORDS + 1)}, None),
        ({"command": "hand_back", "by": "anna", "more": 1}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_orders_are_read_whole_or_not_at_all(payload: dict[str, Any], order: object) -> None:
    assert orders.parsed(payload) == order


def test_an_order_survives_the_bus() -> None:
    order = orders.TakeOver(by="anna", insist=True)
    assert orders.parsed(order.model_dump(mode="json")) == order
