"""What voice, ears and avatar hand to each other, and that the real ones fit the protocols."""

from __future__ import annotations

from kiosk.emulator.avatar.peer import Avatars
from kiosk.emulator.speech.engines import Engines
from kiosk.emulator.speech.parts import (
    SAMPLE_RATE,
    AvatarOutput,
    Ears,
    Heard,
    HeardWord,
    Speech,
    Voice,
    by_sentence,
)


def test_duration_is_that_of_the_audio() -> None:
    assert Speech("", b"").duration_ms == 0
    assert Speech("a", bytes(2 * SAMPLE_RATE)).duration_ms == 1000
    assert Speech("a", bytes(2 * 30)).duration_ms == 1


def test_words_become_phrases_at_sentence_ends_and_long_pauses() -> None:
    words = tuple(
        HeardWord(text, start, start + 100, probability)
        for text, start, probability in (
            ("Hello.", 0, -0.2),
            ("Where", 150, -0.1),
            ("is", 300, -0.3),
            ("it", 1_000, -0.4),
        )
    )
    phrases = by_sentence(words)
    assert [(p.text, p.start_ms, p.end_ms) for p in phrases] == [
        ("Hello.", 0, 100),
        ("Where is", 150, 400),
        ("it", 1_000, 1_100),
    ]
    assert phrases[1].log_probability == -0.2
    assert Heard("Hello. Where is it", phrases).words == words
    assert by_sentence(()) == ()


async def test_the_real_parts_are_what_the_protocols_ask_for(engines: Engines) -> None:
    voice: Voice = engines.voice
    ears: Ears = engines.ears
    avatars = Avatars()
    avatar: AvatarOutput = avatars({}, lambda tag: None, lambda tag, completed: None)
    assert voice.name
    assert ears.name
    assert "en" in ears.languages
    assert await ears.hear(b"") == Heard()
    async for speech in voice.speak("Hello."):
        assert len(speech.pcm) % 2 == 0
        avatar.play(speech, "r1")
    assert avatar.heard_ms("r1") == 0
    assert avatar.clear() == 0
    await avatars.aclose()
