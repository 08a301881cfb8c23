"""The machine's clock: never back, always with its time zone, and ids nobody guesses."""

from __future__ import annotations

import asyncio
from datetime import UTC

from kiosk.clock import Clock, SystemClock, new_id


async def test_time_goes_on_while_it_sleeps() -> None:
    clock: Clock = SystemClock()
    before = clock.monotonic()
    async with asyncio.timeout(10):
        await clock.sleep(0.01)
    assert clock.monotonic() - before >= 0.009


def test_now_is_in_utc_and_says_so() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert now.year >= 2024


def test_ids_are_readable_and_not_to_be_guessed() -> None:
    ids = {new_id("visit") for _ in range(1000)}
    assert len(ids) == 1000
    for value in ids:
        prefix, _, rest = value.partition("_")
        assert prefix == "visit"
        assert len(bytes.fromhex(rest)) * 8 == 96
