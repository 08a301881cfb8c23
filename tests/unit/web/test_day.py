"""Visits of a day: from storage and events, at the clock of the site, on short and long days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kiosk.web.day import Day, bars, hours_of
from tests.unit.storage.keeping import NOON, ManualClock, kept

LISBON = "Europe/Lisbon"


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-07-01", 24), ("2026-10-25", 25)]
)
def test_a_day_has_as_many_hours_as_the_clock_gives_it(day: str, hours: int) -> None:
    zone = ZoneInfo(LISBON)
    edges = hours_of(datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC), zone)
    assert len(edges) - 1 == hours
    assert edges[0].astimezone(zone).strftime("%F %T") == f"{day} 00:00:00"
    assert edges[-1].astimezone(zone).strftime("%T") == "00:00:00"


async def test_what_storage_has_and_what_happens_since_are_counted(tmp_path: Path) -> None:
    clock = ManualClock()
    async with kept(tmp_path, clock) as storage:
        for number, hours in enumerate((-30, -2, -2, 0)):
            at = NOON + timedelta(hours=hours)
            await storage.visits.started(f"visit_{number}", "main", "de", at)
        day = Day(clock, UTC)
        await day.refresh(storage.visits)
        assert sum(day.of("main")) == 3
        assert day.of("main")[10] == 2
        day.count("main", NOON + timedelta(minutes=5))
        day.count("west", NOON)
        day.count("west", NOON - timedelta(days=2))
        assert (sum(day.of("main")), sum(day.of("west")), sum(day.of("shop"))) == (4, 1, 0)
        await day.refresh(storage.visits)
        assert sum(day.of("main")) == 4, "a page opened a moment later reads nothing again"
        clock.advance(601)
        await day.refresh(storage.visits)
        assert sum(day.of("main")) == 3, "what storage says mends what events said"


def test_the_next_day_begins_at_nothing() -> None:
    clock = ManualClock()
    day = Day(clock, ZoneInfo(LISBON))
    day.count("main", NOON)
    before = day.name
    clock.advance(24 * 3600)
    assert day.of("main") == ()
    assert day.name > before


def test_a_day_is_drawn_as_bars() -> None:
    assert bars(()) == bars((0, 0)) == ""
    assert bars((0, 1, 4)) == "M4 16v-4h3V16zM8 16v-16h3V16z"
    clock = ManualClock()
    assert Day(clock, ZoneInfo("Asia/Tokyo")).hour(9) == "09:00"
