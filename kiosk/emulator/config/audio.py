"""The microphone part of the configuration: formats, echo reference, turns, transcription."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kiosk.emulator.config.values import refuse
from kiosk.emulator.wire.codec import JSON, WireError, short

_MAXIMUM_MS = 60_000
_ECHO = "input_audio_echo_cancellation"

MAXIMUM_PHRASES = 500
"""Phrase hints of one session; beyond it, an error. The service's own limit is not documented."""

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
    _check_echo(_present(new, current, _ECHO), sound)
    transcription = new.get("input_audio_transcription") or {}
    if len(transcription.get("phrase_list") or ()) > MAXIMUM_PHRASES:
        raise refuse(
            "session.input_audio_transcription.phrase_list",
            f"at most {MAXIMUM_PHRASES} phrases are taken",
        )


def input_channels(values: Mapping[str, Any]) -> int:
    """Return how many channels the microphone audio has: 2 with a client's echo reference."""
    return int((values.get(_ECHO) or {}).get("channels") or 1)


def check_late_changes(new: JSON, current: Mapping[str, Any]) -> None:
    """Raise WireError for a change that may not be made once audio was sent.

    API reference: `channels` and `reference_source` cannot change "mid-session", and with them
    neither can format and rate. That this means after the first audio, and the code, are unsure.
    """
    before, after = input_channels(current), input_channels({_ECHO: _present(new, current, _ECHO)})
    if before != after:
        raise refuse(f"session.{_ECHO}.channels", "it cannot change once audio was sent")
    if before == 1:
        return
    for name in ("input_audio_format", "input_audio_sampling_rate"):
        if new.get(name) not in (None, current[name]):
            raise refuse(f"session.{name}", "it cannot change once stereo audio was sent")


def input_warnings(
    values: Mapping[str, Any], languages: tuple[str, ...]
) -> Iterator[tuple[str, str, str]]:
    """Yield (code, sentence, parameter) of what is accepted although it will not be as expected.

    The codes are the emulator's own. What the service does with a transcription model that does
    not belong to the session's model is not documented, so it is not refused here.
    """
    echo = values.get(_ECHO)
    if echo is not None and input_channels(values) == 1:
        yield (
            "not_emulated",
            "The emulator cancels echo only with a client's reference (channels: 2); its own "
            "voice stays in the microphone's audio.",
            f"session.{_ECHO}",
        )
    native = "realtime" in str(values.get("model") or "") and not values.get("agent")
    if (values.get("turn_detection") or {}).get("type") == "semantic_vad" and not native:
        yield (
            "model_mismatch",
            "'semantic_vad' is documented for gpt-realtime and gpt-realtime-mini only.",
            "session.turn_detection.type",
        )
    transcription = values.get("input_audio_transcription")
    if transcription is not None:
        yield from _transcription_warnings(transcription, languages, native=native)


def _transcription_warnings(
    transcription: JSON, languages: tuple[str, ...], *, native: bool
) -> Iterator[tuple[str, str, str]]:
    param = "session.input_audio_transcription"
    model = transcription["model"]
    # How-to, Audio input transcription: which transcription model goes with which chat model.
    if model.startswith(("azure-", "mai-")) == native:
        fitting = "whisper-1 or gpt-4o-transcribe" if native else "azure-speech or mai-transcribe"
        yield (
            "model_mismatch",
            f"'{short(model)}' is not documented for this session's model; use {fitting}.",
            f"{param}.model",
        )
    for name in ("phrase_list", "custom_speech"):
        if transcription.get(name) and model != "azure-speech":
            yield (
                "model_mismatch",
                f"'{name}' is documented for azure-speech only.",
                f"{param}.{name}",
            )
    if transcription.get("custom_speech"):
        yield (
            "not_emulated",
            "The emulator accepts custom speech models without effect.",
            f"{param}.custom_speech",
        )
    if transcription.get("prompt"):
        yield (
            "not_emulated",
            "The emulator accepts a transcription prompt without effect.",
            f"{param}.prompt",
        )
    wanted = [
        tag.strip() for tag in (transcription.get("language") or "").split(",") if tag.strip()
    ]
    foreign = [tag for tag in wanted if tag.partition("-")[0].lower() not in languages]
    if foreign:
        yield (
            "not_emulated",
            f"The emulator's ears understand {', '.join(languages)} only.",
            f"{param}.language",
        )


def _present(new: JSON, current: Mapping[str, Any], name: str) -> JSON:
    """Return a setting as it will be after an update, {} for none."""
    value: JSON | None = new[name] if name in new else current.get(name)
    return value or {}


def _check_echo(echo: JSON, sound: str) -> None:
    """Check an echo reference. API reference: its valid combinations, and their error codes."""
    param = f"session.{_ECHO}"
    channels = echo.get("channels") or 1
    by_client = echo.get("reference_source") == "client"
    if channels not in (1, 2):
        raise refuse(f"{param}.channels", "it must be 1 or 2")
    if channels == 2 and not by_client:
        raise WireError(
            "invalid_ec_channels_requires_client",
            "Two channels carry a client's echo reference; set 'reference_source' to 'client'.",
            f"{param}.channels",
        )
    if by_client and channels == 1:
        raise WireError(
            "invalid_ec_reference_channels",
            "A client's echo reference is the second channel; set 'channels' to 2.",
            f"{param}.reference_source",
        )
    if channels == 2 and sound != "pcm16":
        raise refuse("session.input_audio_format", "an echo reference needs pcm16")


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
    timeout = (value.get("end_of_utterance_detection") or {}).get("timeout_ms")
    if timeout is not None and not 0 <= timeout <= _MAXIMUM_MS:
        where = f"{param}.end_of_utterance_detection.timeout_ms"
        raise refuse(where, f"it must lie between 0 and {_MAXIMUM_MS}")
