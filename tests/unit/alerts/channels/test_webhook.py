"""The signed webhook: its body, its signature, the same id when it is offered again."""

from __future__ import annotations

import json

import aiohttp
import pytest
from pydantic import SecretStr

from kiosk.alerts.channels.webhook import WebhookChannel
from kiosk.errors import StartupError
from kiosk.security.webhooks import sign, signing_key
from kiosk.settings.alerts import WebhookSettings
from tests.unit.alerts.alerting import notice
from tests.unit.alerts.receiving import far
from tests.unit.storage.keeping import NOON, ManualClock

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def settings_for(url: str, secret: str = SECRET) -> WebhookSettings:
    return WebhookSettings(type="webhook", url=url, secret=SecretStr(secret))


async def test_what_is_posted_and_how_it_is_signed() -> None:
    async with far() as receiver, aiohttp.ClientSession() as http:
        channel = WebhookChannel("ops", settings_for(f"{receiver.url}/in"), http, ManualClock())
        await channel.send(notice())
        await channel.send(notice())
    (headers, path, body), (again, _, _) = receiver.got
    assert path == "/in"
    told = json.loads(body)
    assert told["type"] == "alert.firing"
    assert told["headline"] == "Museum: Lobby West is not connected"
    assert told["items"][0]["fix"] == "Look whether it has power."
    assert headers["webhook-id"] == again["webhook-id"] == "notice_1"
    wanted = sign(signing_key(SECRET), "notice_1", int(NOON.timestamp()), body)
    assert headers["webhook-signature"] == wanted


async def test_a_short_secret_is_refused_without_being_quoted() -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(StartupError, match="fewer than 24 bytes") as caught:
            WebhookChannel(
                "ops", settings_for("https://far.example", "tooshort"), http, ManualClock()
            )
    assert "tooshort" not in str(caught.value)
