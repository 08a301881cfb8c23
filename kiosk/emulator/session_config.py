"""The session's configuration: defaults, what an update may change, and what is echoed back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from azure.ai.voicelive import models as sdk

from kiosk.emulator.limits import Limits
from kiosk.emulator.wire import (
    AGENT_OWNS,
    INVALID_VALUE,
    JSON,
    WireError,
    unsupported,
)

_MAXIMUM_MS = 60_000
_MAXIMUM_PIXELS = 8_192
_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_COLOUR = re.compile(r"#(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})")

# Defaults of session.created: API reference, example of the event and RealtimeRequestSession.
_DEFAULTS: JSON = {
    "modalities": ["text", "audio"],
    "voice": {"type": "openai", "name": "alloy"},
    "instructions": "You are a helpful assistant.",
    "input_audio_format": "pcm16",
    "output_audio_format": "pcm16",
    "input_audio_sampling_rate": 24_000,
    "turn_detection": {"type": "azure_semantic_vad"},
    "input_audio_noise_reduction": None,
    "input_audio_echo_cancellation": None,
    "input_audio_transcription": None,
    "avatar": None,
    "tools": [],
    "tool_choice": "auto",
    "temperature": 0.8,
    "max_response_output_tokens": "inf",
}

# Turn detection defaults: API reference 2026-04-10, RealtimeTurnDetection.
_VAD_COMMON: JSON = {
    "threshold": 0.5,
    "silence_duration_ms": 500,
    "create_response": True,
    "interrupt_response": True,
    "auto_truncate": False,
}
_SEMANTIC: JSON = {
    **_VAD_COMMON,
    "prefix_padding_ms": 420,
    "speech_duration_ms": 80,
    "remove_filler_words": False,
}
VAD_DEFAULTS: dict[str, JSON] = {
    "server_vad": {**_VAD_COMMON, "prefix_padding_ms": 400, "speech_duration_ms": 200},
    "azure_semantic_vad": _SEMANTIC,
    "azure_semantic_vad_en": _SEMANTIC,
    "azure_semantic_vad_multilingual": _SEMANTIC,
    "semantic_vad": {"eagerness": "auto", "create_response": True, "interrupt_response": True},
}
# Service-filled defaults of an avatar (API reference; bitrate, codec and gop_size also seen live).
_AVATAR_DEFAULTS: JSON = {
    "type": "video-avatar",
    "customized": False,
    "output_protocol": "webrtc",
    "output_audit_audio": False,
}
_VIDEO_DEFAULTS: JSON = {"bitrate": 2_000_000, "codec": "h264", "gop_size": 10}

# Accepted because clients of the real service send them, without effect on what the emulator does.
_NOT_EMULATED = (
    ("input_audio_noise_reduction", None, "noise reduction"),
    ("input_audio_echo_cancellation", None, "echo cancellation"),
    ("turn_detection", "end_of_utterance_detection", "end-of-utterance detection"),
    ("avatar", "scene", "the avatar's scene"),
)


class SessionConfig:
    """What the session is set to. `values` is the JSON a `session.updated` carries."""

    def __init__(
        self, *, session_id: str, model: str | None, agent: JSON | None, expires_at: int
    ) -> None:
        self.agent_mode = agent is not None
        self.values: JSON = deepcopy(_DEFAULTS)
        self.values["id"] = session_id
        self.values["model"] = model
        self.values["expires_at"] = expires_at
        self.values["turn_detection"] = _filled_turn_detection(self.values["turn_detection"])
        if agent is not None:
            self.values["agent"] = agent
            # The agent owns its instructions; the client never sees them.
            del self.values["instructions"]

    def apply(self, changes: JSON, *, ice_servers: list[JSON], limits: Limits) -> None:
        """Take over the fields present in a `session.update`, all of them or none.

        A field that is present replaces the old one whole; one that is absent stays (SDK model;
        whether the service merges nested objects is unsure). Raises WireError naming the field.
        """
        _check(changes, self.values, limits)
        if self.agent_mode and changes.get("instructions") is not None:
            raise WireError(
                AGENT_OWNS,
                "The agent owns its instructions; leave 'session.instructions' out.",
                "session.instructions",
            )
        updated = deepcopy(changes)
        if updated.get("turn_detection") is not None:
            updated["turn_detection"] = _filled_turn_detection(updated["turn_detection"])
        if updated.get("avatar") is not None:
            updated["avatar"] = _filled_avatar(updated["avatar"], ice_servers)
        if "input_audio_format" in updated and "input_audio_sampling_rate" not in updated:
            is_pcm = updated["input_audio_format"] == "pcm16"
            updated["input_audio_sampling_rate"] = 24_000 if is_pcm else 8_000
        for name, value in updated.items():
            if value is None and name in _DEFAULTS and name not in _NULLABLE:
                value = deepcopy(_DEFAULTS[name])
            self.values[name] = value
        if self.avatar is not None and "avatar" not in self.values["modalities"]:
            # Seen live: the service adds the modality itself.
            self.values["modalities"] = [*self.values["modalities"], "avatar"]

    def as_model(self) -> sdk.ResponseSession:
        """Return what `session.created` and `session.updated` carry."""
        return sdk.ResponseSession(deepcopy(self.values))

    @property
    def avatar(self) -> JSON | None:
        """The avatar's configuration with the service's defaults filled in, if there is one."""
        value: JSON | None = self.values["avatar"]
        return value

    @property
    def turn_detection(self) -> JSON | None:
        """Turn detection with its defaults filled in; None when turns are taken by hand."""
        value: JSON | None = self.values["turn_detection"]
        return value

    @property
    def instructions(self) -> str:
        """The session's instructions, "" in agent mode."""
        return str(self.values.get("instructions") or "")

    @property
    def tools(self) -> list[JSON]:
        """The declared functions."""
        tools: list[JSON] = self.values["tools"]
        return tools

    def phrases(self) -> tuple[str, ...]:
        """Return the phrase hints of the transcription, if any."""
        transcription = self.values["input_audio_transcription"] or {}
        return tuple(transcription.get("phrase_list") or ())

    def not_emulated(self) -> list[tuple[str, str]]:
        """Return (parameter, what it is) of settings that are accepted without effect here."""
        found = []
        for name, inner, what in _NOT_EMULATED:
            value = self.values.get(name)
            if value is not None and (inner is None or value.get(inner) is not None):
                found.append((f"session.{name}" + (f".{inner}" if inner else ""), what))
        background = ((self.avatar or {}).get("video") or {}).get("background") or {}
        if background.get("image_url"):
            found.append(("session.avatar.video.background.image_url", "a background image"))
        return found


_NULLABLE = {
    "turn_detection",
    "avatar",
    "input_audio_noise_reduction",
    "input_audio_echo_cancellation",
    "input_audio_transcription",
}


def _filled_turn_detection(value: JSON) -> JSON:
    given = {name: setting for name, setting in value.items() if setting is not None}
    return {**VAD_DEFAULTS[value["type"]], **given}


def _filled_avatar(value: JSON, ice_servers: list[JSON]) -> JSON:
    given = {name: setting for name, setting in value.items() if setting is not None}
    video = {k: v for k, v in (given.get("video") or {}).items() if v is not None}
    filled = {**_AVATAR_DEFAULTS, **given, "video": {**_VIDEO_DEFAULTS, **video}}
    # A client may bring its own ICE servers; otherwise the service's must be used (how-to page).
    filled["ice_servers"] = given.get("ice_servers") or deepcopy(ice_servers)
    return filled


def _refuse(param: str, message: str) -> WireError:
    return WireError(INVALID_VALUE, f"Invalid value for '{param}': {message}.", param)


def _check(new: JSON, current: Mapping[str, Any], limits: Limits) -> None:
    """Check what the models cannot say: ranges, combinations, and what is not emulated yet."""
    if new.get("model") not in (None, current["model"]):
        raise _refuse("session.model", "the model of a session cannot be changed; connect again")
    if len(new.get("instructions") or "") > limits.text_characters:
        raise _refuse(
            "session.instructions", f"at most {limits.text_characters} characters are kept"
        )
    if new.get("interim_response") is not None:
        raise unsupported("session.interim_response", "interim responses")
    if new.get("include"):
        raise unsupported("session.include", "transcription details")
    modalities = new.get("modalities")
    if modalities is not None and "text" not in modalities:
        raise _refuse("session.modalities", "'text' must be among them")
    temperature = new.get("temperature")
    # The SDK says 0.0 to 1.0, the API reference 0.6 to 1.2: both ranges are let through.
    if temperature is not None and not 0.0 <= temperature <= 1.2:
        raise _refuse("session.temperature", "it must lie between 0 and 1.2")
    check_tokens(new.get("max_response_output_tokens"), "session.max_response_output_tokens")
    check_metadata(new.get("metadata"), "session.metadata")
    check_tools(new.get("tools"), "session.tools", limits)
    _check_input(new, current)
    if new.get("turn_detection") is not None:
        _check_turn_detection(new["turn_detection"])
    animation = new.get("animation")
    if animation is not None and "blendshapes" in (animation.get("outputs") or ["blendshapes"]):
        raise unsupported("session.animation.outputs", "blendshapes")
    if new.get("avatar") is not None:
        _check_avatar(new["avatar"])


def check_tokens(value: Any, param: str) -> None:
    """Raise WireError unless a token limit is absent, "inf" or 1 to 4096 (API reference)."""
    if isinstance(value, int) and not 1 <= value <= 4096:
        raise _refuse(param, "it must be 'inf' or lie between 1 and 4096")


def check_metadata(value: Mapping[str, str] | None, param: str) -> None:
    """Raise WireError unless metadata keeps to 16 pairs of 64 and 512 characters (SDK model)."""
    if value is None:
        return
    if len(value) > 16:
        raise _refuse(param, "at most 16 pairs are allowed")
    if any(len(key) > 64 or len(text) > 512 for key, text in value.items()):
        raise _refuse(param, "keys have at most 64 characters and values 512")


def check_tools(tools: list[JSON] | None, param: str, limits: Limits) -> None:
    """Raise WireError for tools that are not functions, or functions that cannot be called."""
    if not tools:
        return
    if len(tools) > limits.tools:
        raise _refuse(param, f"at most {limits.tools} functions may be declared")
    names: set[str] = set()
    for index, tool in enumerate(tools):
        where = f"{param}[{index}]"
        if tool["type"] == "mcp":
            raise unsupported(f"{where}.type", "MCP servers")
        if not _TOOL_NAME.fullmatch(tool["name"]):
            raise _refuse(f"{where}.name", "use 1 to 64 letters, digits, '_' or '-'")
        if tool["name"] in names:
            raise _refuse(f"{where}.name", "two functions have the same name")
        names.add(tool["name"])
        if not isinstance(tool.get("parameters") or {}, dict):
            raise _refuse(f"{where}.parameters", "a JSON schema is an object")


def _check_input(new: JSON, current: Mapping[str, Any]) -> None:
    sound = new.get("input_audio_format") or current["input_audio_format"]
    rate = new.get("input_audio_sampling_rate")
    if rate is not None:
        # SDK model: 8000, 16000, 24000 for pcm16; 8000 for g711.
        allowed = (8_000, 16_000, 24_000) if sound == "pcm16" else (8_000,)
        if rate not in allowed:
            names = ", ".join(map(str, allowed))
            raise _refuse("session.input_audio_sampling_rate", f"{sound} is taken at {names} Hz")
    echo = new.get("input_audio_echo_cancellation") or {}
    if echo.get("reference_source") == "client" or (echo.get("channels") or 1) != 1:
        raise unsupported(
            "session.input_audio_echo_cancellation.reference_source",
            "a client's echo reference in stereo",
        )


def _check_turn_detection(value: JSON) -> None:
    param = "session.turn_detection"
    threshold = value.get("threshold")
    if threshold is not None and not 0.01 <= threshold < 1.0:
        raise _refuse(f"{param}.threshold", "it must be at least 0.01 and below 1")
    for name in ("prefix_padding_ms", "silence_duration_ms", "speech_duration_ms"):
        duration = value.get(name)
        if duration is not None and not 0 <= duration <= _MAXIMUM_MS:
            raise _refuse(f"{param}.{name}", f"it must lie between 0 and {_MAXIMUM_MS}")


def _check_avatar(value: JSON) -> None:
    param = "session.avatar"
    if value.get("output_protocol") == "websocket":
        raise unsupported(f"{param}.output_protocol", "avatar video over the WebSocket")
    if not value["character"]:
        raise _refuse(f"{param}.character", "name a character")
    if value.get("type") == "photo-avatar" and value.get("model") is None:
        raise _refuse(f"{param}.model", "a photo avatar needs the model 'vasa-1'")
    video = value.get("video") or {}
    bitrate = video.get("bitrate")
    if bitrate is not None and bitrate <= 0:
        raise _refuse(f"{param}.video.bitrate", "it must be above 0")
    gop = video.get("gop_size")
    if gop is not None and not 1 <= gop <= 2000:
        raise _refuse(f"{param}.video.gop_size", "it must lie between 1 and 2000")
    size = video.get("resolution")
    if size is not None and not (
        0 < size["width"] <= _MAXIMUM_PIXELS and 0 < size["height"] <= _MAXIMUM_PIXELS
    ):
        raise _refuse(f"{param}.video.resolution", "width and height must be above 0")
    if video.get("crop") is not None:
        _check_crop(video["crop"], size, f"{param}.video.crop")
    background = video.get("background") or {}
    if background.get("color") is not None and background.get("image_url") is not None:
        raise _refuse(f"{param}.video.background", "give a color or an image_url, not both")
    if background.get("color") is not None and not _COLOUR.fullmatch(background["color"]):
        raise _refuse(f"{param}.video.background.color", "write it as #RRGGBBAA")


def _check_crop(crop: JSON, size: JSON | None, param: str) -> None:
    corners = [crop["top_left"], crop["bottom_right"]]
    if any(len(corner) != 2 or min(corner) < 0 for corner in corners):
        raise _refuse(param, "a corner is two pixel counts, neither negative")
    (left, top), (right, bottom) = corners
    if right <= left or bottom <= top:
        raise _refuse(param, "the bottom right corner must lie below and right of the top left")
    if size is not None and (right > size["width"] or bottom > size["height"]):
        raise _refuse(param, "it must lie inside the resolution")
