"""One sink's delivery: order whatever fails when, pauses, dead letters, a lease, an end."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from typing_extensions import override

from kiosk.clock import Clock
from kiosk.model import EntriesRefused, SinkBusy, TranscriptEntry, TranscriptSink
from kiosk.settings.sections import StorageSettings
from kiosk.storage.database import open_storage
from kiosk.storage.outbox import Outbox
from kiosk.tasks import TaskSet
from kiosk.telemetry import Metrics
from kiosk.testing.clock import ManualClock
from kiosk.transcripts.delivery import LEASE_S, LONGEST_ASKED_S, Delivery
from tests.unit.storage.keeping import said, url
from tests.unit.transcripts.keeping import SinkPlugin, count, hooks, settings

HOUR_S = 3600.0


class Script(TranscriptSink):
    """Meets each write as the script says, then takes everything: yes, no, late, refuse…"""

    name = "far"

    def __init__(self, *script: str) -> None:
        self.script = list(script)
        self.seen: list[tuple[str, int]] = []
        self.tries = 0
        self.changed = asyncio.Condition()
        self.poison: set[int] = set()

    @override
    async def write(self, batch: Sequence[TranscriptEntry]) -> None:
        self.tries += 1
        step = self.script.pop(0) if self.script else "yes"
        if any(entry.seq in self.poison for entry in batch):
            raise EntriesRefused("bad entry")
        # An answer that is lost on the way back: taken all the same.
        if step in {"yes", "taken but failed"}:
            self.seen.extend((entry.visit_id, entry.seq) for entry in batch)
        async with self.changed:
            self.changed.notify_all()
        failures: dict[str, BaseException] = {
            "no": OSError("away"),
            "taken but failed": OSError("away"),
            "exit": SystemExit(1),
            "cancelled": asyncio.CancelledError(),
            "panic": BaseException("a library in Rust"),
            "busy": SinkBusy(10 * LONGEST_ASKED_S),
        }
        if step == "busy some time":
            raise SinkBusy("soon")  # type: ignore[arg-type]  # the mistake
        if step in failures:
            raise failures[step]

    async def until(self, tries: int) -> None:
        async with asyncio.timeout(20), self.changed:
            await self.changed.wait_for(lambda: self.tries >= tries)


@asynccontextmanager
async def outbox(folder: Path, clock: Clock) -> AsyncIterator[Outbox]:
    async with open_storage(StorageSettings(url=url(folder)), clock, busy_s=5) as storage:
        yield storage.outbox


@asynccontextmanager
async def delivering(
    sink: TranscriptSink,
    box: Outbox,
    clock: Clock,
    metrics: Metrics | None = None,
    owner: str = "server_1",
    **limits: float,
) -> AsyncIterator[Delivery]:
    tasks = TaskSet("test")
    values = settings(**limits).storage
    metrics = metrics or Metrics()
    calls = hooks(SinkPlugin(sink), metrics).sink_calls
    delivery = Delivery(sink, calls, box, clock, values, metrics, tasks, owner)
    try:
        yield delivery
    finally:
        await tasks.aclose()
        await delivery.close(5)


async def settled(delivery: Delivery) -> None:
    async with asyncio.timeout(10):
        await delivery.settle()


async def drained(delivery: Delivery, box: Outbox) -> None:
    """Retry at once, again and again, until nothing waits."""
    async with asyncio.timeout(10):
        while any(state.waiting for state in await box.states()):
            delivery.retry_now()
            await delivery.settle()


def first_times(seen: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    return list(dict.fromkeys(seen))


STEPS = st.sampled_from(["yes", "no", "taken but failed", "exit", "cancelled", "busy"])


@examples(max_examples=12, deadline=None)
@given(script=st.lists(STEPS, max_size=12), batch=st.integers(1, 5), news=st.integers(1, 9))
async def test_each_visit_arrives_in_order_and_whole_whatever_fails_when(
    script: list[str], batch: int, news: int
) -> None:
    sink, clock = Script(*script), ManualClock()
    entries = [said(seq, visit=visit) for seq in range(10) for visit in ("a", "b")]
    with tempfile.TemporaryDirectory() as folder:
        async with (
            outbox(Path(folder), clock) as box,
            delivering(sink, box, clock, sink_batch=batch) as delivery,
        ):
            for start in range(0, len(entries), news):
                await box.add(["far"], entries[start : start + news])
                delivery.wake()
            await drained(delivery, box)
    first = first_times(sink.seen)
    for visit in ("a", "b"):
        assert [seq for name, seq in first if name == visit] == list(range(10))


async def test_an_hour_away_costs_growing_pauses_and_no_entry(tmp_path: Path) -> None:
    sink, clock, metrics = Script(*["no"] * 8), ManualClock(), Metrics()
    async with outbox(tmp_path, clock) as box:
        await box.add(["far"], [said(seq) for seq in range(5)])
        async with delivering(sink, box, clock, metrics) as delivery:
            for tries in range(1, 9):
                await sink.until(tries)
                await settled(delivery)
                await clock.until_asleep()
                await box.add(["far"], [said(10 + tries)])
                delivery.wake()
                await clock.advance(HOUR_S / 8)
            await sink.until(9)
            await drained(delivery, box)
    assert sink.seen == [("visit_1", seq) for seq in (*range(5), *range(11, 19))]
    assert count(metrics, "sink_retries", sink="far") == 8
    assert count(metrics, "sink_dead", sink="far") == 0


async def test_beyond_the_hours_that_are_set_entries_are_dead_letters_until_replayed(
    tmp_path: Path,
) -> None:
    sink, clock, metrics = Script("no", "no"), ManualClock(), Metrics()
    async with outbox(tmp_path, clock) as box:
        await box.add(["far"], [said(1), said(2)])
        async with delivering(sink, box, clock, metrics, sink_give_up_h=1) as delivery:
            await sink.until(1)
            await settled(delivery)
            await clock.until_asleep()
            await box.add(["far"], [said(3)])
            await clock.advance(HOUR_S + 1)
            await sink.until(2)
            await box.add(["far"], [said(4)])
            await drained(delivery, box)
            (state,) = await box.states()
            assert (state.waiting, state.error) == (0, "OSError")
            assert state.dead >= 2
            assert count(metrics, "sink_dead", sink="far") == state.dead
            await box.replay("far")
            await drained(delivery, box)
            assert await box.states() == []
    assert sorted(seq for _, seq in sink.seen) == [1, 2, 3, 4]


async def test_one_entry_that_is_refused_does_not_cost_the_others(tmp_path: Path) -> None:
    sink, clock, metrics = Script(), ManualClock(), Metrics()
    sink.poison = {3}
    async with outbox(tmp_path, clock) as box:
        await box.add(["far"], [said(seq) for seq in range(1, 7)])
        async with delivering(sink, box, clock, metrics) as delivery:
            await drained(delivery, box)
            (state,) = await box.states()
            assert (state.waiting, state.dead, state.error) == (0, 1, "EntriesRefused")
    assert [seq for _, seq in sink.seen] == [1, 2, 4, 5, 6]
    assert count(metrics, "sink_dead", sink="far") == 1


async def test_a_sink_may_ask_for_a_pause_but_not_for_ever(tmp_path: Path) -> None:
    sink, clock = Script("busy"), ManualClock()
    async with outbox(tmp_path, clock) as box:
        await box.add(["far"], [said(1)])
        async with delivering(sink, box, clock) as delivery:
            await sink.until(1)
            await settled(delivery)
            await clock.until_asleep()
            await clock.advance(LONGEST_ASKED_S - 1)
            await settled(delivery)
            assert sink.tries == 1
            await clock.advance(2)
            await sink.until(2)
    assert sink.seen == [("visit_1", 1)]


async def test_two_servers_on_one_database_keep_the_order(tmp_path: Path) -> None:
    """Both deliver to one far side; the lease lets one at a time."""
    far, clock = Script("yes", "no", "yes", "no"), ManualClock()
    async with (
        outbox(tmp_path, clock) as box,
        delivering(far, box, clock, sink_batch=2) as first,
        delivering(far, box, clock, owner="server_2", sink_batch=2) as second,
    ):
        for seq in range(20):
            await box.add(["far"], [said(seq)])
            first.wake()
            second.wake()
        await drained(first, box)
    assert [seq for _, seq in far.seen] == list(range(20))


async def test_what_a_vanished_server_left_is_delivered_when_its_lease_is_over(
    tmp_path: Path,
) -> None:
    far, clock = Script(), ManualClock()
    async with outbox(tmp_path, clock) as box:
        await box.add(["far"], [said(1)])
        assert await box.lease("far", "vanished", LEASE_S)
        async with delivering(far, box, clock) as delivery:
            await settled(delivery)
            assert far.tries == 0
            await clock.until_asleep()
            await clock.advance(LEASE_S + 1)
            await far.until(1)
            await drained(delivery, box)
    assert far.seen == [("visit_1", 1)]


async def test_a_full_outbox_loses_its_oldest_and_counts_it(tmp_path: Path) -> None:
    far, clock, metrics = Script("no"), ManualClock(), Metrics()
    async with outbox(tmp_path, clock) as box:
        await box.add(["far"], [said(seq) for seq in range(120)])
        async with delivering(far, box, clock, metrics, sink_outbox=100) as delivery:
            await far.until(1)
            await settled(delivery)
            assert count(metrics, "sink_lost", sink="far") == 20
            await drained(delivery, box)
    assert [seq for _, seq in far.seen] == list(range(20, 120))


async def test_a_database_that_is_away_stops_no_delivery_for_good(tmp_path: Path) -> None:
    far, clock = Script(), ManualClock()
    async with outbox(tmp_path, clock) as box:
        await box.add(["far"], [said(1)])
        database = tmp_path / "kiosk.sqlite3"
        async with outbox(tmp_path / "other", clock) as broken:
            other = tmp_path / "other" / "kiosk.sqlite3"
            _without_outbox(other)
            async with delivering(far, broken, clock) as delivery:
                await settled(delivery)
                await clock.until_asleep()
                assert far.tries == 0
                _with_outbox(other, database)
                delivery.retry_now()
                await far.until(1)
    assert far.seen == [("visit_1", 1)]


def _without_outbox(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE sink_outbox RENAME TO away")
    connection.commit()
    connection.close()


def _with_outbox(path: Path, source: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE away RENAME TO sink_outbox")
    connection.execute("ATTACH ? AS source", (str(source),))
    connection.execute("INSERT INTO sink_outbox SELECT * FROM source.sink_outbox")
    connection.commit()
    connection.close()


@pytest.mark.parametrize("way", ["exit", "cancelled", "panic", "busy some time", "no"])
async def test_however_a_sink_fails_it_is_asked_again(tmp_path: Path, way: str) -> None:
    far, clock = Script(way), ManualClock()
    async with outbox(tmp_path, clock) as box:
        await box.add(["far"], [said(1)])
        async with delivering(far, box, clock) as delivery:
            await far.until(1)
            await drained(delivery, box)
    assert far.seen == [("visit_1", 1)]
