"""What voice, ears and avatar hand to each other, and that the real ones fit the protocols."""

from __future__ import annotations

from kiosk.emulator.avatar.peer import Avatars
from kiosk.emulator.speech.engines import Engines
from kiosk.emulator.speech.parts import SAMPLE_RATE, AvatarOutput, Ears, Speech, Voice


def test_duration_is_that_of_the_audio() -> None:
    assert Speech("", b"").duration_ms == 0
    assert Speech("a", bytes(2 * SAMPLE_RATE)).duration_ms == 1000
    assert Speech("a", bytes(2 * 30)).duration_ms == 1


async def test_the_real_parts_are_what_the_protocols_ask_for(engines: Engines) -> None:
    voice: Voice = engines.voice
    ears: Ears = engines.ears
    avatars = Avatars()
    avatar: AvatarOutput = avatars({}, lambda tag: None, lambda tag, completed: None)
    assert voice.name
    assert ears.name
    async for speech in voice.speak("Hello."):
        assert len(speech.pcm) % 2 == 0
        avatar.play(speech, "r1")
    assert avatar.heard_ms("r1") == 0
    assert avatar.clear() == 0
    await avatars.aclose()
