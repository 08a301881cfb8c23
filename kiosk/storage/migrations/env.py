"""How Alembic reaches the database: over the product's own engine, all scripts in one go."""

from __future__ import annotations

import asyncio
from typing import Final

from alembic import context
from sqlalchemy import Connection

from kiosk.storage.engine import Database
from kiosk.storage.schema import VERSION_TABLE, metadata

LOCK: Final = 5_261_074
"""PostgreSQL's lock for servers that start together; SQLite's one writer is lock enough."""


def _run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        # One transaction that holds the write lock from its first moment: of two servers that
        # start together the second waits, then finds nothing left to do.
        transactional_ddl=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _main(database: Database) -> None:
    try:
        async with database.write() as connection:
            await connection.run_sync(_run)
    finally:
        await database.aclose()


# Whatever reads the disk is done here, before the loop that must not wait for one.
context.script.get_current_head()
attributes = context.config.attributes
asyncio.run(_main(Database(attributes["url"], busy_s=attributes["busy_s"])))
