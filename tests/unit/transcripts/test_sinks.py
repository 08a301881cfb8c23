"""Tests of one sink's runner: order, batches, retries, loss that is counted, an end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import stamina

from kiosk.tasks import TaskSet
from kiosk.telemetry import Metrics
from kiosk.transcripts.sinks import SinkRunner
from tests.unit.transcripts.keeping import Sink, SinkPlugin, count, entry, hooks, settings


@pytest.fixture(autouse=True)
def no_pauses() -> Iterator[None]:
    """Let stamina try again at once; the number of tries stays ours."""
    with stamina.set_testing(True, attempts=1000, cap=True):
        yield


@asynccontextmanager
async def running(
    sink: Sink, metrics: Metrics | None = None, **limits: int
) -> AsyncIterator[SinkRunner]:
    tasks = TaskSet("test")
    try:
        metrics = metrics or Metrics()
        calls = hooks(SinkPlugin(sink), metrics).sink_calls
        yield SinkRunner(sink, settings(**limits).storage, metrics, tasks, calls)
    finally:
        await tasks.aclose()


async def settled(runner: SinkRunner) -> None:
    async with asyncio.timeout(20):
        await runner.settle()


async def test_entries_arrive_in_order_and_in_batches_of_the_size_that_is_set() -> None:
    sink, metrics = Sink(), Metrics()
    sink.open.clear()
    async with running(sink, metrics, sink_batch=3) as runner:
        runner.put(entry(1))
        await sink.entered.wait()
        for seq in range(2, 9):
            runner.put(entry(seq))
        sink.open.set()
        await settled(runner)
    assert [len(batch) for batch in sink.batches] == [1, 3, 3, 1]
    assert sink.seqs == list(range(1, 9))
    assert count(metrics, "sink_written", sink="sink") == 8


async def test_a_refused_batch_is_offered_again_as_it_was() -> None:
    sink, metrics = Sink(failures=3), Metrics()
    async with running(sink, metrics, sink_attempts=5) as runner:
        runner.put(entry(1))
        runner.put(entry(2))
        await settled(runner)
    assert sink.seqs == [1, 2]
    assert count(metrics, "sink_retries", sink="sink") == 3
    assert count(metrics, "sink_lost", sink="sink") == 0


async def test_after_the_last_try_the_batch_is_counted_lost_and_the_next_goes_on() -> None:
    sink, metrics = Sink(failures=4), Metrics()
    async with running(sink, metrics, sink_attempts=4, sink_batch=2) as runner:
        for seq in (1, 2, 3):
            runner.put(entry(seq))
        await settled(runner)
    assert sink.seqs == [3]
    assert sink.tries == 5
    assert count(metrics, "sink_lost", sink="sink") == 2
    assert count(metrics, "sink_written", sink="sink") == 1


async def test_a_full_queue_loses_its_oldest_and_counts_it() -> None:
    sink, metrics = Sink(), Metrics()
    sink.open.clear()
    async with running(sink, metrics, sink_queue=10, sink_batch=1) as runner:
        runner.put(entry(0))
        await sink.entered.wait()
        for seq in range(1, 14):
            runner.put(entry(seq))
        sink.open.set()
        await settled(runner)
    assert sink.seqs == [0, *range(4, 14)]
    assert count(metrics, "sink_lost", sink="sink") == 3


async def test_settling_waits_for_what_is_under_way() -> None:
    sink = Sink()
    sink.open.clear()
    async with running(sink) as runner:
        runner.put(entry(1))
        await sink.entered.wait()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await runner.settle()
        sink.open.set()
        await settled(runner)
        assert sink.seqs == [1]


async def test_with_nothing_queued_there_is_nothing_to_wait_for() -> None:
    async with running(Sink()) as runner:
        await settled(runner)


async def test_putting_never_waits_for_a_sink_that_hangs() -> None:
    sink = Sink()
    sink.open.clear()
    async with running(sink, sink_queue=10) as runner:
        for seq in range(100):
            runner.put(entry(seq))
        await sink.entered.wait()
        assert sink.seqs == []
