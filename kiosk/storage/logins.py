"""Sessions of people, tries to log in, and what is good once: shared by every server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, func, insert, or_, select, update

from kiosk.clock import Clock
from kiosk.storage import schema
from kiosk.storage.engine import Database, insert_or_skip
from kiosk.storage.people import grants_in
from kiosk.storage.rows import Grant, LoginRow, Method

MAX_ATTEMPT_KEYS: Final = 10_000
"""Names and addresses remembered; beyond them the ones not seen for longest are forgotten."""
MAX_SESSIONS: Final = 50
"""Sessions of one person; one more ends the oldest."""
MAX_ONE_TIME: Final = 10_000
"""Codes and logins under way at once; beyond them new ones are refused."""


class Logins:
    """Server-side sessions. Only a hash of each token is kept."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def create(
        self,
        token_hash: str,
        operator: str,
        expires_at: datetime,
        *,
        id: str = "",
        address: str = "",
        device: str = "",
        method: Method = "password",
        pending: bool = False,
    ) -> None:
        """Open a session that ends at `expires_at` at the latest."""
        now = self._clock.now()
        row = {
            "token_hash": token_hash,
            "id": id or token_hash[:16],
            "operator": operator,
            "created_at": now,
            "seen_at": now,
            "proved_at": now,
            "expires_at": expires_at,
            "address": address[:64],
            "device": device[:80],
            "method": method,
            "pending": pending,
        }
        table = schema.operator_sessions
        newest = (
            select(table.c.token_hash)
            .where(table.c.operator == operator)
            .order_by(table.c.created_at.desc(), table.c.token_hash)
            .limit(MAX_SESSIONS)
        )
        async with self._db.write() as connection:
            await connection.execute(insert(table), [row])
            await connection.execute(
                delete(table).where(table.c.operator == operator, table.c.token_hash.not_in(newest))
            )

    async def get(self, token_hash: str) -> LoginRow | None:
        """Return a session with its operator's grants, expired or not; None when it is gone."""
        table, people = schema.operator_sessions, schema.operators
        query = (
            select(table, people.c.totp_at)
            .join(people, people.c.name == table.c.operator)
            .where(table.c.token_hash == token_hash)
        )
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
            if row is None:
                return None
            grants = (await grants_in(connection, row.operator)).get(row.operator, ())
        return _login(row, grants)

    async def of(self, operator: str) -> tuple[LoginRow, ...]:
        """Return the sessions of a person that are complete, the last used first."""
        table, people = schema.operator_sessions, schema.operators
        query = (
            select(table, people.c.totp_at)
            .join(people, people.c.name == table.c.operator)
            .where(table.c.operator == operator, table.c.pending.is_(False))
            .where(table.c.expires_at > self._clock.now())
            .order_by(table.c.seen_at.desc(), table.c.id)
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
            grants = (await grants_in(connection, operator)).get(operator, ())
        return tuple(_login(row, grants) for row in rows)

    async def touch(self, token_hash: str) -> None:
        """Note that the session is in use now."""
        await self._set(token_hash, seen_at=self._clock.now())

    async def prove(self, token_hash: str) -> None:
        """Note that the person has given a password or a code again."""
        await self._set(token_hash, proved_at=self._clock.now())

    async def _set(self, token_hash: str, **values: datetime) -> None:
        table = schema.operator_sessions
        async with self._db.write() as connection:
            await connection.execute(
                update(table).where(table.c.token_hash == token_hash).values(values)
            )

    async def delete(self, token_hash: str) -> bool:
        """End one session; False, and harmless, when it is gone."""
        table = schema.operator_sessions
        async with self._db.write() as connection:
            done = await connection.execute(delete(table).where(table.c.token_hash == token_hash))
            return done.rowcount == 1

    async def end(self, operator: str, id: str) -> bool:
        """End one session of a person by its id; False when there is none."""
        table = schema.operator_sessions
        statement = delete(table).where(table.c.operator == operator, table.c.id == id)
        async with self._db.write() as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def delete_of(self, operator: str, *, but: str = "") -> int:
        """End every session of an operator but the one with this id; returns how many."""
        table = schema.operator_sessions
        statement = delete(table).where(table.c.operator == operator, table.c.id != but)
        async with self._db.write() as connection:
            return (await connection.execute(statement)).rowcount

    async def purge(self, unused_since: datetime) -> int:
        """Forget sessions that are over or were last used before `unused_since`."""
        table = schema.operator_sessions
        over = or_(table.c.expires_at <= self._clock.now(), table.c.seen_at < unused_since)
        async with self._db.write() as connection:
            return (await connection.execute(delete(table).where(over))).rowcount


class Attempts:
    """Tries to log in by name and by address: so many failures, then a pause on every server."""

    def __init__(self, database: Database, clock: Clock, *, most: int = MAX_ATTEMPT_KEYS) -> None:
        self._db = database
        self._clock = clock
        self._most = most

    async def charge(self, keys: tuple[str, ...], *, attempts: int, pause_s: float) -> float:
        """Count a try as failed before it is made; returns the seconds to wait, 0 for none.

        While one of `keys` has to wait nothing is counted. Rows are locked in order: tries at
        once, here or on another server, come one after the other.
        """
        table = schema.login_attempts
        now = self._clock.now()
        async with self._db.write() as connection:
            added = insert_or_skip(self._db.url, table, ("key",))
            names = sorted(set(keys))
            for key in names:
                await connection.execute(added, {"key": key, "failures": 0, "at": now})
            query = select(table).where(table.c.key.in_(names)).order_by(table.c.key)
            rows = (await connection.execute(query.with_for_update())).all()
            wait = max((_left(row.until, now) for row in rows), default=0.0)
            if wait > 0:
                return wait
            for row in rows:
                failures = 1 if row.until is not None else row.failures + 1
                until = now + timedelta(seconds=pause_s) if failures >= attempts else None
                await connection.execute(
                    update(table)
                    .where(table.c.key == row.key)
                    .values(failures=failures, until=until, at=now)
                )
            await connection.execute(
                delete(table).where(table.c.at < now - timedelta(seconds=max(pause_s, 86_400)))
            )
            count = (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            if count > self._most:
                oldest = select(table.c.key).order_by(table.c.at).limit(count - self._most)
                await connection.execute(delete(table).where(table.c.key.in_(oldest)))
        return 0.0

    async def clear(self, keys: tuple[str, ...]) -> None:
        """Forget the failures of `keys`: the try was right."""
        table = schema.login_attempts
        async with self._db.write() as connection:
            await connection.execute(delete(table).where(table.c.key.in_(keys)))


class OneTime:
    """What opens something once: only a hash of it is kept, and what it is for."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def add(
        self, kind: str, digest: str, expires_at: datetime, data: Mapping[str, Any] | None = None
    ) -> bool:
        """Keep it until used or over; False when too many of its kind are kept already."""
        table = schema.one_time
        row = {"kind": kind, "digest": digest, "expires_at": expires_at, "data": dict(data or {})}
        async with self._db.write() as connection:
            await connection.execute(delete(table).where(table.c.expires_at <= self._clock.now()))
            query = select(func.count()).select_from(table).where(table.c.kind == kind)
            if (await connection.execute(query)).scalar_one() >= MAX_ONE_TIME:
                return False
            await connection.execute(insert(table), [row])
        return True

    async def take(self, kind: str, digest: str) -> dict[str, Any] | None:
        """Use it up; returns its data, or None when it is unknown, used or over."""
        table = schema.one_time
        this = (table.c.digest == digest, table.c.kind == kind)
        query = select(table.c.data, table.c.expires_at).where(*this)
        async with self._db.write() as connection:
            row = (await connection.execute(query)).first()
            # The delete decides who was first.
            gone = await connection.execute(delete(table).where(*this))
            if row is None or gone.rowcount != 1 or row.expires_at <= self._clock.now():
                return None
        data: dict[str, Any] = row.data
        return data


def _left(until: datetime | None, now: datetime) -> float:
    return (until - now).total_seconds() if until is not None else 0.0


def _login(row: Row[Any], grants: tuple[Grant, ...]) -> LoginRow:
    return LoginRow(
        row.id,
        row.operator,
        grants,
        row.created_at,
        row.seen_at,
        row.expires_at,
        row.proved_at,
        row.address,
        row.device,
        row.method,
        row.pending,
        row.totp_at is not None,
    )
