"""faster-whisper understands plain English and hears nothing where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.emulator.speech.ears_whisper import HINT_CHARS, _hint
from kiosk.emulator.speech.engines import Engines
from kiosk.emulator.speech.parts import SAMPLE_RATE
from kiosk.emulator.speech.voice_cache import speak_whole

pytestmark = pytest.mark.speech


async def test_it_understands_what_nobody_told_it(natural_engines: Engines) -> None:
    speech = await speak_whole(natural_engines.voice, "I am looking for the dinosaurs.")
    assert (
        "looking for the dinosaurs" in (await natural_engines.ears.transcribe(speech.pcm)).lower()
    )


async def test_silence_noise_and_a_click_are_no_words(natural_engines: Engines) -> None:
    noise = (np.random.default_rng(2).normal(size=SAMPLE_RATE) * 2000).astype("<i2").tobytes()
    for audio in (b"", b"\x00", bytes(2 * SAMPLE_RATE), noise, b"\xff\x7f" * 100):
        assert await natural_engines.ears.transcribe(audio) == ""


def test_the_hint_has_whole_phrases_only() -> None:
    hint = _hint(("a phrase of some words",) * 100)
    assert hint is not None
    assert len(hint) <= HINT_CHARS
    assert hint.endswith("some words")
    assert _hint(()) is None
