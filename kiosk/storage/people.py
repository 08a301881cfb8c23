"""Operators, their logins, what they did, and the secrets and codes of the site."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kiosk.clock import Clock
from kiosk.storage import schema
from kiosk.storage.engine import Database, insert_or_skip
from kiosk.storage.rows import AuditRow, Grant, LoginRow, OperatorRow
from kiosk.storage.visits import MAX_PAGE

MAX_DETAIL: Final = 500
"""Characters of an audit row's detail; the rest is cut."""
MAX_TARGET: Final = 200


class OperatorAccounts:
    """The people who may look on."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def add(self, name: str, password_hash: str, grants: Iterable[Grant] = ()) -> bool:
        """Add an operator; False when the name is taken (nothing is changed)."""
        now = self._clock.now()
        row = {
            "name": name,
            "password_hash": password_hash,
            "created_at": now,
            "password_at": now,
        }
        async with self._db.write() as connection:
            statement = insert_or_skip(self._db.url, schema.operators, ("name",))
            # One row and no list: only then is the count of rows certain on every database.
            if (await connection.execute(statement, row)).rowcount != 1:
                return False
            await _give(connection, name, grants)
        return True

    async def set_grants(self, name: str, grants: Iterable[Grant]) -> bool:
        """Give an operator exactly these grants; False when there is no such operator."""
        known = select(schema.operators.c.name).where(schema.operators.c.name == name)
        table = schema.operator_grants
        async with self._db.write() as connection:
            if (await connection.execute(known)).first() is None:
                return False
            await connection.execute(delete(table).where(table.c.operator == name))
            await _give(connection, name, grants)
        return True

    async def get(self, name: str) -> OperatorRow | None:
        """Return one operator, or None."""
        query = select(schema.operators).where(schema.operators.c.name == name)
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
            grants = await _grants(connection, name)
        return _operator(row, grants.get(name, ())) if row is not None else None

    async def list(self) -> tuple[OperatorRow, ...]:
        """Return every operator by name."""
        query = select(schema.operators).order_by(schema.operators.c.name)
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
            grants = await _grants(connection)
        return tuple(_operator(row, grants.get(row.name, ())) for row in rows)

    async def count(self) -> int:
        """Return how many operators there are."""
        async with self._db.read() as connection:
            result = await connection.execute(select(func.count()).select_from(schema.operators))
            return result.scalar_one()

    async def set_password_hash(self, name: str, password_hash: str, *, changed: bool) -> bool:
        """Replace a hash; False when there is no such operator.

        `changed` means that the password is another one: its time is recorded. A stronger hash of
        the same password leaves that time alone.
        """
        values: dict[str, Any] = {"password_hash": password_hash}
        if changed:
            values["password_at"] = self._clock.now()
        statement = update(schema.operators).where(schema.operators.c.name == name).values(values)
        async with self._db.write() as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def remove(self, name: str) -> bool:
        """Remove an operator and every login of theirs; the audit keeps the name."""
        statement = delete(schema.operators).where(schema.operators.c.name == name)
        async with self._db.write() as connection:
            return (await connection.execute(statement)).rowcount == 1


class Logins:
    """Server-side sessions. Only a hash of each token is kept."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def create(self, token_hash: str, operator: str, expires_at: datetime) -> None:
        """Open a session that ends at `expires_at` at the latest."""
        now = self._clock.now()
        row = {
            "token_hash": token_hash,
            "operator": operator,
            "created_at": now,
            "seen_at": now,
            "expires_at": expires_at,
        }
        async with self._db.write() as connection:
            await connection.execute(insert(schema.operator_sessions), [row])

    async def get(self, token_hash: str) -> LoginRow | None:
        """Return a session with its operator's grants, expired or not; None when it is gone."""
        table = schema.operator_sessions
        query = select(table).where(table.c.token_hash == token_hash)
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
            if row is None:
                return None
            grants = (await _grants(connection, row.operator)).get(row.operator, ())
        return LoginRow(row.operator, grants, row.created_at, row.seen_at, row.expires_at)

    async def touch(self, token_hash: str) -> None:
        """Note that the session is in use now."""
        table = schema.operator_sessions
        async with self._db.write() as connection:
            await connection.execute(
                update(table)
                .where(table.c.token_hash == token_hash)
                .values(seen_at=self._clock.now())
            )

    async def delete(self, token_hash: str) -> None:
        """End one session; harmless when it is gone."""
        table = schema.operator_sessions
        async with self._db.write() as connection:
            await connection.execute(delete(table).where(table.c.token_hash == token_hash))

    async def delete_of(self, operator: str) -> int:
        """End every session of an operator; returns how many."""
        table = schema.operator_sessions
        async with self._db.write() as connection:
            result = await connection.execute(delete(table).where(table.c.operator == operator))
            return result.rowcount

    async def purge(self, unused_since: datetime) -> int:
        """Forget sessions that are over or were last used before `unused_since`."""
        table = schema.operator_sessions
        over = or_(table.c.expires_at <= self._clock.now(), table.c.seen_at < unused_since)
        async with self._db.write() as connection:
            return (await connection.execute(delete(table).where(over))).rowcount


class Audit:
    """Who did what. Rows are added and read, never changed."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def add(
        self,
        actor: str,
        action: str,
        target: str = "",
        detail: str = "",
        *,
        before: str = "",
        after: str = "",
        site: str = "",
        request: str = "",
        at: datetime | None = None,
    ) -> None:
        """Add a row. `action` is a stable word such as `visit.end`; nothing spoken goes in.

        `before` and `after` are the changed value in short, `site` the house it concerns, and
        `request` the id of the request that asked for it.
        """
        row = {
            "at": at if at is not None else self._clock.now(),
            "actor": actor,
            "action": action,
            "target": target[:MAX_TARGET],
            "detail": detail[:MAX_DETAIL],
            "before": before[:MAX_DETAIL],
            "after": after[:MAX_DETAIL],
            "site": site,
            "request": request,
        }
        async with self._db.write() as connection:
            await connection.execute(insert(schema.audit), [row])

    async def recent(
        self,
        limit: int = 100,
        *,
        before: int | None = None,
        sites: Collection[str] | None = None,
    ) -> tuple[AuditRow, ...]:
        """Return up to `limit` rows, newest first; `before` is the last id of a page.

        With `sites`, only of those and what concerns no single site.
        """
        table = schema.audit.c
        query = select(schema.audit).order_by(table.id.desc())
        if before is not None:
            query = query.where(table.id < before)
        if sites is not None:
            query = query.where(table.site.in_([*sites, ""]))
        async with self._db.read() as connection:
            rows = (await connection.execute(query.limit(max(1, min(limit, MAX_PAGE))))).all()
        return tuple(
            AuditRow(
                row.id,
                row.at,
                row.actor,
                row.action,
                row.target,
                row.detail,
                row.before,
                row.after,
                row.site,
                row.request,
            )
            for row in rows
        )


class Secrets:
    """Keys the server makes for itself at its first start."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def get_or_create(self, name: str, factory: Callable[[], str]) -> str:
        """Return the secret; of several servers that ask at once, one makes it for all."""
        query = select(schema.secrets.c.value).where(schema.secrets.c.name == name)
        async with self._db.read() as connection:
            found: str | None = (await connection.execute(query)).scalar_one_or_none()
        if found is not None:
            return found
        row = {"name": name, "value": factory(), "created_at": self._clock.now()}
        async with self._db.write() as connection:
            statement = insert_or_skip(self._db.url, schema.secrets, ("name",))
            await connection.execute(statement, [row])
            kept: str = (await connection.execute(query)).scalar_one()
        return kept


class EnrolmentCodes:
    """Codes that let a screen in once. Only a keyed hash of each is kept."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def add(self, code_hash: str, kiosk_id: str, expires_at: datetime) -> None:
        """Keep a code; codes that are over are forgotten on the way."""
        table = schema.enrolment_codes
        row = {
            "code_hash": code_hash,
            "kiosk_id": kiosk_id,
            "created_at": self._clock.now(),
            "expires_at": expires_at,
        }
        async with self._db.write() as connection:
            await connection.execute(delete(table).where(table.c.expires_at <= self._clock.now()))
            await connection.execute(insert(table), [row])

    async def consume(self, code_hash: str) -> str | None:
        """Use a code up; returns its kiosk, or None when it is unknown, used or too old."""
        table = schema.enrolment_codes
        now = self._clock.now()
        good = (
            table.c.code_hash == code_hash,
            table.c.used_at.is_(None),
            table.c.expires_at > now,
        )
        async with self._db.write() as connection:
            # The update decides who was first; reading before it would let two screens in.
            used = await connection.execute(update(table).where(*good).values(used_at=now))
            if used.rowcount != 1:
                return None
            query = select(table.c.kiosk_id).where(table.c.code_hash == code_hash)
            kiosk_id: str = (await connection.execute(query)).scalar_one()
        return kiosk_id


def _operator(row: Row[Any], grants: tuple[Grant, ...]) -> OperatorRow:
    return OperatorRow(row.name, grants, row.password_hash, row.created_at, row.password_at)


async def _give(connection: AsyncConnection, name: str, grants: Iterable[Grant]) -> None:
    rows = [
        {"operator": name, "role": grant.role, "site": grant.site} for grant in sorted(set(grants))
    ]
    if rows:
        await connection.execute(insert(schema.operator_grants), rows)


async def _grants(
    connection: AsyncConnection, name: str | None = None
) -> dict[str, tuple[Grant, ...]]:
    table = schema.operator_grants.c
    query = select(schema.operator_grants).order_by(table.operator, table.role, table.site)
    if name is not None:
        query = query.where(table.operator == name)
    found: dict[str, list[Grant]] = {}
    for row in (await connection.execute(query)).all():
        found.setdefault(row.operator, []).append(Grant(row.role, row.site))
    return {operator: tuple(grants) for operator, grants in found.items()}
