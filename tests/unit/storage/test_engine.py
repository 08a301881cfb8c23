"""The engine: addresses refused with their fix, transactions whole, errors without values."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from kiosk.errors import StartupError, StorageError
from kiosk.storage.engine import Database, open_database, parse_url, prepare_place
from tests.unit.storage.keeping import url


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await open_database(parse_url(url(tmp_path)), busy_s=0.1)
    async with opened.write() as connection:
        await connection.execute(text("CREATE TABLE words (word TEXT UNIQUE)"))
    yield opened
    await opened.aclose()


async def write_twice(database: Database, word: str) -> None:
    """Break the rule that words are unique, in the second of two statements."""
    async with database.write() as connection:
        for _ in range(2):
            await connection.execute(text("INSERT INTO words VALUES (:w)"), {"w": word})


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense", "no database address"),
        ("mystery+driver://host/db", "no database address"),
        ("sqlite:///kiosk.db", "aiosqlite"),
        ("sqlite+aiosqlite://", "in memory"),
        ("sqlite+aiosqlite:///:memory:", "in memory"),
    ],
)
def test_addresses_that_cannot_work_are_refused_with_the_fix(address: str, said: str) -> None:
    with pytest.raises(StartupError, match=said):
        parse_url(address)


async def test_the_folder_is_made_and_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    deep = parse_url(url(tmp_path / "a" / "b"))
    await prepare_place(deep)
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StartupError, match=r"storage\.url"):
        await prepare_place(parse_url(url(tmp_path / "file" / "deeper")))


async def test_sqlite_is_set_up_to_survive(database: Database) -> None:
    async with database.read() as connection:
        journal = (await connection.execute(text("PRAGMA journal_mode"))).scalar_one()
        keys = (await connection.execute(text("PRAGMA foreign_keys"))).scalar_one()
    assert (journal, keys) == ("wal", 1)


async def test_a_failed_write_leaves_nothing(database: Database) -> None:
    with pytest.raises(StorageError):
        await write_twice(database, "one")
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM words"))).scalar_one() == 0


async def test_an_error_says_nothing_of_the_values(database: Database) -> None:
    secret = "my phone number is 555"
    with pytest.raises(StorageError) as caught:
        await write_twice(database, secret)
    told = f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
    assert "555" not in told


async def test_a_database_another_program_holds_is_said_to_be_locked(
    database: Database, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "kiosk.sqlite3", isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageError, match="locked") as caught:
            async with database.write() as connection:
                await connection.execute(text("INSERT INTO words VALUES ('x')"))
        assert caught.value.retryable
    finally:
        other.close()
    async with database.write() as connection:
        await connection.execute(text("INSERT INTO words VALUES ('x')"))


async def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("INSERT INTO words VALUES ('unseen')"))
        async with asyncio.timeout(1), database.read() as reader:
            count = (await reader.execute(text("SELECT count(*) FROM words"))).scalar_one()
    assert count == 0


async def test_a_cancelled_write_gives_its_place_back(database: Database) -> None:
    inside = asyncio.Event()

    async def hang() -> None:
        async with database.write() as connection:
            await connection.execute(text("INSERT INTO words VALUES ('half')"))
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.get_running_loop().create_task(hang())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(20), database.write() as connection:
        await connection.execute(text("INSERT INTO words VALUES ('whole')"))
    async with database.read() as connection:
        rows = (await connection.execute(text("SELECT word FROM words"))).scalars().all()
    assert list(rows) == ["whole"]


async def test_a_table_that_is_missing_asks_for_the_upgrade(database: Database) -> None:
    with pytest.raises(StorageError, match="kiosk db upgrade"):
        async with database.read() as connection:
            await connection.execute(text("SELECT * FROM visits"))
