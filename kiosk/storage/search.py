"""Full-text search over what was said: one index, SQLite's FTS5 or PostgreSQL's tsvector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    cast,
    column,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    tuple_,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from kiosk.model import EndReason, TranscriptEntry
from kiosk.storage import schema
from kiosk.storage.engine import Database
from kiosk.storage.rows import VisitRow
from kiosk.storage.visits import MAX_PAGE, VISITS, entry_of, visit_of
from kiosk.storage.words import Query

MOST_HITS: Final = 3
"""Turns shown of one visit that was found."""
NO_END: Final = "no_end"
"""Outcome of a visit without an end on record: it goes on, or its server went away."""
WORDLESS: Final = "nothing_said"

_words: Final = table(schema.WORDS_TABLE, column("words"), column("visit_id"), column("seq"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which visits; what is empty does not matter. `sites` None is every site."""

    sites: frozenset[str] | None = None
    kiosk: str = ""
    language: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """Began before this moment."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what a row of visits has to be."""
        visits = schema.visits.c
        found: list[ColumnElement[bool]] = []
        if self.sites is not None:
            found.append(visits.site.in_(sorted(self.sites)))
        if self.kiosk:
            found.append(visits.kiosk_id == self.kiosk)
        if self.language:
            base = self.language.partition("-")[0]
            same = [visits.language == self.language]
            if base == self.language:
                same.append(visits.language.startswith(f"{base}-", autoescape=True))
            found.append(or_(*same))
        if self.outcome == WORDLESS:
            found.append(~exists().where(schema.turns.c.visit_id == visits.id))
        elif self.outcome == NO_END:
            found.append(visits.ended_at.is_(None))
        elif self.outcome:
            found.append(visits.reason == self.outcome)
        if self.since is not None:
            found.append(visits.started_at >= self.since)
        if self.until is not None:
            found.append(visits.started_at < self.until)
        return found


@dataclass(frozen=True, slots=True)
class Found:
    """One visit and, when words were looked for, the first turns that have them."""

    visit: VisitRow
    hits: tuple[TranscriptEntry, ...] = ()


class Search:
    """Finds visits. Raises StorageError, and then has changed nothing."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def find(
        self, wanted: Wanted, query: Query | None = None, *, limit: int = 50, after: str = ""
    ) -> tuple[Found, ...]:
        """Return up to `limit` visits, newest first; `after` is the last visit of a page."""
        visits = schema.visits.c
        conditions = wanted.conditions()
        if query:
            hits = select(_words.c.visit_id).where(self._match(query))
            conditions.append(visits.id.in_(hits))
        if after:
            last = select(visits.started_at).where(visits.id == after).scalar_subquery()
            conditions.append(tuple_(visits.started_at, visits.id) < tuple_(last, after))
        statement = (
            VISITS.where(*conditions)
            .order_by(visits.started_at.desc(), visits.id.desc())
            .limit(max(1, min(limit, MAX_PAGE)))
        )
        async with self._db.read() as connection:
            rows = [visit_of(row) for row in (await connection.execute(statement)).all()]
            found = await self._hits(connection, rows, query) if query and rows else {}
        return tuple(Found(row, tuple(found.get(row.id, ()))) for row in rows)

    async def count(self, wanted: Wanted, query: Query | None = None, *, most: int) -> int:
        """Return how many visits there are, counted up to one more than `most`."""
        visits = schema.visits.c
        conditions = wanted.conditions()
        if query:
            conditions.append(visits.id.in_(select(_words.c.visit_id).where(self._match(query))))
        some = select(visits.id).where(*conditions).limit(most + 1).subquery()
        async with self._db.read() as connection:
            found = await connection.execute(select(func.count()).select_from(some))
            return found.scalar_one()

    async def _hits(
        self, connection: AsyncConnection, rows: Sequence[VisitRow], query: Query
    ) -> dict[str, list[TranscriptEntry]]:
        turns = schema.turns.c
        statement: Select[Any] = (
            select(schema.turns)
            .join(_words, and_(_words.c.visit_id == turns.visit_id, _words.c.seq == turns.seq))
            .where(self._match(query), turns.visit_id.in_([row.id for row in rows]))
            .order_by(turns.visit_id, turns.seq)
        )
        found: dict[str, list[TranscriptEntry]] = {}
        async for row in await connection.stream(statement):
            hits = found.setdefault(row.visit_id, [])
            if len(hits) < MOST_HITS:
                hits.append(entry_of(row))
        return found

    def _match(self, query: Query) -> ColumnElement[bool]:
        if self._db.is_sqlite:
            return literal_column(schema.WORDS_TABLE).op("MATCH")(literal(query.fts5))
        return _words.c.words.op("@@")(cast(literal(query.tsquery), postgresql.TSQUERY))


OUTCOMES: Final = (*(reason.value for reason in EndReason), NO_END, WORDLESS)
"""What may be asked for as an outcome."""
