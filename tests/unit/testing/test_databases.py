"""Tests of fresh databases: up to date, empty, and never over one that is there."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from kiosk.storage.migrate import status
from kiosk.testing.databases import fresh_database, url_of


def tables(file: Path) -> dict[str, int]:
    """Return the tables of a database and how many rows each has."""
    with closing(sqlite3.connect(file)) as database:
        found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        count = "SELECT count(*) FROM {}"
        return {name: database.execute(count.format(name)).fetchone()[0] for (name,) in found}


async def test_the_first_and_the_copies_are_up_to_date_and_empty(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}/kiosk.sqlite3" for number in range(3)]
    for file in files:
        await fresh_database(file)
        assert (await status(url_of(file))).up_to_date
    found = [await asyncio.to_thread(tables, file) for file in files]
    assert found[0] == found[1] == found[2]
    assert {name for name, rows in found[0].items() if rows} == {
        "alembic_version",
        # The index of words keeps its own shape in rows.
        "turn_words_config",
        "turn_words_data",
    }


async def test_one_that_is_there_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "mine.sqlite3"
    await asyncio.to_thread(file.write_bytes, b"mine")
    await fresh_database(file)
    assert await asyncio.to_thread(file.read_bytes) == b"mine"
