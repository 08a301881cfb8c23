"""Tells a program of the site: signed JSON, as Standard Webhooks say."""

from __future__ import annotations

from typing import Any

import aiohttp
from pydantic_core import to_json
from typing_extensions import override

from kiosk.alerts.channels.base import Channel, secret_of
from kiosk.alerts.channels.posting import checked_address, post
from kiosk.alerts.notice import Notice
from kiosk.clock import Clock
from kiosk.errors import StartupError
from kiosk.security.webhooks import signed_headers, signing_key
from kiosk.settings.alerts import WebhookSettings


class WebhookChannel(Channel):
    """Posts `{"type": "alert.KIND", …}`; a message offered again has the id it had."""

    def __init__(
        self, name: str, settings: WebhookSettings, http: aiohttp.ClientSession, clock: Clock
    ) -> None:
        self.name = name
        self._settings = settings
        self._http = http
        self._clock = clock
        where = f"alerts.channels.{name}"
        self._url = checked_address(where, settings.url)
        try:
            self._key = signing_key(secret_of(where, settings.secret, settings.secret_file) or "")
        except ValueError as error:
            raise StartupError(f"{where}: {error}.") from None

    @property
    @override
    def settings(self) -> WebhookSettings:
        """What it has from the settings."""
        return self._settings

    @override
    async def send(self, notice: Notice) -> None:
        """Post one message; raises ChannelError."""
        body = to_json(payload(notice))
        headers = signed_headers(self._key, notice.id, self._clock.now(), body)
        await post(self._http, self._url, body, headers=headers, timeout_s=self._settings.timeout_s)


def payload(notice: Notice) -> dict[str, Any]:
    """Return what is posted."""
    fields = notice.model_dump(mode="json", exclude={"kind", "quiet"})
    return {"type": f"alert.{notice.kind}", "headline": notice.headline, **fields}
