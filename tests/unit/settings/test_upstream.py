"""The Voice Live session in settings: what the service would refuse is refused here first."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from kiosk.settings.upstream import (
    AvatarSettings,
    AzureStandardVoice,
    OpenAIVoice,
    TurnDetectionSettings,
    UpstreamSettings,
)

AGENT = {"name": "host", "project": "museum"}


def upstream(**values: Any) -> UpstreamSettings:
    return UpstreamSettings.model_validate(values)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://res.services.ai.azure.com", "https://res.services.ai.azure.com"),
        ("https://res.services.ai.azure.com/", "https://res.services.ai.azure.com"),
        ("wss://res.cognitiveservices.azure.com", "wss://res.cognitiveservices.azure.com"),
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765"),
        ("http://localhost:8765", "http://localhost:8765"),
        ("http://[::1]:8765", "http://[::1]:8765"),
        ("ws://127.1.2.3:1", "ws://127.1.2.3:1"),
        (None, None),
    ],
)
def test_an_endpoint_is_an_address(given: str | None, kept: str | None) -> None:
    assert upstream(endpoint=given).endpoint == kept


@pytest.mark.parametrize(
    ("endpoint", "sentence"),
    [
        ("res.services.ai.azure.com", "write it as https://NAME"),
        ("ftp://res.example", "write it as https://NAME"),
        ("https://", "write it as https://NAME"),
        ("http://res.example", "the key would travel in clear; use https://"),
        ("http://127.0.0.1.example:8765", "the key would travel in clear"),
        ("http://127.0.0.1.example", "the key would travel in clear"),
        ("http://127.0.0.1@res.example", "the key would travel in clear"),
        ("http://localhost.example:80", "the key would travel in clear"),
    ],
)
def test_a_key_never_travels_in_clear(endpoint: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        upstream(endpoint=endpoint)


def test_voices_are_told_apart_by_type() -> None:
    assert isinstance(upstream().voice, AzureStandardVoice)
    assert isinstance(upstream(voice={"type": "openai", "name": "alloy"}).voice, OpenAIVoice)
    with pytest.raises(ValidationError, match="rate"):
        upstream(voice={"type": "openai", "rate": "1.2"})
    with pytest.raises(ValidationError, match="endpoint_id"):
        upstream(voice={"type": "azure-custom", "name": "ours"})


def test_a_language_may_have_a_voice_by_name_or_as_a_table() -> None:
    made = upstream(
        voices={"ar": "ar-SA-ZariyahNeural", "uk": {"type": "openai", "name": "sage"}},
        voice={"name": "en-US-AvaNeural"},
    )
    assert made.speaking("ar-EG").voice == AzureStandardVoice(name="ar-SA-ZariyahNeural")
    assert isinstance(made.speaking("uk").voice, OpenAIVoice)
    assert made.speaking("ja") is made
    for wrong in ({"Arabic!": "x"}, {"ar": {"name": "x", "speed": 2}}, ["ar"]):
        with pytest.raises(ValidationError, match="voices"):
            upstream(voices=wrong)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"agent": AGENT, "api_key": "k"}, "an agent works with Entra ID only; remove api_key"),
        ({"metadata": {f"k{n}": "v" for n in range(15)}}, "metadata may have 14 pairs"),
        ({"metadata": {"k" * 65: "v"}}, "metadata keys have 64 characters at most"),
        ({"metadata": {"k": "v" * 513}}, "metadata keys have 64 characters at most, values 512"),
        (
            {"mcp_servers": [{"label": "a", "url": "https://a", "require_approval": "always"}]},
            "would wait for ever, because nobody at a kiosk can approve",
        ),
        ({"interim_response": {}}, "interim_response does not work with native realtime models"),
        (
            {"turn_detection": {"end_of_utterance": {}}},
            "end_of_utterance needs a cascaded model",
        ),
        (
            {"model": "gpt-4.1", "turn_detection": {"type": "semantic_vad"}},
            "'semantic_vad' needs a gpt-realtime model",
        ),
        ({"temperature": 1.1}, "less than or equal to 1"),
        ({"max_message_bytes": 1}, "greater than or equal to 65536"),
    ],
)
def test_combinations_the_service_refuses(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        upstream(**values)


def test_cascaded_models_may_have_what_native_ones_may_not() -> None:
    made = upstream(model="gpt-4.1", interim_response={}, turn_detection={"end_of_utterance": {}})
    assert made.interim_response is not None
    assert upstream(turn_detection={"type": "semantic_vad"}).turn_detection.type == "semantic_vad"


@pytest.mark.parametrize(
    ("values", "model"),
    [
        ({}, "gpt-4o-transcribe"),
        ({"model": "gpt-realtime-mini"}, "gpt-4o-transcribe"),
        ({"model": "gpt-4.1"}, "azure-speech"),
        ({"agent": AGENT}, "azure-speech"),
        ({"hearing": {"transcription_model": "whisper-1"}}, "whisper-1"),
    ],
)
def test_the_transcription_fits_the_model(values: dict[str, Any], model: str) -> None:
    assert upstream(**values).transcription_model == model


def avatar(**values: Any) -> AvatarSettings:
    return AvatarSettings.model_validate(values)


def test_a_photo_avatar_has_a_model_and_no_style() -> None:
    made = avatar(type="photo-avatar", character="anika", scene={"zoom": 1.2})
    assert (made.style, made.model) == (None, "vasa-1")
    with pytest.raises(ValidationError, match="a photo avatar has no style; remove it"):
        avatar(type="photo-avatar", character="anika", style="casual")
    with pytest.raises(ValidationError, match="scene is for photo avatars"):
        avatar(scene={"zoom": 1.2})


def test_a_backdrop_is_a_colour_or_an_image() -> None:
    assert avatar(background_image="https://a/b.png").background_color is None
    with pytest.raises(ValidationError, match="not both"):
        avatar(background_image="https://a/b.png", background_color="#00FF00FF")
    with pytest.raises(ValidationError, match="pattern"):
        avatar(background_color="green")


@pytest.mark.parametrize(
    "crop", [(1360, 0, 560, 1080), (0, 0, 1921, 1080), (0, 10, 100, 10), (0, 0, 100, 1081)]
)
def test_a_crop_lies_inside_the_picture(crop: tuple[int, int, int, int]) -> None:
    assert avatar(crop=(560, 0, 1360, 1080)).crop == (560, 0, 1360, 1080)
    with pytest.raises(ValidationError, match="crop is left, top, right, bottom"):
        avatar(crop=crop)


def test_what_is_not_built_is_refused() -> None:
    with pytest.raises(ValidationError, match="not built yet; use 'webrtc'"):
        avatar(output_protocol="websocket")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"type": "server_vad", "speech_duration_ms": 80}, "needs an azure_semantic_vad type"),
        ({"type": "server_vad", "remove_filler_words": True}, "needs an azure_semantic_vad type"),
        ({"type": "azure_semantic_vad_en", "languages": ["en"]}, "languages needs"),
        ({"eagerness": "low"}, "eagerness needs type = 'semantic_vad'"),
        ({"auto_truncate": True}, "auto_truncate needs interrupt_response = true"),
        ({"threshold": 1.5}, "less than or equal to 1"),
    ],
)
def test_turn_detection_takes_only_what_its_type_has(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        TurnDetectionSettings.model_validate(values)
