"""Each event is taken by one part of a session."""

from __future__ import annotations

import pytest

from kiosk.emulator.wire.codec import JSON
from kiosk.emulator.wire.handlers import merged


async def one(message: JSON, event_id: str | None) -> None:
    """Take an event."""


async def other(message: JSON, event_id: str | None) -> None:
    """Take an event."""


def test_tables_become_one() -> None:
    assert merged({"a": one}, {}, {"b": other}) == {"a": one, "b": other}


def test_nobody_takes_what_another_part_takes() -> None:
    with pytest.raises(ValueError, match="'b'"):
        merged({"a": one, "b": one}, {"b": other})
