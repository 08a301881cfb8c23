"""pocketsphinx hears the phrases it is told to expect, in their own spelling."""

from __future__ import annotations

import pytest

from kiosk.emulator.speech.ears_pocketsphinx import _in_spelling_of, _words
from kiosk.emulator.speech.engines import Engines
from kiosk.emulator.speech.parts import SAMPLE_RATE, HeardWord
from kiosk.emulator.speech.voice_cache import speak_whole

PHRASES = (
    "Where are the toilets?",
    "When do you close today?",
    "What can I see here?",
    "I would like to speak to a person.",
)


@pytest.mark.parametrize("phrase", PHRASES)
async def test_an_expected_phrase_comes_back_as_it_was_given(engines: Engines, phrase: str) -> None:
    speech = await speak_whole(engines.voice, phrase)
    assert await engines.ears.transcribe(speech.pcm, phrases=PHRASES) == phrase


@pytest.mark.speech
async def test_open_speech_is_understood_roughly(
    engines: Engines, natural_engines: Engines
) -> None:
    speech = await speak_whole(natural_engines.voice, "What can I see here?")
    assert "see here" in await engines.ears.transcribe(speech.pcm)


@pytest.mark.speech
async def test_what_was_not_expected_is_not_bent_into_a_phrase(
    engines: Engines, natural_engines: Engines
) -> None:
    speech = await speak_whole(natural_engines.voice, "My father lost his umbrella yesterday.")
    heard = await engines.ears.transcribe(speech.pcm, phrases=PHRASES)
    assert heard not in PHRASES
    assert "father" in heard


async def test_a_phrase_has_words_with_times_and_probabilities(engines: Engines) -> None:
    speech = await speak_whole(engines.voice, PHRASES[0])
    quiet = bytes(SAMPLE_RATE)
    heard = await engines.ears.hear(quiet + speech.pcm, phrases=PHRASES, detailed=True)
    assert heard.text == PHRASES[0]
    assert [word.text for word in heard.words] == PHRASES[0].split()
    edges = [edge for word in heard.words for edge in (word.start_ms, word.end_ms)]
    assert edges == sorted(edges)
    assert 450 <= edges[0] < 700
    assert edges[-1] <= speech.duration_ms + 550
    assert all(word.log_probability <= 0 for word in heard.words)
    (plain,) = (await engines.ears.hear(speech.pcm, phrases=PHRASES)).phrases
    assert (plain.text, plain.words) == (PHRASES[0], ())


def test_a_spelling_of_more_words_shares_their_time() -> None:
    heard = (HeardWord("one", 100, 200, -0.2), HeardWord("two", 200, 400, -0.4))
    spelled = _in_spelling_of("room 12 please", heard)
    assert [(w.text, w.start_ms, w.end_ms) for w in spelled] == [
        ("room", 100, 200),
        ("12", 200, 300),
        ("please", 300, 400),
    ]
    assert {round(w.log_probability, 3) for w in spelled} == {-0.3}
    assert _in_spelling_of("words", ()) == ()


async def test_no_speech_is_no_words(engines: Engines) -> None:
    assert await engines.ears.transcribe(b"", phrases=PHRASES) == ""
    assert await engines.ears.transcribe(bytes(2 * SAMPLE_RATE), phrases=PHRASES) == ""


async def test_words_that_no_dictionary_has_do_not_break_the_rest(engines: Engines) -> None:
    phrases = ("Where is the Zxqvwy?", "Goodbye.")
    speech = await speak_whole(engines.voice, "Goodbye.")
    assert await engines.ears.transcribe(speech.pcm, phrases=phrases) == "Goodbye."


def test_figures_are_said_digit_by_digit() -> None:
    assert _words("It\u2019s in room 12!") == ["it's", "in", "room", "one", "two"]
