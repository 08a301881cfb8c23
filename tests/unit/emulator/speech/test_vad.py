"""Voice activity: silence, noise and speech told apart, at the right samples."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from kiosk.emulator.speech.engines import Engines
from kiosk.emulator.speech.parts import SAMPLE_RATE
from kiosk.emulator.speech.vad import WINDOW_SAMPLES, VadWindow, VoiceActivity
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
