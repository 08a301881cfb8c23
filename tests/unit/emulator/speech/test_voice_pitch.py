"""Pitch moves, length and loudness stay."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.emulator.speech.parts import SAMPLE_RATE
from kiosk.emulator.speech.voice_pitch import Samples, pitch_hz, shift_pitch


def buzz(hertz: float, seconds: float = 1.0) -> Samples:
    """Return a voice-like tone: harmonics that fall off."""
    t = np.arange(int(SAMPLE_RATE * seconds)) / SAMPLE_RATE
    waves = [np.sin(2 * np.pi * hertz * n * t) / n for n in range(1, 12)]
    return np.asarray(0.2 * np.sum(waves, axis=0), dtype=np.float32)


@pytest.mark.parametrize("hertz", [90.0, 130.0, 210.0])
def test_pitch_is_found(hertz: float) -> None:
    assert pitch_hz(buzz(hertz)) == pytest.approx(hertz, rel=0.03)


@pytest.mark.parametrize("factor", [0.7, 1.25, 1.6])
def test_pitch_is_moved(factor: float) -> None:
    before = buzz(120.0)
    after = shift_pitch(before, factor)
    assert after.size == before.size
    assert pitch_hz(after) == pytest.approx(120.0 * factor, rel=0.05)
    assert 0.4 < np.sqrt((after**2).mean()) / np.sqrt((before**2).mean()) < 2.0


def test_hiss_and_silence_stay_what_they_are() -> None:
    hiss = np.random.default_rng(1).normal(0, 0.05, SAMPLE_RATE).astype(np.float32)
    after = shift_pitch(hiss, 1.5)
    assert np.corrcoef(hiss, after)[0, 1] > 0.9
    assert pitch_hz(hiss) == 0.0
    assert not np.any(shift_pitch(np.zeros(SAMPLE_RATE, np.float32), 1.5))


def test_nothing_to_do() -> None:
    tone = buzz(100.0)
    assert shift_pitch(tone, 1.0) is tone
    short = tone[:100]
    assert shift_pitch(short, 1.5) is short
    assert pitch_hz(short) == 0.0
