"""Echo cancellation, measured on rooms made up from noise: how much goes, and what stays."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk.emulator.hearing.echo import BLOCK, EchoCanceller
from kiosk.emulator.speech.parts import SAMPLE_RATE

SECONDS = 6


def speech_like(seed: int, seconds: int = SECONDS) -> NDArray[np.float64]:
    """Return coloured noise that comes and goes as syllables do."""
    random = np.random.default_rng(seed)
    noise = np.convolve(random.normal(size=seconds * SAMPLE_RATE), np.ones(12) / 12, "same")
    time = np.arange(noise.size) / SAMPLE_RATE
    loudness = np.clip(np.sin(2 * np.pi * 2.1 * time + seed), 0, None)
    result: NDArray[np.float64] = noise * loudness * 12_000
    return result


def echo_of(reference: NDArray[np.float64], delay_ms: int) -> NDArray[np.float64]:
    random = np.random.default_rng(9)
    length = SAMPLE_RATE // 6
    room = random.normal(size=length) * np.exp(-40 * np.arange(length) / SAMPLE_RATE)
    room *= 0.5 / np.sqrt((room**2).sum())
    late = np.concatenate([np.zeros(delay_ms * SAMPLE_RATE // 1000), reference])
    result: NDArray[np.float64] = np.convolve(late, room)[: reference.size]
    return result


def cancelled(
    microphone: NDArray[np.float64], reference: NDArray[np.float64]
) -> NDArray[np.float64]:
    canceller = EchoCanceller()
    near, far = microphone.astype("<i2").tobytes(), reference.astype("<i2").tobytes()
    # Pieces of 40 ms and a bit, so that blocks never fit into them.
    pieces = [
        canceller.feed(near[n : n + 1_930], far[n : n + 1_930]) for n in range(0, len(near), 1_930)
    ]
    return np.frombuffer(b"".join(pieces), "<i2").astype(float)


def decibels(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean(one**2) / (np.mean(other**2) + 1e-9)))


@pytest.mark.parametrize("delay_ms", [5, 60, 140])
def test_an_echo_goes(delay_ms: int) -> None:
    """At least 20 dB of echo return loss in the first second, 30 dB from the third on."""
    reference = speech_like(1)
    echo = echo_of(reference, delay_ms)
    left = cancelled(echo, reference)
    second = SAMPLE_RATE
    assert decibels(echo[:second], left[:second]) > 20
    assert decibels(echo[2 * second : left.size], left[2 * second :]) > 30


def test_who_speaks_over_the_echo_stays() -> None:
    reference, visitor = speech_like(1), speech_like(2)
    visitor[: 3 * SAMPLE_RATE] = 0
    echo = echo_of(reference, 60)
    left = cancelled(echo + visitor, reference)
    late = slice(4 * SAMPLE_RATE, left.size)
    assert abs(decibels(left[late], visitor[late])) < 3
    # What is left of the visitor is the visitor, not something of the same loudness.
    likeness = np.corrcoef(left[late], visitor[late])[0, 1]
    assert likeness > 0.9
    assert likeness > np.corrcoef((echo + visitor)[late], visitor[late])[0, 1] + 0.02


def test_without_a_reference_nothing_changes() -> None:
    visitor = speech_like(2, 2)
    left = cancelled(visitor, np.zeros_like(visitor))
    assert left.size == visitor.size // BLOCK * BLOCK
    assert np.abs(left - visitor[: left.size]).max() <= 2


def test_after_the_reference_ends_the_visitor_is_untouched() -> None:
    reference, visitor = speech_like(1, 2), speech_like(2, 2)
    silence = np.zeros_like(reference)
    left = cancelled(
        np.concatenate([echo_of(reference, 20), silence, visitor]),
        np.concatenate([reference, silence, silence]),
    )
    assert abs(decibels(left[4 * SAMPLE_RATE :], visitor[: left.size - 4 * SAMPLE_RATE])) < 0.2
