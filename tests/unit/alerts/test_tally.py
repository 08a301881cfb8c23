"""What visits did lately, counted by site from the events of the bus."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.alerts.facts import StartFacts
from kiosk.alerts.tally import Tally
from kiosk.bus.memory import MemoryBus
from kiosk.settings.alerts import AlertSettings
from tests.unit.storage.keeping import ManualClock

SITES = {"west": "main", "far": "harbour"}


def made() -> tuple[Tally, ManualClock]:
    clock = ManualClock()
    return Tally(MemoryBus(clock), clock, lambda kiosk: SITES.get(kiosk, "")), clock


def event(kind: str, kiosk: str = "west", **fields: Any) -> dict[str, Any]:
    return {"type": kind, "kiosk_id": kiosk, **fields}


def test_visits_that_fail_before_the_first_word_are_counted_by_site() -> None:
    tally, clock = made()
    for kiosk in ("west", "west", "far"):
        tally.take(event("visit_started", kiosk))
    tally.take(event("visit_ended", reason="media_failed", turns=0))
    tally.take(event("visit_ended", reason="media_failed", turns=4))
    tally.take(event("visit_ended", reason="declined", turns=0))
    assert tally.starts() == (
        StartFacts("main", 2, 1, ("no media path worked",)),
        StartFacts("harbour", 1, 0),
    )
    clock.advance(16 * 60)
    assert tally.starts() == ()


def test_quotas_count_the_last_minute() -> None:
    tally, clock = made()
    tally.take(event("visit_started"))
    tally.take(event("upstream_restored"))
    tally.take(event("media_changed", rung="direct"))
    tally.take(event("media_changed", rung="voice"))
    limits = AlertSettings(avatar_starts_per_minute=2, connections_per_minute=0)
    assert [(q.name, q.used, q.most) for q in tally.quotas(limits)] == [
        ("avatar starts", 1, 2),
        ("new connections", 2, 0),
    ]
    clock.advance(61)
    assert [q.used for q in tally.quotas(limits)] == [0, 0]


@settings(max_examples=50)
@given(payload=st.dictionaries(st.text(), st.none() | st.text() | st.integers()))
def test_whatever_else_the_bus_carries_is_passed_over(payload: dict[str, Any]) -> None:
    tally, _ = made()
    tally.take(payload)
    tally.take({"type": "visit_ended", "kiosk_id": 7, **payload})
