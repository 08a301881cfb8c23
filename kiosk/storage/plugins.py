"""What plugins keep: JSON values by plugin and key, each plugin to itself."""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import delete, func, select

from kiosk.clock import Clock
from kiosk.errors import StorageError
from kiosk.storage import schema
from kiosk.storage.engine import Database, insert_or_update

MAX_KEY: Final = 200
MAX_VALUE: Final = 65_536
"""Characters of one value as JSON."""
MAX_KEYS: Final = 10_000
"""Keys of one plugin; beyond them a new key is refused."""


class PluginData:
    """One plugin's data. Raises StorageError, and then has changed nothing."""

    def __init__(self, database: Database, clock: Clock, plugin: str) -> None:
        self._db = database
        self._clock = clock
        self._plugin = plugin

    async def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key, or `default`."""
        table = schema.plugin_data
        query = select(table.c.value).where(table.c.plugin == self._plugin, table.c.key == key)
        async with self._db.read() as connection:
            value = (await connection.execute(query)).scalar_one_or_none()
        return default if value is None else json.loads(value)

    async def set(self, key: str, value: Any) -> None:
        """Keep a JSON value under a key, replacing what was there."""
        if not key or len(key) > MAX_KEY:
            raise StorageError(f"A plugin's key has 1 to {MAX_KEY} characters.")
        try:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            raise StorageError(f"{self._plugin}: the value of {key!r} is not JSON.") from None
        if len(text) > MAX_VALUE:
            raise StorageError(
                f"{self._plugin}: the value of {key!r} has more than {MAX_VALUE} characters."
            )
        table = schema.plugin_data
        row = {"plugin": self._plugin, "key": key, "value": text, "updated_at": self._clock.now()}
        count = select(func.count()).where(table.c.plugin == self._plugin, table.c.key != key)
        statement = insert_or_update(
            self._db.url, table, ("plugin", "key"), ("value", "updated_at")
        )
        async with self._db.write() as connection:
            if (await connection.execute(count)).scalar_one() >= MAX_KEYS:
                raise StorageError(f"{self._plugin} keeps {MAX_KEYS} keys already; delete some.")
            await connection.execute(statement, row)

    async def delete(self, key: str) -> bool:
        """Forget a key; False when it was not there."""
        table = schema.plugin_data
        statement = delete(table).where(table.c.plugin == self._plugin, table.c.key == key)
        async with self._db.write() as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def items(self, prefix: str = "", limit: int = 1000) -> list[tuple[str, Any]]:
        """Return keys that begin with `prefix` and their values, in the order of the keys."""
        table = schema.plugin_data
        query = (
            select(table.c.key, table.c.value)
            # Not LIKE, which takes a for A in SQLite and not in PostgreSQL.
            .where(
                table.c.plugin == self._plugin,
                func.substr(table.c.key, 1, len(prefix)) == prefix,
            )
            .order_by(table.c.key)
            .limit(max(0, min(limit, MAX_KEYS)))
        )
        async with self._db.read() as connection:
            rows = (await connection.execute(query)).all()
        return [(key, json.loads(value)) for key, value in rows]
