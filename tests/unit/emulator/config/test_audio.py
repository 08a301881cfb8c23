"""The microphone's part of the configuration: defaults, what cannot be, what is warned of."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.emulator.config.audio import (
    MAXIMUM_PHRASES,
    VAD_DEFAULTS,
    check_input,
    check_late_changes,
    check_turn_detection,
    filled_turn_detection,
    input_channels,
    input_warnings,
)
from kiosk.emulator.wire.codec import WireError

CURRENT: dict[str, Any] = {
    "model": "gpt-realtime",
    "input_audio_format": "pcm16",
    "input_audio_sampling_rate": 24_000,
    "input_audio_echo_cancellation": None,
    "input_audio_transcription": None,
    "turn_detection": {"type": "azure_semantic_vad"},
}
REFERENCE = {"type": "server_echo_cancellation", "reference_source": "client", "channels": 2}


@pytest.mark.parametrize(
    ("kind", "prefix", "speech"),
    [
        ("server_vad", 400, 200),
        ("azure_semantic_vad", 420, 80),
        ("azure_semantic_vad_en", 420, 80),
        ("azure_semantic_vad_multilingual", 420, 80),
    ],
)
def test_turn_detection_is_filled_in(kind: str, prefix: int, speech: int) -> None:
    given = {"type": kind, "threshold": 0.3, "silence_duration_ms": None}
    filled = filled_turn_detection(given)
    assert filled["threshold"] == 0.3
    assert filled["prefix_padding_ms"] == prefix
    assert filled["speech_duration_ms"] == speech
    assert filled["silence_duration_ms"] == 500
    assert filled["create_response"] is filled["interrupt_response"] is True
    assert filled["auto_truncate"] is False


def test_semantic_vad_has_eagerness() -> None:
    assert filled_turn_detection({"type": "semantic_vad"})["eagerness"] == "auto"
    assert set(VAD_DEFAULTS) >= {"semantic_vad", "server_vad"}


@pytest.mark.parametrize(
    ("detection", "name"),
    [
        ({"threshold": 1}, "threshold"),
        ({"threshold": 0.0}, "threshold"),
        ({"silence_duration_ms": -1}, "silence_duration_ms"),
        ({"prefix_padding_ms": 60_001}, "prefix_padding_ms"),
        (
            {"end_of_utterance_detection": {"timeout_ms": -1}},
            "end_of_utterance_detection.timeout_ms",
        ),
    ],
)
def test_turn_detection_out_of_range_is_named(detection: dict[str, Any], name: str) -> None:
    with pytest.raises(WireError) as caught:
        check_turn_detection({"type": "server_vad", **detection})
    assert caught.value.param == f"session.turn_detection.{name}"


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"input_audio_sampling_rate": 44_100}, "input_audio_sampling_rate", "invalid_value"),
        (
            {"input_audio_format": "g711_ulaw", "input_audio_sampling_rate": 24_000},
            "input_audio_sampling_rate",
            "invalid_value",
        ),
        (
            {"input_audio_echo_cancellation": {**REFERENCE, "channels": 1}},
            "input_audio_echo_cancellation.reference_source",
            "invalid_ec_reference_channels",
        ),
        (
            {"input_audio_echo_cancellation": {**REFERENCE, "reference_source": "server"}},
            "input_audio_echo_cancellation.channels",
            "invalid_ec_channels_requires_client",
        ),
        (
            {"input_audio_echo_cancellation": {**REFERENCE, "channels": 3}},
            "input_audio_echo_cancellation.channels",
            "invalid_value",
        ),
        (
            {"input_audio_echo_cancellation": REFERENCE, "input_audio_format": "g711_alaw"},
            "input_audio_format",
            "invalid_value",
        ),
        (
            {
                "input_audio_transcription": {
                    "model": "azure-speech",
                    "phrase_list": ["x"] * (MAXIMUM_PHRASES + 1),
                }
            },
            "input_audio_transcription.phrase_list",
            "invalid_value",
        ),
    ],
)
def test_input_that_cannot_be_is_named(changes: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(WireError) as caught:
        check_input(changes, CURRENT)
    assert (caught.value.param, caught.value.code) == (f"session.{param}", code)


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000])
def test_documented_rates_and_stereo_are_taken(rate: int) -> None:
    check_input(
        {"input_audio_sampling_rate": rate, "input_audio_echo_cancellation": REFERENCE}, CURRENT
    )
    assert input_channels({"input_audio_echo_cancellation": REFERENCE}) == 2
    assert input_channels(CURRENT) == 1


def test_a_format_that_does_not_fit_the_reference_before_it_is_refused() -> None:
    stereo = {**CURRENT, "input_audio_echo_cancellation": REFERENCE}
    with pytest.raises(WireError):
        check_input({"input_audio_format": "g711_ulaw"}, stereo)
    check_input({"input_audio_format": "g711_ulaw", "input_audio_echo_cancellation": None}, stereo)


def test_channels_and_stereo_formats_do_not_change_late() -> None:
    stereo = {**CURRENT, "input_audio_echo_cancellation": REFERENCE}
    check_late_changes({"input_audio_format": "g711_ulaw"}, CURRENT)
    check_late_changes({"instructions": "x", "input_audio_sampling_rate": 24_000}, stereo)
    for changes, current, param in (
        ({"input_audio_echo_cancellation": REFERENCE}, CURRENT, "echo_cancellation.channels"),
        ({"input_audio_echo_cancellation": None}, stereo, "echo_cancellation.channels"),
        ({"input_audio_sampling_rate": 16_000}, stereo, "sampling_rate"),
        ({"input_audio_format": "g711_alaw"}, stereo, "format"),
    ):
        with pytest.raises(WireError) as caught:
            check_late_changes(changes, current)
        assert caught.value.param == f"session.input_audio_{param}"


def warned(languages: tuple[str, ...] = ("en",), **values: Any) -> list[str]:
    found = input_warnings({**CURRENT, **values}, languages)
    return [param.removeprefix("session.") for _, _, param in found]


def test_our_own_voice_is_not_cancelled_and_that_is_said() -> None:
    plain = {"type": "server_echo_cancellation"}
    assert warned(input_audio_echo_cancellation=plain) == ["input_audio_echo_cancellation"]
    assert warned(input_audio_echo_cancellation=REFERENCE) == []


@pytest.mark.parametrize(
    ("transcription", "session", "fits"),
    [
        ("whisper-1", {}, True),
        ("gpt-4o-transcribe-diarize", {}, True),
        ("azure-speech", {}, False),
        ("azure-speech", {"model": "gpt-4.1"}, True),
        ("mai-transcribe-1", {"model": "gpt-4o"}, True),
        ("gpt-4o-transcribe", {"model": "gpt-4o"}, False),
        ("azure-speech", {"model": None, "agent": {"name": "guide"}}, True),
    ],
)
def test_the_documented_pairs_of_models(
    transcription: str, session: dict[str, Any], fits: bool
) -> None:
    expected = [] if fits else ["input_audio_transcription.model"]
    assert warned(input_audio_transcription={"model": transcription}, **session) == expected


def test_what_the_ears_cannot_follow_is_said() -> None:
    def language(tags: str) -> list[str]:
        return warned(input_audio_transcription={"model": "whisper-1", "language": tags})

    assert language("en-GB") == language("en") == language("") == []
    assert language("en, de-DE") == ["input_audio_transcription.language"]
    options = {"phrase_list": ["x"], "custom_speech": {"en": "id"}, "prompt": "Terms"}
    found = warned(input_audio_transcription={"model": "gpt-4o-transcribe", **options})
    assert set(found) == {f"input_audio_transcription.{name}" for name in options}


def test_semantic_vad_belongs_to_the_realtime_models() -> None:
    assert warned(turn_detection={"type": "semantic_vad"}) == []
    assert warned(turn_detection={"type": "semantic_vad"}, model="gpt-4.1") == [
        "turn_detection.type"
    ]
