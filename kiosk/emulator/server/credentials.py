"""Checks what a client authenticates with against what the scenario's resource takes."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from kiosk.emulator.scenario.service import Service
from kiosk.emulator.server.refusals import Refusal

# RFC 6750, section 2.1.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")

# Words and code of Azure AI services for a wrong key, and for a resource without keys, as several
# public issues quote them (SciSharp/BotSharp #386, browser-use #1295). Unsure that Voice Live's
# handshake answers the same.
_WRONG = Refusal(
    401,
    "401",
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a "
    "valid key for an active subscription and use a correct regional API endpoint for your "
    "resource.",
)
_NO_KEYS = Refusal(
    403, "AuthenticationTypeDisabled", "Key based authentication is disabled for this resource."
)
# Unsure: the code and words for a token that does not open.
_WRONG_TOKEN = Refusal(401, "Unauthorized", "Access token is missing, invalid, or expired.")
_MISSING = Refusal(401, "Unauthorized", "Send an api-key header or a bearer token.")


def check_credentials(
    service: Service,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    *,
    agent: bool,
    now: datetime,
) -> Refusal | None:
    """Return why a handshake is refused; None when it may go on.

    The API reference allows `api-key` and `Authorization` as headers and in the query. With both
    a key and a token, the key is checked (unsure: documented nowhere).
    """
    key = headers.get("api-key") or query.get("api-key")
    bearer = headers.get("Authorization") or query.get("Authorization") or ""
    scheme, _, token = bearer.partition(" ")
    has_token = scheme.lower() == "bearer" and bool(token.strip())
    if key:
        if agent and service.agents_demand_bearer:
            return Refusal(
                service.agents_key_status,
                "AuthenticationTypeDisabled" if service.agents_key_status == 403 else "401",
                "An agent takes a Microsoft Entra token, not an API key.",
            )
        if "api_key" not in service.accepts:
            return _NO_KEYS
        return None if not service.api_keys or _among(key, service.api_keys) else _WRONG
    if not has_token:
        return _MISSING
    if "bearer" not in service.accepts:
        return _WRONG_TOKEN
    return None if _opens(token.strip(), service, now) else _WRONG_TOKEN


def _opens(token: str, service: Service, now: datetime) -> bool:
    if service.bearer_tokens:
        return _among(token, service.bearer_tokens)
    if service.bearer_form == "jwt":
        return _is_valid_jwt(token, now)
    return _TOKEN.fullmatch(token) is not None


def _among(value: str, accepted: Iterable[str]) -> bool:
    return any(hmac.compare_digest(value.encode(), one.encode()) for one in accepted)


def _is_valid_jwt(token: str, now: datetime) -> bool:
    """Whether a token has a JSON Web Token's three parts, and its time is not over."""
    parts = token.split(".")
    if len(parts) != 3 or not parts[2]:
        return False
    header, claims = _json(parts[0]), _json(parts[1])
    if header is None or claims is None or not isinstance(header.get("alg"), str):
        return False
    expires, begins = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(expires, (int, float)) or not isinstance(begins, (int, float)):
        return False
    return begins <= now.timestamp() < expires


def _json(part: str) -> dict[str, Any] | None:
    try:
        value = json.loads(base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return None
    return value if isinstance(value, dict) else None
