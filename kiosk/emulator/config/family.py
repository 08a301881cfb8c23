"""The two kinds of models, as recorded on the service: session defaults and habits of events.

Source, where nothing else is said: recordings of the service that pydantic-ai keeps as test
cassettes (tests/realtime, 2026), of gpt-realtime, gpt-4.1 and gpt-5. Where they differ from the
documentation, as in turn detection, what was recorded counts.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal

from kiosk.emulator.wire.codec import JSON

_COMMON: JSON = {
    "object": "realtime.session",
    "modalities": ["text", "audio"],
    "instructions": "You are a helpful assistant.",
    "input_audio_format": "pcm16",
    "output_audio_format": "pcm16",
    "input_audio_sampling_rate": 24_000,
    "input_audio_transcription": None,
    "input_audio_noise_reduction": None,
    "input_audio_echo_cancellation": None,
    "avatar": None,
    "animation": None,
    "output_audio_timestamp_types": None,
    "include": None,
    "tools": [],
    "tool_choice": "auto",
    "max_response_output_tokens": "inf",
}
# Told as null by the service, and never anything else as far as is known.
_ALWAYS_NULL = ("truncation_strategy", "greeting", "handoff")

_AZURE_VOICE: JSON = {
    "type": "azure-standard",
    "name": "en-US-AvaNeural",
    "temperature": None,
    "custom_lexicon_url": None,
    "custom_text_normalization_url": None,
    "prefer_locales": None,
    "locale": None,
    "style": None,
    "pitch": None,
    "rate": None,
    "volume": None,
}
_TRANSCRIPTION: JSON = {
    "language": None,
    "prompt": None,
    "custom_speech": None,
    "phrase_list": None,
}
_DETECTION_NULLS = ("idle_timeout_ms", "speech_duration_ms", "appended_text_after_truncation")
_DETECTION_NUMBERS = ("threshold", "prefix_padding_ms", "silence_duration_ms")


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of model. `realtime` hears and speaks itself, `cascaded` is text between engines."""

    name: Literal["realtime", "cascaded"]
    defaults: JSON = field(repr=False)
    first_detection: JSON
    """Turn detection of a session nobody has configured."""
    tells_filled_numbers: bool
    """Whether numbers of turn detection that a client left out come back filled in, or null."""
    words_first: bool
    """Whether a spoken item is told with its transcript, after it was transcribed."""
    first_status: Literal["in_progress", "incomplete"]
    """Status of an assistant's message when it begins."""
    message_prefix: str
    has_conversation_id: bool
    default_tokens: str | None
    """What a response without a limit tells as its limit."""

    def session(self) -> JSON:
        """Return the values of a session nobody has configured."""
        return deepcopy({**_COMMON, **self.defaults})


REALTIME = Family(
    name="realtime",
    # The recorded session names "audio" alone until an update says otherwise.
    defaults={
        "modalities": ["audio"],
        "voice": {"type": "openai", "name": "alloy"},
        "temperature": None,
    },
    first_detection={
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 200,
    },
    tells_filled_numbers=True,
    words_first=False,
    first_status="in_progress",
    message_prefix="item",
    has_conversation_id=True,
    default_tokens="inf",
)
CASCADED = Family(
    name="cascaded",
    defaults={
        "voice": _AZURE_VOICE,
        "input_audio_transcription": {"model": "azure-speech"},
        "temperature": 0.8,
    },
    first_detection={
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 400,
        "silence_duration_ms": 500,
    },
    tells_filled_numbers=False,
    words_first=True,
    first_status="incomplete",
    message_prefix="msg",
    has_conversation_id=False,
    default_tokens=None,
)
_REASONING = ("gpt-5", "o1", "o3", "o4")


def family_of(model: str | None, *, agent: bool) -> Family:
    """Return the kind of a model by its name. Of agents nothing was recorded: cascaded, unsure."""
    if agent or model is None or "realtime" not in model:
        return CASCADED
    return REALTIME


def first_values(family: Family, model: str | None) -> JSON:
    """Return a fresh session's values; reasoning models begin with others than their family."""
    values = family.session()
    if family is CASCADED and (model or "").startswith(_REASONING):
        values["temperature"] = 1.0
        values["reasoning_effort"] = "minimal"
    return values


def told(family: Family, values: JSON, given: frozenset[str]) -> JSON:
    """Return a session's values as the service tells them.

    `given` are the fields of turn detection the client named. The emulator goes by the filled
    values; what is told has null where the service was recorded to say null.
    """
    shown = dict.fromkeys(_ALWAYS_NULL) | deepcopy(values)
    if family is REALTIME and shown.get("temperature") is None:
        shown.pop("temperature", None)
    voice = shown.get("voice")
    if isinstance(voice, dict) and voice.get("type") == "azure-standard":
        shown["voice"] = _AZURE_VOICE | voice
    transcription = shown.get("input_audio_transcription")
    if transcription is not None:
        shown["input_audio_transcription"] = _TRANSCRIPTION | transcription
    echo = shown.get("input_audio_echo_cancellation")
    if echo is not None:
        shown["input_audio_echo_cancellation"] = {
            "reference_source": "server",
            "channels": 1,
        } | _present(echo)
    detection = shown.get("turn_detection")
    if detection is not None and detection["type"] != "semantic_vad":
        shown["turn_detection"] = _told_detection(family, detection, given)
    return shown


def _told_detection(family: Family, detection: JSON, given: frozenset[str]) -> JSON:
    hidden = set(_DETECTION_NULLS) if detection["type"] == "server_vad" else {"idle_timeout_ms"}
    if not family.tells_filled_numbers:
        hidden |= {*_DETECTION_NULLS, *_DETECTION_NUMBERS}
    return detection | dict.fromkeys(sorted(hidden - given))


def _present(value: dict[str, Any]) -> JSON:
    return {name: setting for name, setting in value.items() if setting is not None}
