"""A viewer of the avatar for tests: an aiortc peer that keeps what it sees and hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from numpy.typing import NDArray

from kiosk.tasks import TaskSet

PATIENCE_S = 20.0


@dataclass
class Viewer:
    """Decoded media as it arrived: pictures as RGB, sound as one loudness (RMS) per packet."""

    connection: RTCPeerConnection
    tasks: TaskSet
    pictures: list[NDArray[np.uint8]] = field(default_factory=list)
    loudness: list[float] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def offer(self) -> dict[str, str]:
        """Return a complete offer to receive H.264 and Opus."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        local = self.connection.localDescription
        return {"type": local.type, "sdp": local.sdp}

    async def accept(self, answer: dict[str, str]) -> None:
        """Start to watch."""
        await self.connection.setRemoteDescription(RTCSessionDescription(**answer))

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait for something about the media, or fail after PATIENCE_S."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self.news.clear()
                await self.news.wait()

    async def watch(self, track: MediaStreamTrack) -> None:
        """Keep what one track brings until it ends."""
        while True:
            try:
                frame: Any = await track.recv()
            except MediaStreamError:
                return
            if track.kind == "video":
                self.pictures.append(frame.to_ndarray(format="rgb24"))
            else:
                samples = frame.to_ndarray().astype(np.float64)
                self.loudness.append(float(np.sqrt((samples**2).mean())))
            self.news.set()


@asynccontextmanager
async def viewing(*, video_codec: str = "video/H264") -> AsyncIterator[Viewer]:
    """Make a viewer that offers to receive video and audio, and close it afterwards."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    viewer = Viewer(connection, TaskSet("viewer"))

    def on_track(track: MediaStreamTrack) -> None:
        _ = viewer.tasks.start(viewer.watch(track), name=track.kind)

    connection.on("track", on_track)
    video = connection.addTransceiver("video", direction="recvonly")
    capabilities = RTCRtpReceiver.getCapabilities("video")
    assert capabilities is not None
    video.setCodecPreferences(
        [codec for codec in capabilities.codecs if codec.mimeType == video_codec]
    )
    connection.addTransceiver("audio", direction="recvonly")
    try:
        yield viewer
    finally:
        await connection.close()
        await viewer.tasks.aclose()
