"""The schema check follows the SDK's models: what they express passes, the rest is named."""

from __future__ import annotations

from typing import Any

import pytest
from azure.ai.voicelive import models as sdk

from kiosk.emulator.wire.codec import WireError
from kiosk.emulator.wire.schema import CLIENT_EVENTS, check_event


def refusal(message: dict[str, Any]) -> WireError:
    with pytest.raises(WireError) as caught:
        check_event(message)
    return caught.value


def session(**fields: Any) -> dict[str, Any]:
    return {"type": "session.update", "session": fields}


def test_everything_the_sdk_can_build_passes() -> None:
    """One session that uses every kind of setting, written with the SDK's own classes."""
    built = sdk.ClientEventSessionUpdate(
        event_id="mine",
        session=sdk.RequestSession(
            modalities=[sdk.Modality.TEXT, sdk.Modality.AUDIO],
            voice=sdk.AzureStandardVoice(name="en-US-AvaNeural", rate="+5%", temperature=0.5),
            instructions="Be kind.",
            input_audio_sampling_rate=16_000,
            turn_detection=sdk.AzureSemanticVad(
                threshold=0.4,
                speech_duration_ms=80,
                remove_filler_words=True,
                languages=["en-US"],
                end_of_utterance_detection=sdk.AzureSemanticDetection(timeout_ms=900),
            ),
            input_audio_noise_reduction=sdk.AudioNoiseReduction(
                type="azure_deep_noise_suppression"
            ),
            input_audio_echo_cancellation=sdk.AudioEchoCancellation(),
            avatar=sdk.AvatarConfig(
                avatar_type="video-avatar",
                character="lisa",
                style="casual-sitting",
                customized=False,
                ice_servers=[sdk.IceServer(urls=["stun:127.0.0.1"])],
                video=sdk.VideoParams(
                    codec="h264",
                    crop=sdk.VideoCrop(top_left=[560, 0], bottom_right=[1360, 1080]),
                    resolution=sdk.VideoResolution(width=1920, height=1080),
                    background=sdk.Background(color="#FFFFFFFF"),
                ),
                scene=sdk.Scene(zoom=1.2),
            ),
            input_audio_transcription=sdk.AudioInputTranscriptionOptions(
                model="azure-speech", language="en-US", phrase_list=["Harbour"]
            ),
            output_audio_timestamp_types=["word"],
            tools=[
                sdk.FunctionTool(name="f", description="d", parameters={"type": "object"}),
                sdk.MCPServer(server_label="x", server_url="http://x", headers={"a": "b"}),
            ],
            tool_choice=sdk.ToolChoiceFunctionSelection(name="f"),
            parallel_tool_calls=True,
            temperature=0.7,
            max_response_output_tokens="inf",
            reasoning_effort="low",
            interim_response=sdk.StaticInterimResponseConfig(texts=["One moment."]),
            metadata={"kiosk": "lobby"},
        ),
    )
    assert check_event(dict(built.as_dict())) == "session.update"


@pytest.mark.parametrize(
    "voice",
    [
        "alloy",
        {"type": "openai", "name": "marin"},
        {"type": "azure-custom", "name": "n", "endpoint_id": "e"},
        {"type": "azure-personal", "name": "n", "model": "DragonLatestNeural"},
        {"type": "avatar-voice-sync", "model": "DragonLatestNeural"},
        {"type": "azure-realtime-native", "name": "someone-new"},
    ],
)
def test_every_kind_of_voice_passes(voice: object) -> None:
    check_event(session(voice=voice))


@pytest.mark.parametrize(
    "detection",
    [
        None,
        {"type": "server_vad", "speech_duration_ms": 200},
        {"type": "semantic_vad", "eagerness": "low"},
        {"type": "azure_semantic_vad_en"},
        {"type": "azure_semantic_vad_multilingual", "appended_text_after_truncation": "cut"},
    ],
)
def test_every_turn_detection_of_the_reference_passes(detection: object) -> None:
    check_event(session(turn_detection=detection))


@pytest.mark.parametrize(
    ("message", "code", "param"),
    [
        ({}, "missing_required_parameter", "type"),
        ({"type": 3}, "invalid_type", "type"),
        ({"type": "session.upgrade"}, "invalid_value", "type"),
        (
            {"type": "mcp_approval_response", "approve": True},
            "missing_required_parameter",
            "approval_request_id",
        ),
        ({"type": "session.update"}, "missing_required_parameter", "session"),
        ({"type": "session.update", "session": []}, "invalid_type", "session"),
        ({"type": "response.cancel", "now": True}, "unknown_parameter", "now"),
        ({"type": "response.cancel", "event_id": 7}, "invalid_type", "event_id"),
        (session(colour="red"), "unknown_parameter", "session.colour"),
        (session(modalities="text"), "invalid_type", "session.modalities"),
        (session(modalities=["smell"]), "invalid_value", "session.modalities[0]"),
        (session(temperature="hot"), "invalid_type", "session.temperature"),
        (session(temperature=True), "invalid_type", "session.temperature"),
        (
            session(input_audio_sampling_rate=1.5),
            "invalid_type",
            "session.input_audio_sampling_rate",
        ),
        (session(voice={"type": "loud"}), "invalid_value", "session.voice.type"),
        (session(voice={}), "missing_required_parameter", "session.voice.type"),
        (session(voice=3), "invalid_type", "session.voice"),
        (
            session(turn_detection={"type": "telepathy"}),
            "invalid_value",
            "session.turn_detection.type",
        ),
        (
            session(turn_detection={"threshold": 1}),
            "missing_required_parameter",
            "session.turn_detection.type",
        ),
        (session(avatar={}), "missing_required_parameter", "session.avatar.character"),
        (
            session(avatar={"character": "x", "video": {"codec": "vp9"}}),
            "invalid_value",
            "session.avatar.video.codec",
        ),
        (
            session(avatar={"character": "x", "avatar_type": "photo-avatar"}),
            "unknown_parameter",
            "session.avatar.avatar_type",
        ),
        (
            session(tools=[{"type": "function"}]),
            "missing_required_parameter",
            "session.tools[0].name",
        ),
        (session(metadata={"a": 1}), "invalid_type", "session.metadata.a"),
        (
            session(max_response_output_tokens="many"),
            "invalid_value",
            "session.max_response_output_tokens",
        ),
        (
            {
                "type": "conversation.item.create",
                "item": {"type": "message", "role": "king", "content": []},
            },
            "invalid_value",
            "item.role",
        ),
        (
            {
                "type": "conversation.item.create",
                "item": {"type": "message", "role": "user", "content": [{"type": "input_video"}]},
            },
            "invalid_value",
            "item.content[0].type",
        ),
        ({"type": "input_audio_buffer.append"}, "missing_required_parameter", "audio"),
        # One of several models: its type may be anything that JSON has.
        (
            session(interim_response={"type": ["llm_interim_response"]}),
            "invalid_type",
            "session.interim_response.type",
        ),
        (
            session(interim_response={}),
            "missing_required_parameter",
            "session.interim_response.type",
        ),
        (
            session(avatar={"character": "x", "video": {"bitrate": 10**400}}),
            "invalid_value",
            "session.avatar.video.bitrate",
        ),
        (session(temperature=1e300), "invalid_value", "session.temperature"),
        (
            {
                "type": "conversation.item.truncate",
                "item_id": "i",
                "content_index": 0,
                "audio_end_ms": "1",
            },
            "invalid_type",
            "audio_end_ms",
        ),
    ],
)
def test_a_refusal_names_the_field(message: dict[str, Any], code: str, param: str) -> None:
    error = refusal(message)
    assert (error.code, error.param) == (code, param)
    assert error.message.endswith(".")


def test_the_known_values_are_offered() -> None:
    assert "'azure_semantic_vad'" in refusal(session(turn_detection={"type": "x"})).message


def test_deep_nesting_is_refused_not_followed() -> None:
    parameters: dict[str, Any] = {}
    for _ in range(500):
        parameters = {"properties": parameters}
    # A schema is any JSON: taken as it is, without walking down.
    check_event(session(tools=[{"type": "function", "name": "f", "parameters": parameters}]))


def test_every_event_with_a_class_is_known() -> None:
    assert set(CLIENT_EVENTS) <= {kind.value for kind in sdk.ClientEventType}
    assert "session.avatar.connect" in CLIENT_EVENTS
