"""A pace: so many a minute for each key, and the rest told how long to wait."""

from __future__ import annotations

from kiosk.security.pace import MAX_KEYS, Pace
from tests.unit.storage.keeping import ManualClock


def test_each_key_has_its_own_minute() -> None:
    clock = ManualClock()
    pace = Pace(clock, 2)
    assert [pace.take("a"), pace.take("a")] == [0, 0]
    clock.advance(20)
    assert (pace.take("a"), pace.take("b")) == (40, 0)
    clock.advance(40)
    assert pace.take("a") == 0


def test_who_is_refused_does_not_wait_longer_for_asking() -> None:
    clock = ManualClock()
    pace = Pace(clock, 1)
    pace.count("a")
    clock.advance(59)
    assert pace.take("a") == 1
    clock.advance(1)
    assert pace.take("a") == 0


def test_the_longest_unseen_is_forgotten_first() -> None:
    pace = Pace(ManualClock(), 1)
    for key in ("first", "second", *map(str, range(MAX_KEYS - 1))):
        pace.count(key)
    assert pace.wait_s("first") == 0
    assert pace.wait_s("second") > 0
