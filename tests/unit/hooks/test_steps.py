"""Tests of what is awaited for a plugin: each step measured, and handed through as it is."""

from __future__ import annotations

import asyncio

import pytest

from kiosk.hooks.steps import Steps
from tests.unit.hooks.hooking import ManualClock


async def test_the_longest_step_is_what_it_held_and_waiting_is_not() -> None:
    clock, gate = ManualClock(), asyncio.Event()

    async def works() -> str:
        clock.advance(0.1)
        asyncio.get_running_loop().call_soon(gate.set)
        await gate.wait()
        clock.advance(0.3)
        return "done"

    steps = Steps(works(), clock)
    asyncio.get_running_loop().call_soon(clock.advance, 5)  # while it waits
    assert await steps == "done"
    assert steps.held == pytest.approx(0.3)


async def test_an_error_comes_through_and_the_time_before_it_counts() -> None:
    clock = ManualClock()

    async def breaks() -> None:
        clock.advance(0.2)
        raise OSError("rust")

    steps = Steps(breaks(), clock)
    with pytest.raises(OSError, match="rust"):
        await steps
    assert steps.held == pytest.approx(0.2)


async def test_a_cancellation_is_its_own_to_see() -> None:
    seen: list[str] = []

    async def waits() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("told")
        return "went on"

    async def run() -> str:
        return str(await Steps(waits(), ManualClock()))

    async with asyncio.TaskGroup() as group:
        task = group.create_task(run())
        asyncio.get_running_loop().call_soon(task.cancel)
    assert (seen, task.result()) == (["told"], "went on")
