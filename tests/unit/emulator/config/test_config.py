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


def test_a_new_session_has_the_recorded_defaults() -> None:
    values = config().as_model().as_dict()
    assert values["avatar"] is None
    assert values["modalities"] == ["audio"]
    assert values["turn_detection"]["type"] == "server_vad"
    assert values["turn_detection"]["prefix_padding_ms"] == 300
    assert values["input_audio_transcription"] is None
    assert (values["id"], values["model"], values["expires_at"]) == ("sess_1", "gpt-realtime", 5)


def test_only_fields_that_are_present_change() -> None:
    target = config()
    apply(target, temperature=0.6)
    assert target.values["temperature"] == 0.6
    assert target.instructions == "You are a helpful assistant."


def test_null_turns_things_off() -> None:
    target = config()
    apply(target, input_audio_transcription={"model": "azure-speech"})
    apply(target, turn_detection=None, input_audio_transcription=None)
    assert target.turn_detection is None
    assert target.values["input_audio_transcription"] is None


def test_an_avatar_is_filled_in_and_is_a_modality() -> None:
    target = config()
    apply(target, avatar={"character": "lisa", "video": {"bitrate": None}})
    avatar = target.avatar
    assert avatar is not None
    assert avatar["video"] == {"bitrate": 2_000_000, "codec": "h264", "gop_size": 10}
    assert avatar["ice_servers"] == ICE
    assert avatar["output_protocol"] == "webrtc"
    assert "avatar" in target.values["modalities"]


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


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"model": "other"}, "session.model"),
        ({"modalities": ["audio"]}, "session.modalities"),
        ({"temperature": 1.5}, "session.temperature"),
        ({"max_response_output_tokens": 0}, "session.max_response_output_tokens"),
        ({"metadata": {str(i): "" for i in range(17)}}, "session.metadata"),
        ({"metadata": {"a": "x" * 513}}, "session.metadata"),
        (
            {"turn_detection": {"type": "server_vad", "threshold": 1}},
            "session.turn_detection.threshold",
        ),
        (
            {"interim_response": {"type": "static_interim_response", "texts": ["Wait."]}},
            "session.interim_response",
        ),
        (
            {"tools": [{"type": "mcp", "server_label": "x", "server_url": "y"}]},
            "session.tools[0].server_url",
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
        ({"avatar": {"character": ""}}, "session.avatar.character"),
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
