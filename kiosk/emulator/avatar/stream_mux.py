"""Fragmented MP4 of pictures already encoded and of live speech, made by FFmpeg's own muxer."""

from __future__ import annotations

import io
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Protocol

import av
import numpy as np

from kiosk.emulator.speech.parts import SAMPLE_RATE
from kiosk.errors import MediaError

FRAGMENT_MS = 200
"""Length of a fragment. The service's is not known."""

AAC_BITRATE = 64_000
"""Bits a second, mono; silence takes a fraction of it."""

MAX_WAITING_BYTES = 8 * 1024 * 1024
"""Bytes the muxer may have written and nobody taken; a fragment of 1920x1080 has about 200 kB."""

_FRAME_SAMPLES = 1024
_FRAME_BYTES = 2 * _FRAME_SAMPLES
_SILENT_FRAME = bytes(_FRAME_BYTES)
_SETTLE_FRAMES = 8
"""Silent frames that are really encoded after speech; from then on one ready-made serves."""
# A fifth of the default's computing, and closer to the speech by 14 dB (measured).
_AAC_OPTIONS = {"aac_coder": "fast", "aac_pns": "0", "aac_tns": "0"}
_SOUND_TIME = Fraction(1, SAMPLE_RATE)
_VIDEO_TIME = Fraction(1, 90_000)

_OPTIONS = {
    # The header holds no sample, offsets are relative to their fragment: what MSE demands
    # (W3C, ISO BMFF byte stream format). No index is written behind the last fragment.
    "movflags": "empty_moov+default_base_moof+frag_discont+skip_trailer",
    "frag_duration": str(FRAGMENT_MS * 1000),
    # Time goes on where it was when a stream begins anew, so nothing may be moved to zero.
    "avoid_negative_ts": "disabled",
    "use_editlist": "0",
}


class CodedPicture(Protocol):
    """One picture of an H.264 stream in decoding order."""

    @property
    def data(self) -> bytes:
        """The access unit, an Annex B byte stream."""
        ...

    @property
    def is_key(self) -> bool:
        """Whether it is an IDR picture with its parameter sets in front."""
        ...


class FragmentMuxer:
    """One run of fMP4: an init segment, then fragments of H.264 and AAC-LC mono at SAMPLE_RATE.

    `first` is a key picture whose parameter sets become those of the sample entry; every later
    key picture must have the same (MediaError `parameter_sets` if not). `start` is the time of the
    first picture and sample, in seconds. Not safe for more than one thread at a time.
    """

    def __init__(self, first: bytes, *, picture_seconds: Fraction, start: Fraction) -> None:
        self.headers = parameter_sets(first)
        """SPS and PPS of the whole run, each after a start code."""
        self._out = _Waiting()
        self._container = av.open(self._out, "w", format="mp4", options=_OPTIONS)
        with av.open(io.BytesIO(first), format="h264") as source:
            self._video = self._container.add_stream_from_template(source.streams.video[0])
        self._video.time_base = _VIDEO_TIME
        sound = self._container.add_stream(
            "aac", rate=SAMPLE_RATE, options=_AAC_OPTIONS, layout="mono", bit_rate=AAC_BITRATE
        )
        self._sound = _AacEncoder(sound, round(start / _SOUND_TIME))
        self._period = round(picture_seconds / _VIDEO_TIME)
        self._next = round(start / _VIDEO_TIME)
        self._container.start_encoding()

    def write(self, pictures: Iterable[CodedPicture], pcm: bytes) -> bytes:
        """Add pictures and the PCM16 that goes with them; return what can be sent by now.

        The first call returns the init segment at least. About 150 ms stay inside: AAC needs the
        sound that follows, and a fragment ends when the next one begins.
        """
        for picture in pictures:
            self._add(picture)
        for packet in self._sound.encode(pcm):
            self._container.mux(packet)
        return self._out.take()

    def _add(self, picture: CodedPicture) -> None:
        data = picture.data
        if picture.is_key:
            headers = parameter_sets(data)
            if headers != self.headers:
                raise MediaError("parameter_sets", "two pictures of one stream have different ones")
            # They are in the sample entry; "avc1" has no place for them in the samples
            # (ISO/IEC 14496-15, 5.3.1).
            data = data[len(headers) :]
        packet = av.Packet(data)
        packet.stream = self._video
        packet.time_base = _VIDEO_TIME
        packet.pts = packet.dts = self._next
        packet.duration = self._period
        packet.is_keyframe = picture.is_key
        self._next += self._period
        self._container.mux(packet)

    @property
    def time(self) -> Fraction:
        """When the next picture will be shown, in seconds."""
        return self._next * _VIDEO_TIME

    def finish(self) -> bytes:
        """End the run and return what was still inside; its sound ends with its pictures."""
        for packet in self._sound.finish():
            self._container.mux(packet)
        self._container.close()
        return self._out.take()


def parameter_sets(key_picture: bytes) -> bytes:
    """Return what stands before the first slice of a key picture: SPS and PPS."""
    place = key_picture.find(b"\0\0\1\x65")
    if place < 1 or key_picture.find(b"\0\0\1\x67", 0, 8) < 0:
        raise MediaError("parameter_sets", "a key picture must begin with its parameter sets")
    return key_picture[: place - 1 if key_picture[place - 1] == 0 else place]


class _Waiting:
    """Where FFmpeg writes to: a list of pieces, taken whole, and bounded."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._bytes = 0

    def write(self, data: bytes) -> int:
        """Keep what FFmpeg wrote."""
        self._bytes += len(data)
        if self._bytes > MAX_WAITING_BYTES:
            raise MediaError("stream_full", "the muxer wrote more than anybody took")
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """Return everything written since the last time."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        self._bytes = 0
        return data


class _AacEncoder:
    """Encodes PCM16 for one stream of a container; silence costs next to nothing."""

    def __init__(self, stream: av.AudioStream, start: int) -> None:
        self._stream = stream
        self._left = bytearray()
        self._silent = 0
        self._silence = b""
        # The encoder puts one frame of nothing in front. Counted from one frame early, every
        # packet has the time of the sound in it, and that frame falls away.
        self._next = start - _FRAME_SAMPLES
        self._start = start

    def encode(self, pcm: bytes) -> list[av.Packet[Any]]:
        """Return the packets that are complete by now."""
        self._left += pcm
        packets = []
        while len(self._left) >= _FRAME_BYTES:
            frame = bytes(self._left[:_FRAME_BYTES])
            del self._left[:_FRAME_BYTES]
            for data in self._encoded(frame):
                packet = self._timed(data)
                if packet is not None:
                    packets.append(packet)
        return packets

    def finish(self) -> list[av.Packet[Any]]:
        """Return the packets still inside, the last filled up with silence."""
        rest = self.encode(bytes(-len(self._left) % _FRAME_BYTES))
        rest += [p for p in (self._timed(bytes(p)) for p in self._stream.encode(None)) if p]
        return rest

    def _encoded(self, frame: bytes) -> list[bytes]:
        self._silent = self._silent + 1 if frame == _SILENT_FRAME else 0
        if self._silent > _SETTLE_FRAMES and self._silence:
            return [self._silence]
        samples = np.frombuffer(frame, dtype="<i2").reshape(1, -1)
        sound = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        sound.sample_rate = SAMPLE_RATE
        data = [bytes(packet) for packet in self._stream.encode(sound)]
        if self._silent >= _SETTLE_FRAMES and data:
            self._silence = data[-1]
        return data

    def _timed(self, data: bytes) -> av.Packet[Any] | None:
        time = self._next
        self._next += _FRAME_SAMPLES
        if time < self._start:
            return None
        packet = av.Packet(data)
        packet.stream = self._stream
        packet.time_base = _SOUND_TIME
        packet.pts = packet.dts = time
        packet.duration = _FRAME_SAMPLES
        packet.is_keyframe = True
        return packet
