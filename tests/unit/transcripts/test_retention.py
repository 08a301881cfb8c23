"""The nightly run: at its hour, on one server, made up for, tried again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.bus.memory import MemoryBus
from kiosk.errors import StorageError
from kiosk.settings import load_settings
from kiosk.storage.database import Storage
from kiosk.storage.keeping import Run
from kiosk.telemetry import Metrics
from kiosk.testing.clock import ManualClock
from kiosk.transcripts.erasing import Eraser
from kiosk.transcripts.retention import AGAIN_S, LEASE, Retention
from tests.unit.storage.keeping import kept

HOUR = 3600
Make = Callable[..., Retention]


@asynccontextmanager
async def nights(
    folder: Path, **site: Any
) -> AsyncIterator[tuple[Make, Storage, ManualClock, MemoryBus]]:
    clock = ManualClock()
    bus = MemoryBus(clock)
    settings = await asyncio.to_thread(load_settings, overrides={"site": site}, read_file=False)
    async with kept(folder, clock) as storage:
        eraser = Eraser(storage, clock, bus=bus)

        def make(**more: Any) -> Retention:
            return Retention(settings, storage, eraser, clock, bus=bus, **more)

        yield make, storage, clock, bus
    await bus.aclose()


async def runs(storage: Storage, clock: ManualClock, count: int) -> tuple[Run, ...]:
    """Wait, in real time, until so many runs are noted and the next night is waited for."""
    async with asyncio.timeout(20):
        while len(found := await storage.keeping.runs()) < count:
            await clock.until_asleep()
    await clock.until_asleep()
    return found


@pytest.mark.parametrize(
    ("zone", "after", "due"),
    [
        ("UTC", "2026-03-02T03:29", "2026-03-02T03:30"),
        ("UTC", "2026-03-02T03:30", "2026-03-03T03:30"),
        ("Europe/Berlin", "2026-03-02T10:00", "2026-03-03T02:30"),
        ("Europe/Berlin", "2026-03-28T10:00", "2026-03-29T01:30"),
        ("Europe/Berlin", "2026-10-25T10:00", "2026-10-26T02:30"),
    ],
)
async def test_it_is_due_by_the_sites_own_clock(
    tmp_path: Path, zone: str, after: str, due: str
) -> None:
    async with nights(tmp_path, time_zone=zone) as (make, *_):
        found = make().next_run(datetime.fromisoformat(after).replace(tzinfo=UTC))
        assert found.isoformat() == f"{due}:00+00:00"


async def test_it_runs_each_night(tmp_path: Path) -> None:
    async with nights(tmp_path) as (make, storage, clock, _):
        metrics = Metrics()
        async with make(metrics=metrics).running():
            await clock.until_asleep()
            await clock.advance(17 * HOUR)
            assert await storage.keeping.runs() == (), "it is 03:00"
            await clock.advance(HOUR / 2 + 1)
            (run,) = await runs(storage, clock, 1)
            assert (run.actor, f"{run.began_at:%H:%M}", run.error) == ("nightly", "03:30", "")
            await clock.advance(24 * HOUR)
            assert len(await runs(storage, clock, 2)) == 2
        value = metrics.registry.get_sample_value("kiosk_retention_last_seconds")
        assert value is not None
        assert value > run.began_at.timestamp()


async def test_a_night_without_a_server_is_made_up_for(tmp_path: Path) -> None:
    async with nights(tmp_path) as (make, storage, clock, _):
        await storage.keeping.ran(clock.now() - timedelta(days=2), "nightly", {})
        await storage.keeping.ran(clock.now(), "ada", {})
        async with make().running():
            found = await runs(storage, clock, 3)
        assert found[0].began_at == clock.now()


async def test_of_several_servers_one_runs(tmp_path: Path) -> None:
    async with nights(tmp_path) as (make, storage, clock, bus):
        taken = await bus.acquire(LEASE, "another server", ttl_s=48 * HOUR)
        assert taken is not None
        async with make().running():
            await clock.until_asleep()
            await clock.advance(18 * HOUR)
            await clock.until_asleep()
            assert await storage.keeping.runs() == ()
            assert not await make().begin("ada")
            await storage.keeping.ran(clock.now(), "nightly", {})
            await taken.release()
            await clock.advance(AGAIN_S)
            await clock.until_asleep()
            assert len(await storage.keeping.runs()) == 1, "the other one has done it"


async def test_a_run_that_failed_is_noted_and_tried_again(tmp_path: Path) -> None:
    async with nights(tmp_path) as (make, storage, clock, _):
        answers: list[Exception | None] = [StorageError("The disk is full."), None]

        async def before() -> None:
            answer = answers.pop(0)
            if answer is not None:
                raise answer

        made: Callable[[], Awaitable[None]] = before
        async with make(before=made).running():
            await clock.until_asleep()
            await clock.advance(18 * HOUR)
            (failed,) = await runs(storage, clock, 1)
            assert failed.error == "The disk is full."
            await clock.advance(AGAIN_S)
            assert (await runs(storage, clock, 2))[0].error == ""


async def test_somebody_may_begin_one_and_only_one(tmp_path: Path) -> None:
    async with nights(tmp_path) as (make, storage, clock, _):
        gate = asyncio.Event()

        async def wait() -> None:
            await gate.wait()

        retention = make(before=wait)
        async with retention.running():
            assert await retention.begin("ada")
            assert retention.busy
            assert not await retention.begin("bo")
            gate.set()
            (run,) = await runs(storage, clock, 1)
            assert run.actor == "ada"
            assert [row.action for row in await storage.audit.recent()] == ["retention.run"]
