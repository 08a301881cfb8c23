"""One command for many screens: in waves, stopped when too many fail, each result kept."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

import structlog
from aiohttp import web

from kiosk.clock import Clock, new_id
from kiosk.errors import KioskError, StorageError
from kiosk.settings.commands import CommandSettings
from kiosk.signaling.device import CommandError, checked
from kiosk.storage.people import Audit
from kiosk.tasks import TaskSet
from kiosk.web.commander import Commander
from kiosk.web.live import LiveKiosk

log = structlog.get_logger(__name__)

MAX_WAIT_S: Final = 3600.0
"""Longest pause between two waves."""
ResultState: TypeAlias = Literal["waiting", "sent", "done", "failed", "left_out"]
OrderState: TypeAlias = Literal["running", "done", "stopped"]


class OrderError(KioskError):
    """An order that cannot be given; the text says what can."""

    code = "order"


@dataclass(frozen=True, slots=True)
class Plan:
    """How an order goes about: so many screens at a time (0: all), a pause, and when to stop.

    `failures` is how many may fail; None goes on whatever happens.
    """

    wave: int = 0
    wait_s: float = 0.0
    failures: int | None = None


@dataclass(slots=True)
class Result:
    """What became of an order at one screen."""

    kiosk: LiveKiosk
    state: ResultState = "waiting"
    detail: str = ""
    at: datetime | None = None
    ms: int | None = None


@dataclass(slots=True)
class Order:
    """One order with all of its results. `revision` grows with every change."""

    id: str
    name: str
    args: Mapping[str, Any]
    by: str
    why: str
    at: datetime
    plan: Plan
    results: dict[str, Result]
    state: OrderState = "running"
    note: str = ""
    revision: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def count(self, *states: ResultState) -> int:
        """Return how many screens are in one of these states."""
        return sum(result.state in states for result in self.results.values())

    @property
    def sites(self) -> frozenset[str]:
        """The houses its screens stand in."""
        return frozenset(result.kiosk.site for result in self.results.values())

    def touch(self) -> None:
        """Tell everybody who waits that something changed."""
        self.revision += 1
        self.changed.set()
        self.changed = asyncio.Event()

    async def after(self, revision: int, within_s: float) -> None:
        """Wait until it has changed since `revision`, has ended, or the time is up."""
        try:
            async with asyncio.timeout(within_s):
                while self.revision <= revision and self.state == "running":
                    await self.changed.wait()
        except TimeoutError:
            pass


class Orders:
    """The orders of this server, the newest of them kept. Close it once."""

    def __init__(self, commander: Commander, clock: Clock, settings: CommandSettings) -> None:
        self._commander = commander
        self._clock = clock
        self._settings = settings
        self._orders: OrderedDict[str, Order] = OrderedDict()
        self._tasks = TaskSet("orders")

    def give(
        self,
        name: str,
        args: Mapping[str, Any],
        kiosks: Sequence[LiveKiosk],
        *,
        by: str,
        why: str,
        plan: Plan,
        audit: Audit,
    ) -> Order:
        """Begin an order; raises OrderError. Who may give it has been asked before."""
        try:
            wanted = checked(name, args)
        except CommandError as error:
            raise OrderError(str(error)) from None
        if not kiosks:
            raise OrderError("No screen was chosen; choose at least one.")
        if len(kiosks) > self._settings.most:
            raise OrderError(
                f"An order names at most {self._settings.most} screens, this one {len(kiosks)}; "
                "choose fewer, or raise commands.most."
            )
        running = sum(order.state == "running" for order in self._orders.values())
        if running >= self._settings.running:
            raise OrderError(f"{running} orders are under way; wait until one is done, or stop it.")
        order = Order(
            id=new_id("order"),
            name=name,
            args=wanted,
            by=by,
            why=why,
            at=self._clock.now(),
            plan=plan,
            results={kiosk.id: Result(kiosk) for kiosk in kiosks},
        )
        self._orders[order.id] = order
        while len(self._orders) > self._settings.kept:
            oldest = next((old for old in self._orders.values() if old.state != "running"), None)
            if oldest is None:
                break
            del self._orders[oldest.id]
        self._tasks.spawn(self._run(order, audit), name=order.id)
        return order

    def get(self, order_id: str) -> Order | None:
        """Return an order, or None when it is not kept (any more)."""
        return self._orders.get(order_id)

    def recent(self) -> list[Order]:
        """Return the orders, the newest first."""
        return list(reversed(self._orders.values()))

    def stop(self, order: Order, by: str) -> None:
        """Send it to no further screen; those told already answer as they do."""
        if order.state == "running" and not order.stopping.is_set():
            order.note = f"Stopped by {by}."
            order.stopping.set()
            order.touch()

    async def aclose(self) -> None:
        """Stop everything and let everybody go who waits for news."""
        for order in self._orders.values():
            if order.state == "running":
                order.note = "The server stopped."
                order.stopping.set()
        await self._tasks.aclose()
        for order in self._orders.values():
            if order.state == "running":
                self._finish(order)

    async def _run(self, order: Order, audit: Audit) -> None:
        results = list(order.results.values())
        size = order.plan.wave or len(results)
        at_once = asyncio.Semaphore(self._settings.at_once)
        waves = [results[at : at + size] for at in range(0, len(results), size)]
        try:
            for number, wave in enumerate(waves):
                if number and not order.stopping.is_set():
                    await _pause(order, order.plan.wait_s)
                if order.stopping.is_set():
                    break
                await self._wave(order, wave, at_once, audit)
        finally:
            self._finish(order)

    async def _wave(
        self, order: Order, wave: Sequence[Result], at_once: asyncio.Semaphore, audit: Audit
    ) -> None:
        async def tell(result: Result) -> None:
            async with at_once:
                if not order.stopping.is_set():
                    await self._tell(order, result, audit)

        await asyncio.gather(*(tell(result) for result in wave))

    async def _tell(self, order: Order, result: Result, audit: Audit) -> None:
        began = self._clock.monotonic()

        def sent() -> None:
            result.state = "sent"
            order.touch()

        kiosk = result.kiosk
        outcome = await self._commander.issue(
            kiosk.id, order.name, order.args, order.by, on_sent=sent
        )
        result.state = "done" if outcome.ok else "failed"
        result.detail = outcome.detail
        result.at = self._clock.now()
        result.ms = round((self._clock.monotonic() - began) * 1000)
        allowed = order.plan.failures
        failed = order.count("failed")
        if allowed is not None and failed > allowed and not order.stopping.is_set():
            order.note = f"Stopped by itself: {failed} failed, and {allowed} were allowed to."
            order.stopping.set()
        order.touch()
        try:
            await audit.add(
                order.by,
                f"kiosk.{order.name}" if outcome.ok else f"kiosk.{order.name}.undone",
                kiosk.id,
                outcome.detail,
                after=json.dumps(order.args, ensure_ascii=False) if order.args else "",
                site=kiosk.site,
                request=order.id,
            )
        except StorageError:
            # The order itself is in the audit already; what came of it goes on being shown.
            log.error("what became of a command could not be written down", kiosk=kiosk.id)

    def _finish(self, order: Order) -> None:
        for result in order.results.values():
            if result.state == "waiting":
                result.state = "left_out"
        order.state = "stopped" if order.stopping.is_set() else "done"
        order.touch()


async def _pause(order: Order, seconds: float) -> None:
    try:
        async with asyncio.timeout(min(seconds, MAX_WAIT_S)):
            await order.stopping.wait()
    except TimeoutError:
        pass


ORDERS = web.AppKey("orders", Orders)
