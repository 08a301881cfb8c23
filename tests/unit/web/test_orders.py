"""Orders to many screens: in waves, bounded, stopped by failures or by hand, each result kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from kiosk.bus.memory import MemoryBus
from kiosk.settings.commands import CommandSettings
from kiosk.storage.database import Storage
from kiosk.telemetry import Metrics
from kiosk.web.agent import command_target, device_target
from kiosk.web.commander import Commander
from kiosk.web.live import LiveKiosk
from kiosk.web.orders import Order, OrderError, Orders, Plan
from kiosk.web.shots import Shots
from tests.unit.storage.keeping import ManualClock, kept


class Fleet:
    """Screens that answer as their names say: `bad…` fail, `mute…` never answer."""

    def __init__(self, storage: Storage, clock: ManualClock, **limits: int) -> None:
        self.bus = MemoryBus(clock)
        self.storage = storage
        commander = Commander(self.bus, clock, Metrics(), Shots(self.bus, clock))
        self.orders = Orders(commander, clock, CommandSettings(**limits))
        self.told: list[str] = []
        self.telling = 0
        self.most = 0

    def screen(self, name: str) -> LiveKiosk:
        async def take(payload: Mapping[str, Any]) -> Mapping[str, Any]:
            self.told.append(name)
            self.telling += 1
            self.most = max(self.most, self.telling)
            await asyncio.get_running_loop().run_in_executor(None, int)  # others get their turn
            self.telling -= 1
            if not name.startswith("mute"):
                answer = {"kiosk_id": name, "ok": not name.startswith("bad"), "detail": "no"}
                await self.bus.command(command_target(payload["id"]), answer, timeout_s=1)
            return {"ok": True}

        self.bus.handle(device_target(name), take)
        return LiveKiosk(name, name.title(), site="north")

    def give(self, *names: str, plan: Plan | None = None, name: str = "identify") -> Order:
        return self.orders.give(
            name, {}, [self.screen(item) for item in names], by="anna", why="a try",
            plan=plan or Plan(), audit=self.storage.audit,
        )  # fmt: skip


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[Fleet]:
    clock = ManualClock()
    async with kept(tmp_path, clock) as storage:
        made = Fleet(storage, clock, at_once=3, running=2, kept=3, most=8)
        yield made
        await made.orders.aclose()


async def over(order: Order) -> None:
    async with asyncio.timeout(10):
        while order.state == "running":
            await order.after(order.revision, 10)


async def test_every_screen_is_told_and_its_answer_kept(fleet: Fleet) -> None:
    order = fleet.give("a", "bad", "c", "d", "e", "f")
    assert (order.state, order.count("waiting")) == ("running", 6)
    await over(order)
    assert (order.state, order.count("done"), order.count("failed")) == ("done", 5, 1)
    assert order.results["bad"].detail == "The screen could not: no."
    assert order.results["a"].ms is not None
    assert fleet.most <= 3, "at_once"
    rows = await fleet.storage.audit.recent()
    assert {(row.action, row.target) for row in rows} >= {
        ("kiosk.identify", "a"), ("kiosk.identify.undone", "bad"),
    }  # fmt: skip
    assert {(row.actor, row.site, row.request) for row in rows} == {("anna", "north", order.id)}
    assert fleet.orders.get(order.id) is order


async def test_waves_wait_and_failures_stop_it(fleet: Fleet) -> None:
    plan = Plan(wave=2, wait_s=0.01, failures=1)
    order = fleet.give("a", "bad1", "b", "bad2", "c", "d", plan=plan)
    await over(order)
    assert (order.state, order.count("left_out")) == ("stopped", 2)
    assert order.note == "Stopped by itself: 2 failed, and 1 were allowed to."
    assert fleet.told[:2] == ["a", "bad1"] or fleet.told[:2] == ["bad1", "a"]
    assert not {"c", "d"} & set(fleet.told)


async def test_somebody_stops_it_between_two_waves(fleet: Fleet) -> None:
    order = fleet.give("a", "b", plan=Plan(wave=1, wait_s=3600))
    async with asyncio.timeout(10):
        while not order.count("done"):
            await order.after(order.revision, 10)
    fleet.orders.stop(order, "bert")
    await over(order)
    assert (order.state, order.note, order.count("left_out")) == ("stopped", "Stopped by bert.", 1)
    fleet.orders.stop(order, "carla")
    assert order.note == "Stopped by bert."


async def test_a_stopping_server_ends_orders_and_lets_their_watchers_go(fleet: Fleet) -> None:
    order = fleet.give("mute")
    async with asyncio.timeout(10):
        while not order.count("sent"):
            await order.after(order.revision, 10)
        watching = asyncio.gather(order.after(order.revision, 60))
        await fleet.orders.aclose()
        await watching
    assert (order.state, order.note) == ("stopped", "The server stopped.")


async def test_limits_are_said(fleet: Fleet) -> None:
    with pytest.raises(OrderError, match="No screen was chosen"):
        fleet.give()
    with pytest.raises(OrderError, match="at most 8 screens, this one 9"):
        fleet.give(*"abcdefghi")
    with pytest.raises(OrderError, match="There is no command"):
        fleet.give("a", name="format_disk")
    fleet.give("mute1")
    fleet.give("mute2")
    with pytest.raises(OrderError, match="2 orders are under way"):
        fleet.give("c")


async def test_only_the_newest_are_kept(fleet: Fleet) -> None:
    orders = []
    for _ in range(4):
        orders.append(fleet.give("a"))
        await over(orders[-1])
    assert fleet.orders.recent() == orders[:0:-1]
    assert fleet.orders.get(orders[0].id) is None


async def test_nobody_waits_longer_than_asked(fleet: Fleet) -> None:
    order = fleet.give("mute")
    await order.after(10_000, 0.01)
    assert order.state == "running"
