"""The nightly run: what is older than the site keeps it goes, on one server of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from kiosk.bus.base import Bus, Lease
from kiosk.clock import Clock, new_id
from kiosk.errors import StorageError
from kiosk.settings import LONGEST_VISIT_S, Settings
from kiosk.settings.retention import Days
from kiosk.storage.database import Storage
from kiosk.storage.keeping import Scope
from kiosk.tasks import TaskSet
from kiosk.telemetry import Metrics
from kiosk.transcripts.erasing import REMEMBERED_DAYS, Eraser

log = structlog.get_logger(__name__)

NIGHTLY: Final = "nightly"
LEASE: Final = "retention"
LEASE_S: Final = 3600.0
"""Longest run; a server that dies in it keeps the others from theirs until the next night only."""
AGAIN_S: Final = 900.0
"""After a failure it is tried again so much later."""
BATCH: Final = 500
MOST_COUNTED: Final = 1_000_000
"""A dry run counts so far."""
SHORTEST: Final = timedelta(seconds=LONGEST_VISIT_S)
"""What is never stored may still be there while its visit goes on, and is let end."""

CLASSES: Final = ("transcripts", "visits", "outbox", "dead_letters", "audit")
"""What is counted, in the order it is shown."""


class Retention:
    """Deletes what is too old, each night or when somebody asks."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        eraser: Eraser,
        clock: Clock,
        *,
        bus: Bus | None = None,
        metrics: Metrics | None = None,
        before: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._eraser = eraser
        self._clock = clock
        self._bus = bus
        self._metrics = metrics
        self._before = before
        self._zone = ZoneInfo(settings.site.time_zone)
        self._owner = new_id("retention")
        self._tasks = TaskSet("retention")
        self._busy = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run each night while the context is open."""
        self._tasks.spawn(self._nights(), name="nights")
        try:
            yield
        finally:
            await self._tasks.aclose()

    @property
    def busy(self) -> bool:
        """Whether this server is at it."""
        return self._busy

    async def begin(self, actor: str) -> bool:
        """Start a run in the background; False when one goes on, here or elsewhere."""
        if self._busy or self._bus is None:
            return False
        lease = await self._bus.acquire(LEASE, self._owner, ttl_s=LEASE_S)
        if lease is None or self._busy:
            return False
        self._busy = True
        self._tasks.spawn(self._held(lease, actor), name="run")
        return True

    async def _held(self, lease: Lease, actor: str) -> None:
        try:
            await self.run(actor)
        except StorageError:
            log.warning("the deletion of what is too old did not come to its end")
        finally:
            self._busy = False
            await lease.release()

    def next_run(self, after: datetime) -> datetime:
        """Return the next moment after `after` at which it is time by the site's clock."""
        local = after.astimezone(self._zone)
        due = datetime.combine(local.date(), self._settings.retention.at, tzinfo=self._zone)
        while due <= local:
            due = datetime.combine(
                due.date() + timedelta(days=1), self._settings.retention.at, tzinfo=self._zone
            )
        return due.astimezone(after.tzinfo)

    async def _nights(self) -> None:
        due: datetime | None = None
        while True:
            now = self._clock.now()
            try:
                last = await self._last_nightly()
                if due is None or (last is not None and last >= due):
                    # One that fell into a time when no server ran is made up for.
                    due = self.next_run(last or now)
                if now >= due and await self._leased():
                    continue
            except StorageError:
                log.warning("the nightly deletion could not run; it is tried again")
            wait_s = (due - now).total_seconds() if due is not None else 0.0
            # Past due another server is at it, or the database away.
            await self._clock.sleep(wait_s if wait_s > 0 else AGAIN_S)

    async def _last_nightly(self) -> datetime | None:
        runs = await self._storage.keeping.runs()
        return next((run.began_at for run in runs if run.actor == NIGHTLY and not run.error), None)

    async def _leased(self) -> bool:
        assert self._bus is not None
        # A run that somebody has begun here holds the same lease, and would be joined by this one.
        lease = None if self._busy else await self._bus.acquire(LEASE, self._owner, ttl_s=LEASE_S)
        if lease is None:
            return False
        self._busy = True
        try:
            await self.run(NIGHTLY)
        finally:
            self._busy = False
            await lease.release()
        return True

    async def run(self, actor: str, *, dry_run: bool = False) -> dict[str, int]:
        """Delete what is too old and return how much, by class; StorageError."""
        began = self._clock.now()
        if dry_run:
            return await self._count(began)
        removed: Counter[str] = Counter()
        try:
            if self._before is not None:
                await self._before()
            for scope, days in self._scopes():
                await self._words(began, scope, days, removed)
                await self._outbox(began, scope, days, removed)
            edge = began - timedelta(days=self._settings.retention.audit_days)
            removed["audit"] = await self._storage.keeping.drop_audit(edge)
            await self._eraser.tell_again()
            await self._storage.keeping.forget_erased(began - timedelta(days=REMEMBERED_DAYS))
            await self._eraser.scrub()
        except StorageError as error:
            await self._storage.keeping.ran(began, actor, removed, str(error))
            raise
        found = {name: removed[name] for name in CLASSES}
        await self._storage.audit.add(actor, "retention.run", "", _detail(found))
        await self._storage.keeping.ran(began, actor, found)
        if self._metrics is not None:
            for name, count in found.items():
                self._metrics.retention_removed.labels(name).inc(count)
            self._metrics.retention_last.set(began.timestamp())
        log.info("what was too old is deleted", **found)
        return found

    def _scopes(self) -> list[tuple[Scope, Days]]:
        """Return which kiosks keep for how long; those no longer in the settings keep as most."""
        retention = self._settings.retention
        own: dict[str, set[str]] = {}
        for kiosk in self._settings.kiosks:
            site = kiosk.site
            if site in retention.sites:
                own.setdefault(site, set()).add(kiosk.id)
        rest = Scope(frozenset().union(*own.values()) if own else frozenset())
        found = [
            (Scope(frozenset(ids), but=False), retention.of(site)) for site, ids in own.items()
        ]
        return [*found, (rest, retention.of(""))]

    async def _words(
        self, began: datetime, scope: Scope, days: Days, removed: Counter[str]
    ) -> None:
        keeping = self._storage.keeping
        for name, kept, old in (
            ("transcripts", days.transcripts, keeping.old_words),
            ("visits", days.visits, keeping.old_visits),
        ):
            while ids := await old(_edge(began, kept), scope, BATCH):
                counts = await keeping.erase(ids, whole=name == "visits")
                await self._eraser.tell(ids)
                removed[name] += len(ids)
                if not counts["turns"] and not counts["visits"]:
                    break  # held in this moment: the next night has it

    async def _outbox(
        self, began: datetime, scope: Scope, days: Days, removed: Counter[str]
    ) -> None:
        keeping = self._storage.keeping
        for name, kept, dead in (
            ("outbox", days.outbox, False),
            ("dead_letters", days.dead_letters, True),
        ):
            while ids := await keeping.old_outbox(_edge(began, kept), scope, BATCH, dead=dead):
                removed[name] += await keeping.drop_outbox(ids)

    async def _count(self, began: datetime) -> dict[str, int]:
        keeping = self._storage.keeping
        found: Counter[str] = Counter()
        for scope, days in self._scopes():
            most = MOST_COUNTED
            words = await keeping.old_words(_edge(began, days.transcripts), scope, most)
            visits = await keeping.old_visits(_edge(began, days.visits), scope, most)
            found["transcripts"] += len(words)
            found["visits"] += len(visits)
            for name, kept, dead in (
                ("outbox", days.outbox, False),
                ("dead_letters", days.dead_letters, True),
            ):
                entries = await keeping.old_outbox(_edge(began, kept), scope, most, dead=dead)
                found[name] += len(entries)
        edge = began - timedelta(days=self._settings.retention.audit_days)
        found["audit"] = await keeping.old_audit(edge)
        return {name: found[name] for name in CLASSES}


def _edge(began: datetime, days: int) -> datetime:
    return began - max(timedelta(days=days), SHORTEST)


def _detail(removed: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in removed.items())
