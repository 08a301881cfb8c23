"""From settings to the `session` of session.update; pure, built with the SDK's own models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from azure.ai.voicelive import models as sdk

from kiosk.model import Tool
from kiosk.settings.upstream import (
    AgentSettings,
    AvatarSettings,
    AzureCustomVoice,
    AzureNativeVoice,
    AzurePersonalVoice,
    AzureStandardVoice,
    OpenAIVoice,
    TurnDetectionSettings,
    UpstreamSettings,
    VoiceSettings,
)

Json = dict[str, Any]

INPUT_RATE = 24_000

# Voice Live's reference allows a locale, a bare code or several of them ("en,zh"); OpenAI's own
# transcription, which it hands the others to, documents ISO 639-1 only.
_LOCALES_TOO = frozenset({"azure-speech", "mai-transcribe", "mai-transcribe-1"})


def session_update(
    settings: UpstreamSettings,
    *,
    instructions: str,
    tools: Iterable[Tool],
    language: str,
    metadata: Mapping[str, str],
    with_avatar: bool = True,
) -> Json:
    """Return the whole `session` for session.update.

    The whole one each time: whether a partial update resets other fields is contradictory in
    what is published, so nothing is left to it. With an agent, what the agent owns
    (instructions, tools, temperature and the like) is not sent, because the service refuses it.
    """
    agent = settings.agent is not None
    session: Json = {
        "modalities": ["text", "audio"],
        "voice": _voice(settings.voice),
        "input_audio_format": "pcm16",
        "input_audio_sampling_rate": INPUT_RATE,
        "output_audio_format": "pcm16",
        "turn_detection": _turn_detection(settings.turn_detection),
        "input_audio_transcription": _transcription(settings, language),
        "metadata": {**settings.metadata, **metadata},
    }
    hearing = settings.hearing
    if hearing.noise_reduction is not None:
        session["input_audio_noise_reduction"] = {"type": hearing.noise_reduction}
    if hearing.echo_cancellation:
        session["input_audio_echo_cancellation"] = {"type": "server_echo_cancellation"}
    if settings.avatar.enabled and with_avatar:
        session["avatar"] = _avatar(settings.avatar)
    if settings.animation_outputs:
        session["animation"] = sdk.Animation(
            model_name=settings.animation_model, outputs=list(settings.animation_outputs)
        ).as_dict()
    if settings.word_timestamps:
        session["output_audio_timestamp_types"] = ["word"]
    if settings.include:
        session["include"] = list(settings.include)
    if settings.interim_response is not None:
        session["interim_response"] = _interim(settings)
    if not agent:
        session["instructions"] = instructions
        session["tools"] = [*_functions(tools), *_mcp(settings)]
        session["tool_choice"] = settings.tool_choice
        session["parallel_tool_calls"] = settings.parallel_tool_calls
        session["max_response_output_tokens"] = settings.max_response_tokens or "inf"
        if settings.temperature is not None:
            session["temperature"] = settings.temperature
        if settings.reasoning_effort is not None:
            session["reasoning_effort"] = settings.reasoning_effort
    return session


def agent_arguments(agent: AgentSettings) -> dict[str, str]:
    """Return the SDK's connect arguments for an agent; only those that are set."""
    values = {
        "agent_name": agent.name,
        "project_name": agent.project,
        "agent_version": agent.version,
        "authentication_identity_client_id": agent.authentication_identity_client_id,
        "foundry_resource_override": agent.foundry_resource_override,
    }
    return {key: value for key, value in values.items() if value is not None}


def _present(model: Any) -> Json:
    data: Json = model.as_dict()
    return {key: value for key, value in data.items() if value is not None and value != []}


def _voice(voice: VoiceSettings) -> Json:
    if isinstance(voice, OpenAIVoice):
        return _present(sdk.OpenAIVoice(name=voice.name))
    if isinstance(voice, AzureNativeVoice):
        return _present(sdk.AzureRealtimeNativeVoice(name=voice.name))
    common = voice.model_dump(exclude_none=True, exclude={"type"})
    if not common["prefer_locales"]:
        del common["prefer_locales"]
    if isinstance(voice, AzureStandardVoice):
        return _present(sdk.AzureStandardVoice(**common))
    if isinstance(voice, AzureCustomVoice):
        return _present(sdk.AzureCustomVoice(**common))
    if isinstance(voice, AzurePersonalVoice):
        return _present(sdk.AzurePersonalVoice(**common))
    return _present(sdk.AzureAvatarVoiceSyncVoice(**common))


def _avatar(avatar: AvatarSettings) -> Json:
    background = (
        sdk.Background(image_url=avatar.background_image)
        if avatar.background_image is not None
        else sdk.Background(color=avatar.background_color)
        if avatar.background_color is not None
        else None
    )
    crop = None
    if avatar.crop is not None:
        left, top, right, bottom = avatar.crop
        crop = sdk.VideoCrop(top_left=[left, top], bottom_right=[right, bottom])
    scene = avatar.scene.model_dump(exclude_none=True) if avatar.scene is not None else None
    config = sdk.AvatarConfig(
        avatar_type=avatar.type,
        character=avatar.character,
        style=avatar.style,
        model=avatar.model,
        customized=avatar.customized,
        video=sdk.VideoParams(
            # The SDK's models allow no other codec; naming it costs nothing.
            codec="h264",
            bitrate=avatar.bitrate,
            resolution=sdk.VideoResolution(width=avatar.width, height=avatar.height),
            crop=crop,
            background=background,
            gop_size=avatar.gop_size,
        ),
        scene=sdk.Scene(**scene) if scene else None,
        output_protocol=avatar.output_protocol,
        output_audit_audio=avatar.output_audit_audio,
    )
    data = _present(config)
    data["video"] = {key: value for key, value in data["video"].items() if value is not None}
    return data


def _turn_detection(detection: TurnDetectionSettings) -> Json | None:
    if detection.type == "none":
        return None
    data = detection.model_dump(exclude_none=True, exclude={"end_of_utterance"})
    if not data["languages"]:
        del data["languages"]
    if detection.type == "semantic_vad" and not detection.auto_truncate:
        # The API reference gives this type no such field; said needlessly it would be refused.
        del data["auto_truncate"]
    if detection.end_of_utterance is not None:
        data["end_of_utterance_detection"] = detection.end_of_utterance.model_dump(
            exclude_none=True
        )
    return data


def _transcription(settings: UpstreamSettings, language: str) -> Json:
    hearing = settings.hearing
    model = settings.transcription_model
    data: Json = {"model": model}
    spoken = hearing.transcription_language or language
    if spoken != "auto":
        data["language"] = spoken if model in _LOCALES_TOO else spoken.partition("-")[0]
    # Both are documented for azure-speech only; another model would refuse the session.
    if model == "azure-speech":
        if hearing.phrase_list:
            data["phrase_list"] = list(hearing.phrase_list)
        if hearing.custom_speech:
            data["custom_speech"] = dict(hearing.custom_speech)
    return data


def _functions(tools: Iterable[Tool]) -> list[Json]:
    return [
        sdk.FunctionTool(
            name=tool.name, description=tool.description, parameters=dict(tool.parameters)
        ).as_dict()
        for tool in tools
    ]


def _mcp(settings: UpstreamSettings) -> list[Json]:
    servers = []
    for server in settings.mcp_servers:
        token = server.authorization
        servers.append(
            _present(
                sdk.MCPServer(
                    server_label=server.label,
                    server_url=server.url,
                    authorization=token.get_secret_value() if token is not None else None,
                    headers={k: v.get_secret_value() for k, v in server.headers.items()} or None,
                    allowed_tools=list(server.allowed_tools) or None,
                    require_approval=server.require_approval,
                )
            )
        )
    return servers


def _interim(settings: UpstreamSettings) -> Json:
    interim = settings.interim_response
    assert interim is not None
    if interim.type == "static":
        return _present(
            sdk.StaticInterimResponseConfig(
                texts=list(interim.texts) or None,
                triggers=list(interim.triggers),
                latency_threshold_ms=interim.latency_threshold_ms,
            )
        )
    return _present(
        sdk.LlmInterimResponseConfig(
            model=interim.model,
            instructions=interim.instructions,
            max_completion_tokens=interim.max_completion_tokens,
            triggers=list(interim.triggers),
            latency_threshold_ms=interim.latency_threshold_ms,
        )
    )
