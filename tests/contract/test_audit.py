"""The database itself keeps the audit as it was written, whoever holds the server's role."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from kiosk.clock import SystemClock
from kiosk.errors import StorageError
from kiosk.settings.retention import RetentionSettings
from kiosk.settings.sections import StorageSettings
from kiosk.storage import schema
from kiosk.storage.database import open_storage
from kiosk.storage.engine import Database, open_database, parse_url
from kiosk.storage.keeping import Keeping
from kiosk.storage.migrate import migrate
from tests.postgres import Postgres
from tests.unit.storage.keeping import url

SAID = "audit rows stay"
LEAST = RetentionSettings.model_json_schema()["properties"]["audit_days"]["minimum"]


@pytest.fixture
async def database(server: Postgres | None, tmp_path: Path) -> AsyncIterator[Database]:
    address = url(tmp_path)
    if server is not None:
        address = await asyncio.to_thread(server.database, f"audit_{tmp_path.name[-40:]}")
    await migrate(address)
    opened = await open_database(parse_url(address))
    try:
        yield opened
    finally:
        await opened.aclose()


async def add(database: Database, target: str, days: float) -> None:
    """Write a row that is so many days old by the database's own clock."""
    row = dict.fromkeys(("actor", "action", "detail", "before", "after", "site", "request"), "x")
    at = SystemClock().now() - timedelta(days=days)
    async with database.write() as connection:
        await connection.execute(insert(schema.audit), [{**row, "at": at, "target": target}])


async def targets(database: Database) -> list[str]:
    async with database.read() as connection:
        found = await connection.execute(select(schema.audit.c.target).order_by("id"))
        return list(found.scalars())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'somebody'",
        "UPDATE audit SET at = '2001-01-01 00:00:00' WHERE target = 'old'",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE target = 'young'",
    ],
)
async def test_a_row_is_neither_changed_nor_deleted_before_its_time(
    database: Database, statement: str
) -> None:
    await add(database, "old", LEAST + 1)
    await add(database, "young", LEAST - 2)
    with pytest.raises(StorageError, match=SAID):
        async with database.write() as connection:
            await connection.execute(text(statement))
    assert await targets(database) == ["old", "young"]


async def test_no_other_statement_gets_round_it(
    database: Database, server: Postgres | None
) -> None:
    await add(database, "young", 0)
    again = "INTO audit SELECT id, at, 'somebody', action, 'other', detail, before, after, site, "
    again += "request FROM audit"
    statement = "TRUNCATE audit" if server is not None else f"INSERT OR REPLACE {again}"
    with pytest.raises(StorageError, match=SAID):
        async with database.write() as connection:
            await connection.execute(text(statement))
    assert await targets(database) == ["young"]


async def test_the_shortest_retention_still_deletes_what_is_old(database: Database) -> None:
    clock = SystemClock()
    await add(database, "old", LEAST + 0.01)
    await add(database, "young", LEAST - 2)
    keeping = Keeping(database, clock)
    # The server's clock may be ahead of the database's.
    edge = clock.now() + timedelta(hours=12) - timedelta(days=LEAST)
    assert await keeping.drop_audit(edge) == 1
    assert await targets(database) == ["young"]


async def test_a_clock_that_is_days_ahead_is_told(database: Database) -> None:
    clock = SystemClock()
    await add(database, "young", 1)
    with pytest.raises(StorageError, match="the server's clock and the database's"):
        await Keeping(database, clock).drop_audit(clock.now() + timedelta(days=1))
    assert await targets(database) == ["young"]


async def test_a_role_that_owns_nothing_serves_and_cannot_drop_the_guard(
    postgres: Postgres,
) -> None:
    address = await asyncio.to_thread(postgres.database, "audit_role")
    await migrate(address)
    for statement in (
        "CREATE ROLE kiosk_server LOGIN",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO kiosk_server",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO kiosk_server",
    ):
        await asyncio.to_thread(postgres.sql, "audit_role", statement)
    served = address.replace("kiosk@", "kiosk_server@")
    clock = SystemClock()
    async with open_storage(StorageSettings(url=served, migrate=False), clock) as storage:
        await storage.audit.add("anna", "visit.read", "visit_1")
        await storage.keeping.ran(clock.now(), "nightly", {})
    database = await open_database(parse_url(served))
    try:
        for statement in (
            "DROP TRIGGER audit_stays ON audit",
            "ALTER TABLE audit DISABLE TRIGGER ALL",
            "CREATE OR REPLACE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql "
            "AS $$ BEGIN RETURN NEW; END $$",
            "TRUNCATE audit",
            "DELETE FROM audit",
        ):
            with pytest.raises(StorageError):
                async with database.write() as connection:
                    await connection.execute(text(statement))
        assert await targets(database) == ["visit_1"]
    finally:
        await database.aclose()
