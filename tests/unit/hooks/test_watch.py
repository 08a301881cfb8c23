"""What plugins do is measured, recorded by plugin, traced where asked, and left out in time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from kiosk.errors import PluginLoadError
from kiosk.hooks.failures import KEPT_FAILURES
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.specs import RegisterSink, RegisterTool
from kiosk.model import Greeting, TranscriptEntry, TranscriptSink
from tests.unit.hooks.hooking import ManualClock, Session, hooked, running, turn
from tests.unit.hooks.test_caller import WITHIN, Greets, Listens, Raises

# ── how long the loop was held ──────────────────────────────────────────────────────────────────


async def test_a_plain_hook_that_holds_the_loop_is_reported_and_still_counts() -> None:
    clock = ManualClock()

    class Heavy:
        @hookimpl
        def greeting(self) -> str:
            clock.advance(0.2)  # what everybody waits for while a plain function works
            return "heavy"

    async with running({"heavy": Heavy()}, clock=clock) as made:
        assert await made.hooks.greeting(Session()) == Greeting("heavy")
        assert made.kinds == ["heavy: held the loop 200 ms"]
        assert made.count("hook_failures", hook="greeting", plugin="heavy", kind="slow") == 1


async def test_one_that_holds_everybody_too_long_is_left_out_at_once() -> None:
    clock = ManualClock()

    class Heavy:
        @hookimpl
        def greeting(self) -> str:
            clock.advance(4)
            return "heavy"

    async with running({"heavy": Heavy()}, clock=clock, hooks={"breaker_s": 60}) as made:
        assert await made.hooks.greeting(Session()) == Greeting("heavy")
        assert [one.hook for one in made.hooks.left_out] == ["greeting"]
        assert await made.hooks.greeting(Session()) != Greeting("heavy")
        clock.advance(61)
        assert await made.hooks.greeting(Session()) == Greeting("heavy"), "it may try again"


# ── what is kept ─────────────────────────────────────────────────────────────────────────────


async def test_failures_are_kept_up_to_a_limit_and_counted_beyond() -> None:
    limit = {"breaker_failures": KEPT_FAILURES + 10}
    async with running({"bad": Raises(ValueError("x"))}, hooks=limit) as made:
        for _ in range(KEPT_FAILURES + 5):
            await made.hooks.greeting(Session())
        assert len(made.hooks.failures) == KEPT_FAILURES
        count = made.count("hook_failures", hook="greeting", plugin="bad", kind="ValueError")
        assert count == KEPT_FAILURES + 5


async def test_a_failure_has_the_plugins_own_lines() -> None:
    class Compiles:
        @hookimpl
        def greeting(self) -> str:
            return re.compile("(((").pattern

    async with running({"bad": Compiles()}) as made:
        await made.hooks.greeting(Session())
        (failure,) = made.hooks.failures
    own, last = failure.frames
    assert own.endswith(" greeting")
    assert "test_watch.py:" in own
    assert "test_watch.py:" not in last


async def test_what_a_slow_plugin_lost_and_a_broken_one_missed_is_counted_by_plugin() -> None:
    slow, bad = Listens(open_gate=False), Raises(ValueError("x"))
    limits = {"queue": 10, "breaker_failures": 1}
    async with running({"slow": slow, "bad": bad}, hooks=limits) as made:
        for _ in range(3):
            await made.hooks.greeting(Session())
        for number in range(14):
            made.hooks.session_event(Session(), turn("x", seq=number))
        slow.gate.set()
        assert await made.hooks.settle(WITHIN)
        ledger = made.hooks.ledger
        assert (ledger.dropped("slow"), ledger.skipped("slow"), ledger.failed("slow")) == (4, 0, 0)
        # Of the fourteen its queue lost four too, one failed, and the rest were not tried.
        assert (ledger.dropped("bad"), ledger.skipped("bad"), ledger.failed("bad")) == (4, 11, 2)


# ── what is traced ───────────────────────────────────────────────────────────────────────────


class Everything(TranscriptSink):
    """Has a part of each kind, and each ends in another way."""

    name = "far"

    @hookimpl
    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        yield

    @hookimpl
    def register_tools(self, register: RegisterTool) -> None:
        async def open_gate() -> str:
            """Open the gate."""
            return "open"

        register(open_gate)

    @hookimpl
    def register_transcript_sinks(self, register: RegisterSink) -> None:
        register(self)

    @override
    async def write(self, batch: Sequence[TranscriptEntry]) -> None:
        raise OSError("away")

    @hookimpl
    def greeting(self) -> Any:
        return 42

    @hookimpl
    def instructions(self) -> str:
        return "what is private"

    @hookimpl
    def cards(self) -> None:
        return None

    @hookimpl
    async def redact(self, text: str) -> str:
        await asyncio.Event().wait()
        return text


async def test_every_call_is_traced_with_how_it_ended_and_without_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KIOSK_TRACE_HOOKS", "1")
    everything = Everything()
    with capture_logs() as logs:
        async with running({"all": everything}, hooks={"breaker_failures": 1}) as made:
            await made.hooks.greeting(Session())
            await made.hooks.greeting(Session())
            await made.hooks.instructions(Session())
            await made.hooks.cards(Session(), turn("what is private"))
            await made.hooks.redact("what is private", "transcript")
            with pytest.raises(OSError, match="away"):
                await made.hooks.sink_calls.write(everything, [])
            made.hooks.tool_calls.told(made.hooks.tools["open_gate"], "refused", 0.25)
    told = [entry for entry in logs if entry["event"] == "hook called"]
    assert [(entry["hook"], entry["outcome"]) for entry in told] == [
        ("register_tools", "ok"),
        ("register_transcript_sinks", "ok"),
        ("lifespan", "began"),
        ("greeting", "returned int"),
        ("greeting", "left out"),
        ("instructions", "ok"),
        ("cards", "no answer"),
        ("redact", "took longer than 0.5 s"),
        ("sink far", "OSError"),
        ("tool open_gate", "refused"),
        ("lifespan", "ended"),
    ]
    assert {entry["plugin"] for entry in told} == {"all"}
    assert next(e["ms"] for e in told if e["hook"] == "tool open_gate") == 250.0
    assert "private" not in repr(told)


async def test_nothing_is_traced_unless_it_is_asked_for() -> None:
    with capture_logs() as logs:
        async with running({"one": Greets("one")}) as made:
            await made.hooks.greeting(Session())
    assert not [entry for entry in logs if entry["event"] == "hook called"]


@pytest.mark.parametrize("place", ["begin", "end"])
async def test_a_lifespan_or_a_registration_that_fails_is_traced(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("KIOSK_TRACE_HOOKS", "1")

    class Breaks:
        @hookimpl
        @asynccontextmanager
        async def lifespan(self) -> AsyncIterator[None]:
            if place == "begin":
                raise OSError("no disk")
            yield
            raise OSError("no disk")

    with capture_logs() as logs, suppress(PluginLoadError):
        async with running({"one": Breaks()}):
            pass
    told = [e["outcome"] for e in logs if e["event"] == "hook called"]
    assert told == (["OSError"] if place == "begin" else ["began", "failed"])

    class Refused:
        @hookimpl
        def register_tools(self, register: RegisterTool) -> None:
            register(5)  # type: ignore[arg-type]  # the mistake

    with capture_logs() as logs, pytest.raises(PluginLoadError):
        hooked({"one": Refused()})
    told = [e["outcome"] for e in logs if e["event"] == "hook called"]
    assert told == ["PluginLoadError"]
