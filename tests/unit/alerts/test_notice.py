"""A message in one line and in many, for one alert, for many, and for a night."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from kiosk.alerts.notice import Notice, worst
from tests.unit.alerts.alerting import notice
from tests.unit.storage.keeping import NOON

ZONE = ZoneInfo("Europe/Lisbon")


def test_what_where_since_and_what_to_do() -> None:
    assert notice().lines(ZoneInfo("Europe/Berlin")) == [
        "Museum: Lobby West is not connected",
        "",
        "- Lobby West is not connected",
        "  Since 2026-03-01 13:00 (critical).",
        "  What to do: Look whether it has power.",
        "",
        "All alerts: https://kiosk.example/operator/alerts",
    ]


def test_headlines() -> None:
    item = notice().items[0]
    assert notice(kind="reminder").headline == "Museum: Still: Lobby West is not connected"
    assert notice(kind="resolved").headline == "Museum: Over: Lobby West is not connected"
    many = notice(items=(item,) * 30, more=5)
    assert many.headline == "Museum: A screen is not connected in its opening hours (35)"
    assert "- and 15 more alerts" in many.lines(ZONE)
    night = notice(kind="summary", items=(item, item), passed=3)
    assert night.headline == "Museum: 2 alerts from quiet hours, 3 more came and went"
    assert notice(kind="test", site_name="", items=()).headline == (
        "A test of the alerts; nothing is wrong"
    )


def test_what_is_over_needs_nobody() -> None:
    item = notice().items[0].model_copy(update={"over_at": NOON + timedelta(minutes=5)})
    text = "\n".join(notice(kind="resolved", items=(item,)).lines(ZONE))
    assert "Over since 12:05." in text
    assert "What to do" not in text


def test_it_comes_back_from_json_the_same() -> None:
    assert Notice.model_validate_json(notice().model_dump_json()) == notice()


def test_the_worst_counts() -> None:
    assert worst([]) == "info"
    assert worst(["info", "critical", "warning"]) == "critical"
