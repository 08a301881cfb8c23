"""espeak-ng speaks with word and mouth times that lie inside its audio."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

from kiosk.emulator.speech.parts import VoiceStyle
from kiosk.emulator.speech.pcm import to_float
from kiosk.emulator.speech.voice_espeak import EspeakSynthesizer, espeak_voice
from kiosk.emulator.speech.voice_pitch import pitch_hz


def test_every_word_has_its_time_and_the_sound_is_there() -> None:
    speech = EspeakSynthesizer().synthesize("The cafe is on the second floor, past 20 steps.")
    assert [word.text for word in speech.words] == [
        "The",
        "cafe",
        "is",
        "on",
        "the",
        "second",
        "floor,",
        "past",
        "20",
        "steps.",
    ]
    assert speech.words[0].start_ms < 150
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(speech.words))
    assert speech.words[-1].end_ms <= speech.duration_ms
    assert 2000 < speech.duration_ms < 6000
    cafe = speech.words[1]
    samples = to_float(speech.pcm)[cafe.start_ms * 24 : cafe.end_ms * 24]
    assert np.abs(samples).max() > 0.05


def test_the_mouth_moves_and_ends_closed() -> None:
    speech = EspeakSynthesizer().synthesize("Bob moved my map.")
    visemes = [mark.viseme for mark in speech.mouths]
    assert visemes.count(21) >= 4
    assert visemes[-1] == 0
    starts = [mark.start_ms for mark in speech.mouths]
    assert starts == sorted(starts)
    assert starts[-1] <= speech.duration_ms


def test_threads_do_not_disturb_each_other() -> None:
    lines = ["One word.", "A rather longer line than that.", "Third.", "And a fourth one."]
    alone = [EspeakSynthesizer().synthesize(line).pcm for line in lines]
    with ThreadPoolExecutor(max_workers=4) as pool:
        together = list(pool.map(lambda line: EspeakSynthesizer().synthesize(line).pcm, lines))
    # The library varies its pitch a little from call to call, never the words.
    for mixed, single in zip(together, alone, strict=True):
        assert abs(len(mixed) - len(single)) < 0.03 * len(single)


def test_what_cannot_be_spoken_is_empty() -> None:
    assert EspeakSynthesizer().synthesize("").words == ()


@pytest.mark.parametrize(
    ("locale", "voice"),
    [
        ("en-US", "en-US"),
        ("en-AU", "en"),
        ("de-AT", "de"),
        ("fr-FR", "fr"),
        ("fr-CA", "fr"),
        ("fr-CH", "fr-CH"),
        ("es-ES", "es"),
        ("es-AR", "es-419"),
        ("pt-BR", "pt-BR"),
        ("zh-CN-liaoning", "cmn"),
        ("zh-HK", "yue"),
        ("nb-NO", "nb"),
        ("ko_KR", "ko"),
        ("zu-ZA", ""),
    ],
)
def test_locales_have_their_voice(locale: str, voice: str) -> None:
    assert espeak_voice(locale) == voice


@pytest.mark.parametrize("locale", ["en-US", "de-DE", "fr-FR", "es-MX"])
def test_women_and_men_speak_every_language(locale: str) -> None:
    engine = EspeakSynthesizer()
    for variant in range(3):
        high, low = (
            pitch_hz(to_float(engine.synthesize("La la la la museum.", style).pcm))
            for style in (
                VoiceStyle(locale=locale, gender="female", variant=variant),
                VoiceStyle(locale=locale, gender="male", variant=variant),
            )
        )
        assert high > 160 > 130 > low


def test_a_language_is_spoken_with_its_own_sounds() -> None:
    engine = EspeakSynthesizer()
    german = engine.synthesize("Über", VoiceStyle(locale="de-DE"))
    english = engine.synthesize("Über", VoiceStyle(locale="en-US"))
    assert next(mark.viseme for mark in german.mouths if mark.viseme) == 7  # rounded lips
    assert german.mouths != english.mouths


def test_rate_and_volume() -> None:
    engine = EspeakSynthesizer()
    line = "A rather longer line than that."
    usual = engine.synthesize(line)
    fast = engine.synthesize(line, VoiceStyle(rate=2.0))
    silent = engine.synthesize(line, VoiceStyle(volume=0.0))
    assert fast.duration_ms < 0.65 * usual.duration_ms
    assert fast.words[-1].end_ms <= fast.duration_ms
    assert not np.any(to_float(silent.pcm))
