"""Makes fresh SQLite databases without migrating each: the first one of a process is copied."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kiosk.storage.migrate import migrate

_migrated: list[bytes] = []


def url_of(file: Path) -> str:
    """Return the address of a database in a file, as `storage.url` has it."""
    return f"sqlite+aiosqlite:///{file}"


async def fresh_database(file: Path) -> None:
    """Write a database that is up to date and empty; one that is there is left alone.

    Migrating is most of what the start of a server waits for, and the same every time.
    """
    if await asyncio.to_thread(file.exists):
        return
    if _migrated:
        await asyncio.to_thread(_write, file, _migrated[0])
    else:
        await migrate(url_of(file))
        _migrated.append(await asyncio.to_thread(file.read_bytes))


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
