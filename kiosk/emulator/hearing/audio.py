"""Audio formats at the wire's edge: whatever a session uses, to and from PCM16 24 kHz inside."""

from __future__ import annotations

from functools import cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

from kiosk.emulator.hearing.echo import EchoCanceller
from kiosk.emulator.speech.parts import SAMPLE_RATE
from kiosk.emulator.speech.pcm import resample, to_float, to_pcm

_CONTEXT = 48
"""Samples kept on both sides of what is resampled, so that pieces join without a click."""

_SILENT_PEAK = 33
"""Audio whose loudest sample is below this (-60 dBFS) is silence."""

OUTPUT_RATES = {
    "pcm16": 24_000,
    "pcm16_16000hz": 16_000,
    "pcm16_8000hz": 8_000,
    "g711_ulaw": 8_000,
    "g711_alaw": 8_000,
}
"""Samples a second of every `output_audio_format` (SDK model)."""


class InputDecoder:
    """One stream of microphone audio in a session's format, to PCM16 at SAMPLE_RATE."""

    def __init__(self, sound: str, rate: int) -> None:
        self._law = sound if sound != "pcm16" else None
        self._rate = rate
        divisor = gcd(rate, SAMPLE_RATE)
        self._up, self._down = SAMPLE_RATE // divisor, rate // divisor
        self._odd = b""
        self._held = np.zeros(_CONTEXT, dtype=np.float32)

    def feed(self, data: bytes) -> bytes:
        """Return what the next bytes of the stream add; a cut sample waits for its other half."""
        if self._law is not None:
            data = _decoding_table(self._law)[np.frombuffer(data, dtype=np.uint8)].tobytes()
        else:
            data = self._odd + data
            cut = len(data) - len(data) % 2
            data, self._odd = data[:cut], data[cut:]
        return data if self._rate == SAMPLE_RATE else self._resampled(data)

    def _resampled(self, data: bytes) -> bytes:
        held = np.concatenate([self._held, to_float(data)], dtype=np.float32)
        usable = held.size - 2 * _CONTEXT
        usable -= usable % self._down
        if usable <= 0:
            self._held = held
            return b""
        samples = resample(held[: usable + 2 * _CONTEXT], self._rate, SAMPLE_RATE)
        first = _CONTEXT * self._up // self._down
        self._held = held[usable:].copy()
        return to_pcm(samples[first : first + usable * self._up // self._down])


class InputStream:
    """A session's microphone: any format, in stereo with an echo reference to be cancelled.

    Stereo is interleaved PCM16, the microphone first (SDK, AudioEchoCancellation). Up to a
    millisecond or two of computing for 40 ms of audio: `feed` it in a thread unless `direct`.
    """

    def __init__(self, sound: str, rate: int, channels: int) -> None:
        self.bytes_per_second = rate * (2 if sound == "pcm16" else 1) * channels
        self.direct = sound == "pcm16" and rate == SAMPLE_RATE and channels == 1
        """Whether nothing has to be computed."""
        self._microphone = InputDecoder(sound, rate)
        self._reference = InputDecoder(sound, rate) if channels == 2 else None
        self._canceller = EchoCanceller()
        self._odd = b""

    def feed(self, data: bytes) -> bytes:
        """Return what the next bytes of the stream add, PCM16 mono at SAMPLE_RATE."""
        if self._reference is None:
            return self._microphone.feed(data)
        data = self._odd + data
        cut = len(data) - len(data) % 4
        data, self._odd = data[:cut], data[cut:]
        both = np.frombuffer(data, dtype="<i2").reshape(-1, 2)
        return self._canceller.feed(
            self._microphone.feed(both[:, 0].tobytes()),
            self._reference.feed(both[:, 1].tobytes()),
        )


def is_silent(pcm: bytes) -> bool:
    """Return whether PCM16 has no sound at all in it; ears invent words for such audio."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.int32)
    return not samples.size or int(np.abs(samples).max()) < _SILENT_PEAK


def encode_output(pcm: bytes, sound: str) -> bytes:
    """Return PCM16 at SAMPLE_RATE in one of OUTPUT_RATES' formats; a whole stretch at a time."""
    rate = OUTPUT_RATES[sound]
    if rate != SAMPLE_RATE:
        pcm = to_pcm(resample(to_float(pcm), SAMPLE_RATE, rate))
    if not sound.startswith("g711"):
        return pcm
    codes, edges = _encoding_table(sound)
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.int32)
    return bytes(codes[np.searchsorted(edges, samples)])


@cache
def _decoding_table(law: str) -> NDArray[np.int16]:
    """Return the sample behind each of the 256 codes (ITU-T G.711)."""
    code = np.arange(256)
    if law == "g711_ulaw":
        flipped = ~code & 0xFF
        exponent, mantissa = (flipped >> 4) & 7, flipped & 15
        size = (((mantissa << 3) + 0x84) << exponent) - 0x84
        negative = (flipped & 0x80) != 0
    else:
        flipped = code ^ 0x55
        exponent, mantissa = (flipped >> 4) & 7, flipped & 15
        size = np.where(
            exponent == 0,
            (mantissa << 4) + 8,
            ((mantissa << 4) + 0x108) << np.maximum(exponent, 1) - 1,
        )
        negative = (flipped & 0x80) == 0
    return np.where(negative, -size, size).astype("<i2")


@cache
def _encoding_table(law: str) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return the codes in order of their samples, and the edges halfway between neighbours."""
    samples = _decoding_table(law).astype(np.int32)
    order = np.argsort(samples, kind="stable")
    ordered = samples[order]
    return order.astype(np.uint8), (ordered[1:] + ordered[:-1]) / 2
