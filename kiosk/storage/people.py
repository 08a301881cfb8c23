"""Operators, what they may, what they did, and the secrets and codes of the site."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kiosk.clock import Clock
from kiosk.errors import KioskError
from kiosk.storage import schema
from kiosk.storage.engine import Database, insert_or_skip
from kiosk.storage.rows import AuditRow, Grant, OperatorRow
from kiosk.storage.visits import MAX_PAGE

MAX_DETAIL: Final = 500
"""Characters of an audit row's detail; the rest is cut."""
MAX_TARGET: Final = 200
EVERYTHING: Final = Grant("administrator")


class LastAdministratorError(KioskError):
    """Nobody would be left who may do everything everywhere."""

    code = "last_administrator"


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
        """Give an operator exactly these grants; False when there is no such operator.

        Raises LastAdministratorError when nobody would be left who may do everything everywhere.
        """
        grants = list(grants)
        known = select(schema.operators.c.name).where(schema.operators.c.name == name)
        table = schema.operator_grants
        async with self._db.write() as connection:
            if (await connection.execute(known)).first() is None:
                return False
            if EVERYTHING not in grants:
                await _spare_last(connection, name)
            await connection.execute(delete(table).where(table.c.operator == name))
            await _give(connection, name, grants)
        return True

    async def find_subject(self, subject: str) -> OperatorRow | None:
        """Return whom the site's provider means by `subject`, or None."""
        query = select(schema.operators.c.name).where(schema.operators.c.subject == subject)
        async with self._db.read() as connection:
            name = (await connection.execute(query)).scalars().first()
        return await self.get(name) if name is not None else None

    async def put_provided(
        self, name: str, subject: str, groups: Iterable[str], grants: Iterable[Grant]
    ) -> bool:
        """Keep an account of the site's provider as it is now; False: the name is another's."""
        now = self._clock.now()
        table = schema.operators
        fresh = {
            "name": name,
            "password_hash": "",
            "created_at": now,
            "password_at": now,
            "origin": "oidc",
            "subject": subject,
        }
        async with self._db.write() as connection:
            statement = insert_or_skip(self._db.url, table, ("name",))
            await connection.execute(statement, fresh)
            mine = (table.c.name == name, table.c.subject == subject, table.c.origin == "oidc")
            changed = await connection.execute(
                update(table)
                .where(*mine)
                # What a new password is to an account of ours: proved anew who this is.
                .values(provider_groups=list(groups), password_at=now)
            )
            if changed.rowcount != 1:
                return False
            given = schema.operator_grants
            await connection.execute(delete(given).where(given.c.operator == name))
            await _give(connection, name, grants)
        return True

    async def follow_groups(self, name: str, grants: Iterable[Grant]) -> None:
        """Give a provider's account what its groups give by the settings of now."""
        given = schema.operator_grants
        async with self._db.write() as connection:
            await connection.execute(delete(given).where(given.c.operator == name))
            await _give(connection, name, grants)

    async def put_emergency(self, name: str) -> bool:
        """Have an account that only emergency codes open; False: the name is somebody's."""
        now = self._clock.now()
        table = schema.operators
        row = {
            "name": name,
            "password_hash": "",
            "created_at": now,
            "password_at": now,
            "origin": "emergency",
        }
        kind = select(table.c.origin).where(table.c.name == name)
        async with self._db.write() as connection:
            await connection.execute(insert_or_skip(self._db.url, table, ("name",)), row)
            return bool((await connection.execute(kind)).scalar_one() == "emergency")

    async def offer_totp(self, name: str, secret: str) -> None:
        """Keep a second factor that waits for its first code; the one in use stays as it is."""
        table = schema.operators
        async with self._db.write() as connection:
            await connection.execute(
                update(table)
                .where(table.c.name == name, table.c.totp_at.is_(None))
                .values(totp_secret=secret, totp_step=0)
            )

    async def use_totp(self, name: str, secret: str, step: int, *, confirm: bool = False) -> bool:
        """Use up the code of a time step, or an older one; False when it was used already."""
        table = schema.operators
        values: dict[str, Any] = {"totp_step": step}
        if confirm:
            values["totp_at"] = self._clock.now()
        async with self._db.write() as connection:
            done = await connection.execute(
                update(table)
                .where(
                    table.c.name == name, table.c.totp_secret == secret, table.c.totp_step < step
                )
                .values(values)
            )
            return done.rowcount == 1

    async def drop_totp(self, name: str) -> bool:
        """Take the second factor and its recovery codes away; False when there was none."""
        table, codes = schema.operators, schema.recovery_codes
        async with self._db.write() as connection:
            await connection.execute(delete(codes).where(codes.c.operator == name))
            done = await connection.execute(
                update(table)
                .where(table.c.name == name, table.c.totp_secret != "")
                .values(totp_secret="", totp_step=0, totp_at=None)
            )
            return done.rowcount == 1

    async def get(self, name: str) -> OperatorRow | None:
        """Return one operator, or None."""
        query = select(schema.operators).where(schema.operators.c.name == name)
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
            grants = await grants_in(connection, name)
        return _operator(row, grants.get(name, ())) if row is not None else None

    async def list(self) -> tuple[OperatorRow, ...]:
        """Return every operator by name."""
        query = select(schema.operators).order_by(schema.operators.c.name)
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
            grants = await grants_in(connection)
        return tuple(_operator(row, grants.get(row.name, ())) for row in rows)

    async def count(self) -> int:
        """Return how many people there are; the account of emergency codes is nobody."""
        table = schema.operators
        query = select(func.count()).select_from(table).where(table.c.origin != "emergency")
        async with self._db.read() as connection:
            return (await connection.execute(query)).scalar_one()

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
        """Remove an operator with logins and tokens; the audit keeps the name.

        Raises LastAdministratorError when nobody would be left who may do everything everywhere.
        """
        statement = delete(schema.operators).where(schema.operators.c.name == name)
        async with self._db.write() as connection:
            await _spare_last(connection, name)
            return (await connection.execute(statement)).rowcount == 1


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
    return OperatorRow(
        row.name,
        grants,
        row.password_hash,
        row.created_at,
        row.password_at,
        row.origin,
        row.subject,
        tuple(row.provider_groups or ()),
        row.totp_secret,
        row.totp_at,
    )


async def _spare_last(connection: AsyncConnection, name: str) -> None:
    """Raise when `name` alone is an administrator of every site; held until the write is done."""
    table = schema.operator_grants
    everything = (table.c.role == EVERYTHING.role, table.c.site == EVERYTHING.site)
    query = select(table.c.operator).where(*everything).order_by(table.c.operator)
    held = (await connection.execute(query.with_for_update())).scalars().all()
    if list(held) == [name]:
        raise LastAdministratorError(
            f"{name} is the last administrator of every site; make somebody else one first."
        )


async def _give(connection: AsyncConnection, name: str, grants: Iterable[Grant]) -> None:
    rows = [
        {"operator": name, "role": grant.role, "site": grant.site} for grant in sorted(set(grants))
    ]
    if rows:
        await connection.execute(insert(schema.operator_grants), rows)


async def grants_in(
    connection: AsyncConnection, name: str | None = None
) -> dict[str, tuple[Grant, ...]]:
    """Return what one person, or everybody, holds, by name."""
    table = schema.operator_grants.c
    query = select(schema.operator_grants).order_by(table.operator, table.role, table.site)
    if name is not None:
        query = query.where(table.operator == name)
    found: dict[str, list[Grant]] = {}
    for row in (await connection.execute(query)).all():
        found.setdefault(row.operator, []).append(Grant(row.role, row.site))
    return {operator: tuple(grants) for operator, grants in found.items()}
