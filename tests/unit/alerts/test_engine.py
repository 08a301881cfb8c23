"""The engine over real storage, bus and receivers: a trouble from its begin to its end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
import stamina
from pydantic import SecretStr

from kiosk.alerts.engine import Engine
from kiosk.alerts.facts import Facts
from kiosk.alerts.opening import open_channels
from kiosk.bus.memory import MemoryBus
from kiosk.events import EVENTS_TOPIC
from kiosk.settings.alerts import AlertSettings, WebhookSettings
from kiosk.storage.database import Storage
from kiosk.storage.rows import AlertRow
from kiosk.telemetry import Metrics
from kiosk.testing.clock import ManualClock
from tests.unit.alerts.alerting import facts, screen
from tests.unit.alerts.receiving import Far, far
from tests.unit.storage.keeping import kept

WELL = screen("west")


@pytest.fixture(autouse=True)
def without_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=1):
        yield


class World:
    """What the rules see, moved by a test; engines look at it."""

    def __init__(self, clock: ManualClock, storage: Storage, receiver: Far) -> None:
        self.clock = clock
        self.bus = MemoryBus(clock)
        self.storage = storage
        self.receiver = receiver
        self.metrics = Metrics()
        self.down_since: Any = None

    async def gather(self) -> Facts:
        now = self.clock.now()
        one = replace(WELL, changed_at=now, reported_at=now)
        if self.down_since is not None:
            one = replace(WELL, connected=False, changed_at=self.down_since)
        return replace(facts(one), now=now)

    @property
    def critical(self) -> float | None:
        found = {"severity": "critical"}
        return self.metrics.registry.get_sample_value("kiosk_alerts_open", found)

    @asynccontextmanager
    async def engine(self, **values: Any) -> AsyncIterator[Engine]:
        channel = WebhookSettings(
            type="webhook", url=self.receiver.url, secret=SecretStr("x" * 32), resolved=True
        )
        settings = AlertSettings(channels={"hook": channel}, **values)
        async with aiohttp.ClientSession() as http:
            zone = ZoneInfo("UTC")
            yield Engine(
                settings,
                self.storage.alerts,
                self.bus,
                self.clock,
                self.metrics,
                open_channels(settings, zone, http, self.clock),
                gather=self.gather,
                zone=zone,
                site_name=lambda site: "Museum",
                link="https://kiosk.example/operator/alerts",
            )

    async def told(self, engine: Engine) -> list[str]:
        await engine.couriers["hook"].deliver()
        return [json.loads(body)["headline"] for _, _, body in self.receiver.got]


@asynccontextmanager
async def world(folder: Path, *answers: int) -> AsyncIterator[World]:
    clock = ManualClock()
    async with far(*answers) as receiver, kept(folder, clock) as storage:
        yield World(clock, storage, receiver)


def standing(engine: Engine) -> list[AlertRow]:
    """How things stand, read anew."""
    return list(engine.current)


async def test_from_begin_to_end(tmp_path: Path) -> None:
    async with (
        world(tmp_path) as one,
        one.engine() as engine,
        one.bus.subscribe(EVENTS_TOPIC) as events,
    ):
        await engine.round()
        assert standing(engine) == []
        one.down_since = one.clock.now()
        await engine.round()
        (row,) = standing(engine)
        assert row.state == "pending"
        await one.clock.advance(301)
        await engine.round()
        assert standing(engine)[0].state == "firing"
        assert one.critical == 1
        assert await one.told(engine) == []
        await one.clock.advance(31)
        await engine.round()
        assert await one.told(engine) == ["Museum: Lobby West is not connected"]
        assert await engine.acknowledge(standing(engine)[0], "anna", "on my way")
        assert not await engine.acknowledge(standing(engine)[0], "bert", "")
        assert standing(engine)[0].state == "acknowledged"
        assert one.critical == 0
        await one.clock.advance(5 * 3600)
        await engine.round()
        assert len(await one.told(engine)) == 1
        one.down_since = None
        await engine.round()
        await one.clock.advance(121)
        await engine.round()
        assert standing(engine) == []
        assert (await one.told(engine))[1:] == ["Museum: Over: Lobby West is not connected"]
        (past,) = await one.storage.alerts.history(9)
        assert (past.state, past.acked_by) == ("resolved", "anna")
        states = []
        async for payload in events:
            assert payload["type"] == "alert_changed"
            states.append(payload["state"])
            if payload["state"] == "resolved":
                break
        assert states == ["firing", "acknowledged", "resolved"]


async def test_a_restart_tells_nothing_twice_and_forgets_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, 503) as one:
        one.down_since = one.clock.now()
        async with one.engine() as engine:
            for _ in range(25):
                await engine.round()
                await one.clock.advance(15)
            assert await one.told(engine) == ["Museum: Lobby West is not connected"]  # refused
        async with one.engine() as again:
            one.bus = again._bus  # type: ignore[assignment]  # the same one; its lease ran out below
            await one.clock.advance(60)
            for _ in range(3):
                await again.round()
                await one.clock.advance(15)
            assert len(await one.told(again)) == 2  # the one that was refused, once more
            assert again.current[0].since == one.down_since
            assert await one.storage.alerts.channels() == []


async def test_one_of_two_servers_leads_and_the_other_takes_over(tmp_path: Path) -> None:
    async with world(tmp_path) as one, one.engine() as first, one.engine() as second:
        one.down_since = one.clock.now() - timedelta(minutes=10)
        await first.round()
        await second.round()
        assert len(first.current) == 1
        assert second.current == first.current
        await one.clock.advance(31)
        await second.round()
        assert await one.storage.alerts.waiting("hook", 9) == []
        await one.clock.advance(60)  # the first is gone: nobody renewed its lease
        await second.round()
        assert len(await one.storage.alerts.waiting("hook", 9)) == 1


async def test_quiet_hours_are_the_sites_own(tmp_path: Path) -> None:
    rules = {"offline": {"severity": "warning", "after_s": 0}}
    async with (
        world(tmp_path) as one,
        one.engine(
            quiet={"main": "09:00-11:00", "*": "00:00-24:00"}, group_s=0, rules=rules
        ) as engine,
    ):
        one.down_since = one.clock.now()  # ten o'clock
        await engine.round()
        assert await one.told(engine) == []
        assert standing(engine)[0].held
        await one.clock.advance(3600)
        await engine.round()
        assert await one.told(engine) == ["Museum: 1 alert from quiet hours"]


async def test_it_runs_by_itself_and_ends(tmp_path: Path) -> None:
    async with world(tmp_path) as one, one.engine(group_s=0) as engine:
        one.down_since = one.clock.now() - timedelta(minutes=10)
        async with engine.running():
            await asyncio.wait_for(one.receiver.came.wait(), 5)
            await engine.couriers["hook"].settle()
            await one.clock.until_asleep(2)
        # What led gives its lease back, so that another server need not wait.
        assert await one.bus.acquire("alerts", "somebody else", ttl_s=1) is not None


async def test_a_database_that_is_away_stops_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as one, one.engine() as engine:
        calls = asyncio.Queue[int]()
        gather = engine._gather

        async def failing() -> Facts:
            calls.put_nowait(1)
            from kiosk.errors import StorageError

            if calls.qsize() == 1:
                raise StorageError("The database is locked.", retryable=True)
            return await gather()

        engine._gather = failing
        async with engine.running():
            await one.clock.until_asleep(2)
            await one.clock.advance(15)
            await one.clock.until_asleep(2)
        assert calls.qsize() == 2


async def test_a_test_goes_past_rules_and_outbox(tmp_path: Path) -> None:
    async with world(tmp_path) as one, one.engine() as engine:
        await engine.test("hook")
        assert await one.told(engine) == ["A test of the alerts; nothing is wrong"]
        with pytest.raises(KeyError):
            await engine.test("nobody")
