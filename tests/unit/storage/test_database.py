"""Opening storage: what start-up says when the database does not fit."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from kiosk.errors import StartupError
from kiosk.settings.sections import StorageSettings
from kiosk.storage.database import open_storage
from tests.unit.storage.keeping import ManualClock, kept, url


async def test_without_leave_to_migrate_an_old_database_stops_the_start(tmp_path: Path) -> None:
    settings = StorageSettings(url=url(tmp_path), migrate=False)
    with pytest.raises(StartupError, match="kiosk db upgrade"):
        async with open_storage(settings, ManualClock()):
            pass


async def test_a_newer_database_stops_the_start(tmp_path: Path) -> None:
    async with kept(tmp_path):
        pass
    connection = sqlite3.connect(tmp_path / "kiosk.sqlite3")
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StartupError, match="newer"):
        async with kept(tmp_path):
            pass


async def test_a_locked_database_stops_the_start_with_one_sentence(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "kiosk.sqlite3", isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StartupError, match="locked by another program"):
            async with kept(tmp_path):
                pass
    finally:
        other.close()
