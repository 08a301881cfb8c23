"""Pictures of screens: one for each, for a while, JPEG only, never more than a few."""

from __future__ import annotations

import asyncio
import base64

from kiosk.bus.memory import MemoryBus
from kiosk.signaling.device import MAX_IMAGE_CHARS
from kiosk.testing import ManualClock
from kiosk.web.shots import KEPT_S, MOST, SHOTS_TOPIC, Shots, decoded

JPEG = base64.b64encode(b"\xff\xd8\xff\xe0picture").decode()


def test_only_a_jpeg_of_bounded_size_is_one() -> None:
    assert decoded(JPEG) == b"\xff\xd8\xff\xe0picture"
    svg = base64.b64encode(b"<svg onload=alert(1)>").decode()
    for text in ("", "no base64!", svg, "/9j/" + "A" * MAX_IMAGE_CHARS):
        assert decoded(text) is None


async def test_the_newest_is_kept_for_a_while() -> None:
    clock = ManualClock()
    shots = Shots(MemoryBus(clock), clock)
    assert shots.get("lobby") is None
    assert not await shots.publish("lobby", "AAAA")
    assert await shots.publish("lobby", JPEG)
    newer = base64.b64encode(b"\xff\xd8\xffnewer").decode()
    assert await shots.publish("lobby", newer)
    found = shots.get("lobby")
    assert found is not None
    assert found.jpeg.endswith(b"newer")
    await clock.advance(seconds=KEPT_S)
    assert shots.get("lobby") is None


async def test_there_are_never_too_many() -> None:
    clock = ManualClock()
    shots = Shots(MemoryBus(clock), clock)
    for number in range(MOST + 1):
        shots.take({"kiosk_id": f"k{number}", "image": JPEG})
    assert shots.get("k0") is None
    assert shots.get(f"k{MOST}") is not None


async def test_they_come_from_other_servers_too() -> None:
    clock = ManualClock()
    bus = MemoryBus(clock)
    here, there = Shots(bus, clock), Shots(bus, clock)
    await here.start()
    await there.start()
    try:
        await there.publish("lobby", JPEG)
        async with asyncio.timeout(20):
            while here.get("lobby") is None:
                await asyncio.wait({asyncio.get_running_loop().create_future()}, timeout=0)
        assert here.get("lobby") is not None
        await bus.publish(SHOTS_TOPIC, {"kiosk_id": "lobby", "image": "AAAA"})
    finally:
        await here.aclose()
        await there.aclose()
