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
from aiortc.rtp import AnyRtcpPacket, RtcpSrPacket, RtpPacket
from numpy.typing import NDArray

from kiosk.tasks import TaskSet
from tests.av_sync import Report, utterances

PATIENCE_S = 20.0


@dataclass
class Viewer:
    """Decoded media as it arrived: pictures as RGB, sound as one loudness (RMS) per packet."""

    connection: RTCPeerConnection
    tasks: TaskSet
    pictures: list[NDArray[np.uint8]] = field(default_factory=list)
    loudness: list[float] = field(default_factory=list)
    keys: list[bool] = field(default_factory=list)
    """For each of the pictures, whether it was a key picture."""
    times: list[int] = field(default_factory=list)
    """For each of the pictures, its time in units of 1/90000 s since the first."""
    sound: list[tuple[int, NDArray[np.int16]]] = field(default_factory=list)
    """What was heard on the left, and its time in units of 1/48000 s since the first packet."""
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

    async def passed(self, packets: int) -> None:
        """Wait for so many packets more, 20 ms each."""
        until = len(self.loudness) + packets
        await self.until(lambda: len(self.loudness) >= until)

    async def watch(self, track: MediaStreamTrack) -> None:
        """Keep what one track brings until it ends."""
        while True:
            try:
                frame: Any = await track.recv()
            except MediaStreamError:
                return
            if track.kind == "video":
                self.pictures.append(frame.to_ndarray(format="rgb24"))
                self.keys.append(bool(frame.key_frame))
                self.times.append(frame.pts)
            else:
                heard = frame.to_ndarray()
                self.sound.append((frame.pts, heard.reshape(-1)[:: len(frame.layout.channels)]))
                samples = heard.astype(np.float64)
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


class SenderClocks:
    """The two tracks of a viewer on one clock, as a browser has them: by RTCP sender reports.

    A report says which RTP time of its track was sent at which time on the sender's clock.
    Make it before the viewer accepts the answer.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._first: dict[str, int] = {}
        self._reports: dict[str, tuple[int, float]] = {}
        for transceiver in viewer.connection.getTransceivers():
            self._listen(transceiver.receiver, transceiver.kind)

    def _listen(self, receiver: RTCRtpReceiver, kind: str) -> None:
        take, take_report = receiver._handle_rtp_packet, receiver._handle_rtcp_packet

        async def packet_came(packet: RtpPacket, arrival_time_ms: int) -> None:
            self._first.setdefault(kind, packet.timestamp)
            await take(packet, arrival_time_ms=arrival_time_ms)

        async def report_came(packet: AnyRtcpPacket) -> None:
            if isinstance(packet, RtcpSrPacket):
                info = packet.sender_info
                self._reports[kind] = info.rtp_timestamp, info.ntp_timestamp / (1 << 32)
            await take_report(packet)

        # aiortc tells nobody about sender reports; these two methods are where they come by.
        vars(receiver).update(_handle_rtp_packet=packet_came, _handle_rtcp_packet=report_came)

    def are_known(self) -> bool:
        """Whether both tracks have been reported on."""
        return {"audio", "video"} <= set(self._reports)

    def _origin(self, kind: str, rate: int) -> float:
        """Return when the first packet of a track was taken, in seconds on the sender's clock."""
        timestamp, sent = self._reports[kind]
        passed = (timestamp - self._first[kind] + (1 << 31)) % (1 << 32) - (1 << 31)
        return sent - passed / rate

    def report(self, mouth: tuple[slice, slice]) -> Report:
        """Return how far the mouth was from the sound in everything that was seen and heard."""
        start = self._origin("video", 90_000)
        later = self._origin("audio", 48_000) - start
        pictures = [
            (time / 90_000, picture[mouth])
            for time, picture in zip(self._viewer.times, self._viewer.pictures, strict=True)
        ]
        sound = [(later + time / 48_000, samples) for time, samples in self._viewer.sound]
        return Report.of(utterances(pictures, sound, 48_000))
