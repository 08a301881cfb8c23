"""Alertmanager's API: labels that stay the same from beginning to end, and when it ends."""

from __future__ import annotations

import json
from datetime import timedelta

import aiohttp
from pydantic import SecretStr

from kiosk.alerts.channels.alertmanager import AlertmanagerChannel
from kiosk.settings.alerts import AlertmanagerSettings
from tests.unit.alerts.alerting import notice
from tests.unit.alerts.receiving import far
from tests.unit.storage.keeping import NOON


async def test_an_alert_begins_and_ends_under_the_same_labels() -> None:
    over = NOON + timedelta(minutes=9)
    ended = notice().items[0].model_copy(update={"over_at": over})
    async with far() as receiver, aiohttp.ClientSession() as http:
        settings = AlertmanagerSettings(
            type="alertmanager", url=f"{receiver.url}/am/", token=SecretStr("a token")
        )
        channel = AlertmanagerChannel("am", settings, http, timedelta(hours=20))
        await channel.send(notice())
        await channel.send(notice(kind="resolved", items=(ended,)))
        await channel.send(notice(kind="test", items=()))
    (headers, path, first), (_, _, second), (_, _, third) = receiver.got
    assert path == "/am/api/v2/alerts"
    assert headers["authorization"] == "Bearer a token"
    (begun,), (done,), (test,) = json.loads(first), json.loads(second), json.loads(third)
    assert begun["labels"] == done["labels"]
    assert begun["labels"] == {
        "alertname": "kiosk_offline",
        "severity": "critical",
        "site": "main",
        "kiosk": "west",
        "alert": "alert_1",
    }
    assert begun["annotations"]["summary"] == "Lobby West is not connected"
    assert begun["startsAt"] == NOON.isoformat()
    assert begun["endsAt"] == (NOON + timedelta(hours=40)).isoformat()
    assert done["endsAt"] == over.isoformat()
    assert test["labels"]["alertname"] == "kiosk_test"
