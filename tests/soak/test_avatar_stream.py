"""Five minutes of the avatar over the WebSocket in Chromium: nothing grows, nothing stalls."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from kiosk.emulator.speech.engines import Engines
from tests.browser.avatar_stream_player import playing
from tests.browser.screen_stage import CHROMIUM
from tests.unit.emulator.emulating import avatars, emulating, share_engines

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

log = logging.getLogger(__name__)

MINUTES = 5
EVERY_S = 10
STATUS = Path("/proc/self/status")


def resident_mb() -> float:
    """Return the memory of this process, which is the emulator's, in megabytes."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@pytest.mark.timeout(MINUTES * 60 + 120)
async def test_five_minutes(engines: Engines) -> None:
    share_engines(engines)
    seen: list[dict[str, Any]] = []
    try:
        async with (
            emulating() as emulator,
            playing(emulator, resolution={"width": 1280, "height": 720}) as player,
        ):
            for number in range(MINUTES * 60 // EVERY_S):
                if number % 2 == 0:
                    await player.say("I am open all day, and so are all our halls.")
                await player.page.wait_for_timeout(EVERY_S * 1000)
                stats = await player.stats()
                stats["resident_mb"] = await asyncio.to_thread(resident_mb)
                seen.append(stats)
                log.info(
                    "%3d s: at %.2f, buffered %.2f in %d range(s), ahead %.2f, frames %d,"
                    " dropped %d, stalls %d, jumps %d, removed %d times, heap %.1f MB,"
                    " emulator %.0f MB",
                    (number + 1) * EVERY_S,
                    stats["time"],
                    stats["buffered"],
                    stats["ranges"],
                    stats["ahead"],
                    stats["frames"],
                    stats["dropped"],
                    stats["stalls"],
                    stats["jumps"],
                    stats["removed"],
                    stats["heap"] / 1e6,
                    stats["resident_mb"],
                )
    finally:
        await avatars().aclose()
        avatars.cache_clear()
    first, last = seen[2], seen[-1]
    assert last["errors"] == []
    # Real time: as much was played as time passed, and the player never falls behind.
    assert last["time"] - first["time"] > 0.98 * EVERY_S * (len(seen) - 3)
    assert max(stats["ahead"] for stats in seen) < 2
    assert max(stats["buffered"] for stats in seen) < 15
    assert all(stats["ranges"] == 1 for stats in seen)
    assert max(stats["longestQueue"] for stats in seen) < 100
    # Pictures drawn for the first time are kept (their store is bounded); the rest stays as it is.
    assert last["resident_mb"] - first["resident_mb"] < 100
    assert last["heap"] - first["heap"] < 20e6
