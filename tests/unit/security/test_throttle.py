"""Failures add up to a pause, which ends, and memory stays bounded."""

from __future__ import annotations

from kiosk.security.throttle import MAX_KEYS, Throttle
from tests.unit.storage.keeping import ManualClock


def test_a_pause_comes_after_so_many_failures_and_ends() -> None:
    clock = ManualClock()
    throttle = Throttle(clock, attempts=3, pause_s=60)
    throttle.charge("anna")
    throttle.charge("anna")
    assert throttle.wait_s("anna") == 0
    throttle.charge("anna")
    assert throttle.wait_s("anna") == 60
    assert throttle.wait_s("bert") == 0
    clock.advance(60)
    assert throttle.wait_s("anna") == 0
    throttle.charge("anna")
    assert throttle.wait_s("anna") == 0, "after a pause the count begins again"


def test_any_of_the_keys_pauses_all() -> None:
    throttle = Throttle(ManualClock(), attempts=1, pause_s=60)
    throttle.charge("address")
    assert throttle.wait_s("name", "address") == 60
    throttle.clear("address")
    assert throttle.wait_s("name", "address") == 0


def test_a_flood_of_names_forgets_the_oldest_only() -> None:
    throttle = Throttle(ManualClock(), attempts=1, pause_s=60)
    for number in range(MAX_KEYS + 1):
        throttle.charge(str(number))
    assert throttle.wait_s("0") == 0
    assert throttle.wait_s("1") == 60
