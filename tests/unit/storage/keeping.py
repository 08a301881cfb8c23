"""A database in a temporary folder and a clock that stands still until a test moves it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from typing_extensions import override

from kiosk.clock import Clock, SystemClock
from kiosk.model import Speaker, TranscriptEntry
from kiosk.settings.sections import StorageSettings
from kiosk.storage.database import Storage, open_storage
from kiosk.testing.databases import fresh_database, url_of

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class ManualClock(SystemClock):
    """Says what the test wants; waits are the machine's own."""

    def __init__(self) -> None:
        self.passed = 0.0

    def advance(self, seconds: float) -> None:
        """Let time go by at once."""
        self.passed += seconds

    @override
    def monotonic(self) -> float:
        return 1000.0 + self.passed

    @override
    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.passed)


def url(folder: Path) -> str:
    """Return the address of a database in `folder`."""
    return url_of(folder / "kiosk.sqlite3")


@asynccontextmanager
async def kept(folder: Path, clock: Clock | None = None) -> AsyncIterator[Storage]:
    """Open a database in `folder`, made at need."""
    settings = StorageSettings(url=url(folder))
    await fresh_database(folder / "kiosk.sqlite3")
    async with open_storage(settings, clock or ManualClock(), busy_s=0.2) as storage:
        yield storage


def said(
    seq: int, text: str = "hello", *, visit: str = "visit_1", speaker: Speaker = "visitor"
) -> TranscriptEntry:
    """Return one turn of a visit."""
    return TranscriptEntry(
        visit, "main", seq, speaker, text, "en", NOON + timedelta(seconds=seq), interrupted=False
    )
