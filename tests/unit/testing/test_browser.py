"""Tests of the aiortc peer that stands for a browser: what it offers, sees and hears."""

from __future__ import annotations

import asyncio
from fractions import Fraction

import numpy as np
import pytest
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from av import AudioFrame, VideoFrame
from typing_extensions import override

from kiosk.clock import Clock, SystemClock
from kiosk.errors import MediaError
from kiosk.media.sdp import checked_offer
from kiosk.testing.browser import BrowserPeer


class Picture(MediaStreamTrack):
    """Sixty four pixels square, brighter with every frame."""

    kind = "video"

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._number = 0

    @override
    async def recv(self) -> VideoFrame:
        await self._clock.sleep(0.04)
        self._number += 1
        shade = np.full((64, 64, 3), min(255, 40 + 20 * self._number), dtype=np.uint8)
        frame = VideoFrame.from_ndarray(shade, format="rgb24")
        frame.pts, frame.time_base = 3600 * self._number, Fraction(1, 90_000)
        return frame


class Tone(MediaStreamTrack):
    """A loud tone."""

    kind = "audio"

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._number = 0

    @override
    async def recv(self) -> AudioFrame:
        await self._clock.sleep(0.02)
        samples = (np.sin(np.arange(960) / 9) * 9000).astype(np.int16).reshape(1, -1)
        frame = AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 48_000
        frame.pts, frame.time_base = 960 * self._number, Fraction(1, 48_000)
        self._number += 1
        return frame


@pytest.mark.parametrize("h264", [True, False])
async def test_its_offer_is_a_browsers_with_or_without_h264(h264: bool) -> None:
    peer = BrowserPeer(SystemClock())
    sdp = await peer.offer((), h264=h264)
    await peer.close()
    if h264:
        assert "a=recvonly" in checked_offer(sdp)
    else:
        with pytest.raises(MediaError):
            checked_offer(sdp)


async def test_it_counts_what_it_sees_and_hears() -> None:
    clock = SystemClock()
    peer, far = BrowserPeer(clock), RTCPeerConnection()
    try:
        await far.setRemoteDescription(RTCSessionDescription(await peer.offer(()), "offer"))
        far.addTrack(Picture(clock))
        far.addTrack(Tone(clock))
        await far.setLocalDescription(await far.createAnswer())
        await peer.answer(far.localDescription.sdp)
        async with asyncio.timeout(10):
            await peer.first_frame.wait()
            while peer.changed_frames < 3 or peer.loud_packets < 3:
                await clock.sleep(0.02)
        assert peer.frames >= peer.changed_frames
        assert peer.audio_packets >= peer.loud_packets
        assert peer.brightest > 40
        assert peer.last_loud is not None
    finally:
        await peer.close()
        await far.close()


async def test_a_new_offer_makes_a_new_connection_and_closes_the_old() -> None:
    peer = BrowserPeer(SystemClock())
    first = await peer.offer(())
    second = await peer.offer(())
    assert first != second
    await peer.close()
    await peer.close()
