"""Resampling keeps tones, their level and their place, and lets no alias through."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.emulator.speech.pcm import resample, to_float, to_pcm


def tone(
    hertz: float, rate: int, seconds: float = 0.5
) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate).astype(np.float32)


@pytest.mark.parametrize(
    ("rate", "new_rate"), [(22_050, 24_000), (24_000, 16_000), (16_000, 24_000)]
)
@pytest.mark.parametrize("hertz", [120, 1000, 5000])
def test_a_tone_stays_itself_and_in_place(rate: int, new_rate: int, hertz: int) -> None:
    got = resample(tone(hertz, rate), rate, new_rate)
    wanted = tone(hertz, new_rate)
    assert got.size == wanted.size
    middle = slice(200, -200)
    assert np.abs(got[middle] - wanted[middle]).max() < 0.02


def test_what_the_lower_rate_cannot_carry_is_gone() -> None:
    assert np.abs(resample(tone(10_500, 24_000), 24_000, 16_000)[200:-200]).max() < 0.01


def test_same_rate_and_nothing() -> None:
    samples = tone(440, 24_000)
    assert resample(samples, 24_000, 24_000) is samples
    assert resample(np.zeros(0, np.float32), 22_050, 24_000).size == 0


def test_pcm_there_and_back_and_clipping() -> None:
    samples = np.array([0.0, 0.5, -0.5, 2.0, -2.0], dtype=np.float32)
    pcm = to_pcm(samples)
    assert len(pcm) == 10
    assert np.allclose(to_float(pcm), [0.0, 0.5, -0.5, 1.0, -1.0], atol=1e-4)
