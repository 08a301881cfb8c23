"""Times at the site's clock."""

from __future__ import annotations

from kiosk.web.when import When
from tests.unit.storage.keeping import NOON


def test_times_are_shown_at_the_sites_clock() -> None:
    when = When("Asia/Tokyo")
    assert when.clock(NOON) == "21:00:00"
    assert when.full(NOON.isoformat()).endswith("21:00:00")
    assert (when.clock(""), when.full("")) == ("", "")
