"""Alerts, silences, and the outbox of messages about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from kiosk.clock import Clock
from kiosk.storage.engine import Database, insert_or_skip
from kiosk.storage.rows import AlertRow, ChannelState, NoticeRow, SilenceRow
from kiosk.storage.schema import UtcDateTime, metadata

MAX_WHAT: Final = 500
MAX_WHY: Final = 300
MAX_PAGE: Final = 500
MAX_SILENCES: Final = 500
"""Silences in force at once; the newest count."""
MAX_ERROR: Final = 80

alerts = Table(
    "alerts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key", String(300), nullable=False),
    Column("rule", String(32), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("site", String(64), nullable=False),
    Column("kiosk_id", String(64), nullable=False),
    Column("what", String(MAX_WHAT), nullable=False),
    Column("fix", String(MAX_WHY), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("wait_from", UtcDateTime, nullable=False),
    Column("fired_at", UtcDateTime, index=True),
    Column("told_at", UtcDateTime),
    Column("held", Boolean, nullable=False),
    Column("stale", Boolean, nullable=False),
    Column("gone_at", UtcDateTime),
    Column("resolved_at", UtcDateTime, index=True),
    Column("acked_at", UtcDateTime),
    Column("acked_by", String(64), nullable=False),
    Column("acked_why", String(MAX_WHY), nullable=False),
)

alert_silences = Table(
    "alert_silences",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("rule", String(32), nullable=False),
    Column("site", String(64), nullable=False),
    Column("kiosk_id", String(64), nullable=False),
    Column("why", String(MAX_WHY), nullable=False),
    Column("by", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False, index=True),
)

alert_outbox = Table(
    "alert_outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("channel", String(40), nullable=False),
    Column("notice_id", String(64), nullable=False),
    Column("notice", Text, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("dead", Boolean, nullable=False),
    Column("error", String(MAX_ERROR), nullable=False),
    UniqueConstraint("channel", "notice_id", name="uq_alert_outbox_channel_notice_id"),
    Index("ix_alert_outbox_channel_dead_id", "channel", "dead", "id"),
    sqlite_autoincrement=True,
)

_COLUMNS: Final = tuple(field.name for field in fields(AlertRow))


class Alerts:
    """Every alert there is and was. Raises StorageError, and then has changed nothing."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def open(self) -> list[AlertRow]:
        """Return what is not over, and what is and still has to be told of; oldest first."""
        query = (
            select(alerts)
            .where(or_(alerts.c.resolved_at.is_(None), alerts.c.held))
            .order_by(alerts.c.since, alerts.c.id)
        )
        async with self._db.read() as connection:
            return [_alert(row) for row in (await connection.execute(query)).all()]

    async def get(self, alert_id: str) -> AlertRow | None:
        """Return one alert."""
        async with self._db.read() as connection:
            row = (await connection.execute(select(alerts).where(alerts.c.id == alert_id))).first()
        return _alert(row) if row is not None else None

    async def history(
        self,
        limit: int,
        *,
        before: AlertRow | None = None,
        sites: Collection[str] | None = None,
        kiosk_id: str = "",
    ) -> list[AlertRow]:
        """Return alerts that fired, newest first; of some sites, or all (None)."""
        query = select(alerts).where(alerts.c.fired_at.is_not(None))
        if sites is not None:
            query = query.where(alerts.c.site.in_(sorted(sites)))
        if kiosk_id:
            query = query.where(alerts.c.kiosk_id == kiosk_id)
        if before is not None:
            earlier = alerts.c.fired_at < before.fired_at
            same = and_(alerts.c.fired_at == before.fired_at, alerts.c.id < before.id)
            query = query.where(or_(earlier, same))
        query = query.order_by(alerts.c.fired_at.desc(), alerts.c.id.desc())
        async with self._db.read() as connection:
            found = await connection.execute(query.limit(max(1, min(limit, MAX_PAGE))))
            return [_alert(row) for row in found.all()]

    async def apply(
        self,
        *,
        new: Sequence[AlertRow] = (),
        changes: Mapping[str, Mapping[str, Any]] = {},
        dropped: Sequence[str] = (),
        messages: Sequence[tuple[str, str, str]] = (),
    ) -> None:
        """Write what one round made, whole: alerts and (channel, notice id, JSON) messages."""
        now = self._clock.now()
        async with self._db.write() as connection:
            if new:
                await connection.execute(insert(alerts), [_columns(row) for row in new])
            for alert_id, values in changes.items():
                change = update(alerts).where(alerts.c.id == alert_id)
                await connection.execute(change.values(**values))
            if dropped:
                await connection.execute(delete(alerts).where(alerts.c.id.in_(dropped)))
            if messages:
                rows = [
                    {
                        "channel": channel,
                        "notice_id": notice_id,
                        "notice": notice,
                        "added_at": now,
                        "due_at": now,
                        "attempts": 0,
                        "dead": False,
                        "error": "",
                    }
                    for channel, notice_id, notice in messages
                ]
                once = insert_or_skip(self._db.url, alert_outbox, ("channel", "notice_id"))
                await connection.execute(once, rows)

    async def acknowledge(self, alert_id: str, by: str, why: str) -> bool:
        """Say that somebody takes care of it; False when it is not firing (any more)."""
        change = (
            update(alerts)
            .where(
                alerts.c.id == alert_id,
                alerts.c.fired_at.is_not(None),
                alerts.c.acked_at.is_(None),
                alerts.c.resolved_at.is_(None),
            )
            .values(acked_at=self._clock.now(), acked_by=by[:64], acked_why=why[:MAX_WHY])
        )
        async with self._db.write() as connection:
            return (await connection.execute(change)).rowcount == 1

    async def forget(self, before: datetime) -> int:
        """Delete what was over by then, and messages put aside by then; count the alerts."""
        async with self._db.write() as connection:
            over = delete(alerts).where(alerts.c.resolved_at < before, ~alerts.c.held)
            gone = (await connection.execute(over)).rowcount
            old = alert_outbox.c.added_at < before
            await connection.execute(delete(alert_outbox).where(alert_outbox.c.dead, old))
            await connection.execute(delete(alert_silences).where(alert_silences.c.until < before))
            return gone

    # ── silences ─────────────────────────────────────────────────────────────────────────

    async def silence(self, row: SilenceRow) -> None:
        """Keep a silence."""
        async with self._db.write() as connection:
            await connection.execute(insert(alert_silences), [asdict(row)])

    async def silences(self) -> list[SilenceRow]:
        """Return the silences in force, newest first."""
        query = (
            select(alert_silences)
            .where(alert_silences.c.until > self._clock.now())
            .order_by(alert_silences.c.created_at.desc(), alert_silences.c.id)
            .limit(MAX_SILENCES)
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return [SilenceRow(**row._mapping) for row in rows]

    async def end_silence(self, silence_id: str) -> bool:
        """Let a silence end now; False when it is not in force."""
        now = self._clock.now()
        change = (
            update(alert_silences)
            .where(alert_silences.c.id == silence_id, alert_silences.c.until > now)
            .values(until=now)
        )
        async with self._db.write() as connection:
            return (await connection.execute(change)).rowcount == 1

    # ── messages ─────────────────────────────────────────────────────────────────────────

    async def waiting(self, channel: str, limit: int) -> list[NoticeRow]:
        """Return a channel's messages whose time has come, oldest first."""
        box = alert_outbox.c
        query = (
            select(box.id, box.channel, box.notice_id, box.notice, box.added_at, box.attempts)
            .where(box.channel == channel, ~box.dead, box.due_at <= self._clock.now())
            .order_by(box.id)
            .limit(limit)
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return [NoticeRow(**row._mapping) for row in rows]

    async def taken(self, message_id: int) -> None:
        """Forget a message that its channel has taken."""
        async with self._db.write() as connection:
            await connection.execute(delete(alert_outbox).where(alert_outbox.c.id == message_id))

    async def failed(self, message_id: int, error: str, due_at: datetime, *, dead: bool) -> None:
        """Count a failed attempt; `dead` puts the message aside."""
        box = alert_outbox
        change = update(box).where(box.c.id == message_id)
        async with self._db.write() as connection:
            await connection.execute(
                change.values(
                    attempts=box.c.attempts + 1, error=error[:MAX_ERROR], due_at=due_at, dead=dead
                )
            )

    async def trim(self, channel: str, most: int) -> int:
        """Keep a channel's newest messages; return how many were lost."""
        box = alert_outbox
        too_old = (
            select(box.c.id)
            .where(box.c.channel == channel, ~box.c.dead)
            .order_by(box.c.id.desc())
            .offset(most)
            .limit(1)
        )
        async with self._db.read() as connection:
            last = (await connection.execute(too_old)).scalar_one_or_none()
        if last is None:
            return 0
        async with self._db.write() as connection:
            gone = delete(box).where(box.c.channel == channel, ~box.c.dead, box.c.id <= last)
            return (await connection.execute(gone)).rowcount

    async def channels(self) -> list[ChannelState]:
        """Return how every channel with anything in its outbox stands, by name."""
        box = alert_outbox
        # One that could not be taken says more than one that has not been tried.
        query = (
            select(box.c.channel, box.c.dead, func.count(), func.max(box.c.error))
            .group_by(box.c.channel, box.c.dead)
            .order_by(box.c.channel, box.c.dead.desc())
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        found: dict[str, ChannelState] = {}
        for channel, dead, number, error in rows:
            old = found.get(channel, ChannelState(channel, 0, 0, ""))
            found[channel] = ChannelState(
                channel,
                old.waiting + (0 if dead else number),
                old.dead + (number if dead else 0),
                error or old.error,
            )
        return list(found.values())


def _alert(row: Row[Any]) -> AlertRow:
    return AlertRow(**{name: row._mapping[name] for name in _COLUMNS})


def _columns(row: AlertRow) -> dict[str, Any]:
    values = asdict(row)
    return values | {"what": row.what[:MAX_WHAT], "fix": row.fix[:MAX_WHY]}
