"""Checks client JSON against the SDK's models, so that accepted names and types cannot drift."""

from __future__ import annotations

import types
from collections.abc import Mapping
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from azure.ai.voicelive import _unions as sdk_unions
from azure.ai.voicelive import models as sdk
from azure.ai.voicelive.models import _models as sdk_models

from kiosk.emulator.wire.codec import (
    INVALID_TYPE,
    INVALID_VALUE,
    MISSING_PARAMETER,
    UNKNOWN_PARAMETER,
    UNSUPPORTED,
    WireError,
    json_name,
    short,
)

# The SDK renames one field in Python.
_REST_NAMES = {("AvatarConfig", "avatar_type"): "type"}

# Fields the API reference documents and the SDK's models leave out.
_EXTRA_FIELDS: dict[str, dict[str, Any]] = {
    "ServerVad": {"speech_duration_ms": int | None},
    "AzureSemanticVad": {"appended_text_after_truncation": str | None},
    "AzureSemanticVadMultilingual": {"appended_text_after_truncation": str | None},
    "AudioInputTranscriptionOptions": {"prompt": str | None},
    # API reference 2026-07-15, RealtimeResponseOptions; the SDK has tool_choice as text only.
    "ResponseCreateParams": {
        "tool_choice": str | sdk.ToolChoiceSelection | None,
        "conversation": Literal["auto", "none"] | None,
        "max_response_output_tokens": int | Literal["inf"] | None,
    },
}
# Types the API reference documents and the SDK has no class for, by discriminator value.
_EXTRA_TYPES: dict[str, dict[str, dict[str, Any]]] = {
    "TurnDetection": {
        "semantic_vad": {
            "type": str,
            "eagerness": Literal["auto", "low", "medium", "high"] | None,
            "create_response": bool | None,
            "interrupt_response": bool | None,
        }
    },
    # API reference 2026-07-15 (RealtimeRequestImageContentPart); both were recorded on the service.
    "MessageContentPart": {
        "input_image": {
            "type": str,
            "image_url": str,
            "detail": Literal["auto", "low", "high"] | None,
        },
        "output_text": {"type": str, "text": str},
    },
}
# Values documented beside those the SDK knows.
_EXTRA_VALUES = {("AudioInputTranscriptionOptions", "model"): {"mai-transcribe"}}
# Enumerations that the SDK calls extensible, or where any name is meaningful.
_OPEN = {
    ("RequestSession", "voice"),
    ("ResponseCreateParams", "voice"),
    ("RequestSession", "tool_choice"),
    ("AzureRealtimeNativeVoice", "name"),
    ("AzurePersonalVoice", "model"),
    ("AzureAvatarVoiceSyncVoice", "model"),
}
# Required by the SDK's constructor; whether the service insists is unknown, so it may be left out.
_NOT_INSISTED = {("AvatarConfig", "customized")}
_PRIMITIVES: dict[type, str] = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "a boolean",
}
_MAXIMUM_DEPTH = 32
_LARGEST_INTEGER = 2**53 - 1
"""Beyond it JSON numbers lose digits (RFC 8259, section 6); nothing in the protocol is as large."""
_KNOWN_FIELDS: dict[str, dict[str, Any]] = {}

CLIENT_EVENTS: dict[str, Any] = {**sdk.ClientEvent.__mapping__}
"""Wire type of every client event to its model."""
# Named by the SDK's enumeration only; unsure, it is taken to look like the item of that name.
_APPROVAL = {
    "type": str,
    "event_id": str | None,
    "id": str | None,
    "approval_request_id": str,
    "approve": bool,
}
_EVENTS_WITHOUT_MODEL: dict[str, dict[str, Any]] = {
    sdk.ClientEventType.MCP_APPROVAL_RESPONSE.value: _APPROVAL
}
_TYPES_WITHOUT_MODEL = (
    {t.value for t in sdk.ClientEventType} - set(CLIENT_EVENTS) - set(_EVENTS_WITHOUT_MODEL)
)


def check_event(message: dict[str, Any]) -> str:
    """Return the type of an event whose names, types and required fields are right."""
    kind = message.get("type")
    if "type" not in message:
        raise WireError(MISSING_PARAMETER, "Missing required parameter: 'type'.", "type")
    if not isinstance(kind, str):
        raise _wrong_type("type", "a string", kind)
    if kind in _TYPES_WITHOUT_MODEL:
        raise WireError(UNSUPPORTED, f"The emulator does not support '{kind}' yet.", "type")
    if kind in _EVENTS_WITHOUT_MODEL:
        _check_fields(kind, _EVENTS_WITHOUT_MODEL[kind], message, "", 0)
        return kind
    model = CLIENT_EVENTS.get(kind)
    if model is None:
        known = ", ".join(f"'{name}'" for name in sorted(CLIENT_EVENTS))
        raise WireError(
            INVALID_VALUE, f"Invalid value: '{short(kind)}'. Supported values are: {known}.", "type"
        )
    _check_model(model, message, "", 0)
    return kind


def _fields(model: type[Any]) -> dict[str, Any]:
    """Return wire name to type hint for a model of the SDK; worked out once for each."""
    if model.__name__ in _KNOWN_FIELDS:
        return _KNOWN_FIELDS[model.__name__]
    namespace = {**vars(sdk_models), "_models": sdk, "_unions": sdk_unions}
    hints = get_type_hints(model, namespace)
    fields = {
        _REST_NAMES.get((model.__name__, name), name): hint
        for name, hint in hints.items()
        if not name.startswith("_")
    }
    fields |= _EXTRA_FIELDS.get(model.__name__, {})
    _KNOWN_FIELDS[model.__name__] = fields
    return fields


def _wrong_type(path: str, expected: str, value: object) -> WireError:
    return WireError(
        INVALID_TYPE,
        f"Invalid type for '{path}': expected {expected}, but got {json_name(value)} instead.",
        path,
    )


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _discriminator(model: type[Any], value: dict[str, Any]) -> str:
    """Return the field that chooses among a model's subclasses: `role`, `model` or `type`."""
    if model.__name__ == "MessageItem":
        return "role"
    return "model" if model.__name__ == "EouDetection" else "type"


def _check_model(model: type[Any], value: Any, path: str, depth: int) -> None:
    if not isinstance(value, dict):
        raise _wrong_type(path, "an object", value)
    if depth > _MAXIMUM_DEPTH:
        raise WireError(INVALID_VALUE, f"'{path}' is nested too deeply.", path)
    children: dict[str, type[Any]] = vars(model).get("__mapping__", {})
    if children and path:
        field = _discriminator(model, value)
        where = _join(path, field)
        if field not in value:
            raise WireError(MISSING_PARAMETER, f"Missing required parameter: '{where}'.", where)
        chosen = value[field]
        extra = _EXTRA_TYPES.get(model.__name__, {})
        if not isinstance(chosen, str):
            raise _wrong_type(where, "a string", chosen)
        if chosen in extra:
            _check_fields(chosen, extra[chosen], value, path, depth)
            return
        if chosen not in children:
            raise _not_one_of(where, chosen, set(children) | set(extra))
        if children[chosen] is not model:
            _check_model(children[chosen], value, path, depth + 1)
            return
    _check_fields(model.__name__, _fields(model), value, path, depth)


def _check_fields(
    owner: str, fields: dict[str, Any], value: dict[str, Any], path: str, depth: int
) -> None:
    for name in value:
        if name not in fields:
            where = _join(path, short(name))
            raise WireError(UNKNOWN_PARAMETER, f"Unknown parameter: '{where}'.", where)
    for name, hint in fields.items():
        where = _join(path, name)
        if name in value:
            _check(hint, value[name], where, (owner, name), depth + 1)
        elif not _optional(hint) and (owner, name) not in _NOT_INSISTED:
            raise WireError(MISSING_PARAMETER, f"Missing required parameter: '{where}'.", where)


def _members(hint: Any) -> tuple[Any, ...]:
    if get_origin(hint) in (Union, types.UnionType):
        return get_args(hint)
    return (hint,)


def _optional(hint: Any) -> bool:
    return Any in _members(hint) or type(None) in _members(hint)


def _check(hint: Any, value: Any, path: str, field: tuple[str, str], depth: int) -> None:
    """Check `value` against one type hint of the SDK; `field` is (model, name) for exceptions."""
    members = _members(hint)
    if Any in members:
        return
    if value is None:
        if _optional(hint):
            return
        raise _wrong_type(path, _expected(members), value)
    if isinstance(value, str):
        _check_string(members, value, path, field)
    elif isinstance(value, bool) or not isinstance(value, (int, float, dict, list)):
        if bool not in members:
            raise _wrong_type(path, _expected(members), value)
    elif isinstance(value, (int, float)):
        if not (float in members or (int in members and isinstance(value, int))):
            raise _wrong_type(path, _expected(members), value)
        if abs(value) > _LARGEST_INTEGER:
            raise WireError(INVALID_VALUE, f"'{path}' is too large a number.", path)
    elif isinstance(value, list):
        inner = next((get_args(m)[0] for m in members if get_origin(m) is list), None)
        if inner is None:
            raise _wrong_type(path, _expected(members), value)
        for index, element in enumerate(value):
            _check(inner, element, f"{path}[{index}]", field, depth + 1)
    else:
        _check_object(members, value, path, field, depth)


def _check_string(members: tuple[Any, ...], value: str, path: str, field: tuple[str, str]) -> None:
    known: set[str] = set(_EXTRA_VALUES.get(field, ()))
    for member in members:
        if get_origin(member) is Literal:
            known.update(v.value if isinstance(v, Enum) else str(v) for v in get_args(member))
        elif isinstance(member, type) and issubclass(member, Enum):
            known.update(v.value for v in member)
    if field in _OPEN or (not known and str in members):
        return
    if not known:
        raise _wrong_type(path, _expected(members), value)
    if value not in known:
        raise _not_one_of(path, value, known)


def _check_object(
    members: tuple[Any, ...], value: dict[str, Any], path: str, field: tuple[str, str], depth: int
) -> None:
    models = [m for m in members if isinstance(m, type) and issubclass(m, Mapping)]
    if len(models) == 1:
        _check_model(models[0], value, path, depth)
    elif models:
        kind = value.get("type")
        for model in models if isinstance(kind, str) else ():
            children = vars(model).get("__mapping__", {})
            if kind in children or kind in _literal_types(model):
                _check_model(model, value, path, depth)
                return
        known = set().union(
            *(set(vars(m).get("__mapping__", {})) | _literal_types(m) for m in models)
        )
        where = _join(path, "type")
        if kind is None:
            raise WireError(MISSING_PARAMETER, f"Missing required parameter: '{where}'.", where)
        if not isinstance(kind, str):
            raise _wrong_type(where, "a string", kind)
        raise _not_one_of(where, kind, known)
    else:
        inner = next((get_args(m)[1] for m in members if get_origin(m) is dict), None)
        if inner is None:
            raise _wrong_type(path, _expected(members), value)
        for name, element in value.items():
            _check(inner, element, _join(path, short(name)), field, depth + 1)


def _literal_types(model: type[Any]) -> set[str]:
    hint = _fields(model).get("type")
    if get_origin(hint) is not Literal:
        return set()
    return {v.value if isinstance(v, Enum) else str(v) for v in get_args(hint)}


def _not_one_of(path: str, value: str, known: set[str]) -> WireError:
    names = ", ".join(f"'{name}'" for name in sorted(known))
    return WireError(
        INVALID_VALUE, f"Invalid value: '{short(value)}'. Supported values are: {names}.", path
    )


def _expected(members: tuple[Any, ...]) -> str:
    names: list[str] = []
    for member in members:
        if member in _PRIMITIVES:
            name = _PRIMITIVES[member]
        elif get_origin(member) is list:
            name = "an array"
        elif get_origin(member) is Literal or (
            isinstance(member, type) and issubclass(member, Enum)
        ):
            name = "a string"
        elif member is type(None):
            continue
        else:
            name = "an object"
        if name not in names:
            names.append(name)
    return " or ".join(names)
