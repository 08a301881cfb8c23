"""Who sees and handles which alert; the rest is shown over HTTP by the pages and the interface."""

from __future__ import annotations

from kiosk.web.alert_desk import firing
from tests.unit.storage.keeping import NOON
from tests.unit.web.alerted import ill


def test_what_wants_a_person() -> None:
    rows = [
        ill(),
        ill("east", acked_at=NOON),
        ill("north", stale=True),
        ill("south", fired_at=None),
        ill("over", resolved_at=NOON),
    ]
    assert [row.kiosk_id for row in firing(rows)] == ["west"]
