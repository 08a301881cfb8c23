"""Defaults are the documented ones, updates are all or nothing, what cannot be is named."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.emulator.config.config import SessionConfig
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.wire.codec import WireError

ICE = [{"urls": ["stun:127.0.0.1:3478"], "username": "u", "credential": "c"}]
LIMITS = Limits()


def config(agent: dict[str, Any] | None = None) -> SessionConfig:
    return SessionConfig(session_id="sess_1", model="gpt-realtime", agent=agent, expires_at=5)


def apply(target: SessionConfig, **changes: Any) -> None:
    target.apply(changes, ice_servers=ICE, limits=LIMITS)


def refused(**changes: Any) -> WireError:
    target = config()
    before = target.as_model().as_dict()
    with pytest.raises(WireError) as caught:
        apply(target, instructions="New.", **changes)
    assert target.as_model().as_dict() == before
    return caught.value


def test_a_new_session_has_the_documented_defaults() -> None:
    values = config().as_model().as_dict()
    assert values["avatar"] is None
    assert values["modalities"] == ["text", "audio"]
    assert values["turn_detection"]["type"] == "azure_semantic_vad"
    assert values["turn_detection"]["prefix_padding_ms"] == 420
    assert values["input_audio_transcription"] is None
    assert (values["id"], values["model"], values["expires_at"]) == ("sess_1", "gpt-realtime", 5)


def test_only_fields_that_are_present_change() -> None:
    target = config()
    apply(target, temperature=0.6)
    assert target.values["temperature"] == 0.6
    assert target.instructions == "You are a helpful assistant."


@pytest.mark.parametrize(
    ("kind", "prefix", "speech"),
    [("server_vad", 400, 200), ("azure_semantic_vad", 420, 80), ("azure_semantic_vad_en", 420, 80)],
)
def test_turn_detection_is_filled_in(kind: str, prefix: int, speech: int) -> None:
    target = config()
    apply(target, turn_detection={"type": kind, "threshold": 0.3, "silence_duration_ms": None})
    filled = target.turn_detection
    assert filled is not None
    assert filled["threshold"] == 0.3
    assert filled["prefix_padding_ms"] == prefix
    assert filled["speech_duration_ms"] == speech
    assert filled["silence_duration_ms"] == 500
    assert filled["create_response"] is filled["interrupt_response"] is True


def test_null_turns_things_off() -> None:
    target = config()
    apply(target, input_audio_transcription={"model": "azure-speech"})
    apply(target, turn_detection=None, input_audio_transcription=None)
    assert target.turn_detection is None
    assert target.values["input_audio_transcription"] is None


def test_an_avatar_gets_the_services_defaults_and_ice_servers() -> None:
    target = config()
    apply(target, avatar={"character": "lisa", "video": {"bitrate": None}})
    avatar = target.avatar
    assert avatar is not None
    assert avatar["video"] == {"bitrate": 2_000_000, "codec": "h264", "gop_size": 10}
    assert avatar["ice_servers"] == ICE
    assert avatar["output_protocol"] == "webrtc"
    assert "avatar" in target.values["modalities"]


def test_a_clients_own_ice_servers_stay() -> None:
    target = config()
    own = [{"urls": ["turn:example.test"]}]
    apply(target, avatar={"character": "lisa", "ice_servers": own})
    assert target.avatar is not None
    assert target.avatar["ice_servers"] == own


def test_the_agent_owns_its_instructions() -> None:
    target = config({"type": "agent", "name": "guide"})
    assert "instructions" not in target.values
    with pytest.raises(WireError) as caught:
        apply(target, instructions="Mine.")
    assert caught.value.code == "instructions_configuration_not_supported"


def test_what_has_no_effect_is_said() -> None:
    target = config()
    apply(target, input_audio_noise_reduction={"type": "near_field"})
    assert [param for param, _ in target.not_emulated()] == ["session.input_audio_noise_reduction"]


VIDEO = {"resolution": {"width": 100, "height": 100}}


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"model": "other"}, "session.model"),
        ({"modalities": ["audio"]}, "session.modalities"),
        ({"temperature": 1.5}, "session.temperature"),
        ({"max_response_output_tokens": 0}, "session.max_response_output_tokens"),
        ({"metadata": {str(i): "" for i in range(17)}}, "session.metadata"),
        ({"metadata": {"a": "x" * 513}}, "session.metadata"),
        ({"input_audio_sampling_rate": 44_100}, "session.input_audio_sampling_rate"),
        (
            {"input_audio_format": "g711_ulaw", "input_audio_sampling_rate": 24_000},
            "session.input_audio_sampling_rate",
        ),
        (
            {"turn_detection": {"type": "server_vad", "threshold": 1}},
            "session.turn_detection.threshold",
        ),
        (
            {"turn_detection": {"type": "server_vad", "silence_duration_ms": -1}},
            "session.turn_detection.silence_duration_ms",
        ),
        ({"interim_response": {"type": "static_interim_response"}}, "session.interim_response"),
        ({"include": ["file_search_call.results"]}, "session.include"),
        ({"animation": {}}, "session.animation.outputs"),
        (
            {"tools": [{"type": "mcp", "server_label": "x", "server_url": "y"}]},
            "session.tools[0].type",
        ),
        ({"tools": [{"type": "function", "name": "a b"}]}, "session.tools[0].name"),
        ({"tools": [{"type": "function", "name": "a"}] * 2}, "session.tools[1].name"),
        (
            {"tools": [{"type": "function", "name": "a", "parameters": [1]}]},
            "session.tools[0].parameters",
        ),
        (
            {"input_audio_echo_cancellation": {"type": "x", "reference_source": "client"}},
            "session.input_audio_echo_cancellation.reference_source",
        ),
        (
            {"avatar": {"character": "x", "output_protocol": "websocket"}},
            "session.avatar.output_protocol",
        ),
        ({"avatar": {"character": ""}}, "session.avatar.character"),
        ({"avatar": {"character": "x", "type": "photo-avatar"}}, "session.avatar.model"),
        ({"avatar": {"character": "x", "video": {"gop_size": 0}}}, "session.avatar.video.gop_size"),
        ({"avatar": {"character": "x", "video": {"bitrate": 0}}}, "session.avatar.video.bitrate"),
        (
            {"avatar": {"character": "x", "video": {"resolution": {"width": 0, "height": 1}}}},
            "session.avatar.video.resolution",
        ),
        (
            {
                "avatar": {
                    "character": "x",
                    "video": {**VIDEO, "crop": {"top_left": [0, 0], "bottom_right": [101, 9]}},
                }
            },
            "session.avatar.video.crop",
        ),
        (
            {
                "avatar": {
                    "character": "x",
                    "video": {"crop": {"top_left": [5, 5], "bottom_right": [5, 9]}},
                }
            },
            "session.avatar.video.crop",
        ),
        (
            {
                "avatar": {
                    "character": "x",
                    "video": {"crop": {"top_left": [5], "bottom_right": [5, 9]}},
                }
            },
            "session.avatar.video.crop",
        ),
        (
            {"avatar": {"character": "x", "video": {"background": {"color": "red"}}}},
            "session.avatar.video.background.color",
        ),
        (
            {
                "avatar": {
                    "character": "x",
                    "video": {"background": {"color": "#FFFFFF", "image_url": "u"}},
                }
            },
            "session.avatar.video.background",
        ),
    ],
)
def test_what_cannot_be_is_refused_whole(changes: dict[str, Any], param: str) -> None:
    assert refused(**changes).param == param


def test_a_g711_session_is_heard_at_8_khz() -> None:
    target = config()
    apply(target, input_audio_format="g711_alaw")
    assert target.values["input_audio_sampling_rate"] == 8_000


def test_instructions_have_an_end() -> None:
    with pytest.raises(WireError) as caught:
        apply(config(), instructions="x" * (LIMITS.text_characters + 1))
    assert caught.value.param == "session.instructions"
