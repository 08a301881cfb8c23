"""What is particular to searching SQLite; what any database does is in tests/contract."""

from __future__ import annotations

from pathlib import Path

from kiosk.storage.search import OUTCOMES, Wanted
from kiosk.storage.words import Query
from tests.unit.storage.keeping import NOON, kept, said


async def test_visits_are_counted_up_to_a_limit(tmp_path: Path) -> None:
    async with kept(tmp_path) as storage:
        for number in range(5):
            await storage.visits.started(f"v{number}", "main", "en", NOON)
            await storage.turns.add([said(1, "hello" if number else "bye", visit=f"v{number}")])
        assert await storage.search.count(Wanted(), most=10) == 5
        assert await storage.search.count(Wanted(), most=2) == 3, "more than asked for"
        assert await storage.search.count(Wanted(), Query.of("hello"), most=10) == 4


def test_every_end_of_a_visit_may_be_asked_for() -> None:
    assert {"goodbye", "idle", "error", "no_end", "nothing_said"} <= set(OUTCOMES)
