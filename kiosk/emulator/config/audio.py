"""The microphone part of the configuration: formats, echo reference, turn detection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiosk.emulator.config.values import refuse
from kiosk.emulator.wire.codec import JSON, unsupported

_MAXIMUM_MS = 60_000

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


def filled_turn_detection(value: JSON) -> JSON:
    """Return turn detection with the documented defaults of its type filled in."""
    given = {name: setting for name, setting in value.items() if setting is not None}
    return {**VAD_DEFAULTS[value["type"]], **given}


def check_input(new: JSON, current: Mapping[str, Any]) -> None:
    """Raise WireError for a rate or an echo reference that does not fit the input format."""
    sound = new.get("input_audio_format") or current["input_audio_format"]
    rate = new.get("input_audio_sampling_rate")
    if rate is not None:
        # SDK model: 8000, 16000, 24000 for pcm16; 8000 for g711.
        allowed = (8_000, 16_000, 24_000) if sound == "pcm16" else (8_000,)
        if rate not in allowed:
            names = ", ".join(map(str, allowed))
            raise refuse("session.input_audio_sampling_rate", f"{sound} is taken at {names} Hz")
    echo = new.get("input_audio_echo_cancellation") or {}
    if echo.get("reference_source") == "client" or (echo.get("channels") or 1) != 1:
        raise unsupported(
            "session.input_audio_echo_cancellation.reference_source",
            "a client's echo reference in stereo",
        )


def check_turn_detection(value: JSON) -> None:
    """Raise WireError for a threshold or a duration out of range."""
    param = "session.turn_detection"
    threshold = value.get("threshold")
    if threshold is not None and not 0.01 <= threshold < 1.0:
        raise refuse(f"{param}.threshold", "it must be at least 0.01 and below 1")
    for name in ("prefix_padding_ms", "silence_duration_ms", "speech_duration_ms"):
        duration = value.get(name)
        if duration is not None and not 0 <= duration <= _MAXIMUM_MS:
            raise refuse(f"{param}.{name}", f"it must lie between 0 and {_MAXIMUM_MS}")
