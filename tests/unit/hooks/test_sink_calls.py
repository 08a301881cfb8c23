"""Tests of how sinks are called: whose a failure is, and what a sink may raise as its answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence

import pytest
from typing_extensions import override

from kiosk.hooks.failures import kind_of
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.specs import RegisterSink
from kiosk.model import EntriesRefused, SinkBusy, TranscriptEntry, TranscriptSink
from tests.unit.hooks.hooking import START, ManualClock, running

ENTRY = TranscriptEntry("visit_1", "lobby", 1, "visitor", "what was said", "en", START)


class Does(TranscriptSink):
    """Does with a batch what it is told to, and counts what arrived."""

    name = "far"

    def __init__(self, what: Callable[[], object]) -> None:
        self.what = what
        self.taken = 0

    @hookimpl
    def register_transcript_sinks(self, register: RegisterSink) -> None:
        register(self)

    @override
    async def write(self, batch: Sequence[TranscriptEntry]) -> None:
        answer = self.what()
        if isinstance(answer, asyncio.Event):
            await answer.wait()
        self.taken += len(batch)

    @override
    async def aclose(self) -> None:
        self.what()


def raises(error: BaseException) -> Callable[[], object]:
    def what() -> object:
        raise error

    return what


async def test_what_a_sink_raises_is_its_plugins_with_its_own_lines() -> None:
    far = Does(lambda: re.compile("((("))
    async with running({"archive": far}) as made:
        with pytest.raises(re.error):
            await made.hooks.sink_calls.write(far, [ENTRY])
        (failure,) = made.hooks.failures
        assert (failure.plugin, failure.hook) == ("archive", "sink far")
        assert failure.kind == kind_of(re.error("x"))
        assert any(frame.endswith(" write") for frame in failure.frames)
        assert "said" not in repr(failure)
        # Entries are offered until they are taken or dead: no breaker stands between.
        assert made.hooks.left_out == ()


async def test_a_sink_that_holds_the_loop_is_told_and_has_taken_the_batch() -> None:
    clock = ManualClock()
    far = Does(lambda: clock.advance(0.6))
    async with running({"archive": far}, clock=clock) as made:
        await made.hooks.sink_calls.write(far, [ENTRY])
        (failure,) = made.hooks.failures
        assert (failure.plugin, failure.hook) == ("archive", "sink far")
        assert failure.kind == "held the loop 600 ms"
        assert far.taken == 1


async def test_at_its_deadline_it_is_told_where_it_waited() -> None:
    far = Does(asyncio.Event)
    async with running({"archive": far}) as made:
        with pytest.raises(TimeoutError):
            await made.hooks.sink_calls.write(far, [ENTRY], 0.01)
        (failure,) = made.hooks.failures
        assert failure.kind == "took longer than 0.01 s"
        assert any(frame.endswith(" write") for frame in failure.frames)


@pytest.mark.parametrize("answer", [SinkBusy(5), EntriesRefused("no")])
async def test_what_it_may_answer_by_raising_is_no_failure(answer: Exception) -> None:
    far = Does(raises(answer))
    async with running({"archive": far}) as made:
        with pytest.raises(type(answer)):
            await made.hooks.sink_calls.write(far, [ENTRY])
        assert made.kinds == []


async def test_a_sink_that_cannot_be_closed_is_named_too() -> None:
    far = Does(raises(OSError("no disk")))
    async with running({"archive": far}) as made:
        with pytest.raises(OSError, match="no disk"):
            await made.hooks.sink_calls.close(far, 1)
        assert made.kinds == ["archive: OSError"]


async def test_a_cancellation_of_ours_is_no_failure_of_the_sinks() -> None:
    far = Does(asyncio.Event)
    async with running({"archive": far}) as made:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await made.hooks.sink_calls.write(far, [ENTRY])
        assert made.kinds == []
