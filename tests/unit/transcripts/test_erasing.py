"""Erasing over real storage and bus: who is told, who is asked again, what is refused and why."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.bus.memory import MemoryBus
from kiosk.model import EndReason, VisitSummary
from kiosk.storage.database import Storage
from kiosk.tasks import TaskSet
from kiosk.telemetry import Metrics
from kiosk.testing.clock import ManualClock
from kiosk.transcripts.erasing import LOOK_S, SCRUB_PAUSE_S, SCRUB_TRIES, By, Eraser, KeepError
from tests.unit.storage.keeping import kept, said

ADA = By("ada", "asked for it", "req_1")


class Plugins:
    """Two plugins: one forgets, one fails while `failing`."""

    def __init__(self, *, failing: bool = False) -> None:
        self.failing = failing
        self.told: list[frozenset[str]] = []
        self.changed = asyncio.Condition()

    async def visits_erased(self, visits: frozenset[str]) -> list[str]:
        async with self.changed:
            self.told.append(visits)
            self.changed.notify_all()
        return ["desk"] if self.failing and visits else []

    async def until_told(self, visit: str) -> None:
        async with asyncio.timeout(20), self.changed:
            await self.changed.wait_for(lambda: any(visit in visits for visits in self.told))


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Storage, ManualClock, MemoryBus]]:
    clock = ManualClock()
    bus = MemoryBus(clock)
    async with kept(folder, clock) as storage:
        yield storage, clock, bus
    await bus.aclose()


async def over(storage: Storage, clock: ManualClock, name: str = "visit_1") -> None:
    now = clock.now()
    await storage.turns.add([said(1, visit=name)])
    summary = VisitSummary(name, "main", "en", now, now, EndReason.GOODBYE, 1)
    await storage.visits.ended(summary)


async def test_every_server_and_plugin_is_told_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as (storage, clock, bus):
        forgotten: list[str] = []

        def forget(visits: Collection[str]) -> None:
            forgotten.extend(visits)

        here, there = Plugins(), Plugins()
        metrics = Metrics()
        one = Eraser(storage, clock, bus=bus, hooks=here, metrics=metrics, forget=[forget])
        other = Eraser(storage, clock, bus=bus, hooks=there)
        async with one.running(), other.running():
            await over(storage, clock)
            done = await one.erase("visit_1", ADA)
            await there.until_told("visit_1")
        assert done.removed["turns"] == 1
        assert done.scrubbed
        assert forgotten == ["visit_1"]
        assert here.told.count(frozenset({"visit_1"})) == 1
        assert metrics.registry.get_sample_value("kiosk_visits_erased_total", {"by": "asked"}) == 1
        (row,) = await storage.audit.recent()
        assert (row.actor, row.action, row.target, row.detail, row.request, row.site) == (
            "ada", "visit.erase", "visit_1", "asked for it", "req_1", "main",
        )  # fmt: skip


async def test_what_a_command_erased_is_found_by_the_servers(tmp_path: Path) -> None:
    async with opened(tmp_path) as (storage, clock, bus):
        plugins = Plugins()
        async with Eraser(storage, clock, bus=bus, hooks=plugins).running():
            await over(storage, clock)
            await clock.until_asleep()
            await Eraser(storage, clock).erase("visit_1", ADA)
            await clock.advance(LOOK_S)
            await plugins.until_told("visit_1")


async def test_a_plugin_that_failed_is_named_and_told_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as (storage, clock, bus):
        plugins = Plugins(failing=True)
        eraser = Eraser(storage, clock, bus=bus, hooks=plugins)
        await over(storage, clock)
        done = await eraser.erase("visit_1", ADA)
        assert done.failed == ("desk",)
        assert "desk failed to forget it and is asked again" in done.sentence
        plugins.failing = False
        assert await eraser.tell_again() == []
        assert plugins.told[-1] == {"visit_1"}


async def test_while_the_file_is_read_it_is_said_that_it_is_cleaned_later(tmp_path: Path) -> None:
    async with opened(tmp_path) as (storage, clock, _):
        await over(storage, clock)
        reader = await asyncio.to_thread(_reading, tmp_path / "kiosk.sqlite3")
        tasks = TaskSet("test")
        task = tasks.start(Eraser(storage, clock).erase("visit_1", ADA), name="erase")
        for _ in range(SCRUB_TRIES - 1):
            await clock.until_asleep()
            await clock.advance(SCRUB_PAUSE_S)
        assert "cleaned up tonight" in (await task).sentence
        await asyncio.to_thread(reader.close)


def _reading(file: Path) -> sqlite3.Connection:
    """Another program that has begun to read and does not end."""
    reader = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM turns").fetchone()
    return reader


async def test_it_is_refused_with_the_reason(tmp_path: Path) -> None:
    async with opened(tmp_path) as (storage, clock, _):
        eraser = Eraser(storage, clock)
        with pytest.raises(KeepError, match="no such visit"):
            await eraser.erase("visit_9", ADA)
        await storage.visits.started("visit_1", "main", "en", clock.now())
        with pytest.raises(KeepError, match="may still be going on; end it first"):
            await eraser.erase("visit_1", ADA)
        await over(storage, clock)
        tomorrow = clock.now() + timedelta(days=1)
        await eraser.hold("visit_1", ADA, tomorrow)
        with pytest.raises(KeepError, match=r"ada .* legal hold until 2026-03-03 \(asked for it\)"):
            await eraser.erase("visit_1", ADA)
        assert [row.action for row in await storage.audit.recent()] == ["visit.hold"]


async def test_a_hold_needs_a_reason_a_visit_and_a_future(tmp_path: Path) -> None:
    async with opened(tmp_path) as (storage, clock, _):
        eraser = Eraser(storage, clock)
        for code, by, days in (("no_reason", By("ada"), 1), ("past", ADA, 0), ("no_visit", ADA, 1)):
            with pytest.raises(KeepError) as refused:
                await eraser.hold("visit_1", by, clock.now() + timedelta(days=days))
            assert refused.value.code == code
        with pytest.raises(KeepError, match="not held"):
            await eraser.release("visit_1", ADA)
