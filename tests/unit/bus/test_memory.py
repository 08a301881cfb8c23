"""The bus of one process: its limit, and that it keeps nothing of those who left."""

from __future__ import annotations

import asyncio
import gc
import weakref

from kiosk.bus.memory import MemoryBus
from tests.unit.hooks.hooking import ManualClock

WITHIN = 10.0


async def test_a_slow_subscriber_loses_its_oldest_and_knows_how_many() -> None:
    bus = MemoryBus(ManualClock(), queue=3)
    async with bus.subscribe("events") as slow:
        for number in range(5):
            await bus.publish("events", {"n": number})
        assert slow.dropped == 2
        await bus.publish("events", {"n": 5})
        assert slow.dropped == 3
        seen = []
        async with asyncio.timeout(WITHIN):
            async for payload in slow:
                seen.append(payload["n"])
                if len(seen) == 3:
                    break
        assert seen == [3, 4, 5]


async def test_one_slow_subscriber_takes_nothing_from_the_others() -> None:
    bus = MemoryBus(ManualClock(), queue=1)
    async with bus.subscribe("events") as slow, bus.subscribe("events") as quick:
        messages = aiter(quick)
        for number in range(3):
            await bus.publish("events", {"n": number})
            async with asyncio.timeout(WITHIN):
                assert await anext(messages) == {"n": number}
        assert (slow.dropped, quick.dropped) == (2, 0)


async def test_closing_reaches_a_subscriber_whose_queue_is_full() -> None:
    bus = MemoryBus(ManualClock(), queue=1)
    async with bus.subscribe("events") as slow:
        await bus.publish("events", {"n": 1})
        await bus.aclose()
        async with asyncio.timeout(WITHIN):
            assert [payload async for payload in slow] == []


async def test_who_left_is_forgotten() -> None:
    bus = MemoryBus(ManualClock())
    async with bus.subscribe("events") as subscription:
        gone = weakref.ref(subscription)
        assert len(bus._topics) == 1
    del subscription
    gc.collect()
    assert gone() is None
    assert bus._topics == {}


async def test_an_expired_lease_is_forgotten_when_looked_at() -> None:
    clock = ManualClock()
    bus = MemoryBus(clock)
    await bus.acquire("kiosk/lobby", "one", ttl_s=1)
    clock.advance(1)
    assert bus.holder("kiosk/lobby") is None
    assert bus._leases == {}
