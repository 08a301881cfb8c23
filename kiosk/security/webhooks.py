"""Signs what is posted to web addresses, as Standard Webhooks say; used by plugins.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

PREFIX: Final = "whsec_"
MIN_KEY: Final = 24
"""Bytes of a secret, at least; the specification's own limit."""


def safe_address(url: str) -> str:
    """Return the address; raises ValueError unless it is https, or http to this machine."""
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ValueError("leave user and password out: the signature says who posts")
    if parts.scheme == "https" and parts.hostname:
        return url
    if parts.scheme == "http" and parts.hostname and _loopback(parts.hostname):
        return url
    raise ValueError("use an https address; http is for this machine only")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def signing_key(secret: str) -> bytes:
    """Return the key of a secret: `whsec_` and base64, or plain text; ValueError quotes nothing."""
    text = secret.strip()
    if text.startswith(PREFIX):
        try:
            key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            raise ValueError(f"what follows {PREFIX} in the secret is not base64") from None
    else:
        key = text.encode()
    if len(key) < MIN_KEY:
        raise ValueError(
            f"the secret has fewer than {MIN_KEY} bytes; make one with "
            "`openssl rand -base64 32` and write it as whsec_ and that"
        )
    return key


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`; `timestamp` is Unix time, s."""
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def signed_headers(key: bytes, message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of a signed message of JSON."""
    timestamp = int(now.timestamp())
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(key, message_id, timestamp, body),
    }
