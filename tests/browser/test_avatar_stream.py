"""Chromium plays the avatar that comes over the WebSocket, through MSE: picture, sound, mouth."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from kiosk.emulator.speech.engines import Engines
from tests.browser.avatar_stream_player import Player, playing
from tests.browser.screen_stage import CHROMIUM
from tests.unit.emulator.emulating import avatars, emulating, share_engines

log = logging.getLogger(__name__)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


async def opened(player: Player, begin: float, end: float, share: int) -> float:
    """Return how far from the mouth at rest (before words) `share` % of pictures are, at most."""
    frames = [(at, np.array(mouth, dtype=float)) for at, mouth in await player.frames()]
    rest = np.median([mouth for at, mouth in frames if 0.3 <= at <= 1.0], axis=0)
    far = [np.abs(mouth - rest).mean() for at, mouth in frames if begin <= at <= end]
    assert len(far) > 10
    return float(np.percentile(far, share))


async def spoken(player: Player) -> tuple[float, float]:
    """Return between which moments of the media the avatar's last words were announced."""
    events = await player.events()
    begin = max(at for kind, at, _ in events if kind == "session.avatar.switch_to_speaking")
    end = max(at for kind, at, _ in events if kind == "session.avatar.switch_to_idle")
    return begin, end


async def test_chromium_plays_it(engines: Engines) -> None:
    share_engines(engines)
    try:
        async with (
            emulating() as emulator,
            playing(emulator, resolution={"width": 640, "height": 360}) as player,
        ):
            await player.until("player.stats().time > 1.2")
            before = await player.stats()
            await player.say("I am open all day, and so are all our halls.")
            ended = "player.events.some(([kind]) => kind === 'session.avatar.switch_to_idle')"
            await player.until(ended)
            begin, end = await spoken(player)
            await player.until(f"player.stats().time > {end + 0.6}")
            after = await player.stats()
            log.info("before: %s", before)
            log.info("after: %s", after)
            assert after["errors"] == []
            assert [event for event in await player.events() if event[0] == "error"] == []
            assert (after["width"], after["height"]) == (640, 360)
            assert not after["paused"]
            # Fewer than two in a hundred missing, and no hole anywhere.
            assert after["ranges"] == 1
            passed = after["time"] - before["time"]
            assert after["frames"] - before["frames"] > 25 * passed * 0.9
            # 64 kbit/s of AAC while it speaks, next to nothing before.
            assert after["audioBytes"] - before["audioBytes"] > 4_000
            assert 0 <= after["ahead"] < 1.5
            # The event comes ahead of the sound by what a player has in hand.
            open_ = await opened(player, begin + 0.5, end, 75)
            # On a busy machine the event may come late; half of what is before it is rest.
            rest = await opened(player, 0.3, begin, 50)
            log.info("mouth: %.1f grey values from rest while idle, %.1f in speech", rest, open_)
            assert open_ > 2 * rest
    finally:
        await avatars().aclose()
        avatars.cache_clear()
