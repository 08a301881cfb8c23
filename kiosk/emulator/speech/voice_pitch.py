"""A voice made higher or lower without a change of speed: overlap-add of single pitch periods.

TD-PSOLA (Moulines and Charpentier, 1990): speech is cut at its own pitch periods, which are put
back closer together or further apart. Timings stay, so marks made before still hold.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kiosk.emulator.speech.parts import SAMPLE_RATE

Samples = NDArray[np.float32]

_HOP = SAMPLE_RATE // 100
_LOWEST_HZ, _HIGHEST_HZ = 60, 400
_UNVOICED_PERIOD = SAMPLE_RATE // 200
"""Steps through hiss and silence, which have no period of their own."""
_VOICED = 0.5
"""Least correlation of a stretch with itself one period later for it to have a pitch."""
_AUDIBLE = 0.01


def shift_pitch(samples: Samples, factor: float) -> Samples:
    """Return samples at SAMPLE_RATE of the same length, `factor` times higher (0.5 to 2)."""
    if abs(factor - 1.0) < 0.01 or samples.size < 2 * SAMPLE_RATE // _LOWEST_HZ:
        return samples
    marks, periods, voiced = _marks(samples)
    result = np.zeros(samples.size + 2 * _UNVOICED_PERIOD, dtype=np.float32)
    weight = np.zeros_like(result)
    at, index = 0.0, 0
    while at < samples.size:
        while index + 1 < len(marks) and abs(marks[index + 1] - at) <= abs(marks[index] - at):
            index += 1
        period, mark = periods[index], marks[index]
        first, last = max(0, mark - period), min(samples.size, mark + period)
        start = round(at) - (mark - first)
        cut = max(0, -start)
        window = np.hanning(2 * period + 1).astype(np.float32)
        window = window[first - mark + period :][: last - first][cut:]
        begin = start + cut
        end = min(result.size, begin + window.size)
        result[begin:end] += (samples[first:last][cut:] * window)[: end - begin]
        weight[begin:end] += window[: end - begin]
        at += period / factor if voiced[index] else period
    return (result / np.maximum(weight, 0.5))[: samples.size].astype(np.float32)


def pitch_hz(samples: Samples) -> float:
    """Return the median pitch of the voiced stretches, 0.0 when there are none."""
    if samples.size < 2 * SAMPLE_RATE // _LOWEST_HZ:
        return 0.0
    periods, voiced = _track(samples)
    return float(SAMPLE_RATE / np.median(periods[voiced])) if voiced.any() else 0.0


def _track(samples: Samples) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return for every hop the period in samples and whether there is one (autocorrelation)."""
    length = 2 * SAMPLE_RATE // _LOWEST_HZ
    windows = np.lib.stride_tricks.sliding_window_view(samples, length)[::_HOP]
    windows = windows - windows.mean(axis=1, keepdims=True)
    size = 1 << (2 * length - 1).bit_length()
    spectrum = np.fft.rfft(windows, size)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, size)[:, :length]
    # A longer lag has fewer samples to agree on; without this the shortest period always wins.
    expected = correlation[:, :1] * (1 - np.arange(length) / length)
    relative = correlation / np.maximum(expected, 1e-9)
    shortest, longest = SAMPLE_RATE // _HIGHEST_HZ, SAMPLE_RATE // _LOWEST_HZ
    lags = relative[:, shortest:longest]
    best = lags.max(axis=1)
    # Twice the period agrees as well as the period; the shortest good one is the pitch.
    periods = shortest + (lags >= 0.93 * best[:, None]).argmax(axis=1)
    for row, period in enumerate(periods):
        reach = relative[row, period : period + period // 5 + 1]
        periods[row] = period + int(reach.argmax())
    loud = np.sqrt((windows**2).mean(axis=1)) > _AUDIBLE
    return periods, (best > _VOICED) & loud


def _marks(samples: Samples) -> tuple[list[int], list[int], list[bool]]:
    """Return where each period is at its strongest, how long it is, and whether it is voiced."""
    periods, voiced = _track(samples)
    centre = SAMPLE_RATE // _LOWEST_HZ
    marks: list[int] = []
    lengths: list[int] = []
    kinds: list[bool] = []
    sign = np.float32(1.0)
    at = 0
    while at < samples.size:
        hop = min(max((at - centre) // _HOP, 0), len(periods) - 1)
        if not voiced[hop]:
            marks.append(at)
            lengths.append(_UNVOICED_PERIOD)
            kinds.append(False)
            at += _UNVOICED_PERIOD
            continue
        period = int(periods[hop])
        if kinds and kinds[-1]:
            first = max(marks[-1] + 1, at - period // 5)
            near = samples[first : at + period // 5 + 1] * sign
        else:
            first = at
            near = np.abs(samples[first : at + period])
        if near.size:
            at = first + int(near.argmax())
            if not (kinds and kinds[-1]):
                sign = np.float32(1.0 if samples[at] >= 0 else -1.0)
        marks.append(at)
        lengths.append(period)
        kinds.append(True)
        at += period
    return marks, lengths, kinds
