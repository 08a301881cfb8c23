"""Erases visits everywhere, tells every server and plugin, and keeps those that must stay."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from kiosk.bus.base import Bus, Subscription
from kiosk.clock import Clock, new_id
from kiosk.errors import KioskError, StorageError
from kiosk.settings import LONGEST_VISIT_S
from kiosk.storage.database import Storage
from kiosk.storage.keeping import Hold
from kiosk.tasks import TaskSet
from kiosk.telemetry import Metrics

log = structlog.get_logger(__name__)

ERASED_TOPIC: Final = "visits.erased"
"""Bus topic of what was erased: each server's memory, files and plugins forget it, too."""
TOLD_AT_ONCE: Final = 500
REMEMBERED_DAYS: Final = 35
"""How long a visit that was erased is remembered: what comes late must not bring it back."""
LOOK_S: Final = 600.0
"""How often the database is asked what was erased: by a command, or while this server was away."""
SCRUB_TRIES: Final = 5
SCRUB_PAUSE_S: Final = 0.2


class ErasingHooks(Protocol):
    """What of the plugins is needed here."""

    async def visits_erased(self, visits: frozenset[str]) -> list[str]:
        """Have every plugin forget visits; returns those that failed."""
        ...


class KeepError(KioskError):
    """A visit is not erased or held; the sentence says why. `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class By:
    """Who asks, why, and in which request; for the audit."""

    actor: str
    why: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True)
class Erased:
    """What went with a visit: rows by class, and plugins that are asked again later."""

    removed: dict[str, int] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    scrubbed: bool = True

    @property
    def sentence(self) -> str:
        """Say what was done, and what is left to do."""
        turns = self.removed.get("turns", 0)
        said = f"The visit and its {turns} turns are erased."
        if self.failed:
            names = ", ".join(self.failed)
            said += f" {names} failed to forget it and is asked again; see Plugins."
        if not self.scrubbed:
            said += " The database's file is cleaned up tonight: it was being read."
        return said


class Eraser:
    """One for each process. Without `hooks`, as in a command, servers tell theirs by themselves."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        *,
        bus: Bus | None = None,
        hooks: ErasingHooks | None = None,
        metrics: Metrics | None = None,
        forget: Iterable[Callable[[Collection[str]], None]] = (),
        before: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._bus = bus
        self._hooks = hooks
        self._metrics = metrics
        self._forget = tuple(forget)
        self._before = before
        self._owner = new_id("eraser")
        self._seen: frozenset[str] = frozenset()
        self._tasks = TaskSet("eraser")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hear of what others erase while the context is open."""
        assert self._bus is not None
        async with self._bus.subscribe(ERASED_TOPIC) as subscription:
            self._tasks.spawn(self._listen(subscription), name="listen")
            self._tasks.spawn(self._look(), name="look")
            try:
                yield
            finally:
                await self._tasks.aclose()

    # ── erasing ──────────────────────────────────────────────────────────────────────────

    async def erase(self, visit_id: str, by: By) -> Erased:
        """Erase one visit wherever it is; raises KeepError or StorageError."""
        await self.check(visit_id)
        # Written first: should the server die now, it is known who wanted what.
        await self._note(by, "visit.erase", visit_id, by.why)
        if self._before is not None:
            await self._before()
        removed = await self._storage.keeping.erase({visit_id}, whole=True)
        failed = await self.tell({visit_id})
        if self._metrics is not None:
            self._metrics.visits_erased.labels("asked").inc()
        return Erased(removed, tuple(failed), await self.scrub())

    async def check(self, visit_id: str) -> None:
        """Raise KeepError for a visit that cannot be erased now."""
        row = await self._storage.visits.get(visit_id)
        if row is None and not await self._storage.turns.of(visit_id):
            raise KeepError("no_visit", "There is no such visit; it may have been erased already.")
        if row is not None and row.ended_at is None:
            age = self._clock.now() - row.started_at
            if age < timedelta(seconds=LONGEST_VISIT_S):
                raise KeepError("running", "The visit may still be going on; end it first.")
        held = await self._storage.keeping.held(visit_id)
        if held is not None:
            raise KeepError("held", held_sentence(held))

    async def scrub(self) -> bool:
        """Leave nothing in the database's files; False when it has to be tried again."""
        for attempt in range(SCRUB_TRIES):
            if attempt:
                await self._clock.sleep(SCRUB_PAUSE_S)
            if await self._storage.keeping.scrub():
                return True
        log.warning("the database is read all the time; what was erased is still in its log")
        return False

    async def tell(self, visits: Collection[str]) -> list[str]:
        """Have this server, its plugins and all other servers forget visits; names who failed."""
        ids = sorted(visits)
        failed: list[str] = []
        for begin in range(0, len(ids), TOLD_AT_ONCE):
            part = ids[begin : begin + TOLD_AT_ONCE]
            failed += await self._told(part)
            if self._bus is not None:
                await self._bus.publish(ERASED_TOPIC, {"visits": part, "by": self._owner})
        return list(dict.fromkeys(failed))

    async def tell_again(self) -> list[str]:
        """Tell the plugins of this server all that was erased lately: one may have failed."""
        since = self._clock.now() - timedelta(days=REMEMBERED_DAYS)
        visits = await self._storage.keeping.erased(since)
        self._seen = visits
        failed: list[str] = []
        ids = sorted(visits)
        for begin in range(0, len(ids), TOLD_AT_ONCE):
            failed += await self._told(ids[begin : begin + TOLD_AT_ONCE])
        return list(dict.fromkeys(failed))

    async def _told(self, visits: Collection[str]) -> list[str]:
        for forget in self._forget:
            forget(visits)
        self._seen |= frozenset(visits)
        return await self._hooks.visits_erased(frozenset(visits)) if self._hooks is not None else []

    async def _listen(self, subscription: Subscription) -> None:
        async for payload in subscription:
            visits = payload.get("visits")
            if payload.get("by") != self._owner and isinstance(visits, list):
                await self._told([str(visit) for visit in visits])

    async def _look(self) -> None:
        try:
            await self.tell_again()
        except StorageError:
            log.warning("what was erased cannot be read; it is tried again")
        while True:
            await self._clock.sleep(LOOK_S)
            since = self._clock.now() - timedelta(days=REMEMBERED_DAYS)
            try:
                visits = await self._storage.keeping.erased(since)
            except StorageError:
                log.warning("what was erased cannot be read; it is tried again")
                continue
            new = visits - self._seen
            self._seen = visits
            if new:
                await self._told(sorted(new))

    # ── legal hold ───────────────────────────────────────────────────────────────────────

    async def hold(self, visit_id: str, by: By, until: datetime | None) -> Hold:
        """Keep a visit until a moment, or until it is lifted; raises KeepError or StorageError."""
        if not by.why:
            raise KeepError("no_reason", "Say why the visit has to be kept, for those who ask.")
        if until is not None and until <= self._clock.now():
            raise KeepError("past", "The hold would be over already; choose a later day.")
        if await self._storage.visits.get(visit_id) is None:
            raise KeepError("no_visit", "There is no such visit; it may have been erased already.")
        end = until.date().isoformat() if until is not None else "lifted"
        await self._note(by, "visit.hold", visit_id, by.why, after=f"held until {end}")
        await self._storage.keeping.hold(visit_id, by.actor, by.why, until)
        found = await self._storage.keeping.held(visit_id)
        assert found is not None
        return found

    async def release(self, visit_id: str, by: By) -> None:
        """Lift a hold; raises KeepError or StorageError."""
        held = await self._storage.keeping.held(visit_id)
        if held is None:
            raise KeepError("not_held", "The visit is not held; its retention applies already.")
        await self._note(by, "visit.hold.lift", visit_id, by.why, before=held.why)
        await self._storage.keeping.release(visit_id)

    async def _note(
        self, by: By, action: str, visit_id: str, detail: str, *, before: str = "", after: str = ""
    ) -> None:
        row = await self._storage.visits.get(visit_id)
        await self._storage.audit.add(
            by.actor,
            action,
            visit_id,
            detail,
            before=before,
            after=after,
            site=row.site if row is not None else "",
            request=by.request,
        )


def held_sentence(held: Hold) -> str:
    """Say why a visit cannot be erased."""
    end = f"until {held.until:%Y-%m-%d}" if held.until is not None else "until it is lifted"
    return (
        f"{held.actor} has put this visit under a legal hold {end} ({held.why}); "
        "lift the hold before erasing it."
    )
