"""Tests of what tools have in common with hooks: measured, recorded, left out, traced."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kiosk.hooks.markers import hookimpl
from kiosk.hooks.specs import RegisterTool
from tests.unit.hooks.hooking import ManualClock, running


class Gate:
    """Has one tool."""

    @hookimpl
    def register_tools(self, register: RegisterTool) -> None:
        async def open_gate() -> str:
            """Open the gate."""
            return "open"

        register(open_gate)


async def test_an_awaited_tool_that_holds_the_loop_is_told_and_its_answer_is_good() -> None:
    clock = ManualClock()

    async def busy() -> str:
        clock.advance(1.5)
        return "open"

    async with running({"gate": Gate()}, clock=clock) as made:
        tool = made.hooks.tools["open_gate"]
        assert await made.hooks.tool_calls.awaited(tool, busy()) == "open"
        (failure,) = made.hooks.failures
        assert (failure.plugin, failure.hook) == ("gate", "tool open_gate")
        assert failure.kind == "held the loop 1500 ms"
        assert made.hooks.left_out == ()


async def test_what_it_raises_comes_through_and_is_recorded_by_who_answers_the_call() -> None:
    async def rusty() -> Any:
        raise OSError("rust")

    async with running({"gate": Gate()}) as made:
        tool = made.hooks.tools["open_gate"]
        with pytest.raises(OSError, match="rust"):
            await made.hooks.tool_calls.awaited(tool, rusty())
        assert made.kinds == []
        made.hooks.tool_calls.failed(tool, "OSError")
        assert made.kinds == ["gate: OSError"]


async def test_the_tasks_it_begins_are_its_own() -> None:
    async def begins() -> None:
        left = asyncio.get_running_loop().create_task(asyncio.Event().wait())
        assert not left.done()

    async with running({"gate": Gate()}) as made:
        tool = made.hooks.tools["open_gate"]
        await made.hooks.tool_calls.awaited(tool, begins())
        assert made.hooks.left_running("gate") == {"tool open_gate": 1}


async def test_one_that_holds_everybody_too_long_is_left_out_at_once() -> None:
    clock = ManualClock()

    async def holds() -> str:
        clock.advance(4)
        return "done"

    async with running({"gate": Gate()}, clock=clock) as made:
        tool, calls = made.hooks.tools["open_gate"], made.hooks.tool_calls
        assert await calls.awaited(tool, holds()) == "done"
        calls.worked(tool)
        assert not calls.may_run(tool)


async def test_one_that_keeps_failing_is_left_out_until_it_works() -> None:
    clock = ManualClock()
    limits = {"breaker_failures": 2, "breaker_s": 60}
    async with running({"gate": Gate()}, clock=clock, hooks=limits) as made:
        tool, calls = made.hooks.tools["open_gate"], made.hooks.tool_calls
        for _ in range(2):
            assert calls.may_run(tool)
            calls.failed(tool, "OSError")
        assert not calls.may_run(tool)
        clock.advance(61)
        assert calls.may_run(tool)
        assert not calls.may_run(tool), "one call tries"
        calls.undecided(tool)
        assert calls.may_run(tool)
        calls.worked(tool)
        assert made.hooks.left_out == ()
