"""Counts by day: each visit once, whatever becomes of it, on every kind of database."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from kiosk.model import EndReason, VisitSummary
from kiosk.storage.database import Storage
from kiosk.storage.insight import LOST_AFTER
from tests.contract.conftest import Open
from tests.unit.storage.keeping import NOON, ManualClock

UTC = ZoneInfo("UTC")
DAY = date(2026, 3, 1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def storage(open_either: Open, clock: ManualClock) -> Storage:
    return await open_either(clock)


def over(name: str, **figures: dict[str, float]) -> VisitSummary:
    ended = NOON + timedelta(seconds=90)
    return VisitSummary(name, "main", "de", NOON, ended, EndReason.GOODBYE, 2, figures=figures)


async def counted(storage: Storage, measure: str) -> dict[str, int]:
    rows = await storage.insight.between(DAY, DAY)
    return {row.label: row.value for row in rows if row.measure == measure}


async def test_a_visit_is_counted_once_by_whoever_comes_first(storage: Storage) -> None:
    for number in range(5):
        await storage.visits.ended(over(f"v{number}", tokens={"input": 10}))
    done = await asyncio.gather(*(storage.insight.roll(UTC) for _ in range(3)))
    assert sum(done) == 5
    assert await storage.insight.roll(UTC) == 0
    assert await counted(storage, "visits") == {"all": 5}
    assert await counted(storage, "tokens") == {"input": 50}
    assert await counted(storage, "seconds") == {"all": 450}
    await storage.visits.ended(over("v0", tokens={"input": 10}))
    assert await storage.insight.roll(UTC) == 0, "its end was only told again"


async def test_counts_outlive_the_visits_they_were_made_of(storage: Storage) -> None:
    await storage.visits.ended(over("v1"))
    await storage.insight.roll(UTC)
    await storage.keeping.erase({"v1"}, whole=True)
    assert await counted(storage, "ended") == {"goodbye": 1}


async def test_one_that_never_ended_counts_as_lost_later(
    storage: Storage, clock: ManualClock
) -> None:
    await storage.visits.started("v1", "main", "en", NOON)
    assert await storage.insight.roll(UTC) == 0
    clock.advance(LOST_AFTER.total_seconds() + 1)
    assert await storage.insight.roll(UTC) == 1
    assert await counted(storage, "ended") == {"no_end": 1}


async def test_what_has_no_visit_is_added_and_sites_are_apart(storage: Storage) -> None:
    await storage.insight.add(NOON, "north", {"satisfaction": {"5": 1}}, UTC)
    await storage.insight.add(NOON, "north", {"satisfaction": {"5": 1, "2": 1}}, UTC)
    await storage.insight.add_visit(over("v1"), "south", UTC)
    assert await counted(storage, "satisfaction") == {"5": 2, "2": 1}
    assert {row.site for row in await storage.insight.between(DAY, DAY, {"south"})} == {"south"}
    assert await storage.insight.between(DAY, DAY, frozenset()) == []
    assert await storage.insight.between(DAY + timedelta(days=1), DAY + timedelta(days=9)) == []
