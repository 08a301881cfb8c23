"""Screens' devices and their tokens, and devices that wait to be let in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, or_, select, update

from kiosk.clock import Clock
from kiosk.storage import schema
from kiosk.storage.engine import Database
from kiosk.storage.rows import DeviceRow, PairingRow, PairingState
from kiosk.storage.visits import MAX_PAGE


class DeviceTokens:
    """Browsers that are screens of ours. Only a hash of each token is kept."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def add(self, row: DeviceRow) -> None:
        """Keep a new device."""
        async with self._db.write() as connection:
            await connection.execute(insert(schema.devices), [asdict(row)])

    async def find(self, token_hash: str) -> DeviceRow | None:
        """Return the device with this token, the newest or the one before; revoked or not."""
        table = schema.devices.c
        query = select(schema.devices).where(
            or_(table.token_hash == token_hash, table.old_hash == token_hash)
        )
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
        return _device(row) if row is not None else None

    async def get(self, device_id: str) -> DeviceRow | None:
        """Return one device, or None."""
        query = select(schema.devices).where(schema.devices.c.id == device_id)
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
        return _device(row) if row is not None else None

    async def rotate(self, device_id: str, old_hash: str, token_hash: str) -> bool:
        """Give a device another token; False when somebody was faster, or it is revoked.

        `old_hash` is the token it came with: that one stays good until the new one is seen.
        """
        table = schema.devices
        statement = (
            update(table)
            .where(
                table.c.id == device_id,
                table.c.revoked_at.is_(None),
                or_(table.c.token_hash == old_hash, table.c.old_hash == old_hash),
            )
            .values(token_hash=token_hash, old_hash=old_hash, rotated_at=self._clock.now())
        )
        async with self._db.write() as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def seen(self, device_id: str, *, forget_old: bool) -> None:
        """Note that a device is in use; its newest token is, so the one before is worth nothing."""
        values: dict[str, Any] = {"seen_at": self._clock.now()}
        if forget_old:
            values["old_hash"] = None
        statement = update(schema.devices).where(schema.devices.c.id == device_id).values(values)
        async with self._db.write() as connection:
            await connection.execute(statement)

    async def revoke(self, device_id: str) -> bool:
        """Take a device's right away; False when it has none."""
        table = schema.devices
        statement = (
            update(table)
            .where(table.c.id == device_id, table.c.revoked_at.is_(None))
            .values(revoked_at=self._clock.now())
        )
        async with self._db.write() as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def active(self) -> tuple[DeviceRow, ...]:
        """Return the devices that are not revoked, by kiosk, the newest first."""
        table = schema.devices.c
        query = (
            select(schema.devices)
            .where(table.revoked_at.is_(None))
            .order_by(table.kiosk_id, table.created_at.desc())
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(_device(row) for row in rows)

    async def revoked_since(self, at: datetime) -> Sequence[str]:
        """Return the ids of devices revoked at `at` or later."""
        query = select(schema.devices.c.id).where(schema.devices.c.revoked_at >= at)
        async with self._db.read() as connection:
            return (await connection.execute(query)).scalars().all()

    async def purge(self, unused_since: datetime) -> int:
        """Forget devices that were not seen since."""
        table = schema.devices
        async with self._db.write() as connection:
            result = await connection.execute(delete(table).where(table.c.seen_at < unused_since))
            return result.rowcount


class Pairings:
    """Browsers that show a code and wait. Forgotten when their time is up."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    async def add(self, row: PairingRow, *, most: int, most_from_address: int) -> bool:
        """Let one more wait; False when too many do, in all or from its address."""
        table = schema.pairings
        waiting = select(func.count()).where(table.c.state == "waiting")
        async with self._db.write() as connection:
            await connection.execute(delete(table).where(table.c.expires_at <= self._clock.now()))
            if (await connection.execute(waiting)).scalar_one() >= most:
                return False
            near = waiting.where(table.c.address == row.address)
            if (await connection.execute(near)).scalar_one() >= most_from_address:
                return False
            await connection.execute(insert(table), [asdict(row)])
        return True

    async def find(
        self, *, secret_hash: str = "", code: str = "", id: str = ""
    ) -> PairingRow | None:
        """Return who waits with this secret, code or id, unless its time is up."""
        table = schema.pairings.c
        if secret_hash:
            which = table.secret_hash == secret_hash
        else:
            which = table.code == code if code else table.id == id
        query = select(schema.pairings).where(which, table.expires_at > self._clock.now())
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
        return _pairing(row) if row is not None else None

    async def waiting(self) -> tuple[PairingRow, ...]:
        """Return who waits, the longest first."""
        table = schema.pairings.c
        query = (
            select(schema.pairings)
            .where(table.state == "waiting", table.expires_at > self._clock.now())
            .order_by(table.created_at)
            .limit(MAX_PAGE)
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(_pairing(row) for row in rows)

    async def renew(self, pairing_id: str, code: str, expires_at: datetime) -> bool:
        """Give one that waits another code and more time."""
        return await self._change(pairing_id, code=code, expires_at=expires_at)

    async def decide(
        self, pairing_id: str, state: PairingState, by: str, kiosk_id: str | None, until: datetime
    ) -> bool:
        """Let one in or refuse it; False when that was decided before or its time is up."""
        return await self._change(
            pairing_id, state=state, decided_by=by, kiosk_id=kiosk_id, expires_at=until
        )

    async def claim(self, pairing_id: str, device_id: str) -> None:
        """Note which device came of it."""
        table = schema.pairings
        statement = update(table).where(table.c.id == pairing_id).values(device_id=device_id)
        async with self._db.write() as connection:
            await connection.execute(statement)

    async def _change(self, pairing_id: str, **values: Any) -> bool:
        table = schema.pairings
        statement = (
            update(table)
            .where(
                table.c.id == pairing_id,
                table.c.state == "waiting",
                table.c.expires_at > self._clock.now(),
            )
            .values(values)
        )
        async with self._db.write() as connection:
            return (await connection.execute(statement)).rowcount == 1


def _device(row: Row[Any]) -> DeviceRow:
    return DeviceRow(**row._mapping)


def _pairing(row: Row[Any]) -> PairingRow:
    return PairingRow(**row._mapping)
