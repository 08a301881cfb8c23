"""Tests of the driven clock: nothing waits for real time, everybody wakes in their order."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from kiosk.clock import Clock
from kiosk.tasks import TaskSet
from kiosk.testing.clock import START, ManualClock


async def test_time_stands_still_until_it_is_moved() -> None:
    clock: Clock = ManualClock()
    assert (clock.now(), clock.monotonic()) == (START, clock.monotonic())


async def test_both_clocks_move_together() -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    before = clock.monotonic()
    await clock.advance(90)
    assert clock.monotonic() - before == 90
    assert clock.now() == datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=90)


async def test_sleepers_wake_in_the_order_of_their_moments_and_see_their_own_time() -> None:
    clock, woken = ManualClock(), []
    began = clock.monotonic()

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.monotonic() - began))

    tasks = TaskSet("test")
    for seconds in (3.0, 1.0, 2.0, 9.0):
        tasks.spawn(sleeper(seconds), name="sleeper")
    await clock.until_asleep(4)
    await clock.advance(5)
    assert woken == [(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]
    assert clock.sleepers == 1
    await tasks.aclose()
    assert clock.sleepers == 0


async def test_who_sleeps_again_is_woken_again() -> None:
    clock, ticks = ManualClock(), []

    async def ticker() -> None:
        while True:
            await clock.sleep(1)
            ticks.append(clock.now())

    tasks = TaskSet("test")
    tasks.spawn(ticker(), name="ticker")
    await clock.advance(3.5)
    assert ticks == [START + timedelta(seconds=n) for n in (1, 2, 3)]
    await tasks.aclose()


async def test_sleeping_for_nothing_lets_others_run() -> None:
    clock, ran = ManualClock(), asyncio.Event()
    asyncio.get_running_loop().call_soon(ran.set)
    await clock.sleep(0)
    assert ran.is_set()


async def test_waiting_for_sleepers_says_how_many_came() -> None:
    with pytest.raises(AssertionError, match="only 0 of 2 tasks slept"):
        await ManualClock().until_asleep(2, within=0.01)
