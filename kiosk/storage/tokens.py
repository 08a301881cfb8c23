"""Keys of programs, and the codes that stand in for a lost second factor. Only hashes are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from kiosk.clock import Clock
from kiosk.storage import schema
from kiosk.storage.engine import Database
from kiosk.storage.people import grants_in
from kiosk.storage.rows import Grant, TokenRow


class ApiTokens:
    """What programs identify themselves with. Each goes with its owner."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def add(
        self,
        id: str,
        token_hash: str,
        operator: str,
        name: str,
        *,
        scopes: Sequence[str],
        sites: Sequence[str] | None,
        expires_at: datetime,
        most: int,
    ) -> bool:
        """Keep a token; False when its owner has `most` already. Old ones are forgotten first."""
        table = schema.operator_tokens
        now = self._clock.now()
        row = {
            "id": id,
            "token_hash": token_hash,
            "operator": operator,
            "name": name,
            "scopes": list(scopes),
            "sites": list(sites) if sites is not None else None,
            "created_at": now,
            "expires_at": expires_at,
            "used_from": "",
        }
        people = schema.operators
        owner = select(people.c.name).where(people.c.name == operator).with_for_update()
        count = select(func.count()).select_from(table).where(table.c.operator == operator)
        async with self._db.write() as connection:
            # The owner's row is held, so that two at once cannot both be the last that fits.
            await connection.execute(owner)
            await connection.execute(
                delete(table).where(table.c.operator == operator, table.c.expires_at <= now)
            )
            if (await connection.execute(count)).scalar_one() >= most:
                return False
            await connection.execute(insert(table), [row])
        return True

    async def get(self, token_hash: str) -> TokenRow | None:
        """Return a token with its owner's grants, expired or not; None when there is none."""
        table = schema.operator_tokens
        found = await self._rows(table.c.token_hash == token_hash)
        return found[0] if found else None

    async def of(self, operator: str) -> tuple[TokenRow, ...]:
        """Return a person's tokens by name, those that are over too."""
        return await self._rows(schema.operator_tokens.c.operator == operator)

    async def touch(self, id: str, address: str) -> None:
        """Note that a token is in use now, and from where."""
        table = schema.operator_tokens
        values = {"used_at": self._clock.now(), "used_from": address[:64]}
        async with self._db.write() as connection:
            await connection.execute(update(table).where(table.c.id == id).values(values))

    async def revoke(self, operator: str, id: str) -> bool:
        """Forget a token of a person; False when there is none."""
        table = schema.operator_tokens
        statement = delete(table).where(table.c.operator == operator, table.c.id == id)
        async with self._db.write() as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def _rows(self, which: Any) -> tuple[TokenRow, ...]:
        table, people = schema.operator_tokens, schema.operators
        query = (
            select(table, people.c.origin, people.c.totp_at, people.c.password_at)
            .join(people, people.c.name == table.c.operator)
            .where(which)
            .order_by(table.c.name, table.c.id)
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
            owners = {row.operator for row in rows}
            grants: dict[str, tuple[Grant, ...]] = {}
            for owner in owners:
                grants |= await grants_in(connection, owner)
        return tuple(_token(row, grants.get(row.operator, ())) for row in rows)


class RecoveryCodes:
    """Codes that are good once each when the second factor is lost."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def replace(self, operator: str, digests: Sequence[str]) -> None:
        """Keep exactly these of a person."""
        table = schema.recovery_codes
        rows = [{"operator": operator, "code_hash": digest} for digest in digests]
        async with self._db.write() as connection:
            await connection.execute(delete(table).where(table.c.operator == operator))
            if rows:
                await connection.execute(insert(table), rows)

    async def use(self, operator: str, digest: str) -> bool:
        """Use one up; False when it is unknown or used."""
        table = schema.recovery_codes
        statement = delete(table).where(table.c.operator == operator, table.c.code_hash == digest)
        async with self._db.write() as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def left(self, operator: str) -> int:
        """Return how many a person has left."""
        table = schema.recovery_codes
        query = select(func.count()).select_from(table).where(table.c.operator == operator)
        async with self._db.read() as connection:
            return (await connection.execute(query)).scalar_one()


def _token(row: Row[Any], grants: tuple[Grant, ...]) -> TokenRow:
    return TokenRow(
        row.id,
        row.operator,
        row.name,
        tuple(row.scopes),
        tuple(row.sites) if row.sites is not None else None,
        row.created_at,
        row.expires_at,
        row.used_at,
        row.used_from,
        grants,
        row.origin,
        row.totp_at is not None,
        row.password_at,
    )
