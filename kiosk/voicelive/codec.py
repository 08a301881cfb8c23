"""Small pure pieces of the Voice Live wire: SDP in base64 JSON, ICE servers, error events."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from kiosk.errors import UpstreamError

BENIGN_CODES = frozenset({"response_cancel_not_active"})
"""Errors that say an interruption came too late; every published client filters them."""


def encode_offer(sdp: str) -> str:
    """Return `client_sdp` of session.avatar.connect: base64 of {"type":"offer","sdp":…}.

    Source: Voice Live API reference ("encoded with base64") and Microsoft's avatar samples.
    """
    return base64.b64encode(json.dumps({"type": "offer", "sdp": sdp}).encode()).decode()


def decode_answer(server_sdp: object) -> str:
    """Return the SDP of `server_sdp` in session.avatar.connecting.

    Documented is base64 of {"type":"answer","sdp":…}; bare SDP and base64 of bare SDP, which an
    older preview sent, are taken too. Raises UpstreamError `protocol` for anything else.
    """
    if isinstance(server_sdp, str) and server_sdp:
        if server_sdp.startswith("v="):
            return server_sdp
        try:
            text = base64.b64decode(server_sdp, validate=True).decode()
        except ValueError:  # no base64, or not of text
            text = ""
        if text.startswith("v="):
            return text
        try:
            data = json.loads(text)
        except (json.JSONDecodeError, RecursionError):
            data = None
        if isinstance(data, dict) and isinstance(data.get("sdp"), str) and data["sdp"]:
            return str(data["sdp"])
    raise UpstreamError(
        "protocol", "The avatar's answer is no SDP; the avatar cannot be shown.", retryable=False
    )


def is_openai_voice(voice: object) -> bool:
    """Whether a session's `voice` is one of OpenAI's, which speak no pre-generated message."""
    return isinstance(voice, Mapping) and voice.get("type") == "openai"


@dataclass(frozen=True, slots=True)
class IceServerEntry:
    """One ICE server as the service named it; the credential must never be logged."""

    urls: tuple[str, ...]
    username: str | None
    credential: str | None

    @override
    def __repr__(self) -> str:
        """Leave the credential out, whoever prints it."""
        return f"IceServerEntry(urls={len(self.urls)})"


def ice_servers(session: Mapping[str, Any]) -> tuple[IceServerEntry, ...]:
    """Return avatar.ice_servers of a `session.updated` payload; tolerant of `urls` as a string.

    The SDK's typed attribute turns a string into a generator object, so this reads the raw
    mapping. Source: azure-ai-voicelive 1.3.1, run locally.
    """
    avatar = session.get("avatar")
    entries = avatar.get("ice_servers") if isinstance(avatar, Mapping) else None
    servers = []
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, Mapping):
            continue
        urls = entry.get("urls")
        names = [urls] if isinstance(urls, str) else urls if isinstance(urls, list) else []
        kept = tuple(url for url in names if isinstance(url, str) and url)
        if kept:
            servers.append(
                IceServerEntry(kept, _text(entry.get("username")), _text(entry.get("credential")))
            )
    return tuple(servers)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """An `error` event, without its message: that text may repeat what was sent."""

    code: str
    kind: str
    param: str
    event_id: str
    retry_after_s: float | None

    @property
    def benign(self) -> bool:
        """Whether it only says that an interruption came too late."""
        return self.code in BENIGN_CODES


_SECONDS = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?)\s*", re.ASCII)


def seconds(text: str) -> float | None:
    """Return a plain number of seconds as a peer writes it; None for anything else."""
    found = _SECONDS.fullmatch(text)
    return float(found[1]) if found else None


def error_info(event: Mapping[str, Any]) -> ErrorInfo:
    """Return what an `error` event says; the inner `event_id` names our offending event.

    "Retry after 7.0s" is read from the message. Source: SDK ServerEventErrorDetails; the
    sentence was reported by users of the avatar's rate limit.
    """
    inner = event.get("error")
    details = inner if isinstance(inner, Mapping) else {}
    message = _text(details.get("message")) or ""
    _, _, tail = message.partition("Retry after ")
    return ErrorInfo(
        code=_text(details.get("code")) or "unknown",
        kind=_text(details.get("type")) or "",
        param=_text(details.get("param")) or "",
        event_id=_text(details.get("event_id")) or "",
        retry_after_s=seconds(tail.partition("s")[0]),
    )
