"""What every bus guarantees; run against each of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from kiosk.bus.base import Bus, NoHandlerError, Payload, Subscription
from kiosk.bus.memory import MemoryBus
from tests.unit.hooks.hooking import ManualClock

WITHIN = 10.0
MakeBus = Callable[[ManualClock], Bus]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=[MemoryBus], ids=["memory"])
async def bus(request: pytest.FixtureRequest, clock: ManualClock) -> AsyncIterator[Bus]:
    make: MakeBus = request.param
    made = make(clock)
    yield made
    await made.aclose()


async def take(subscription: Subscription, count: int) -> list[Payload]:
    """Return the next `count` messages."""
    taken: list[Payload] = []
    async with asyncio.timeout(WITHIN):
        async for payload in subscription:
            taken.append(payload)
            if len(taken) == count:
                break
    return taken


# ── publish and subscribe ────────────────────────────────────────────────────────────────────


async def test_every_subscriber_gets_every_message_in_order(bus: Bus) -> None:
    async with bus.subscribe("events") as one, bus.subscribe("events") as other:
        for number in range(3):
            await bus.publish("events", {"n": number})
        expected = [{"n": 0}, {"n": 1}, {"n": 2}]
        assert await take(one, 3) == expected
        assert await take(other, 3) == expected


async def test_topics_do_not_mix_and_nobody_gets_what_came_before(bus: Bus) -> None:
    await bus.publish("events", {"n": "before"})
    async with bus.subscribe("events") as events, bus.subscribe("other") as other:
        await bus.publish("other", {"n": "other"})
        await bus.publish("events", {"n": "now"})
        assert await take(events, 1) == [{"n": "now"}]
        assert await take(other, 1) == [{"n": "other"}]


async def test_publishing_without_subscribers_is_no_mistake(bus: Bus) -> None:
    await bus.publish("nobody", {"n": 1})


async def test_a_subscription_ends_with_the_bus(bus: Bus) -> None:
    async with bus.subscribe("events") as subscription:
        await bus.publish("events", {"n": 1})
        await bus.aclose()
        async with asyncio.timeout(WITHIN):
            assert [payload async for payload in subscription] == [{"n": 1}]


# ── commands ─────────────────────────────────────────────────────────────────────────────────


async def test_a_command_reaches_its_handler_and_brings_the_answer(bus: Bus) -> None:
    async def double(payload: Payload) -> Payload:
        return {"n": payload["n"] * 2}

    bus.handle("visit_1", double)
    assert await bus.command("visit_1", {"n": 21}, timeout_s=WITHIN) == {"n": 42}


async def test_a_command_nobody_handles_fails_at_once(bus: Bus) -> None:
    async def never(payload: Payload) -> Payload:
        raise AssertionError(payload)

    stop = bus.handle("visit_1", never)
    stop()
    stop()
    for target in ("visit_1", "visit_2"):
        with pytest.raises(NoHandlerError, match=target):
            await bus.command(target, {}, timeout_s=WITHIN)


async def test_a_command_that_takes_too_long_times_out(bus: Bus) -> None:
    async def waits(payload: Payload) -> Payload:
        await asyncio.Event().wait()
        return payload

    bus.handle("visit_1", waits)
    with pytest.raises(TimeoutError):
        await bus.command("visit_1", {}, timeout_s=0.05)


async def test_the_newest_handler_counts_and_an_old_one_cannot_remove_it(bus: Bus) -> None:
    async def old(payload: Payload) -> Payload:
        return {"by": "old"}

    async def new(payload: Payload) -> Payload:
        return {"by": "new"}

    stop_old = bus.handle("kiosk", old)
    bus.handle("kiosk", new)
    stop_old()
    assert await bus.command("kiosk", {}, timeout_s=WITHIN) == {"by": "new"}


# ── leases ───────────────────────────────────────────────────────────────────────────────────


async def test_a_lease_has_one_holder(bus: Bus) -> None:
    lease = await bus.acquire("kiosk/lobby", "one", ttl_s=30)
    assert lease is not None
    assert (lease.key, lease.owner, lease.held) == ("kiosk/lobby", "one", True)
    assert await bus.acquire("kiosk/lobby", "other", ttl_s=30) is None
    assert await bus.acquire("kiosk/west", "other", ttl_s=30) is not None
    await lease.release()
    await lease.release()
    assert not lease.held
    assert await bus.acquire("kiosk/lobby", "other", ttl_s=30) is not None


async def test_a_lease_runs_out_and_its_late_release_takes_nothing_away(
    bus: Bus, clock: ManualClock
) -> None:
    lease = await bus.acquire("kiosk/lobby", "one", ttl_s=30)
    assert lease is not None
    held = []
    for seconds in (29, 2):
        clock.advance(seconds)
        held.append(lease.held)
    assert held == [True, False]
    later = await bus.acquire("kiosk/lobby", "other", ttl_s=30)
    assert later is not None
    await lease.release()
    assert later.held


async def test_the_holder_renews_by_taking_it_again(bus: Bus, clock: ManualClock) -> None:
    first = await bus.acquire("kiosk/lobby", "one", ttl_s=30)
    clock.advance(20)
    second = await bus.acquire("kiosk/lobby", "one", ttl_s=30)
    clock.advance(20)
    assert first is not None
    assert second is not None
    assert second.held
    assert not first.held
    await first.release()
    assert second.held
