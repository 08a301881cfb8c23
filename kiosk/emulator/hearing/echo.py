"""Acoustic echo cancellation: what the loudspeaker plays, taken out of what the microphone hears.

A partitioned block frequency-domain Kalman filter (Enzner and Vary 2006, partitioned by Kuech and
others 2014): its step size follows from its own uncertainty, so a visitor who speaks over the
echo does not unlearn it. The service's own canceller is not documented; this one is a stand-in.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kiosk.emulator.speech.pcm import to_float, to_pcm

BLOCK = 768
"""Samples worked on at a time: 32 ms at SAMPLE_RATE, which is also the delay of the output."""

PARTITIONS = 10
"""Blocks of echo path that are modelled: an echo may come up to 320 ms after its reference."""

_QUIET_PEAK = 1e-3
"""A reference below this (-60 dBFS) cannot be heard as an echo."""
_FORGETTING = 0.9995
_NOISE_SMOOTHING = 0.9
_FIRST_UNCERTAINTY = 1.0
_LEAST = 1e-8
_FLOOR = 0.02
"""What is left of a block that is nothing but echo: -34 dB."""


class EchoCanceller:
    """One stream's canceller, fed with microphone and reference of the same length.

    About 0.35 ms of computing a block while the reference has sound, next to nothing otherwise.
    Not for two threads at once.
    """

    def __init__(self) -> None:
        bins = BLOCK + 1
        self._held_microphone = np.zeros(0, dtype=np.float32)
        self._held_reference = np.zeros(0, dtype=np.float32)
        self._before = np.zeros(BLOCK, dtype=np.float32)
        self._spectra = np.zeros((PARTITIONS, bins), dtype=np.complex64)
        self._weights = np.zeros((PARTITIONS, bins), dtype=np.complex64)
        self._uncertain = np.full((PARTITIONS, bins), _FIRST_UNCERTAINTY, dtype=np.float32)
        self._noise = np.full(bins, _LEAST, dtype=np.float32)
        self._gain = 1.0
        self._since_sound = PARTITIONS + 1

    def feed(self, microphone: bytes, reference: bytes) -> bytes:
        """Take PCM16 of both channels; return the microphone without echo, in whole blocks."""
        self._held_microphone = np.concatenate([self._held_microphone, to_float(microphone)])
        self._held_reference = np.concatenate([self._held_reference, to_float(reference)])
        count = self._held_microphone.size // BLOCK
        cleaned = [
            self._block(
                self._held_microphone[n * BLOCK : (n + 1) * BLOCK],
                self._held_reference[n * BLOCK : (n + 1) * BLOCK],
            )
            for n in range(count)
        ]
        self._held_microphone = self._held_microphone[count * BLOCK :].copy()
        self._held_reference = self._held_reference[count * BLOCK :].copy()
        return to_pcm(np.concatenate(cleaned)) if cleaned else b""

    def _block(
        self, microphone: NDArray[np.float32], reference: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        quiet = float(np.abs(reference).max()) < _QUIET_PEAK
        self._since_sound = self._since_sound + 1 if quiet else 0
        if self._since_sound > PARTITIONS:
            self._before = reference
            self._spectra[:] = 0
            return self._ramped(microphone, 1.0)
        self._spectra = np.roll(self._spectra, 1, axis=0)
        self._spectra[0] = np.fft.rfft(np.concatenate([self._before, reference]))
        self._before = reference
        estimate = np.fft.irfft((self._spectra * self._weights).sum(axis=0))[BLOCK:]
        error = (microphone - estimate).astype(np.float32)
        left = self._learn(error)
        power = float(np.mean(error * error)) + _LEAST
        return self._ramped(error, max(_FLOOR, 1.0 - left / power))

    def _learn(self, error: NDArray[np.float32]) -> float:
        """Update the filter with what it did not explain; return the power of echo in that."""
        spectrum = np.fft.rfft(np.concatenate([np.zeros(BLOCK, np.float32), error]))
        power = np.abs(self._spectra) ** 2
        echo = 0.5 * (power * self._uncertain).sum(axis=0)
        total = echo + 2.0 * self._noise + _LEAST
        step = 0.5 * self._uncertain / total
        change = np.fft.irfft(step * self._spectra.conj() * spectrum, axis=1)
        change[:, BLOCK:] = 0.0
        self._weights += np.fft.rfft(change, axis=1).astype(np.complex64)
        shrunk = self._uncertain * (1.0 - 0.5 * step * power)
        drift = 1.0 - _FORGETTING**2
        self._uncertain = (_FORGETTING**2 * shrunk + drift * np.abs(self._weights) ** 2).astype(
            np.float32
        )
        found = np.abs(spectrum) ** 2
        self._noise = (
            _NOISE_SMOOTHING * self._noise + (1.0 - _NOISE_SMOOTHING) * found / 2
        ).astype(np.float32)
        share = echo / total
        # Parseval for a real block that fills half of the transform.
        return float((share * found).sum()) / (BLOCK * BLOCK)

    def _ramped(self, samples: NDArray[np.float32], gain: float) -> NDArray[np.float32]:
        """Return samples with the gain gliding from the last block's to this one."""
        if gain == 1.0 and self._gain == 1.0:
            return samples
        glide = np.linspace(self._gain, gain, samples.size, dtype=np.float32)
        self._gain = gain
        return samples * glide
