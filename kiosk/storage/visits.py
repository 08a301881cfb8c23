"""Kiosks, visits and what was said in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Row, case, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kiosk.clock import Clock
from kiosk.model import EndReason, Kiosk, TranscriptEntry, VisitSummary
from kiosk.storage import schema
from kiosk.storage.engine import Database, insert_or_skip, insert_or_update
from kiosk.storage.indexing import add_words
from kiosk.storage.rows import VisitRow

MAX_PAGE: Final = 500
"""Most rows one call gives back."""


class Kiosks:
    """The screens this site knows."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def sync(self, kiosks: Iterable[Kiosk]) -> None:
        """Make the active screens exactly these; others stay on record, inactive."""
        now = self._clock.now()
        rows = [
            {
                "id": kiosk.id,
                "name": kiosk.name,
                "place": kiosk.place,
                "language": kiosk.language,
                "site": kiosk.site,
                "active": True,
                "updated_at": now,
            }
            for kiosk in kiosks
        ]
        columns = ("name", "place", "language", "site", "active", "updated_at")
        async with self._db.write() as connection:
            await connection.execute(
                update(schema.kiosks)
                .where(schema.kiosks.c.active, schema.kiosks.c.id.not_in([r["id"] for r in rows]))
                .values(active=False, updated_at=now)
            )
            if rows:
                await connection.execute(
                    insert_or_update(self._db.url, schema.kiosks, ("id",), columns), rows
                )

    async def all(self) -> tuple[Kiosk, ...]:
        """Return the active screens by name."""
        query = select(schema.kiosks).where(schema.kiosks.c.active).order_by(schema.kiosks.c.name)
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(Kiosk(row.id, row.name, row.place, row.language, row.site) for row in rows)


class Visits:
    """Visits, from the first touch to the one reason they ended."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def started(self, visit_id: str, kiosk_id: str, language: str, at: datetime) -> None:
        """Record a visit's start; harmless when it is recorded already, or was erased."""
        row: dict[str, Any] = {
            "id": visit_id,
            "kiosk_id": kiosk_id,
            "language": language,
            "started_at": at,
            "tools": [],
        }
        async with self._db.write() as connection:
            row["site"] = await _site_of(connection, kiosk_id)
            if not await _erased(connection, visit_id):
                await connection.execute(
                    insert_or_skip(self._db.url, schema.visits, ("id",)), [row]
                )

    async def ended(self, summary: VisitSummary) -> None:
        """Record a visit's end, and its start when that never arrived."""
        row: dict[str, Any] = {
            "id": summary.visit_id,
            "kiosk_id": summary.kiosk_id,
            "language": summary.language,
            "started_at": summary.started_at,
            "ended_at": summary.ended_at,
            "reason": summary.reason.value,
            "tools": list(summary.tools),
            "code_hash": summary.code_hash or None,
            "figures": {name: dict(labels) for name, labels in summary.figures.items()},
        }
        columns = ("language", "ended_at", "reason", "tools", "code_hash", "figures")
        async with self._db.write() as connection:
            row["site"] = await _site_of(connection, summary.kiosk_id)
            if not await _erased(connection, summary.visit_id):
                await connection.execute(
                    insert_or_update(self._db.url, schema.visits, ("id",), columns), [row]
                )

    async def get(self, visit_id: str) -> VisitRow | None:
        """Return one visit, or None."""
        async with self._db.read() as connection:
            result = await connection.execute(VISITS.where(schema.visits.c.id == visit_id))
            row = result.first()
        return visit_of(row) if row is not None else None

    async def sites_of(self, visits: Collection[str]) -> dict[str, str]:
        """Return the house of each of some visits; those that are not there are left out."""
        table = schema.visits.c
        query = select(table.id, table.site).where(table.id.in_(list(visits)[:MAX_PAGE]))
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return {row.id: row.site for row in rows}

    async def recent(
        self,
        limit: int = 50,
        *,
        before: str | None = None,
        sites: Collection[str] | None = None,
    ) -> tuple[VisitRow, ...]:
        """Return up to `limit` visits, newest first, of `sites` or of all.

        `before` is the last visit of a page.
        """
        table = schema.visits.c
        query = VISITS.order_by(table.started_at.desc(), table.id.desc())
        if sites is not None:
            query = query.where(table.site.in_(sites))
        if before is not None:
            last = select(table.started_at).where(table.id == before).scalar_subquery()
            query = query.where(tuple_(table.started_at, table.id) < tuple_(last, before))
        async with self._db.read() as connection:
            rows = (await connection.execute(query.limit(max(1, min(limit, MAX_PAGE))))).all()
        return tuple(visit_of(row) for row in rows)

    async def by_hour(self, edges: Sequence[datetime]) -> Mapping[str, tuple[int, ...]]:
        """Return how many visits began between each edge and the next, by screen."""
        table = schema.visits.c
        spans = [
            func.sum(case(((table.started_at >= start) & (table.started_at < end), 1), else_=0))
            for start, end in pairwise(edges)
        ]
        query = (
            select(table.kiosk_id, *spans)
            .where(table.started_at >= edges[0], table.started_at < edges[-1])
            .group_by(table.kiosk_id)
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return {row[0]: tuple(row[1:]) for row in rows}


class Turns:
    """What was said, after redaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def add(self, entries: Sequence[TranscriptEntry]) -> None:
        """Keep entries; one that is kept already (same visit and seq) stays as it is.

        Of a visit that was erased nothing is kept: its last words may come late.
        """
        if not entries:
            return
        table, gone = schema.turns, schema.erased_visits
        visits = sorted({entry.visit_id for entry in entries})
        known = select(table.c.visit_id, table.c.seq).where(
            table.c.visit_id.in_(visits), table.c.seq.in_({entry.seq for entry in entries})
        )
        forgotten = select(gone.c.visit_id).where(gone.c.visit_id.in_(visits))
        async with self._db.write() as connection:
            there = {(row.visit_id, row.seq) for row in (await connection.execute(known)).all()}
            erased = set((await connection.execute(forgotten)).scalars())
            new = {
                (entry.visit_id, entry.seq): entry
                for entry in entries
                if entry.visit_id not in erased and (entry.visit_id, entry.seq) not in there
            }
            if not new:
                return
            statement = insert_or_skip(self._db.url, table, ("visit_id", "seq"))
            rows = [_turn(entry) for entry in new.values()]
            if not self._db.is_sqlite:
                # The one sign that PostgreSQL keeps in no text.
                rows = [row | {"text": row["text"].replace("\0", "\ufffd")} for row in rows]
            await connection.execute(statement, rows)
            await add_words(self._db, connection, new.values())

    async def of_all(self, visits: Collection[str]) -> dict[str, list[TranscriptEntry]]:
        """Return the entries of several visits, each in order."""
        table = schema.turns.c
        query = (
            select(schema.turns)
            .where(table.visit_id.in_(sorted(visits)))
            .order_by(table.visit_id, table.seq)
        )
        found: dict[str, list[TranscriptEntry]] = {}
        async with self._db.read() as connection:
            for row in (await connection.execute(query)).all():
                found.setdefault(row.visit_id, []).append(entry_of(row))
        return found

    async def of(self, visit_id: str) -> tuple[TranscriptEntry, ...]:
        """Return a visit's entries in order."""
        table = schema.turns.c
        query = select(schema.turns).where(table.visit_id == visit_id).order_by(table.seq)
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(entry_of(row) for row in rows)


async def _erased(connection: AsyncConnection, visit_id: str) -> bool:
    gone = schema.erased_visits.c
    found = await connection.execute(select(gone.at).where(gone.visit_id == visit_id))
    return found.first() is not None


VISITS = select(
    schema.visits,
    select(func.count())
    .select_from(schema.turns)
    .where(schema.turns.c.visit_id == schema.visits.c.id)
    .scalar_subquery()
    .label("turns"),
)


async def _site_of(connection: AsyncConnection, kiosk_id: str) -> str:
    query = select(schema.kiosks.c.site).where(schema.kiosks.c.id == kiosk_id)
    found: str | None = (await connection.execute(query)).scalar_one_or_none()
    return found if found is not None else Kiosk(kiosk_id, "").site


def visit_of(row: Row[Any]) -> VisitRow:
    """Return a visit from its row."""
    return VisitRow(
        id=row.id,
        kiosk_id=row.kiosk_id,
        language=row.language,
        started_at=row.started_at,
        ended_at=row.ended_at,
        reason=EndReason(row.reason) if row.reason is not None else None,
        tools=tuple(row.tools),
        turns=row.turns,
        site=row.site,
    )


def _turn(entry: TranscriptEntry) -> dict[str, Any]:
    return {
        "visit_id": entry.visit_id,
        "kiosk_id": entry.kiosk_id,
        "seq": entry.seq,
        "speaker": entry.speaker,
        "text": entry.text,
        "language": entry.language,
        "at": entry.at,
        "interrupted": entry.interrupted,
    }


def entry_of(row: Row[Any]) -> TranscriptEntry:
    """Return a turn as it was said, from its row."""
    return TranscriptEntry(
        visit_id=row.visit_id,
        kiosk_id=row.kiosk_id,
        seq=row.seq,
        speaker=row.speaker,
        text=row.text,
        language=row.language,
        at=row.at,
        interrupted=row.interrupted,
    )
