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


async def test_words_have_their_times_and_probabilities(natural_engines: Engines) -> None:
    speech = await speak_whole(natural_engines.voice, "Please open the window.")
    quiet = bytes(SAMPLE_RATE)
    heard = await natural_engines.ears.hear(quiet + speech.pcm + quiet, detailed=True)
    assert heard.language == "en-US"
    assert [word.text.lower().strip(".,") for word in heard.words] == [
        "please", "open", "the", "window",
    ]  # fmt: skip
    edges = [edge for word in heard.words for edge in (word.start_ms, word.end_ms)]
    assert edges == sorted(edges)
    assert 450 <= edges[0] < 800, "the model itself puts the first word at 0"
    assert edges[-1] <= speech.duration_ms + 1_000
    assert all(-3 < word.log_probability <= 0 for word in heard.words)
    plain = await natural_engines.ears.hear(quiet + speech.pcm + quiet)
    assert plain.words == ()
    assert plain.text.lower() == heard.text.lower()


def test_the_hint_has_whole_phrases_only() -> None:
    hint = _hint(("a phrase of some words",) * 100)
    assert hint is not None
    assert len(hint) <= HINT_CHARS
    assert hint.endswith("some words")
    assert _hint(()) is None
