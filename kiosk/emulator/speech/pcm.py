"""PCM16 mono little-endian: conversion of whole buffers between sample rates."""

from __future__ import annotations

from functools import lru_cache
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]

_TAPS_PER_PHASE = 24


def to_float(pcm: bytes) -> NDArray[np.float32]:
    """Return samples as float32 in [-1, 1)."""
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768.0


def to_pcm(samples: FloatArray) -> bytes:
    """Return float samples as PCM16; louder than full scale is clipped."""
    scaled = np.clip(np.rint(samples * 32767.0), -32768, 32767).astype("<i2")
    return bytes(scaled.tobytes())


@lru_cache(maxsize=16)
def lowpass_phases(up: int, down: int) -> NDArray[np.float32]:
    """Return the `up` phases of a Kaiser-windowed low pass for a rate change of up/down.

    Shape (up, taps), each phase normalised to unit gain; the filter's centre is at its middle tap.
    """
    taps = _TAPS_PER_PHASE
    cutoff = 0.92 * min(1.0, up / down)
    window = np.kaiser(2 * 512 + 1, 8.0)
    offsets = np.arange(taps)[None, :] - taps // 2 + 0.0
    fractions = (np.arange(up) / up)[:, None]
    distance = offsets - fractions
    shape = np.sinc(cutoff * distance)
    reach = np.interp(distance, np.linspace(-taps / 2, taps / 2, window.size), window, 0.0, 0.0)
    phases = shape * reach
    phases /= phases.sum(axis=1, keepdims=True)
    return phases.astype(np.float32)


def resample(samples: FloatArray, rate: int, new_rate: int) -> NDArray[np.float32]:
    """Return the whole buffer at `new_rate`; sample 0 stays at time 0, nothing is delayed."""
    source = np.asarray(samples, dtype=np.float32)
    if rate == new_rate or source.size == 0:
        return source
    factor = gcd(rate, new_rate)
    up, down = new_rate // factor, rate // factor
    count = source.size * up // down
    phases = lowpass_phases(up, down)
    taps = phases.shape[1]
    padded = np.concatenate(
        [np.zeros(taps // 2, np.float32), source, np.zeros(taps, np.float32)], dtype=np.float32
    )
    windows = np.lib.stride_tricks.sliding_window_view(padded, taps)
    result = np.empty(count, dtype=np.float32)
    # One phase at a time: its input windows are evenly spaced, so memory stays small.
    for first in range(min(up, count)):
        positions = np.arange(first, count, up) * down
        result[first::up] = windows[positions // up] @ phases[(first * down) % up]
    return result
