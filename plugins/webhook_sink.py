"""Posts finished turns to a web address, signed as Standard Webhooks; off until `url` is set.

A receiver checks `webhook-signature` over `id.timestamp.body` with the shared secret, refuses old
timestamps, and drops turns whose `id` (`visit:seq`) it has already: a turn may come twice. See
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import email.utils
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from typing_extensions import override

from kiosk import hookimpl
from kiosk.errors import StartupError
from kiosk.hooks.site import Site
from kiosk.hooks.specs import RegisterSettings, RegisterSink
from kiosk.model import EntriesRefused, SinkBusy, TranscriptEntry, TranscriptSink
from kiosk.security.webhooks import safe_address, signed_headers, signing_key

TRY_LATER: Final = frozenset({401, 403, 404, 407, 408, 425, 429})
"""Answers of 4xx that say nothing against the entries, but of the secret, the address, the time."""


class DeliveryError(Exception):
    """The far side did not take the batch; it is offered again."""


class WebhookSettings(BaseModel):
    """`[plugins.webhook_sink]`. The secret is `whsec_…` or plain text, from a file or a setting.

    A secret in the settings can come from the environment:
    `KIOSK_PLUGINS__WEBHOOK_SINK__SECRET`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field("", description="Where to post; https, except to this machine.")
    secret: SecretStr | None = None
    secret_file: Path | None = None
    timeout_s: float = Field(10, gt=0, le=25)

    @field_validator("url")
    @classmethod
    def _safe(cls, url: str) -> str:
        return safe_address(url) if url else url

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.url and (self.secret is None) == (self.secret_file is None):
            raise ValueError("set either secret or secret_file, to sign with")
        return self


def key_of(secret: str) -> bytes:
    """Return the signing key of a secret; raises StartupError without the secret in it."""
    try:
        return signing_key(secret)
    except ValueError as error:
        raise StartupError(f"plugin webhook_sink: {error}.") from None


def payload(batch: Sequence[TranscriptEntry]) -> bytes:
    """Return the body of a batch: the same entries give the same bytes, whenever they come."""
    entries = [entry.as_json() for entry in batch]
    message = {"type": "transcript.turns", "entries": entries}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3)."""
    if value.strip().isdecimal():
        return float(value[:10])
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


class WebhookSink(TranscriptSink):
    """Posts each batch. 2xx takes it, 4xx against it puts it aside, all else tries again."""

    name = "webhook"

    def __init__(self, settings: WebhookSettings, key: bytes, site: Site) -> None:
        self._settings = settings
        self._key = key
        self._site = site

    @override
    async def write(self, batch: Sequence[TranscriptEntry]) -> None:
        """Post one batch."""
        body = payload(batch)
        # Derived from the body, so a batch that is offered again as it was has the id it had.
        message_id = "msg_" + hashlib.sha256(body).hexdigest()[:32]
        headers = signed_headers(self._key, message_id, self._site.clock.now(), body)
        try:
            async with self._site.http.post(
                self._settings.url,
                data=body,
                headers=headers,
                # A redirect would send people's words to somewhere nobody chose.
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self._settings.timeout_s),
            ) as answer:
                status, later = answer.status, answer.headers.get("Retry-After", "")
        except aiohttp.ClientError as error:
            # Only the kind: the text may hold the address with a token in its path.
            raise DeliveryError(type(error).__name__) from None
        if 200 <= status < 300:
            return
        if 400 <= status < 500 and status not in TRY_LATER:
            raise EntriesRefused(f"HTTP {status}")
        seconds = retry_after(later, self._site.clock.now())
        if seconds is not None:
            raise SinkBusy(seconds)
        raise DeliveryError(f"HTTP {status}")


@hookimpl
def register_settings(register: RegisterSettings) -> None:
    """Say where to post, and the secret."""
    register(WebhookSettings)


@hookimpl
def register_transcript_sinks(register: RegisterSink, site: Site) -> None:
    """Offer the sink when an address is set."""
    settings = site.settings(WebhookSettings)
    if settings.url:
        register(WebhookSink(settings, key_of(_secret(settings)), site))


def _secret(settings: WebhookSettings) -> str:
    if settings.secret is not None:
        return settings.secret.get_secret_value()
    path = settings.secret_file
    if path is None:
        raise StartupError("plugin webhook_sink: set secret or secret_file, to sign with.")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(
            f"plugin webhook_sink: secret_file {path} cannot be read ({type(error).__name__})."
        ) from None
