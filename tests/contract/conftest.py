"""Databases of both kinds for what either has to do."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from kiosk.clock import Clock
from kiosk.settings.sections import StorageSettings
from kiosk.storage.database import Storage, open_storage
from kiosk.storage.migrate import migrate
from tests.postgres import Postgres, running
from tests.unit.storage.keeping import kept

Open = Callable[[Clock], Awaitable[Storage]]

_made: list[str] = []


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Give a server of PostgreSQL; one for all tests of this process."""
    # Not pytest's own folder: its name is too long for a socket's.
    with (
        tempfile.TemporaryDirectory(prefix="kiosk-pg-") as folder,
        running(Path(folder) / "s") as it,
    ):
        yield it


@pytest.fixture(params=["sqlite", "postgres"])
def server(request: pytest.FixtureRequest) -> Postgres | None:
    """Give the server of the kind of database that is tested; SQLite has none."""
    found: Postgres | None = None
    if request.param == "postgres":
        found = request.getfixturevalue("postgres")
    return found


@pytest.fixture
async def open_either(server: Postgres | None, tmp_path: Path) -> AsyncIterator[Open]:
    """Give the function that opens an empty database of either kind."""
    async with AsyncExitStack() as stack:

        async def opened(clock: Clock) -> Storage:
            if server is None:
                return await stack.enter_async_context(kept(tmp_path, clock))
            if not _made:
                await migrate(await asyncio.to_thread(server.database, "fresh"))
            name = f"test_{len(_made)}"
            _made.append(name)
            url = await asyncio.to_thread(server.database, name, "fresh")
            return await stack.enter_async_context(open_storage(StorageSettings(url=url), clock))

        yield opened
