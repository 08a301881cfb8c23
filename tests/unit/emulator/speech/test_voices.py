"""The wire's voices become what an engine can speak, and what it cannot is said."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.emulator.speech.parts import VoiceStyle
from kiosk.emulator.speech.voice_espeak import espeak_voice
from kiosk.emulator.speech.voices import (
    UNSPOKEN,
    locale_of,
    not_emulated,
    session_language,
    voice_locale,
    voice_style,
)


@pytest.mark.parametrize(
    ("name", "locale", "gender"),
    [
        ("de-DE-KatjaNeural", "de-DE", "female"),
        ("en-US-AndrewNeural", "en-US", "male"),
        ("en-US-Ava:DragonHDLatestNeural", "en-US", "female"),
        ("en-US-Andrew2:DragonHDLatestNeural", "en-US", "male"),
        ("en-us-ava:DragonHDOmniLatestNeural", "en-us", "female"),
        ("fr-FR-RemyMultilingualNeural", "fr-FR", "male"),
        ("en-US-JennyMultilingualV2Neural", "en-US", "female"),
        ("en-IN-AartiIndicNeural", "en-IN", "female"),
        ("zh-CN-liaoning-XiaobeiNeural", "zh-CN-liaoning", "female"),
        ("sr-Latn-RS-NicholasNeural", "sr-Latn-RS", "male"),
        ("en-US-AlloyTurboMultilingualNeural", "en-US", ""),
    ],
)
def test_names_tell_locale_and_gender(name: str, locale: str, gender: str) -> None:
    voice = {"type": "azure-standard", "name": name}
    style = voice_style(voice)
    assert (voice_locale(voice), style.fallback, style.gender) == (locale, locale, gender)


def test_openai_voices_have_no_language() -> None:
    assert voice_style("alloy") == VoiceStyle()
    assert voice_style({"type": "openai", "name": "coral"}).gender == "female"
    assert voice_locale("coral") == ""


def test_custom_voices_are_spoken_by_the_standard_one() -> None:
    custom = {"type": "azure-custom", "name": "my voice", "endpoint_id": "e"}
    assert voice_style(custom) == VoiceStyle()
    assert not_emulated(custom)[0][0] == "session.voice"
    assert voice_style({"type": "avatar-voice-sync", "model": "DragonLatestNeural"}) == VoiceStyle()


@pytest.mark.parametrize(
    ("rate", "factor"),
    [
        ("x-slow", 0.5),
        ("fast", 1.55),
        ("+20%", 1.2),
        ("-10%", 0.9),
        ("1.5", 1.5),
        ("0.1", 0.5),
        ("9", 2.0),
        ("nonsense", 1.0),
        (None, 1.0),
    ],
)
def test_rates(rate: str | None, factor: float) -> None:
    assert voice_style({"name": "en-US-AvaNeural", "rate": rate}).rate == pytest.approx(factor)


@pytest.mark.parametrize(
    ("pitch", "factor"),
    [
        ("low", 0.8),
        ("+10%", 1.1),
        ("-12st", 0.5),
        ("+11Hz", 1.1),
        ("121Hz", 1.1),
        ("+900Hz", 1.5),
        ("7", 1.0),
    ],
)
def test_pitches(pitch: str, factor: float) -> None:
    assert voice_style({"name": "en-US-GuyNeural", "pitch": pitch}).pitch == pytest.approx(factor)


@pytest.mark.parametrize(
    ("volume", "factor"),
    [("silent", 0.0), ("soft", 0.4), ("80", 0.8), ("-10", 0.9), ("-25%", 0.75), ("+50%", 1.0)],
)
def test_volumes(volume: str, factor: float) -> None:
    style = voice_style({"name": "en-US-GuyNeural", "volume": volume})
    assert style.volume == pytest.approx(factor)


def test_which_locale_is_spoken() -> None:
    katja = voice_style({"name": "de-DE-KatjaNeural"})
    assert locale_of("", katja) == "de-DE"
    assert locale_of("en", katja) == "en-US"
    assert locale_of("es", katja) == "es-MX"
    assert locale_of("fr", katja) == "fr"
    chosen = voice_style({"name": "de-DE-KatjaNeural", "prefer_locales": ["en-GB", "es-ES"]})
    assert (locale_of("en", chosen), locale_of("es", chosen)) == ("en-GB", "es-ES")
    enforced = voice_style({"name": "de-DE-KatjaNeural", "locale": "de-AT"})
    assert locale_of("en", enforced) == "de-AT"
    assert locale_of("", voice_style("alloy", "fr")) == "fr"


@pytest.mark.parametrize(
    ("values", "language"),
    [
        ({}, ""),
        ({"voice": {"name": "alloy"}}, ""),
        ({"voice": {"type": "azure-standard", "name": "de-DE-KatjaNeural"}}, "de"),
        ({"voice": {"type": "azure-standard", "name": "en-US-AvaMultilingualNeural"}}, ""),
        ({"voice": {"name": "en-US-AvaMultilingualNeural", "locale": "fr-FR"}}, "fr"),
        ({"input_audio_transcription": {"language": "es"}}, "es"),
        ({"input_audio_transcription": {"language": "en-US,de-DE"}}, ""),
    ],
)
def test_what_a_session_is_set_to(values: dict[str, Any], language: str) -> None:
    assert session_language(values) == language


def test_what_no_engine_can_do_is_named() -> None:
    voice = {
        "type": "azure-standard",
        "name": "en-US-JennyNeural",
        "style": "sad",
        "temperature": 0.5,
        "custom_lexicon_url": "https://example.test/lexicon.xml",
    }
    assert [param for param, _ in not_emulated(voice)] == [
        "session.voice.style",
        "session.voice.custom_lexicon_url",
    ]
    assert not_emulated("alloy") == []
    assert not_emulated({"type": "azure-standard", "name": "fil-PH-AngeloNeural"})


def test_the_unspoken_languages_are_those_the_engine_lacks() -> None:
    assert [language for language in UNSPOKEN if espeak_voice(language)] == []
