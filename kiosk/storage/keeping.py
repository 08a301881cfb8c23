"""Forgetting and holding: what is erased, what has to stay, and what a nightly run removed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kiosk.clock import Clock
from kiosk.storage import schema
from kiosk.storage.engine import Database, insert_or_skip, insert_or_update
from kiosk.storage.indexing import compact, drop_words
from kiosk.storage.visits import MAX_PAGE

BATCH: Final = 100
"""Visits forgotten in one transaction: others write in between."""
MOST_REMEMBERED: Final = 100_000
"""Erased visits that are remembered; the oldest goes."""
MAX_WHY: Final = 500
MAX_ERROR: Final = 200


@dataclass(frozen=True, slots=True)
class Hold:
    """A visit that must be kept: neither its age nor a request erases it. `until` None: for now."""

    visit_id: str
    at: datetime
    actor: str
    why: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the retention: what it removed, by class."""

    id: int
    began_at: datetime
    ended_at: datetime
    actor: str
    removed: Mapping[str, int]
    error: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Some kiosks; with `but` all others, also those that are in no settings any more."""

    kiosks: frozenset[str] = frozenset()
    but: bool = True

    def has(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """Return the condition that a kiosk is one of these."""
        if self.but:
            return column.not_in(sorted(self.kiosks)) if self.kiosks else true()
        return column.in_(sorted(self.kiosks))

    def has_visit(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """Return the condition that a visit was at one of these; one without a row is another's."""
        if self.but and not self.kiosks:
            return true()
        theirs = select(schema.visits.c.id).where(schema.visits.c.kiosk_id.in_(sorted(self.kiosks)))
        return column.not_in(theirs) if self.but else column.in_(theirs)


class Keeping:
    """What is forgotten and what is held. Raises StorageError, and then has changed nothing."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    # ── forgetting ───────────────────────────────────────────────────────────────────────

    async def erase(
        self, visits: Collection[str], *, whole: bool, held: bool = False
    ) -> dict[str, int]:
        """Forget what was said in visits, wherever it is; `whole` takes the visits themselves, too.

        Held visits are left as they are unless `held` says otherwise. Returns how many rows went,
        by class. `scrub` afterwards has nothing left in the files either.
        """
        total = dict.fromkeys(("visits", "turns", "outbox", "plugin_data"), 0)
        waiting = sorted(set(visits))
        for begin in range(0, len(waiting), BATCH):
            async with self._db.write() as connection:
                ids = waiting[begin : begin + BATCH]
                if not held:
                    kept = await self._held(connection, ids)
                    ids = [visit for visit in ids if visit not in kept]
                for name, count in (await self._erase(connection, ids, whole=whole)).items():
                    total[name] += count
        return total

    async def _erase(
        self, connection: AsyncConnection, ids: Sequence[str], *, whole: bool
    ) -> dict[str, int]:
        if not ids:
            return {}
        turns, outbox, data = schema.turns.c, schema.sink_outbox.c, schema.plugin_data.c
        now = self._clock.now()
        gone = [{"visit_id": visit, "at": now} for visit in ids]
        await connection.execute(
            insert_or_skip(self._db.url, schema.erased_visits, ("visit_id",)), gone
        )
        keys = select(turns.visit_id, turns.seq).where(turns.visit_id.in_(ids))
        found = [(row.visit_id, row.seq) for row in (await connection.execute(keys)).all()]
        await drop_words(self._db, connection, found)
        named = or_(
            *(
                or_(data.key.contains(v, autoescape=True), data.value.contains(v, autoescape=True))
                for v in ids
            )
        )
        counts = {
            "turns": await _delete(connection, schema.turns, turns.visit_id.in_(ids)),
            "outbox": await _delete(connection, schema.sink_outbox, outbox.visit_id.in_(ids)),
            "plugin_data": await _delete(connection, schema.plugin_data, named),
        }
        visits = schema.visits
        if whole:
            counts["visits"] = await _delete(connection, visits, visits.c.id.in_(ids))
        else:
            blank = update(visits).where(visits.c.id.in_(ids)).values(code_hash=None)
            await connection.execute(blank)
        return counts

    async def erased(self, since: datetime, limit: int = MOST_REMEMBERED) -> frozenset[str]:
        """Return the visits that were forgotten since a moment, the newest of too many."""
        table = schema.erased_visits.c
        query = (
            select(table.visit_id)
            .where(table.at >= since)
            .order_by(table.at.desc(), table.visit_id)
            .limit(limit)
        )
        async with self._db.read() as connection:
            return frozenset((await connection.execute(query)).scalars())

    async def is_erased(self, visit_id: str) -> bool:
        """Whether a visit was forgotten, as far as that is remembered."""
        table = schema.erased_visits.c
        async with self._db.read() as connection:
            found = await connection.execute(select(table.at).where(table.visit_id == visit_id))
            return found.first() is not None

    async def forget_erased(self, before: datetime) -> int:
        """Remember erased visits no longer than needed, and no more than there is room for."""
        table = schema.erased_visits
        beyond = select(table.c.at).order_by(table.c.at.desc()).offset(MOST_REMEMBERED).limit(1)
        async with self._db.write() as connection:
            full = (await connection.execute(beyond)).scalar_one_or_none()
            edge = before if full is None else max(before, full)
            return await _delete(connection, table, table.c.at < edge)

    async def scrub(self) -> bool:
        """Leave nothing of what was deleted in the files; False when somebody reads just now."""
        async with self._db.write() as connection:
            await compact(self._db, connection)
        return await self._db.scrub()

    # ── what is too old ──────────────────────────────────────────────────────────────────

    async def old_words(self, before: datetime, scope: Scope, limit: int) -> list[str]:
        """Return visits with turns older than a moment, of a scope, but held ones."""
        turns = schema.turns.c
        query = (
            select(turns.visit_id)
            .where(scope.has(turns.kiosk_id), ~turns.visit_id.in_(self._holding()))
            .group_by(turns.visit_id)
            # The last word decides: a visit is forgotten whole and not while it goes on.
            .having(func.max(turns.at) < before)
            .order_by(turns.visit_id)
            .limit(limit)
        )
        return await self._ids(query)

    async def old_visits(self, before: datetime, scope: Scope, limit: int) -> list[str]:
        """Return visits of a scope that began before a moment, but held ones."""
        visits = schema.visits.c
        query = (
            select(visits.id)
            .where(
                scope.has(visits.kiosk_id),
                visits.started_at < before,
                ~visits.id.in_(self._holding()),
            )
            .order_by(visits.started_at, visits.id)
            .limit(limit)
        )
        return await self._ids(query)

    async def old_outbox(
        self, before: datetime, scope: Scope, limit: int, *, dead: bool
    ) -> list[int]:
        """Return entries of the outbox older than a moment; `dead` letters or those that wait."""
        box = schema.sink_outbox.c
        query = (
            select(box.id)
            .where(
                box.added_at < before,
                box.dead if dead else ~box.dead,
                scope.has_visit(box.visit_id),
                ~box.visit_id.in_(self._holding()),
            )
            .order_by(box.id)
            .limit(limit)
        )
        return await self._ids(query)

    async def drop_outbox(self, ids: Sequence[int]) -> int:
        """Delete entries of the outbox."""
        box = schema.sink_outbox
        async with self._db.write() as connection:
            return await _delete(connection, box, box.c.id.in_(ids))

    async def old_audit(self, before: datetime) -> int:
        """Return how many rows of the audit are older than a moment."""
        table = schema.audit.c
        query = select(func.count()).where(table.at < before)
        async with self._db.read() as connection:
            return (await connection.execute(query)).scalar_one()

    async def drop_audit(self, before: datetime) -> int:
        """Delete the audit's rows older than a moment."""
        async with self._db.write() as connection:
            return await _delete(connection, schema.audit, schema.audit.c.at < before)

    async def _ids(self, query: Select[Any]) -> list[Any]:
        async with self._db.read() as connection:
            return list((await connection.execute(query)).scalars())

    # ── legal hold ───────────────────────────────────────────────────────────────────────

    async def hold(self, visit_id: str, actor: str, why: str, until: datetime | None) -> None:
        """Keep a visit whatever its age; another reason or end replaces the one before."""
        row = {
            "visit_id": visit_id,
            "at": self._clock.now(),
            "actor": actor,
            "why": why[:MAX_WHY],
            "until": until,
        }
        columns = ("at", "actor", "why", "until")
        async with self._db.write() as connection:
            await connection.execute(
                insert_or_update(self._db.url, schema.legal_holds, ("visit_id",), columns), row
            )

    async def release(self, visit_id: str) -> bool:
        """Lift a hold; False when there is none."""
        table = schema.legal_holds
        async with self._db.write() as connection:
            return await _delete(connection, table, table.c.visit_id == visit_id) == 1

    async def held(self, visit_id: str) -> Hold | None:
        """Return the hold that is on a visit now, or None."""
        table = schema.legal_holds
        query = select(table).where(table.c.visit_id == visit_id, self._holds_now())
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
        return _hold(row) if row is not None else None

    async def holds(
        self, limit: int = MAX_PAGE, *, sites: Collection[str] | None = None
    ) -> tuple[Hold, ...]:
        """Return the visits that are held now, of `sites` or of all, the newest hold first."""
        table, visits = schema.legal_holds, schema.visits.c
        query = select(table).where(self._holds_now()).order_by(table.c.at.desc()).limit(limit)
        if sites is not None:
            theirs = select(visits.id).where(visits.site.in_(sorted(sites)))
            query = query.where(table.c.visit_id.in_(theirs))
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(_hold(row) for row in rows)

    def _holds_now(self) -> ColumnElement[bool]:
        until = schema.legal_holds.c.until
        return or_(until.is_(None), until > self._clock.now())

    def _holding(self) -> Select[Any]:
        return select(schema.legal_holds.c.visit_id).where(self._holds_now())

    async def _held(self, connection: AsyncConnection, ids: Sequence[str]) -> set[str]:
        query = self._holding().where(schema.legal_holds.c.visit_id.in_(ids))
        return set((await connection.execute(query)).scalars())

    # ── a visitor's code, and runs ───────────────────────────────────────────────────────

    async def visit_of_code(self, code_hash: str) -> str | None:
        """Return the visit whose visitor was shown a code, or None."""
        visits = schema.visits.c
        async with self._db.read() as connection:
            query = select(visits.id).where(visits.code_hash == code_hash).limit(1)
            found: str | None = (await connection.execute(query)).scalar_one_or_none()
        return found

    async def ran(
        self, began_at: datetime, actor: str, removed: Mapping[str, int], error: str = ""
    ) -> None:
        """Note a run, and forget those of a year ago."""
        row = {
            "began_at": began_at,
            "ended_at": self._clock.now(),
            "actor": actor,
            "removed": dict(removed),
            "error": error[:MAX_ERROR],
        }
        table = schema.retention_runs
        async with self._db.write() as connection:
            await connection.execute(insert(table), [row])
            await _delete(connection, table, table.c.began_at < began_at - timedelta(days=365))

    async def runs(self, limit: int = 30) -> tuple[Run, ...]:
        """Return the last runs, newest first."""
        table = schema.retention_runs
        query = select(table).order_by(table.c.began_at.desc(), table.c.id.desc()).limit(limit)
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Run(r.id, r.began_at, r.ended_at, r.actor, dict(r.removed), r.error) for r in rows
        )


async def _delete(connection: AsyncConnection, table: Any, *where: ColumnElement[bool]) -> int:
    return (await connection.execute(delete(table).where(and_(*where)))).rowcount


def _hold(row: Any) -> Hold:
    return Hold(row.visit_id, row.at, row.actor, row.why, row.until)
