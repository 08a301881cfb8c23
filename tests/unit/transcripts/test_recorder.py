"""Tests of the recorder: redaction before every sink, visits in order, an end within a deadline."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import stamina
from typing_extensions import override

from kiosk.clock import SystemClock
from kiosk.hooks.facade import WITHHELD
from kiosk.model import TranscriptSink
from kiosk.telemetry import Metrics
from kiosk.testing.clock import START
from kiosk.transcripts.recorder import BOOKKEEPING_LIMIT, Recorder
from tests.unit.storage.keeping import ManualClock, kept
from tests.unit.transcripts.keeping import (
    OwnSink,
    Sink,
    SinkPlugin,
    VisitBook,
    count,
    entry,
    hooks,
    settings,
    summary,
)


@pytest.fixture(autouse=True)
def no_pauses() -> Iterator[None]:
    """Let stamina try again at once; the number of tries stays ours."""
    with stamina.set_testing(True, attempts=1000, cap=True):
        yield


@asynccontextmanager
async def recording(
    plugin: SinkPlugin,
    visits: VisitBook | None = None,
    metrics: Metrics | None = None,
    folder: Path | None = None,
    **limits: float,
) -> AsyncIterator[Recorder]:
    metrics = metrics or Metrics()
    with tempfile.TemporaryDirectory() as fresh:
        clock = ManualClock()
        async with kept(folder or Path(fresh), clock) as storage:
            chosen = await asyncio.to_thread(hooks, plugin, metrics)
            recorder = Recorder(
                chosen,
                visits or VisitBook(),
                storage.outbox,
                clock,
                settings(**limits).storage,
                metrics,
            )
            async with chosen.running(), recorder.running():
                yield recorder


async def test_half_a_character_costs_itself_and_no_entry_beside_it() -> None:
    far = Sink()
    async with recording(SinkPlugin(far)) as recorder:
        for number, text in enumerate(("Hello", "\ud83d\ude00", "half \ud83d"), 1):
            await recorder.add(entry(number, text))
        assert await recorder.settle(5)
    texts = [item.text for batch in far.batches for item in batch]
    assert texts == ["Hello", "\N{GRINNING FACE}", "half \N{REPLACEMENT CHARACTER}"]


async def test_every_sink_gets_what_redaction_has_left() -> None:
    first, second = Sink("first"), Sink("second")
    plugin = SinkPlugin(first, second, redact=lambda text: text.replace("Anna", "[NAME]"))
    async with recording(plugin) as recorder:
        assert recorder.sinks == ["first", "second"]
        await recorder.add(entry(1, "I am Anna"))
        await recorder.add(entry(2, "Hello"))
        assert await recorder.settle(5)
        for sink in (first, second):
            texts = [e.text for batch in sink.batches for e in batch]
            assert texts == ["I am [NAME]", "Hello"]


@pytest.mark.expects_failures
async def test_when_redaction_fails_nothing_gets_past_it() -> None:
    def broken(text: str) -> str:
        raise RuntimeError(text)

    sink = Sink()
    async with recording(SinkPlugin(sink, redact=broken)) as recorder:
        await recorder.add(entry(1, "my number is 12345"))
        assert await recorder.settle(5)
    assert [e.text for batch in sink.batches for e in batch] == [WITHHELD]


async def test_a_sink_that_hangs_holds_neither_the_visit_nor_the_others() -> None:
    stuck, quick = Sink("stuck"), Sink("quick")
    stuck.open.clear()
    async with recording(SinkPlugin(stuck, quick)) as recorder:
        async with asyncio.timeout(20):
            for seq in range(1, 4):
                await recorder.add(entry(seq))
            await stuck.entered.wait()
        assert not await recorder.settle(0.05)
        assert quick.seqs == [1, 2, 3]
        stuck.open.set()
        assert await recorder.settle(5)
    assert stuck.seqs == [1, 2, 3]


async def test_the_end_delivers_what_is_queued_and_closes_the_sinks() -> None:
    sink, book = Sink(), VisitBook()
    async with recording(SinkPlugin(sink), book) as recorder:
        recorder.visit_started("visit_1", "lobby", "en", START)
        await recorder.add(entry(1))
        recorder.visit_ended(summary("visit_1"))
    assert sink.seqs == [1]
    assert sink.closed
    assert book.written == ["started visit_1", "ended visit_1: idle"]


class Sour(TranscriptSink):
    """A sink that cannot be closed."""

    name = "sour"

    @override
    async def write(self, batch: object) -> None:
        del batch

    @override
    async def aclose(self) -> None:
        raise OSError("cannot close")


async def test_a_sink_that_fails_to_close_does_not_keep_the_others_open() -> None:
    sink = Sink()
    async with recording(SinkPlugin(Sour(), sink)):
        pass
    assert sink.closed


async def test_visits_are_written_in_order_again_and_again_until_they_are() -> None:
    book, metrics = VisitBook(failures=5), Metrics()
    async with recording(SinkPlugin(), book, metrics, sink_attempts=6) as recorder:
        recorder.visit_started("visit_1", "lobby", "en", START)
        recorder.visit_ended(summary("visit_1"))
        assert await recorder.settle(5)
    assert book.written == ["started visit_1", "ended visit_1: idle"]
    assert count(metrics, "sink_lost", sink="visits") == 0


async def test_a_visit_that_cannot_be_written_is_counted_and_the_next_goes_on() -> None:
    book, metrics = VisitBook(failures=2), Metrics()
    async with recording(SinkPlugin(), book, metrics, sink_attempts=2) as recorder:
        recorder.visit_started("visit_1", "lobby", "en", START)
        recorder.visit_started("visit_2", "lobby", "en", START)
        assert await recorder.settle(5)
    assert book.written == ["started visit_2"]
    assert count(metrics, "sink_lost", sink="visits") == 1


async def test_when_too_many_visits_wait_the_newest_is_refused_and_counted(
    tmp_path: Path,
) -> None:
    metrics = Metrics()
    chosen = await asyncio.to_thread(hooks, SinkPlugin(), metrics)
    async with kept(tmp_path) as storage:
        recorder = Recorder(
            chosen, VisitBook(), storage.outbox, SystemClock(), settings().storage, metrics
        )
    for number in range(BOOKKEEPING_LIMIT + 3):
        recorder.visit_started(f"visit_{number}", "lobby", "en", START)
    assert count(metrics, "sink_lost", sink="visits") == 3


async def test_what_a_sink_did_not_take_is_delivered_after_the_next_start(tmp_path: Path) -> None:
    away, back = Sink(failures=1000), Sink()
    async with recording(SinkPlugin(away), folder=tmp_path) as recorder:
        for seq in (1, 2, 3):
            await recorder.add(entry(seq))
        assert await recorder.settle(5)
        (state,) = await recorder.states()
        assert (state.sink, state.waiting, state.error) == ("sink", 3, "OSError")
    async with recording(SinkPlugin(back), folder=tmp_path) as recorder:
        assert await recorder.settle(5)
        assert [(s.sink, s.waiting, s.dead) for s in await recorder.states()] == [("sink", 0, 0)]
    assert back.seqs == [1, 2, 3]


async def test_a_sink_that_keeps_entries_itself_has_no_outbox() -> None:
    own = OwnSink("own")
    async with recording(SinkPlugin(own)) as recorder:
        await recorder.add(entry(1))
        assert await recorder.settle(5)
        assert await recorder.states() == []
    assert own.seqs == [1]


async def test_of_a_sink_that_is_gone_everything_can_be_forgotten(tmp_path: Path) -> None:
    async with recording(SinkPlugin(Sink("gone", failures=1000)), folder=tmp_path) as recorder:
        await recorder.add(entry(1))
        assert await recorder.settle(5)
        assert await recorder.forget_dead("gone") == 0, "it is offered: only dead letters go"
    async with recording(SinkPlugin(), folder=tmp_path) as recorder:
        await recorder.report_orphans()
        assert [state.waiting for state in await recorder.states()] == [1]
        assert await recorder.forget_dead("gone") == 1
        assert await recorder.states() == []
