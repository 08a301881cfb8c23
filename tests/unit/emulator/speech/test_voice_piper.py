"""Piper speaks naturally, with times from its own model that fit what it says."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kiosk.emulator.speech.engines import Engines
from kiosk.emulator.speech.parts import VoiceStyle
from kiosk.emulator.speech.pcm import to_float
from kiosk.emulator.speech.voice_cache import speak_whole
from kiosk.emulator.speech.voice_pitch import pitch_hz

pytestmark = pytest.mark.speech


async def test_words_and_mouth_lie_in_the_audio(natural_engines: Engines) -> None:
    text = "We open at 9:30 and close on the hour, at 18:00."
    speech = await speak_whole(natural_engines.voice, text)
    assert [word.text for word in speech.words] == text.split()
    assert all(a.start_ms <= b.start_ms for a, b in pairwise(speech.words))
    assert speech.words[-1].end_ms <= speech.duration_ms
    times = {word.text: word for word in speech.words}
    assert times["9:30"].end_ms - times["9:30"].start_ms > times["at"].end_ms - times["at"].start_ms
    assert {21, 8} <= {mark.viseme for mark in speech.mouths}
    assert speech.mouths[-1].viseme == 0


async def test_it_is_understood(natural_engines: Engines) -> None:
    speech = await speak_whole(natural_engines.voice, "Where can I find the museum shop?")
    heard = await natural_engines.ears.transcribe(speech.pcm)
    assert "museum shop" in heard.lower()


async def test_a_woman_speaks_as_clearly_and_as_long(natural_engines: Engines) -> None:
    text = "Where can I find the museum shop?"
    man = await speak_whole(natural_engines.voice, text, VoiceStyle(gender="male"))
    woman = await speak_whole(natural_engines.voice, text, VoiceStyle(gender="female", variant=1))
    assert pitch_hz(to_float(man.pcm)) < 125
    assert 145 < pitch_hz(to_float(woman.pcm)) < 230
    assert abs(woman.duration_ms - man.duration_ms) < 0.2 * man.duration_ms
    assert woman.words[-1].end_ms <= woman.duration_ms
    heard = await natural_engines.ears.transcribe(woman.pcm)
    assert "museum shop" in heard.lower()


async def test_rate_changes_the_length(natural_engines: Engines) -> None:
    text = "The cafe is on the second floor."
    slow = await speak_whole(natural_engines.voice, text, VoiceStyle(rate=0.7))
    fast = await speak_whole(natural_engines.voice, text, VoiceStyle(rate=1.5))
    assert fast.duration_ms < 0.65 * slow.duration_ms
