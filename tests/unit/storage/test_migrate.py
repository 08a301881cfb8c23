"""Migrations: from nothing, twice, at once, and refused where they must be."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest

from kiosk.errors import StartupError
from kiosk.storage.migrate import SchemaStatus, looked_at, migrate, status
from kiosk.storage.schema import HEAD
from tests.unit.storage.keeping import url


async def test_an_empty_database_becomes_head_and_stays_it(tmp_path: Path) -> None:
    assert await status(url(tmp_path)) == SchemaStatus(None)
    assert (await migrate(url(tmp_path))).current == HEAD
    again = await migrate(url(tmp_path))
    assert again.up_to_date
    assert not again.newer


async def test_servers_that_start_together_do_not_collide(tmp_path: Path) -> None:
    results = await asyncio.gather(*(migrate(url(tmp_path)) for _ in range(4)))
    assert all(result.up_to_date for result in results)


async def test_processes_that_start_together_do_not_collide(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys; from kiosk.storage.migrate import migrate; "
        "assert asyncio.run(migrate(sys.argv[1])).up_to_date"
    )
    running = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", code, url(tmp_path))
        for _ in range(2)
    ]
    async with asyncio.timeout(60):
        assert [await process.wait() for process in running] == [0, 0]


async def test_a_newer_database_is_not_touched(tmp_path: Path) -> None:
    await migrate(url(tmp_path))
    connection = sqlite3.connect(tmp_path / "kiosk.sqlite3")
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StartupError, match=r"9999.*newer"):
        await migrate(url(tmp_path))
    assert (await status(url(tmp_path))).newer


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "kiosk.sqlite3").write_bytes(b"a letter to grandmother" * 100)
    with pytest.raises(StartupError, match="no SQLite database"):
        await migrate(url(tmp_path))


async def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kiosk.sqlite3").mkdir()
    with pytest.raises(StartupError, match=r"cannot be opened.*storage\.url"):
        await migrate(url(tmp_path))


async def test_a_percent_sign_in_the_path_is_no_trouble(tmp_path: Path) -> None:
    assert (await migrate(url(tmp_path / "50%s"))).up_to_date


async def test_looking_writes_nothing_and_sees_what_is_there(tmp_path: Path) -> None:
    assert await looked_at(url(tmp_path / "none")) is None
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "kiosk.sqlite3").touch()
    assert await looked_at(url(tmp_path)) == SchemaStatus(None)
    assert [path.name for path in tmp_path.iterdir()] == ["kiosk.sqlite3"]
    await migrate(url(tmp_path))
    before = sorted(tmp_path.iterdir())
    assert await looked_at(url(tmp_path)) == SchemaStatus(HEAD)
    assert sorted(tmp_path.iterdir()) == before


async def test_looking_sees_what_another_process_has_not_yet_put_into_the_file(
    tmp_path: Path,
) -> None:
    await migrate(url(tmp_path))
    connection = sqlite3.connect(tmp_path / "kiosk.sqlite3")
    try:
        with connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        found = await looked_at(url(tmp_path))
        assert found is not None
        assert found.newer
    finally:
        connection.close()


async def test_looking_refuses_what_a_start_would(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "kiosk.sqlite3").write_bytes(b"a letter to grandmother" * 100)
    with pytest.raises(StartupError, match="no SQLite database"):
        await looked_at(url(tmp_path / "a"))
    (tmp_path / "kiosk.sqlite3").mkdir()
    with pytest.raises(StartupError, match="cannot be made"):
        await looked_at(url(tmp_path))
