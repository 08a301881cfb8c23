"""Counts of SQLite's own kind; what any database does is in tests/contract/test_insight.py."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from kiosk.storage.insight import NO_END, figures_of


def test_a_visit_adds_to_the_sites_own_day_and_hour() -> None:
    began = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    figures = figures_of(
        "lobby", "de", began, began, "goodbye", {"avatar": {"starts": 2}}, ZoneInfo("Europe/Berlin")
    )
    assert figures["hour"] == {"00": 1}
    assert figures["avatar_hour"] == {"00": 2}
    assert figures["step"] == {"touch": 1}
    lost = figures_of("lobby", "de", began, None, None, {}, ZoneInfo("UTC"))
    assert lost["ended"] == {NO_END: 1}
    assert "seconds" not in lost
