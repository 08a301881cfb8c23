"""One database engine: connections, transactions, and errors as sentences.

All that differs between database kinds is in this module.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import Connection, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.sql import Executable

from kiosk.errors import StartupError, StorageError

log = structlog.get_logger(__name__)

BUSY_S: Final = 5.0
"""How long a statement waits for another process that is writing to the same SQLite file."""
WRITE_WAIT_S: Final = 15.0
"""How long a write waits for earlier writes of this process, then fails as retryable."""
POOL_SIZE: Final = 5
POOL_WAIT_S: Final = 10.0

_SCRUB: Final = "PRAGMA wal_checkpoint(TRUNCATE)"

_AUDIT_STAYS: Final = "audit rows stay as they are"

_FIX: Final = "Set storage.url to a place this user may write, such as /var/lib/avatar-kiosk"


class Database:
    """Connections to one database. `read` and `write` are the only ways in; close it once."""

    def __init__(self, url: URL, *, busy_s: float = BUSY_S) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"timeout": busy_s} if self.is_sqlite else {}
        self._engine = create_async_engine(
            url,
            connect_args=options,
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=POOL_WAIT_S,
            # Statements' values are what people said; they must not reach an exception's text.
            hide_parameters=True,
        )
        # SQLite has one writer: a queue here is fair and quick, its own waiting is neither.
        self._writer = asyncio.Lock() if self.is_sqlite else None
        if self.is_sqlite:
            event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self._engine.sync_engine, "begin", _begin_sqlite)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Hold a connection for reading; raises StorageError."""
        try:
            async with self._engine.connect() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise translate(error) from None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Hold the one writing transaction; committed at the end, or all undone. StorageError."""
        try:
            if self._writer is None:
                async with self._engine.begin() as connection:
                    yield connection
                return
            async with asyncio.timeout(WRITE_WAIT_S):
                await self._writer.acquire()
            try:
                writing = self._engine.execution_options(kiosk_write=True)
                async with writing.begin() as connection:
                    yield connection
            finally:
                self._writer.release()
        except (SQLAlchemyError, OSError) as error:
            raise translate(error) from None

    async def scrub(self) -> bool:
        """Have nothing that was deleted left in the database's files; False while one is read.

        SQLite's log still has pages as they were; it is emptied into the file, which has not.
        PostgreSQL does so by itself (autovacuum).
        """
        if self._writer is None:
            return True
        try:
            async with asyncio.timeout(WRITE_WAIT_S), self._writer, self._engine.connect() as held:
                raw = (await held.get_raw_connection()).driver_connection
                assert raw is not None
                async with raw.execute(_SCRUB) as cursor:
                    row = await cursor.fetchone()
                return row is not None and row[0] == 0
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise translate(error) from None

    async def aclose(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


async def open_database(url: URL, *, busy_s: float = BUSY_S) -> Database:
    """Make a Database off the event loop: the driver resolves the file's path as it is made."""
    return await asyncio.to_thread(Database, url, busy_s=busy_s)


def parse_url(text: str) -> URL:
    """Return the database's address; raises StartupError when it is none we can use."""
    try:
        url = make_url(text)
        driver = url.get_dialect().driver
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError):
        raise StartupError(
            "storage.url is no database address this installation knows; write it as "
            "sqlite+aiosqlite:///path/to/kiosk.sqlite3."
        ) from None
    if url.get_backend_name() == "sqlite":
        if driver != "aiosqlite":
            raise StartupError("storage.url needs the aiosqlite driver: sqlite+aiosqlite:///…")
        if url.database in {None, "", ":memory:"} or "mode=memory" in str(url.query):
            raise StartupError(
                "storage.url names a database in memory, which each connection would see empty; "
                "name a file: sqlite+aiosqlite:///var/kiosk.sqlite3."
            )
    return url


async def prepare_place(url: URL) -> None:
    """Make the folder of an SQLite file; raises StartupError when that is not allowed."""
    if url.get_backend_name() != "sqlite":
        return
    path = Path(url.database or "")
    try:
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    except OSError as error:
        raise StartupError(
            f"The folder {path.parent} for the database cannot be made: {error.strerror}. {_FIX}."
        ) from None


def insert_or_skip(url: URL, table: Table, keys: Sequence[str]) -> Executable:
    """Build an INSERT that leaves a row with the same `keys` as it is."""
    if url.get_backend_name() == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing(index_elements=list(keys))
    return postgresql.insert(table).on_conflict_do_nothing(index_elements=list(keys))


def insert_or_update(
    url: URL, table: Table, keys: Sequence[str], columns: Sequence[str]
) -> Executable:
    """Build an INSERT that gives a row with the same `keys` the new values of `columns`."""
    if url.get_backend_name() == "sqlite":
        lite = sqlite.insert(table)
        new: Mapping[str, Any] = {name: lite.excluded[name] for name in columns}
        return lite.on_conflict_do_update(index_elements=list(keys), set_=new)
    full = postgresql.insert(table)
    new = {name: full.excluded[name] for name in columns}
    return full.on_conflict_do_update(index_elements=list(keys), set_=new)


def insert_or_add(url: URL, table: Table, keys: Sequence[str], column: str) -> Executable:
    """Build an INSERT that adds the new value of `column` to that of a row with the same `keys`."""
    if url.get_backend_name() == "sqlite":
        lite = sqlite.insert(table)
        more = {column: table.c[column] + lite.excluded[column]}
        return lite.on_conflict_do_update(index_elements=list(keys), set_=more)
    full = postgresql.insert(table)
    more = {column: table.c[column] + full.excluded[column]}
    return full.on_conflict_do_update(index_elements=list(keys), set_=more)


def translate(error: BaseException) -> StorageError:
    """Say in one sentence what the database did not like, without any value it was given."""
    cause: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
    while cause is not None and not isinstance(cause, sqlite3.Error | OSError):
        cause = cause.__cause__
    text = str(cause).lower() if isinstance(cause, sqlite3.Error) else ""
    # Both kinds of database say this in our own words, from a trigger.
    if isinstance(error, DBAPIError) and _AUDIT_STAYS in str(error.orig):
        return StorageError(
            f"The database refused it: {_AUDIT_STAYS} and are deleted after 29 days at the "
            "earliest; see that the server's clock and the database's are right."
        )
    if isinstance(cause, TimeoutError) or "database is locked" in text:
        return StorageError(
            "The database is locked by another program; stop that program or try again.",
            retryable=True,
        )
    if "unable to open" in text:
        return StorageError(f"The database file cannot be opened or made. {_FIX}.")
    if "readonly" in text:
        return StorageError(f"The database file may not be written. {_FIX}.")
    if "not a database" in text:
        return StorageError("storage.url names a file that is no SQLite database; name another.")
    if "disk is full" in text or "disk i/o" in text:
        return StorageError("The database's disk is full or failing; free some space.")
    if "no such table" in text or "no such column" in text:
        return StorageError("The database is not up to date; run `kiosk db upgrade`.")
    if isinstance(cause, OSError):
        return StorageError("The database does not answer; see that it runs and storage.url fits.")
    log.error("database error", error=type(error).__name__)
    return StorageError(f"The database refused a statement ({type(error).__name__}).")


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must leave BEGIN to us: its own comes late and lets two writers collide.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA journal_mode = WAL")
        # With WAL this survives a killed process; only a power cut can lose the last moments.
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        # What is deleted is overwritten: words that were erased must not be left in free pages.
        cursor.execute("PRAGMA secure_delete = ON")
    finally:
        cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("kiosk_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
