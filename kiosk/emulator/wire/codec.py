"""The wire: events built from the SDK's models, errors in the service's shape, decoding."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping
from typing import Any

from azure.ai.voicelive import models as sdk

from kiosk.clock import new_id

JSON = dict[str, Any]

# Codes. "seen" ones were observed on the service by several projects, "realtime" ones are those of
# the OpenAI Realtime protocol that Voice Live follows, "ours" exist only here.
INVALID_JSON = (
    "invalid_json"  # unsure: the service's code for text that is not JSON is not documented
)
INVALID_TYPE = "invalid_type"  # realtime
INVALID_VALUE = "invalid_value"  # realtime
UNKNOWN_PARAMETER = "unknown_parameter"  # realtime
MISSING_PARAMETER = "missing_required_parameter"  # realtime
UNSUPPORTED = "unsupported_by_emulator"  # ours
NO_ACTIVE_RESPONSE = "response_cancel_not_active"  # seen
ACTIVE_RESPONSE = "conversation_already_has_active_response"  # realtime
COMMIT_EMPTY = "input_audio_buffer_commit_empty"  # realtime
BUFFER_FULL = "input_audio_buffer_full"  # ours
AVATAR_INTERNAL = "avatar_service_internal_error"  # seen
AVATAR_INVALID = "invalid_argument"  # seen
AVATAR_NOT_CONFIGURED = "avatar_not_configured"  # ours
AVATAR_OVER_WEBSOCKET = "avatar_over_websocket"  # ours
AVATAR_EXHAUSTED = "avatar_service_resource_exhausted"  # seen
RATE_LIMITED = "rate_limit_exceeded"  # seen
SESSION_EXPIRED = "session_expired"  # realtime
AGENT_OWNS = "instructions_configuration_not_supported"  # seen


class WireError(Exception):
    """A client event that is refused. Becomes an `error` event; the session goes on.

    `param` is the path of the offending field, such as `session.avatar.video.codec`.
    """

    def __init__(
        self,
        code: str,
        message: str,
        param: str | None = None,
        *,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param
        self.kind = kind


def unsupported(param: str, what: str) -> WireError:
    """Return the refusal of something the protocol has and this emulator has not."""
    return WireError(UNSUPPORTED, f"The emulator does not support {what} yet.", param)


def short(value: object, limit: int = 60) -> str:
    """Return `value` as it may be quoted in an error message: one line of at most `limit`."""
    text = str(value).replace("\n", " ")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def build(model: type[sdk.ServerEvent], fields: Mapping[str, Any]) -> JSON:
    """Return the JSON object of one server event, with a fresh `event_id`.

    Built through the SDK's model, so a name that the model does not have raises TypeError.
    """
    event = dict(model(event_id=new_id("event"), **fields).as_dict())
    # The models leave out what is None; the service sends null (previous_item_id of a first item).
    event.update({name: None for name, value in fields.items() if value is None})
    return event


def build_error(error: WireError, client_event_id: str | None) -> JSON:
    """Return the `error` event for a refusal; the inner `event_id` names the client's event.

    Absent values are sent as null, as the service does (API reference, error shape).
    """
    event = build(
        sdk.ServerEventError,
        {"error": sdk.ServerEventErrorDetails(type=error.kind, message=error.message)},
    )
    details: JSON = event["error"]
    details["code"] = error.code
    details["param"] = error.param
    details["event_id"] = client_event_id
    return event


def decode(text: str) -> JSON:
    """Parse one text frame into a JSON object, or raise WireError saying what it is instead.

    Half a surrogate pair, which JSON can express and UTF-8 cannot carry back, becomes U+FFFD as in
    browsers (unsure what the service does with it).
    """
    try:
        message = _parse(text)
        if "\\ud" in text or "\\uD" in text:
            whole = json.dumps(message, ensure_ascii=False).encode("utf-16", "surrogatepass")
            message = _parse(whole.decode("utf-16", "replace"))
    except (ValueError, RecursionError):
        raise WireError(
            INVALID_JSON, "The message is not valid JSON; send one JSON object a frame."
        ) from None
    if not isinstance(message, dict):
        raise WireError(
            INVALID_TYPE,
            f"The message is {json_name(message)}; send a JSON object with a 'type'.",
        )
    return message


def _parse(text: str) -> Any:
    # Python reads NaN, Infinity and 1e999, which no JSON text can say and no client could read.
    return json.loads(text, parse_constant=_finite, parse_float=_finite)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a number of JSON")
    return number


def json_name(value: object) -> str:
    """Return what JSON calls the type of `value`, with its article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "an array" if isinstance(value, list) else "an object"


def decode_base64(text: str, param: str, *, limit: int) -> bytes:
    """Decode strict base64 of at most `limit` decoded bytes, or raise WireError naming `param`."""
    # The length alone says enough to refuse a huge text before decoding it.
    if len(text) <= (limit + 2) // 3 * 4:
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise WireError(INVALID_VALUE, f"'{param}' is not valid base64.", param) from None
        if len(data) <= limit:
            return data
    raise WireError(INVALID_VALUE, f"'{param}' is longer than {limit} bytes.", param)


def decode_offer(client_sdp: str) -> dict[str, str]:
    """Return {"type": "offer", "sdp"} from `session.avatar.connect`.

    The field is base64 of that JSON object (API reference and every client read agree).
    """
    param = "client_sdp"
    raw = decode_base64(client_sdp, param, limit=256 * 1024)
    try:
        description = json.loads(raw)
    except (ValueError, RecursionError):
        description = None
    if (
        not isinstance(description, dict)
        or description.get("type") != "offer"
        or not isinstance(description.get("sdp"), str)
    ):
        raise WireError(
            INVALID_VALUE,
            "'client_sdp' must be base64 of a JSON object with type 'offer' and an sdp.",
            param,
        )
    return {"type": "offer", "sdp": description["sdp"]}


def encode_answer(answer: Mapping[str, str]) -> str:
    """Return `server_sdp`: base64 of the JSON object {"type": "answer", "sdp"}."""
    text = json.dumps({"type": answer["type"], "sdp": answer["sdp"]})
    return base64.b64encode(text.encode()).decode("ascii")
