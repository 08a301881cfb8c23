"""What is used comes back by time alone, and what is said about the wait is true."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiosk.emulator.scenario.quotas import Quotas, RateWindow
from kiosk.emulator.scenario.service import Service
from kiosk.testing.clock import ManualClock


async def test_so_many_in_a_window() -> None:
    clock = ManualClock()
    window = RateWindow(2, 60, clock)
    window.use()
    await clock.advance(20)
    window.use()
    assert window.retry_after() == 40
    await clock.advance(39)
    assert window.retry_after() == 1
    await clock.advance(1)
    assert window.retry_after() == 0
    window.use()
    assert window.retry_after() == 20


async def test_a_large_use_blocks_until_enough_of_it_is_over() -> None:
    clock = ManualClock()
    window = RateWindow(100, 60, clock)
    window.use(60)
    await clock.advance(10)
    window.use(70)
    # The first is not enough: 70 are left then, and 30 of room.
    assert window.retry_after() == 50
    await clock.advance(50)
    assert window.as_json()["remaining"] == 30
    assert window.retry_after() == 0
    assert window.until_empty() == 10
    await clock.advance(10)
    assert window.until_empty() == 0


async def test_many_small_uses_are_merged_and_none_is_lost() -> None:
    window = RateWindow(100_000, 60, ManualClock())
    for _ in range(20_000):
        window.use()
    assert window.as_json()["used"] == 20_000


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 5)), max_size=30))
async def test_after_the_wait_there_is_room(uses: list[tuple[int, int]]) -> None:
    clock = ManualClock()
    window = RateWindow(4, 60, clock)
    for seconds, amount in uses:
        await clock.advance(seconds)
        wait = window.retry_after()
        if wait:
            await clock.advance(wait)
            assert window.retry_after() == 0
        window.use(amount)


def test_avatars_hold_a_place_while_they_live() -> None:
    quotas = Quotas(Service(concurrent_avatars=1), ManualClock())
    alive = {"a": True}
    assert quotas.room_for_avatar("a")
    quotas.hold_avatar("a", lambda: alive["a"])
    assert not quotas.room_for_avatar("b")
    assert quotas.room_for_avatar("a"), "its own avatar may be replaced"
    alive["a"] = False
    assert quotas.room_for_avatar("b")
    quotas.hold_avatar("b", lambda: True)
    quotas.release_avatar("b")
    assert quotas.room_for_avatar("a")


def test_what_is_off_is_null() -> None:
    shown = Quotas(Service(), ManualClock()).as_json()
    assert shown["connections"] is None
    assert shown["avatars"] == {"limit": None, "used": 0}
    assert shown["in_force"] == {}


async def test_clearing_gives_everything_back() -> None:
    quotas = Quotas(Service(connections_per_minute=1, time_scale=60), ManualClock())
    assert quotas.connections is not None
    quotas.connections.use()
    assert quotas.connections.retry_after() == 1
    quotas.clear()
    assert quotas.connections.retry_after() == 0
