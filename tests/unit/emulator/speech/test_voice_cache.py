"""Around the engine: pieces in order, repeated lines at once, and never more kept than allowed."""

from __future__ import annotations

import pytest

from kiosk.emulator.speech.parts import PLAIN_STYLE, SAMPLE_RATE, Speech, VoiceStyle
from kiosk.emulator.speech.voice_cache import MAX_TEXT_CHARS, CachedVoice, speak_whole
from kiosk.emulator.speech.voice_espeak import EspeakSynthesizer
from kiosk.emulator.speech.worker import EngineClosedError


@pytest.fixture(scope="module")
def synthesizer() -> EspeakSynthesizer:
    return EspeakSynthesizer()


async def test_a_text_comes_sentence_by_sentence(synthesizer: EspeakSynthesizer) -> None:
    voice = CachedVoice(synthesizer)
    pieces = [piece.text async for piece in voice.speak("**Hello** there. How are you?")]
    assert pieces == ["Hello there.", "How are you?"]
    await voice.aclose()


async def test_a_repeated_line_is_not_made_again(synthesizer: EspeakSynthesizer) -> None:
    voice = CachedVoice(synthesizer)
    first = [piece async for piece in voice.speak("Welcome to the museum.")]
    second = [piece async for piece in voice.speak("Welcome to the museum.")]
    assert second[0] is first[0]
    assert (voice.hits, voice.misses) == (1, 1)
    await voice.aclose()


async def test_the_cache_stays_within_its_limit(synthesizer: EspeakSynthesizer) -> None:
    limit = 5 * 2 * SAMPLE_RATE
    voice = CachedVoice(synthesizer, max_cache_bytes=limit)
    for number in range(12):
        async for _ in voice.speak(f"This is line number {number}."):
            assert voice.cached_bytes <= limit
    assert voice.cached_bytes > 0
    async for _ in voice.speak("This is line number 0."):
        pass
    assert voice.hits == 0
    await voice.aclose()


async def test_an_endless_text_is_cut_and_counted(synthesizer: EspeakSynthesizer) -> None:
    voice = CachedVoice(synthesizer)
    first = await anext(voice.speak("word. " * MAX_TEXT_CHARS))
    assert first.text == "word."
    assert voice.cut_texts == 1
    await voice.aclose()


async def test_the_whole_text_has_marks_in_their_place(synthesizer: EspeakSynthesizer) -> None:
    voice = CachedVoice(synthesizer)
    whole = await speak_whole(voice, "First things first. Second.")
    pieces = [piece async for piece in voice.speak("First things first. Second.")]
    assert whole.pcm == b"".join(piece.pcm for piece in pieces)
    assert whole.words[-1].text == "Second."
    assert whole.words[-1].start_ms >= pieces[0].duration_ms
    await voice.aclose()


async def test_after_closing_nothing_is_spoken(synthesizer: EspeakSynthesizer) -> None:
    voice = CachedVoice(synthesizer)
    await voice.aclose()
    with pytest.raises(EngineClosedError):
        await anext(voice.speak("Too late."))


class Listening:
    """An engine that says nothing and remembers how it was asked."""

    name = "listening"

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def synthesize(self, text: str, style: VoiceStyle = PLAIN_STYLE) -> Speech:
        self.asked.append((text, style.locale))
        return Speech(text, b"\0\0")

    def close(self) -> None:
        """Nothing to close."""


async def test_each_sentence_is_spoken_in_its_language() -> None:
    engine = Listening()
    voice = CachedVoice(engine)
    text = "Dazu habe ich nur diesen Text: The museum is open from ten to six. Ja."
    style = VoiceStyle(fallback="en-US", accents=("de-AT",))
    async for _ in voice.speak(text, style):
        pass
    async for _ in voice.speak("Hallo.", VoiceStyle(locale="fr-FR")):
        pass
    await voice.aclose()
    assert [locale for _, locale in engine.asked] == ["en-US", "en-US", "fr-FR"]


async def test_one_line_in_two_voices_is_made_twice(synthesizer: EspeakSynthesizer) -> None:
    voice = CachedVoice(synthesizer)
    made = [
        await anext(voice.speak("Welcome.", VoiceStyle(gender=gender)))
        for gender in ("female", "male", "female")
    ]
    assert made[0] is made[2]
    assert made[0].pcm != made[1].pcm
    await voice.aclose()
