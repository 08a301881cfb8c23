"""Bringing a database up to date, and saying how far it is."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import structlog
from sqlalchemy import String, column, inspect, select, table
from sqlalchemy.engine import URL

from kiosk.errors import StartupError, StorageError
from kiosk.storage.engine import (
    BUSY_S,
    Database,
    open_database,
    parse_url,
    prepare_place,
    translate,
)
from kiosk.storage.schema import HEAD, VERSION_TABLE

log = structlog.get_logger(__name__)

# Alembic keeps the environment it works in as a global of the process.
_ONE_AT_A_TIME: Final = threading.Lock()

MIGRATIONS: Final = Path(__file__).resolve().parent / "migrations"
VERSION: Final = select(column("version_num", String)).select_from(table(VERSION_TABLE))


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """The revision a database has (None: empty) and the one this code needs."""

    current: str | None
    head: str = HEAD

    @property
    def up_to_date(self) -> bool:
        """Whether the code can use the database as it is."""
        return self.current == self.head

    @property
    def newer(self) -> bool:
        """Whether a later version of the code has been at work. Revisions are numbers."""
        return self.current is not None and self.current > self.head


async def status(url: str, *, busy_s: float = BUSY_S) -> SchemaStatus:
    """Say how far a database is; raises StartupError when it cannot be read."""
    address = parse_url(url)
    await prepare_place(address)
    database = await open_database(address, busy_s=busy_s)
    try:
        return await status_of(database)
    except StorageError as error:
        raise StartupError(str(error)) from None
    finally:
        await database.aclose()


async def looked_at(url: str) -> SchemaStatus | None:
    """Say how far a database is without writing anything; None when it is not there yet.

    Raises StartupError when it cannot be read, or could not be made.
    """
    address = parse_url(url)
    if address.get_backend_name() != "sqlite":
        return await status(url)
    return await asyncio.to_thread(_looked_at, Path(address.database or ""))


def _looked_at(path: Path) -> SchemaStatus | None:
    if not path.is_file():
        place = next(folder for folder in path.absolute().parents if folder.exists())
        if path.exists() or not place.is_dir() or not os.access(place, os.W_OK):
            raise StartupError(f"The database {path} cannot be made: {place} may not be written.")
        return None
    if not os.access(path, os.W_OK) or not os.access(path.absolute().parent, os.W_OK):
        raise StartupError(
            f"The database {path} may not be written; let this user own it and its folder."
        )
    # Opened as usual, SQLite would write its log beside the file. Where a server has it open, the
    # log is there, and what it holds is part of the truth.
    quiet = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    address = f"file:{quote(str(path.absolute()))}?mode=ro{quiet}"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=BUSY_S)) as connection:
            known = "SELECT name FROM sqlite_master WHERE name = ?"
            if connection.execute(known, (VERSION_TABLE,)).fetchone() is None:
                return SchemaStatus(None)
            row = connection.execute(str(VERSION)).fetchone()
    except sqlite3.Error as error:
        raise StartupError(str(translate(error))) from None
    return SchemaStatus(row[0] if row else None)


async def status_of(database: Database) -> SchemaStatus:
    """Say how far an open database is; raises StorageError."""
    async with database.read() as connection:
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        if VERSION_TABLE not in tables:
            return SchemaStatus(None)
        result = await connection.execute(VERSION)
        return SchemaStatus(result.scalar_one_or_none())


async def migrate(url: str, *, busy_s: float = BUSY_S) -> SchemaStatus:
    """Bring a database to HEAD; several servers may try at once. Raises StartupError."""
    before = await status(url, busy_s=busy_s)
    if before.newer:
        raise StartupError(newer_sentence(before))
    if before.up_to_date:
        return before
    try:
        # Alembic reads its scripts from disk and runs its own loop, so it works in a thread.
        await asyncio.to_thread(_upgrade, parse_url(url), busy_s)
    except StorageError as error:
        raise StartupError(str(error)) from None
    after = await status(url, busy_s=busy_s)
    log.info("database migrated", before=before.current, after=after.current)
    return after


def older_sentence(found: SchemaStatus) -> str:
    """Say what to do with a database that is behind this code and is not brought up by itself."""
    return (
        f"The database is at revision {found.current or 'none'} and this version needs "
        f"{found.head}; run `kiosk db upgrade`, or set storage.migrate = true."
    )


def newer_sentence(found: SchemaStatus) -> str:
    """Say what to do with a database that is ahead of this code."""
    return (
        f"The database is at revision {found.current}, newer than this version of avatar-kiosk "
        f"knows ({found.head}); install the newer version again or restore a backup."
    )


def _upgrade(url: URL, busy_s: float) -> None:
    # Imported here because a database that is up to date never needs it, and it costs start time.
    from alembic import command
    from alembic.config import Config

    config = Config()
    # A percent sign would be read as interpolation by the configuration's parser.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    config.attributes["busy_s"] = busy_s
    with _ONE_AT_A_TIME:
        command.upgrade(config, "head")
