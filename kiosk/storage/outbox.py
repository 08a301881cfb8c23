"""Transcript entries on their way to sinks, until a sink has taken them; dead letters apart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import ColumnElement, delete, func, select, true, update

from kiosk.clock import Clock
from kiosk.model import TranscriptEntry
from kiosk.storage import schema
from kiosk.storage.engine import Database, insert_or_skip

log = structlog.get_logger(__name__)

MAX_TAKEN: Final = 500
"""Most entries handed out at once."""
MAX_ERROR: Final = 80
UNREADABLE: Final = "Unreadable"
"""The kind of failure of an entry that could not be read back."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One entry in the outbox. `id` is its place in the order of its sink."""

    id: int
    entry: TranscriptEntry
    added_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class SinkState:
    """How a sink's outbox stands; `error` is the kind of its last failure, never its text.

    `oldest` is since when the oldest entry waits that is no dead letter.
    """

    sink: str
    waiting: int
    dead: int
    oldest: datetime | None
    error: str


class Outbox:
    """The outbox of every sink. Raises StorageError, and then has changed nothing."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def add(self, sinks: Sequence[str], entries: Sequence[TranscriptEntry]) -> None:
        """Put entries, in order, into the outbox of each sink; one that is there already stays."""
        now = self._clock.now()
        gone = schema.erased_visits.c.visit_id
        erased = select(gone).where(gone.in_({entry.visit_id for entry in entries}))
        rows = [
            {
                "sink": sink,
                "visit_id": entry.visit_id,
                "seq": entry.seq,
                "entry": _dump(entry),
                "added_at": now,
                "attempts": 0,
                "dead": False,
                "error": "",
            }
            for entry in entries
            for sink in sinks
        ]
        if rows:
            keys = ("sink", "visit_id", "seq")
            async with self._db.write() as connection:
                forgotten = set((await connection.execute(erased)).scalars())
                rows = [row for row in rows if row["visit_id"] not in forgotten]
                if rows:
                    await connection.execute(
                        insert_or_skip(self._db.url, schema.sink_outbox, keys), rows
                    )

    async def waiting(self, sink: str, limit: int) -> list[Waiting]:
        """Return the oldest entries of a sink that are not dead letters, in order.

        Rows that another version wrote and this one cannot read become dead letters.
        """
        while True:
            rows = await self._oldest(sink, limit)
            found = [(row, _load(row.entry)) for row in rows]
            strange = [row.id for row, entry in found if entry is None]
            if strange:
                log.error("the outbox has entries nobody can read", sink=sink, entries=len(strange))
                await self.refused(strange, UNREADABLE, dead=True)
            if not strange or len(strange) < len(rows):
                return [
                    Waiting(row.id, entry, row.added_at, row.attempts)
                    for row, entry in found
                    if entry is not None
                ]

    async def _oldest(self, sink: str, limit: int) -> Sequence[Any]:
        table = schema.sink_outbox
        query = (
            select(table)
            .where(table.c.sink == sink, ~table.c.dead)
            .order_by(table.c.id)
            .limit(max(1, min(limit, MAX_TAKEN)))
        )
        async with self._db.read() as connection:
            return (await connection.execute(query)).all()

    async def taken(self, ids: Sequence[int]) -> None:
        """Forget entries that the sink has taken."""
        table = schema.sink_outbox
        async with self._db.write() as connection:
            await connection.execute(delete(table).where(table.c.id.in_(ids)))

    async def refused(self, ids: Sequence[int], error: str, *, dead: bool) -> None:
        """Count a failed attempt; `dead` puts the entries aside until somebody replays them."""
        table = schema.sink_outbox
        change = update(table).where(table.c.id.in_(ids))
        async with self._db.write() as connection:
            await connection.execute(
                change.values(attempts=table.c.attempts + 1, error=error[:MAX_ERROR], dead=dead)
            )

    async def trim(self, sink: str, maximum: int) -> int:
        """Keep the newest `maximum` entries of a sink; return how many were lost."""
        table = schema.sink_outbox
        too_old = (
            select(table.c.id)
            .where(table.c.sink == sink)
            .order_by(table.c.id.desc())
            .offset(maximum)
            .limit(1)
        )
        async with self._db.read() as connection:
            last = (await connection.execute(too_old)).scalar_one_or_none()
        if last is None:
            return 0
        async with self._db.write() as connection:
            gone = delete(table).where(table.c.sink == sink, table.c.id <= last)
            return (await connection.execute(gone)).rowcount

    async def states(self) -> list[SinkState]:
        """Return how every sink with anything in its outbox stands, by name."""
        table = schema.sink_outbox
        query = (
            select(
                table.c.sink,
                table.c.dead,
                table.c.error,
                func.count().label("entries"),
                func.min(table.c.added_at).label("oldest"),
                func.min(table.c.id).label("first"),
            )
            .group_by(table.c.sink, table.c.dead, table.c.error)
            # The oldest entry that waits is the one that is tried: its failure is the last one.
            .order_by(table.c.sink, table.c.dead, func.min(table.c.id))
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        states: dict[str, SinkState] = {}
        for row in rows:
            state = states.get(row.sink, SinkState(row.sink, 0, 0, None, ""))
            waits = not row.dead
            dates = [at for at in (state.oldest, row.oldest if waits else None) if at is not None]
            states[row.sink] = SinkState(
                row.sink,
                state.waiting + (row.entries if waits else 0),
                state.dead + (0 if waits else row.entries),
                min(dates, default=None),
                state.error or row.error,
            )
        return list(states.values())

    async def replay(self, sink: str) -> int:
        """Let a sink's dead letters wait again, behind nothing: in their old order. Count them."""
        table = schema.sink_outbox
        change = update(table).where(table.c.sink == sink, table.c.dead)
        async with self._db.write() as connection:
            result = await connection.execute(
                change.values(dead=False, attempts=0, added_at=self._clock.now())
            )
            return result.rowcount

    async def forget_dead(self, sink: str) -> int:
        """Delete a sink's dead letters; return how many there were."""
        return await self._forget(schema.sink_outbox.c.dead, sink)

    async def forget_all(self, sink: str) -> int:
        """Delete all that waits for a sink, too; return how many entries there were."""
        return await self._forget(true(), sink)

    async def _forget(self, which: ColumnElement[bool], sink: str) -> int:
        table = schema.sink_outbox
        async with self._db.write() as connection:
            gone = delete(table).where(table.c.sink == sink, which)
            return (await connection.execute(gone)).rowcount

    async def lease(self, sink: str, owner: str, seconds: float) -> bool:
        """Take or keep the right to deliver to a sink; False while another server has it.

        One deliverer at a time keeps the order, also with several servers on one database; their
        clocks may differ by less than what is left of `seconds` after the longest write.
        """
        table = schema.sink_leases
        now = self._clock.now()
        row = {"sink": sink, "owner": owner, "until": now + timedelta(seconds=seconds)}
        take = (
            update(table)
            .where(table.c.sink == sink, (table.c.owner == owner) | (table.c.until < now))
            .values(owner=owner, until=row["until"])
        )
        async with self._db.write() as connection:
            if (await connection.execute(take)).rowcount == 1:
                return True
            made = await connection.execute(insert_or_skip(self._db.url, table, ("sink",)), row)
            return made.rowcount == 1

    async def release(self, sink: str, owner: str) -> None:
        """Give the right to deliver back."""
        table = schema.sink_leases
        async with self._db.write() as connection:
            await connection.execute(
                delete(table).where(table.c.sink == sink, table.c.owner == owner)
            )


def _dump(entry: TranscriptEntry) -> str:
    return json.dumps(asdict(entry) | {"at": entry.at.isoformat()}, ensure_ascii=False)


def _load(text: str) -> TranscriptEntry | None:
    try:
        data: dict[str, Any] = json.loads(text)
        return TranscriptEntry(**data | {"at": datetime.fromisoformat(data["at"])})
    except (ValueError, TypeError, KeyError):
        return None
