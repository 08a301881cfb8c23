"""What is particular to forgetting in SQLite; what any database does is in tests/contract."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kiosk.storage.keeping import MOST_REMEMBERED, Scope
from tests.unit.storage.keeping import NOON, ManualClock, kept, said


async def test_the_log_is_empty_after_scrubbing_and_says_when_it_is_read(tmp_path: Path) -> None:
    async with kept(tmp_path) as storage:
        await storage.turns.add([said(1, "quittenmarmelade")])
        log = tmp_path / "kiosk.sqlite3-wal"
        assert b"quitten" in await asyncio.to_thread(log.read_bytes)
        await storage.keeping.erase({"visit_1"}, whole=True)
        assert await storage.keeping.scrub()
        assert await asyncio.to_thread(log.read_bytes) == b""


async def test_more_visits_than_one_transaction_takes_are_all_erased(tmp_path: Path) -> None:
    names = {f"visit_{number}" for number in range(230)}
    async with kept(tmp_path) as storage:
        await storage.turns.add([said(1, visit=name) for name in sorted(names)])
        assert (await storage.keeping.erase(names, whole=True))["turns"] == 230
        assert await storage.keeping.old_words(NOON.replace(year=2100), Scope(), 9) == []


@pytest.mark.parametrize("name", ["visit_%", "visit__"])
async def test_a_name_is_no_pattern(tmp_path: Path, name: str) -> None:
    async with kept(tmp_path) as storage:
        await storage.plugin("desk").set("a", {"visit": "visit_ab"})
        assert (await storage.keeping.erase({name}, whole=True))["plugin_data"] == 0


async def test_what_was_erased_before_is_left_as_it_was(tmp_path: Path) -> None:
    clock = ManualClock()
    async with kept(tmp_path, clock) as storage:
        await storage.keeping.erase({"visit_1"}, whole=True)
        clock.advance(60)
        await storage.keeping.erase({"visit_1"}, whole=True)
        assert await storage.keeping.erased(clock.now()) == frozenset()
        assert await storage.keeping.erased(NOON, limit=MOST_REMEMBERED) == {"visit_1"}
