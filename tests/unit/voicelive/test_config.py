"""Tests of session.update: every setting arrives, and everything sent fits the SDK's models."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import BaseModel

from kiosk.emulator.wire.schema import check_event
from kiosk.model import Tool
from kiosk.settings.upstream import (
    AgentSettings,
    AvatarSettings,
    EndOfUtteranceSettings,
    HearingSettings,
    InterimResponseSettings,
    McpServerSettings,
    SceneSettings,
    TurnDetectionSettings,
    UpstreamSettings,
    VoiceSettings,
)
from kiosk.voicelive.config import agent_arguments, session_update

TOOL = Tool(
    name="find_place",
    description="Shows the way.",
    parameters={"type": "object", "properties": {"place": {"type": "string"}}},
    handler=lambda place: place,
)
CASCADED = {"model": "gpt-4o"}
PHOTO = {"type": "photo-avatar", "character": "adrian"}
AGENT = {"name": "host", "project": "museum"}

Json = dict[str, Any]


def payload(
    *, language: str = "en", tools: tuple[Tool, ...] = (), with_avatar: bool = True, **values: Any
) -> Json:
    """Return the session for these settings, checked against the SDK's models."""
    session = session_update(
        UpstreamSettings(**values),
        instructions="Be kind.",
        tools=tools,
        language=language,
        metadata={"kiosk": "lobby", "visit": "visit_1"},
        with_avatar=with_avatar,
    )
    assert check_event({"type": "session.update", "session": session}) == "session.update"
    return session


def at(session: Json, path: str) -> Any:
    """Return the value at `a.b.0.c`, or "absent"."""
    value: Any = session
    for step in path.split("."):
        try:
            value = value[int(step)] if step.isdigit() else value[step]
        except (KeyError, IndexError):
            return "absent"
    return value


def voice(kind: str, **more: Any) -> Json:
    return {"voice": {"type": kind, **more}}


def azure_voices() -> list[tuple[str, Json, str, Any]]:
    """Every field of every Azure voice that has it."""
    kinds: dict[str, Json] = {
        "azure-standard": {"name": "en-US-Ava:DragonHDLatestNeural"},
        "azure-custom": {"name": "ours", "endpoint_id": "deployment-7"},
        "azure-personal": {"name": "profile-3", "model": "PhoenixLatestNeural"},
        "avatar-voice-sync": {"model": "DragonLatestNeural"},
    }
    common: Json = {
        "temperature": 0.4,
        "custom_lexicon_url": "https://site.example/words.pls",
        "custom_text_normalization_url": "https://site.example/rules",
        "prefer_locales": ["de-DE", "de-AT"],
        "locale": "de-DE",
        "style": "cheerful",
        "pitch": "+5%",
        "rate": "0.9",
        "volume": "-10%",
    }
    cases: list[tuple[str, Json, str, Any]] = []
    for kind, own in kinds.items():
        for name, value in {**own, **common, "type": kind}.items():
            given = voice(kind, **{**own, **({name: value} if name != "type" else {})})
            cases.append((f"voice.{name}", given, f"voice.{name}", value))
    return cases


def turn(kind: str, **more: Any) -> Json:
    return {"turn_detection": {"type": kind, **more}}


NATIVE = voice("azure-realtime-native", name="andrew")
ECHO = "input_audio_echo_cancellation"
EOU = "turn_detection.end_of_utterance_detection"
# (setting, values of [upstream], path in the session, what must be there)
CASES: list[tuple[str, Json, str, Any]] = [
    *azure_voices(),
    ("voice.name", voice("openai", name="alloy"), "voice.name", "alloy"),
    ("voice.type", voice("openai", name="alloy"), "voice.type", "openai"),
    ("voice.name", NATIVE, "voice.name", "andrew"),
    ("voice.type", NATIVE, "voice.type", "azure-realtime-native"),
    # turn detection
    ("turn_detection.type", turn("none"), "turn_detection", None),
    *(
        ("turn_detection.type", turn(kind), "turn_detection.type", kind)
        for kind in (
            "server_vad",
            "semantic_vad",
            "azure_semantic_vad",
            "azure_semantic_vad_en",
            "azure_semantic_vad_multilingual",
        )
    ),
    *(
        (f"turn_detection.{name}", turn(kind, **{name: value}), f"turn_detection.{name}", value)
        for kind, name, value in (
            ("server_vad", "threshold", 0.3),
            ("server_vad", "prefix_padding_ms", 300),
            ("server_vad", "silence_duration_ms", 400),
            ("azure_semantic_vad_en", "speech_duration_ms", 90),
            ("azure_semantic_vad", "remove_filler_words", True),
            ("azure_semantic_vad_multilingual", "languages", ["en", "de"]),
            ("server_vad", "create_response", False),
            ("server_vad", "interrupt_response", True),
            ("semantic_vad", "eagerness", "low"),
        )
    ),
    (
        "turn_detection.auto_truncate",
        turn("server_vad", interrupt_response=True, auto_truncate=True),
        "turn_detection.auto_truncate",
        True,
    ),
    *(
        (
            f"turn_detection.end_of_utterance.{name}",
            {**CASCADED, **turn("azure_semantic_vad", end_of_utterance={name: value})},
            f"{EOU}.{name}",
            value,
        )
        for name, value in (
            ("model", "semantic_detection_v1_en"),
            ("threshold_level", "high"),
            ("timeout_ms", 800),
        )
    ),
    # hearing
    *(
        ("hearing.noise_reduction", {"hearing": {"noise_reduction": kind}}, path, kind)
        for kind in ("azure_deep_noise_suppression", "near_field", "far_field")
        for path in ("input_audio_noise_reduction.type",)
    ),
    (
        "hearing.noise_reduction",
        {"hearing": {"noise_reduction": None}},
        "input_audio_noise_reduction",
        "absent",
    ),
    ("hearing.echo_cancellation", {}, f"{ECHO}.type", "server_echo_cancellation"),
    (
        "hearing.echo_cancellation",
        {"hearing": {"echo_cancellation": False}},
        "input_audio_echo_cancellation",
        "absent",
    ),
    (
        "hearing.transcription_model",
        {"hearing": {"transcription_model": "whisper-1"}},
        "input_audio_transcription.model",
        "whisper-1",
    ),
    (
        "hearing.transcription_language",
        {"hearing": {"transcription_language": "fr-FR"}},
        "input_audio_transcription.language",
        "fr",
    ),
    (
        "hearing.phrase_list",
        {**CASCADED, "hearing": {"phrase_list": ["Quay", "wharf"]}},
        "input_audio_transcription.phrase_list",
        ["Quay", "wharf"],
    ),
    (
        "hearing.custom_speech",
        {**CASCADED, "hearing": {"custom_speech": {"en-US": "model-id"}}},
        "input_audio_transcription.custom_speech",
        {"en-US": "model-id"},
    ),
    # the avatar
    ("avatar.enabled", {"avatar": {"enabled": False}}, "avatar", "absent"),
    ("avatar.type", {}, "avatar.type", "video-avatar"),
    ("avatar.type", {"avatar": PHOTO}, "avatar.type", "photo-avatar"),
    ("avatar.model", {"avatar": PHOTO}, "avatar.model", "vasa-1"),
    ("avatar.model", {}, "avatar.model", "absent"),
    ("avatar.style", {"avatar": PHOTO}, "avatar.style", "absent"),
    ("avatar.character", {"avatar": {"character": "lisa"}}, "avatar.character", "lisa"),
    ("avatar.style", {"avatar": {"style": "casual-sitting"}}, "avatar.style", "casual-sitting"),
    ("avatar.customized", {"avatar": {"customized": True}}, "avatar.customized", True),
    ("avatar.width", {"avatar": {"width": 1280}}, "avatar.video.resolution.width", 1280),
    ("avatar.height", {"avatar": {"height": 720}}, "avatar.video.resolution.height", 720),
    ("avatar.bitrate", {"avatar": {"bitrate": 500_000}}, "avatar.video.bitrate", 500_000),
    ("avatar.gop_size", {"avatar": {"gop_size": 25}}, "avatar.video.gop_size", 25),
    ("avatar.gop_size", {}, "avatar.video.gop_size", "absent"),
    ("avatar", {}, "avatar.video.codec", "h264"),
    (
        "avatar.crop",
        {"avatar": {"crop": (560, 0, 1360, 1080)}},
        "avatar.video.crop",
        {"top_left": [560, 0], "bottom_right": [1360, 1080]},
    ),
    ("avatar.crop", {}, "avatar.video.crop", "absent"),
    (
        "avatar.background_color",
        {"avatar": {"background_color": "#00FF00FF"}},
        "avatar.video.background.color",
        "#00FF00FF",
    ),
    (
        "avatar.background_color",
        {"avatar": {"background_color": None}},
        "avatar.video.background",
        "absent",
    ),
    (
        "avatar.background_image",
        {"avatar": {"background_image": "https://site.example/wall.jpg"}},
        "avatar.video.background",
        {"image_url": "https://site.example/wall.jpg"},
    ),
    ("avatar.output_protocol", {}, "avatar.output_protocol", "webrtc"),
    (
        "avatar.output_audit_audio",
        {"avatar": {"output_audit_audio": True}},
        "avatar.output_audit_audio",
        True,
    ),
    *(
        (
            f"avatar.scene.{name}",
            {"avatar": {**PHOTO, "scene": {name: value}}},
            f"avatar.scene.{name}",
            value,
        )
        for name, value in (
            ("zoom", 1.2),
            ("position_x", -0.25),
            ("position_y", 0.5),
            ("rotation_x", 0.1),
            ("rotation_y", 0.2),
            ("rotation_z", 0.3),
            ("amplitude", 0.7),
        )
    ),
    # answering
    ("tool_choice", {"tool_choice": "required"}, "tool_choice", "required"),
    ("parallel_tool_calls", {"parallel_tool_calls": False}, "parallel_tool_calls", False),
    ("temperature", {"temperature": 0.6}, "temperature", 0.6),
    ("temperature", {}, "temperature", "absent"),
    ("max_response_tokens", {"max_response_tokens": 300}, "max_response_output_tokens", 300),
    ("max_response_tokens", {"max_response_tokens": None}, "max_response_output_tokens", "inf"),
    ("reasoning_effort", {"reasoning_effort": "low"}, "reasoning_effort", "low"),
    ("reasoning_effort", {}, "reasoning_effort", "absent"),
    ("animation_outputs", {"animation_outputs": ["viseme_id"]}, "animation.outputs", ["viseme_id"]),
    (
        "animation_model",
        {"animation_outputs": ["blendshapes"], "animation_model": "face"},
        "animation.model_name",
        "face",
    ),
    ("word_timestamps", {"word_timestamps": True}, "output_audio_timestamp_types", ["word"]),
    ("word_timestamps", {}, "output_audio_timestamp_types", "absent"),
    (
        "include",
        {"include": ["item.input_audio_transcription.logprobs"]},
        "include",
        ["item.input_audio_transcription.logprobs"],
    ),
    ("include", {}, "include", "absent"),
    ("metadata", {"metadata": {"site": "quay"}}, "metadata.site", "quay"),
    *(
        (
            f"mcp_servers.{name}",
            {"mcp_servers": [{"label": "events", "url": "https://mcp.example", name: value}]},
            f"tools.0.{sent}",
            value,
        )
        for name, sent, value in (
            ("label", "server_label", "calendar"),
            ("url", "server_url", "https://other.example"),
            ("authorization", "authorization", "token"),
            ("headers", "headers", {"X-Site": "quay"}),
            ("allowed_tools", "allowed_tools", ["today"]),
            ("require_approval", "require_approval", "never"),
        )
    ),
    *(
        (
            f"interim_response.{name}",
            {**CASCADED, "interim_response": {"type": kind, name: value}},
            f"interim_response.{name}",
            value,
        )
        for kind, name, value in (
            ("static", "texts", ["One moment."]),
            ("static", "triggers", ["tool"]),
            ("static", "latency_threshold_ms", 1500),
            ("llm", "model", "gpt-4.1-mini"),
            ("llm", "instructions", "Be brief."),
            ("llm", "max_completion_tokens", 20),
            ("llm", "latency_threshold_ms", 900),
        )
    ),
    *(
        (
            "interim_response.type",
            {**CASCADED, "interim_response": {"type": kind}},
            "interim_response.type",
            f"{kind}_interim_response",
        )
        for kind in ("static", "llm")
    ),
]
# Settings of the socket, not of the session; tests/unit/voicelive/test_connection.py has them.
OF_THE_SOCKET = {
    "endpoint", "api_key", "api_version", "credential_scope", "model", "handshake_timeout_s",
    "update_timeout_s", "avatar_timeout_s", "heartbeat_s", "max_message_bytes", "send_timeout_s",
    "reconnect_for_s",
}  # fmt: skip
# Chosen by the visit's language before the session is made; tests/unit/session/test_opening.py.
OF_THE_VISIT = {"voices"}


@pytest.mark.parametrize(
    ("values", "path", "expected"),
    [case[1:] for case in CASES],
    ids=[f"{number}-{case[0]}" for number, case in enumerate(CASES)],
)
def test_a_setting_reaches_the_session(values: Json, path: str, expected: object) -> None:
    assert at(payload(**values), path) == expected


def leaves(model: type[BaseModel], prefix: str = "") -> set[str]:
    """Return the dotted names of all settings below a section."""
    inner: dict[str, tuple[type[BaseModel], ...]] = {
        "voice": get_args(get_args(VoiceSettings)[0]),
        "avatar": (AvatarSettings,),
        "avatar.scene": (SceneSettings,),
        "turn_detection": (TurnDetectionSettings,),
        "turn_detection.end_of_utterance": (EndOfUtteranceSettings,),
        "hearing": (HearingSettings,),
        "mcp_servers": (McpServerSettings,),
        "interim_response": (InterimResponseSettings,),
        "agent": (AgentSettings,),
    }
    names: set[str] = set()
    for field in model.model_fields:
        name = f"{prefix}{field}"
        if name in inner:
            for section in inner[name]:
                names |= leaves(section, f"{name}.")
        else:
            names.add(name)
    return names


def test_no_setting_is_without_its_case() -> None:
    tested = {case[0] for case in CASES}
    wanted = {
        name
        for name in leaves(UpstreamSettings) - OF_THE_SOCKET - OF_THE_VISIT
        if not name.startswith("agent.")
    }
    assert wanted - tested == set()


def test_the_whole_session_is_sent_each_time() -> None:
    session = payload()
    assert session["modalities"] == ["text", "audio"]
    assert (session["input_audio_format"], session["output_audio_format"]) == ("pcm16", "pcm16")
    assert session["input_audio_sampling_rate"] == 24_000
    assert session["instructions"] == "Be kind."
    # The server interrupts itself, so the service must not; it is said, not left to a default.
    assert session["turn_detection"]["interrupt_response"] is False
    assert session["turn_detection"]["create_response"] is True


def test_kiosk_and_visit_are_named_to_the_service_beside_the_sites_own_pairs() -> None:
    session = payload(metadata={"site": "quay", "kiosk": "overruled"})
    assert session["metadata"] == {"site": "quay", "kiosk": "lobby", "visit": "visit_1"}


def test_tools_are_described_with_their_schema_and_mcp_servers_follow() -> None:
    session = payload(tools=(TOOL,), mcp_servers=[{"label": "a", "url": "https://a.example"}])
    assert session["tools"][0] == {
        "type": "function",
        "name": "find_place",
        "description": "Shows the way.",
        "parameters": TOOL.parameters,
    }
    assert [tool["type"] for tool in session["tools"]] == ["function", "mcp"]


def test_no_setting_of_an_mcp_server_is_made_up() -> None:
    session = payload(mcp_servers=[{"label": "a", "url": "https://a.example"}])
    assert session["tools"] == [
        {
            "type": "mcp",
            "server_label": "a",
            "server_url": "https://a.example",
            "require_approval": "never",
        }
    ]


@pytest.mark.parametrize(
    ("model", "transcriber"),
    [
        ("gpt-realtime", "gpt-4o-transcribe"),
        ("gpt-realtime-mini", "gpt-4o-transcribe"),
        ("gpt-4o", "azure-speech"),
    ],
)
def test_the_transcriber_fits_the_model(model: str, transcriber: str) -> None:
    assert payload(model=model)["input_audio_transcription"]["model"] == transcriber


def test_the_visitors_language_is_expected_unless_it_is_automatic() -> None:
    assert payload(language="de")["input_audio_transcription"]["language"] == "de"
    hearing = {"transcription_language": "auto"}
    assert "language" not in payload(hearing=hearing)["input_audio_transcription"]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "pt"),  # OpenAI's transcription knows languages, not places
        ({"hearing": {"transcription_model": "whisper-1"}}, "pt"),
        (CASCADED, "pt-BR"),
        ({**CASCADED, "hearing": {"transcription_language": "en,pt-BR"}}, "en,pt-BR"),
    ],
)
def test_a_language_is_told_as_the_transcription_in_use_wants_it(values: Json, told: str) -> None:
    session = payload(language="pt-BR", **values)
    assert session["input_audio_transcription"]["language"] == told


def test_what_only_azure_speech_knows_is_not_sent_to_others() -> None:
    hearing = {"phrase_list": ["Quay"], "custom_speech": {"en-US": "model"}}
    transcription = payload(model="gpt-realtime", hearing=hearing)["input_audio_transcription"]
    assert set(transcription) == {"model", "language"}


def test_without_a_picture_the_rest_of_the_session_stays() -> None:
    with_it, without = payload(), payload(with_avatar=False)
    assert without == {key: value for key, value in with_it.items() if key != "avatar"}


def test_what_an_agent_owns_is_not_sent_to_it() -> None:
    session = payload(
        agent=AGENT,
        temperature=0.5,
        reasoning_effort="low",
        mcp_servers=[{"label": "a", "url": "https://a.example"}],
        tools=(TOOL,),
    )
    owned = {
        "instructions", "tools", "tool_choice", "parallel_tool_calls",
        "max_response_output_tokens", "temperature", "reasoning_effort",
    }  # fmt: skip
    assert owned & session.keys() == set()
    assert session["input_audio_transcription"]["model"] == "azure-speech"
    assert session["avatar"]["character"] == "harry"
    assert session["metadata"]["kiosk"] == "lobby"


def test_an_agent_is_named_by_what_is_set_only() -> None:
    assert agent_arguments(AgentSettings(name="host", project="museum")) == {
        "agent_name": "host",
        "project_name": "museum",
    }
    whole = AgentSettings(
        name="host",
        project="museum",
        version="2",
        authentication_identity_client_id="id-1",
        foundry_resource_override="other",
    )
    assert agent_arguments(whole) == {
        "agent_name": "host",
        "project_name": "museum",
        "agent_version": "2",
        "authentication_identity_client_id": "id-1",
        "foundry_resource_override": "other",
    }
