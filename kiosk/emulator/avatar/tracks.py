"""The avatar's two tracks for aiortc: packets already encoded, sent at real-time speed."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
import structlog
from aiortc import MediaStreamTrack
from aiortc.mediastreams import VIDEO_CLOCK_RATE, VIDEO_TIME_BASE, MediaStreamError
from typing_extensions import override

from kiosk.clock import Clock
from kiosk.emulator.avatar.gop import PictureSequence
from kiosk.emulator.avatar.live import LivePicture
from kiosk.emulator.avatar.playback import PACKET_MS, PACKET_SAMPLES, Playback
from kiosk.emulator.avatar.shape import FRAMES_PER_SECOND
from kiosk.emulator.speech.parts import SAMPLE_RATE

log = structlog.get_logger(__name__)

OPUS_BITRATE = 40_000
"""Bits a second: mono speech is transparent at this, and stays far below one packet's size."""

_OPUS_CLOCK_RATE = 48_000
_OPUS_TIME_BASE = Fraction(1, _OPUS_CLOCK_RATE)
_SETTLE_PACKETS = 10
"""Silent packets that are really encoded after speech; from then on one ready-made serves."""


class Pacer:
    """Gives out the places of a steady stream, each when it is due.

    After the loop was held up the places missed are left out, not sent in a burst.
    """

    def __init__(self, clock: Clock, period: float) -> None:
        self.skipped = 0
        self._clock = clock
        self._period = period
        self._start: float | None = None
        self._next = 0

    async def wait(self) -> tuple[int, float]:
        """Wait until the next place is due; return its number from 0 and the time now."""
        now = self._clock.monotonic()
        if self._start is None:
            self._start = now
        late = now - (self._start + self._next * self._period)
        if late < 0:
            await self._clock.sleep(-late)
            now = self._clock.monotonic()
        elif late > 5 * self._period:
            missed = int(late / self._period)
            self._next += missed
            self.skipped += missed
        place = self._next
        self._next += 1
        return place, now


class OpusSpeech:
    """Encodes packets of PCM16 mono at SAMPLE_RATE; silence costs next to nothing."""

    def __init__(self) -> None:
        codec = av.CodecContext.create("libopus", "w")
        assert isinstance(codec, av.AudioCodecContext)
        codec.bit_rate = OPUS_BITRATE
        codec.format = "s16"
        codec.layout = "mono"
        codec.sample_rate = SAMPLE_RATE
        codec.time_base = Fraction(1, SAMPLE_RATE)
        codec.options = {"application": "voip", "frame_duration": str(PACKET_MS)}
        self._codec = codec
        self._silent = 0
        self._silence = b""

    def encode(self, pcm: bytes | None) -> bytes:
        """Return one Opus packet of 20 ms; None is silence."""
        if pcm is None:
            self._silent += 1
            if self._silent > _SETTLE_PACKETS and self._silence:
                return self._silence
            self._silence = self._encode(bytes(2 * PACKET_SAMPLES))
            return self._silence
        self._silent = 0
        return self._encode(pcm)

    def _encode(self, pcm: bytes) -> bytes:
        samples = np.frombuffer(pcm, dtype="<i2").reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        return b"".join(map(bytes, self._codec.encode(frame)))


class VoiceTrack(MediaStreamTrack):
    """What the avatar says, as Opus; silence while it says nothing."""

    kind = "audio"

    def __init__(self, playback: Playback, clock: Clock) -> None:
        super().__init__()
        self.silent = False
        self._playback = playback
        self._opus = OpusSpeech()
        self._pacer = Pacer(clock, PACKET_MS / 1000)

    @override
    async def recv(self) -> av.Packet[Any]:
        """Return the next packet when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        place, now = await self._pacer.wait()
        # Silent or not, time goes by: the mouth moves and what was said is over at its moment.
        pcm = self._playback.take(now)
        packet = av.Packet(self._opus.encode(None if self.silent else pcm))
        packet.pts = place * PACKET_MS * _OPUS_CLOCK_RATE // 1000
        packet.time_base = _OPUS_TIME_BASE
        return packet


class FaceTrack(MediaStreamTrack):
    """The avatar's picture as H.264. Its mouth follows what the voice track sends out."""

    kind = "video"

    def __init__(self, live: LivePicture, gop_size: int, clock: Clock) -> None:
        super().__init__()
        self.live = live
        self.sequence = PictureSequence(gop_size)
        self._pacer = Pacer(clock, 1 / FRAMES_PER_SECOND)

    @override
    async def recv(self) -> av.Packet[Any]:
        """Return the next picture when it is due; while the video is stalled none is."""
        while self.readyState == "live":
            place, now = await self._pacer.wait()
            if "video_stall" in self.live.faults:
                continue
            packet = av.Packet(self.sequence.next(self.live.picture(now)).data)
            packet.pts = place * VIDEO_CLOCK_RATE // FRAMES_PER_SECOND
            packet.time_base = VIDEO_TIME_BASE
            return packet
        raise MediaStreamError
