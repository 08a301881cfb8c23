"""Voice activity: silence, noise and speech told apart, at the right samples."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from typing_extensions import override

from kiosk.emulator.speech.engines import Engines
from kiosk.emulator.speech.parts import SAMPLE_RATE
from kiosk.emulator.speech.vad import (
    CALM_WINDOWS,
    RARELY,
    WINDOW_SAMPLES,
    VadWindow,
    VoiceActivity,
)
from kiosk.emulator.speech.voice_cache import speak_whole

SECOND = bytes(2 * SAMPLE_RATE)


@pytest.fixture
async def speech(engines: Engines) -> bytes:
    return (await speak_whole(engines.voice, "Where can I find the dinosaurs, please?")).pcm


def test_speech_between_silences_is_found_where_it_is(speech: bytes) -> None:
    windows = VoiceActivity().feed(SECOND + speech + SECOND)
    assert all(later.start == earlier.end for earlier, later in pairwise(windows))
    assert {window.end - window.start for window in windows} == {WINDOW_SAMPLES}
    found = [window for window in windows if window.probability > 0.5]
    assert abs(found[0].start - SAMPLE_RATE) < SAMPLE_RATE * 0.15
    assert abs(found[-1].end - SAMPLE_RATE - len(speech) // 2) < SAMPLE_RATE * 0.6
    inside = [w for w in windows if SAMPLE_RATE < w.start < SAMPLE_RATE + len(speech) // 3]
    assert sum(window.probability > 0.5 for window in inside) > 0.8 * len(inside)


def test_noise_and_silence_are_not_speech() -> None:
    noise = (np.random.default_rng(1).normal(size=SAMPLE_RATE) * 2500).astype("<i2").tobytes()
    windows = VoiceActivity().feed(SECOND + noise)
    assert max(window.probability for window in windows) < 0.5


def test_pieces_of_any_size_give_the_same_as_the_whole(speech: bytes) -> None:
    whole = VoiceActivity().feed(speech)
    pieces = VoiceActivity()
    got: list[VadWindow] = []
    position, sizes = 0, [1, 1919, 333, 4000, 2]
    while position < len(speech):
        size = sizes[len(got) % len(sizes)]
        got += pieces.feed(speech[position : position + size])
        position += size
    assert [window[:2] for window in got] == [window[:2] for window in whole]
    assert np.allclose([w.probability for w in got], [w.probability for w in whole], atol=1e-5)


def test_reset_forgets(speech: bytes) -> None:
    vad = VoiceActivity()
    first = vad.feed(speech)
    assert vad.position == first[-1].end
    vad.reset()
    assert vad.position == 0
    assert np.allclose(
        [w.probability for w in vad.feed(speech)], [w.probability for w in first], atol=1e-5
    )


def noisy(pcm: bytes, loudness: int) -> bytes:
    clean = np.frombuffer(pcm, "<i2").astype(float)
    noise = np.random.default_rng(4).normal(size=clean.size) * loudness
    return np.clip(clean + noise, -32768, 32767).astype("<i2").tobytes()


class Counting(VoiceActivity):
    """Counts how often the model is asked."""

    asked = 0

    @override
    def _ask(self, window: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> float:
        self.asked += 1
        return super()._ask(window)


def test_an_empty_room_costs_little() -> None:
    vad = Counting()
    windows = vad.feed(noisy(SECOND * 20, 60))
    assert vad.asked <= CALM_WINDOWS + len(windows) // RARELY + 2
    assert max(window.probability for window in windows) < 0.5


@pytest.mark.parametrize("loudness", [30, 150, 500])
def test_speech_after_a_long_quiet_is_found_as_soon(speech: bytes, loudness: int) -> None:
    """The first word is not missed although the model was hardly asked before it."""
    windows = VoiceActivity().feed(noisy(SECOND * 6 + speech, loudness))
    first = next(window for window in windows if window.probability > 0.5)
    assert abs(first.start - 6 * SAMPLE_RATE) < SAMPLE_RATE * 0.15
