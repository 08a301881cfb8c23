"""The tables as the code sees them are the tables the migrations make."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite

from kiosk.storage.engine import open_database, parse_url
from kiosk.storage.migrate import MIGRATIONS, migrate
from kiosk.storage.schema import HEAD, WORDS_TABLE, UtcDateTime, metadata
from tests.unit.storage.keeping import url


def _ours(name: str | None, kind: str, _parents: Any) -> bool:
    # The full-text index and what SQLite makes for it; each kind of database has its own.
    return kind != "table" or not str(name).startswith(WORDS_TABLE)


def _differences(connection: Connection) -> list[Any]:
    options = {"compare_type": False, "include_name": _ours}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, metadata))


async def test_migrations_make_exactly_these_tables(tmp_path: Path) -> None:
    await migrate(url(tmp_path))
    database = await open_database(parse_url(url(tmp_path)))
    try:
        async with database.read() as connection:
            assert await connection.run_sync(_differences) == []
    finally:
        await database.aclose()


async def test_head_is_the_newest_revision_and_history_is_one_line() -> None:
    script = await asyncio.to_thread(ScriptDirectory, str(MIGRATIONS))
    assert script.get_heads() == [HEAD]
    revisions = [item.revision for item in script.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True), "revisions are numbers that only grow"


def test_moments_are_utc_whatever_zone_they_came_in() -> None:
    column, dialect = UtcDateTime(), sqlite.dialect()
    lisbon = datetime(2026, 7, 1, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    stored = column.process_bind_param(lisbon, dialect)
    assert stored == datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    naive = datetime(2026, 7, 1, 12, 0)  # noqa: DTZ001 - what SQLite gives back
    assert column.process_result_value(naive, dialect) == lisbon
    with pytest.raises(ValueError, match="time zone"):
        column.process_bind_param(naive, dialect)
