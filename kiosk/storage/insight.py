"""Counts by day and site, without words: they outlive the visits they were made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kiosk.clock import Clock
from kiosk.model import VisitSummary
from kiosk.storage import schema
from kiosk.storage.engine import Database, insert_or_add

BATCH: Final = 200
"""Visits counted in one transaction."""
LOST_AFTER: Final = timedelta(hours=2)
"""A visit without an end is counted after so long: its server went away."""
NO_END: Final = "no_end"

Key = tuple[str, str, str, str]
"""Day, site, measure, label."""
Figures = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted on one day at one site."""

    day: date
    site: str
    measure: str
    label: str
    value: int


class Insight:
    """Counts visits once each, and gives the counts back. Raises StorageError."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def roll(self, zone: ZoneInfo) -> int:
        """Count every visit that is over and not counted yet; return how many."""
        total = 0
        while counted := await self._batch(zone):
            total += counted
        return total

    async def _batch(self, zone: ZoneInfo) -> int:
        table = schema.visits
        over = or_(
            table.c.ended_at.is_not(None), table.c.started_at < self._clock.now() - LOST_AFTER
        )
        query = select(table).where(~table.c.counted, over).order_by(table.c.id).limit(BATCH)
        if not self._db.is_sqlite:
            # Another server may be at it: it has some of the visits, this one takes others.
            query = query.with_for_update(skip_locked=True)
        async with self._db.write() as connection:
            rows = (await connection.execute(query)).all()
            if not rows:
                return 0
            sums: Counter[Key] = Counter()
            for row in rows:
                sums.update(_counts(row, zone))
            await self._add(connection, sums)
            ids = [row.id for row in rows]
            # Only in the transaction that has counted them: a visit counts once.
            done = update(table).where(table.c.id.in_(ids)).values(counted=True, figures=None)
            await connection.execute(done)
            return len(rows)

    async def add(self, at: datetime, site: str, figures: Figures, zone: ZoneInfo) -> None:
        """Count something that belongs to no row of a visit."""
        day = at.astimezone(zone).date().isoformat()
        sums = Counter(
            {
                (day, site, measure, label): round(value)
                for measure, labels in figures.items()
                for label, value in labels.items()
            }
        )
        async with self._db.write() as connection:
            await self._add(connection, sums)

    async def add_visit(self, summary: VisitSummary, site: str, zone: ZoneInfo) -> None:
        """Count a visit of which no row is kept."""
        figures = figures_of(
            summary.kiosk_id,
            summary.language,
            summary.started_at,
            summary.ended_at,
            summary.reason.value,
            summary.figures,
            zone,
        )
        await self.add(summary.started_at, site, figures, zone)

    async def _add(self, connection: AsyncConnection, sums: Mapping[Key, int]) -> None:
        rows = [
            {"day": day, "site": site, "measure": measure, "label": label, "value": value}
            # In one order on every server, so that two that write at once do not lock each other.
            for (day, site, measure, label), value in sorted(sums.items())
            if value
        ]
        if rows:
            keys = ("day", "site", "measure", "label")
            statement = insert_or_add(self._db.url, schema.insight_days, keys, "value")
            await connection.execute(statement, rows)

    async def between(
        self, first: date, last: date, sites: Collection[str] | None = None
    ) -> list[Count]:
        """Return the counts of some days, both included."""
        table = schema.insight_days
        query = (
            select(table)
            .where(table.c.day >= first.isoformat(), table.c.day <= last.isoformat())
            .order_by(table.c.day, table.c.site, table.c.measure, table.c.label)
        )
        if sites is not None:
            query = query.where(table.c.site.in_(sorted(sites)))
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return [Count(date.fromisoformat(r.day), r.site, r.measure, r.label, r.value) for r in rows]


def figures_of(
    kiosk: str,
    language: str,
    began: datetime,
    ended: datetime | None,
    reason: str | None,
    figures: Figures,
    zone: ZoneInfo,
) -> dict[str, dict[str, float]]:
    """Return all that one visit adds to its day."""
    hour = f"{began.astimezone(zone):%H}"
    found: dict[str, dict[str, float]] = {name: dict(labels) for name, labels in figures.items()}
    found.setdefault("step", {})["touch"] = 1
    found |= {
        "visits": {"all": 1},
        "hour": {hour: 1},
        "kiosk": {kiosk: 1},
        "language": {language: 1},
        "ended": {reason or NO_END: 1},
    }
    if ended is not None:
        found["seconds"] = {"all": max(0, round((ended - began).total_seconds()))}
    starts = found.get("avatar", {}).get("starts")
    if starts:
        found["avatar_hour"] = {hour: starts}
    return found


def _counts(row: Row[Any], zone: ZoneInfo) -> dict[Key, int]:
    day = row.started_at.astimezone(zone).date().isoformat()
    figures = figures_of(
        row.kiosk_id,
        row.language,
        row.started_at,
        row.ended_at,
        row.reason,
        row.figures or {},
        zone,
    )
    return {
        (day, row.site, measure, label): round(value)
        for measure, labels in figures.items()
        for label, value in labels.items()
    }
