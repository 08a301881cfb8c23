"""What is kept of a screen: its newest report, its last picture, its last error."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kiosk.signaling.device import Report
from kiosk.web.live_items import MAX_ERRORS, LiveKiosk
from tests.unit.signaling.test_device import FACTS
from tests.unit.storage.keeping import NOON


def told(screen: LiveKiosk, minute: float, **facts: Any) -> None:
    report = Report.model_validate(FACTS | facts)
    screen.reported(report, NOON + timedelta(minutes=minute))


def test_a_report_that_wants_no_picture_leaves_the_last_one_known() -> None:
    screen = LiveKiosk("main", "Main")
    told(screen, 0, frame_age_s=None)
    assert screen.pictured_at is None
    told(screen, 1, frame_age_s=6)
    told(screen, 2, frame_age_s=None)
    assert screen.pictured_at == NOON + timedelta(seconds=54)
    assert screen.reported_at == NOON + timedelta(minutes=2)


def test_the_last_error_is_the_newest_and_their_number_is_bounded() -> None:
    screen = LiveKiosk("main", "Main")
    assert screen.latest_errors == []
    for number in range(MAX_ERRORS + 2):
        told(screen, number, errors=[{"kind": f"page: {number}", "age_s": 0}])
    told(screen, 20, errors=[{"kind": "page: old", "age_s": 3600}])
    assert screen.latest_errors[0] == (NOON + timedelta(minutes=MAX_ERRORS + 1), "page: 11")
    assert screen.latest_errors[-1][1] == "page: old"
    assert len(screen.latest_errors) == MAX_ERRORS
