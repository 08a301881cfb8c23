"""What a recording may show of an event: ids, types and numbers, or words and audio as well."""

from __future__ import annotations

import re
from typing import Any, Final

from kiosk.emulator.wire.codec import JSON

# Never written, words or not: descriptions name addresses, the rest opens doors.
SECRET_FIELDS: Final = frozenset(
    {
        "client_sdp",
        "server_sdp",
        "credential",
        "username",
        "authorization",
        "headers",
        "api_key",
        "api-key",
        "token",
    }
)
# Strings that are written without words, as long as they look like an identifier.
_PLAIN_FIELDS = frozenset(
    {
        "type",
        "event_id",
        "item_id",
        "previous_item_id",
        "response_id",
        "call_id",
        "turn_id",
        "conversation_id",
        "approval_request_id",
        "id",
        "object",
        "status",
        "role",
        "reason",
        "code",
        "param",
        "name",
        "model",
        "character",
        "style",
        "codec",
        "resolution",
        "modalities",
        "outputs",
        "output_protocol",
        "output_audio_format",
        "input_audio_format",
        "output_audio_timestamp_types",
        "timestamp_type",
        "tool_choice",
        "server_label",
        "reference_source",
        "language",
        "locale",
    }
)
_PLAIN = re.compile(r"[A-Za-z0-9_.:\[\]-]{1,80}")
# What a site puts in here, names included, is its own.
_OPAQUE_FIELDS = frozenset({"metadata", "parameters"})


def redacted(event: JSON, *, words: bool) -> JSON:
    """Return a copy of `event` as a recording may hold it.

    A string that is left out becomes `{"redacted": LENGTH}`, its length in characters. With
    `words` only secrets and descriptions are left out.
    """
    return {name: _value(name, value, words=words) for name, value in event.items()}


def _value(name: str, value: Any, *, words: bool) -> Any:
    if name in SECRET_FIELDS or (name in _OPAQUE_FIELDS and not words):
        return value if value is None else {"redacted": len(value) if _sized(value) else 0}
    if isinstance(value, dict):
        return {inner: _value(inner, one, words=words) for inner, one in value.items()}
    if isinstance(value, list):
        return [_value(name, one, words=words) for one in value]
    if isinstance(value, str) and not words:
        plain = name in _PLAIN_FIELDS and _PLAIN.fullmatch(value)
        return value if plain else {"redacted": len(value)}
    return value


def _sized(value: Any) -> bool:
    return isinstance(value, (str, list, dict))
