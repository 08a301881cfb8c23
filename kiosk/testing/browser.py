"""The kiosk's browser as an aiortc peer: a real offer, real media, counted and listened to."""

from __future__ import annotations

import asyncio
from typing import Final

import numpy as np
from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, VideoFrame

from kiosk.clock import Clock
from kiosk.signaling import messages as m
from kiosk.tasks import TaskSet

LOUD: Final = 300
"""Root mean square of 16-bit samples above which a packet counts as sound."""


class BrowserPeer:
    """Receives the avatar as a browser would; `frames` and `loud_until` say what came."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pc: RTCPeerConnection | None = None
        self._tasks = TaskSet("browser-peer")
        self.frames = 0
        self.changed_frames = 0
        self.brightest = 0
        self.audio_packets = 0
        self.loud_packets = 0
        self.last_loud: float | None = None
        self.first_frame = asyncio.Event()
        self._previous: np.ndarray | None = None

    async def offer(self, servers: tuple[m.IceServer, ...], *, h264: bool = True) -> str:
        """Make a new peer connection and return its complete offer."""
        await self.close()
        self._tasks = TaskSet("browser-peer")
        ice = [
            RTCIceServer(urls=list(s.urls), username=s.username, credential=s.credential)
            for s in servers
        ]
        pc = RTCPeerConnection(RTCConfiguration(iceServers=ice))
        self._pc = pc
        pc.on("track", self._track)
        pc.addTransceiver("audio", direction="recvonly")
        video = pc.addTransceiver("video", direction="recvonly")
        able = RTCRtpReceiver.getCapabilities("video")
        assert able is not None, "aiortc always has video"
        wanted = [codec for codec in able.codecs if ("H264" in codec.mimeType) == h264]
        video.setCodecPreferences(wanted)
        await pc.setLocalDescription(await pc.createOffer())
        return str(pc.localDescription.sdp)

    async def answer(self, sdp: str) -> None:
        """Take the avatar's answer."""
        assert self._pc is not None
        await self._pc.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))

    def _track(self, track: MediaStreamTrack) -> None:
        self._tasks.spawn(self._receive(track), name=track.kind)

    async def _receive(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if isinstance(frame, VideoFrame):
                self._see(frame)
            elif isinstance(frame, AudioFrame):
                self._hear(frame)

    def _see(self, frame: VideoFrame) -> None:
        self.frames += 1
        # The luminance plane, every eighth pixel: enough to tell a moving face from a still one.
        luma = frame.reformat(format="gray").to_ndarray()[::8, ::8].astype(np.int16)
        self.brightest = max(self.brightest, int(luma.max()))
        if self._previous is not None and np.abs(luma - self._previous).max() > 12:
            self.changed_frames += 1
        self._previous = luma
        self.first_frame.set()

    def _hear(self, frame: AudioFrame) -> None:
        self.audio_packets += 1
        samples = frame.to_ndarray().astype(np.float64)
        if np.sqrt(np.mean(samples * samples)) > LOUD:
            self.loud_packets += 1
            self.last_loud = self._clock.monotonic()

    async def close(self) -> None:
        """Close the peer connection and end its readers."""
        if self._pc is not None:
            await self._pc.close()
            self._pc = None
        await self._tasks.aclose()
        self.first_frame = asyncio.Event()
