"""The card for Teams: what it says, that names are no Markdown, that it fits."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import aiohttp
from pydantic import SecretStr

from kiosk.alerts.channels.teams import TeamsChannel, card_message
from kiosk.settings.alerts import TeamsSettings
from tests.unit.alerts.alerting import notice
from tests.unit.alerts.receiving import far

ZONE = ZoneInfo("Europe/Lisbon")
LARGEST = 28_000


async def test_a_card_is_posted() -> None:
    async with far(202) as receiver, aiohttp.ClientSession() as http:
        settings = TeamsSettings(type="teams", url=SecretStr(f"{receiver.url}/flow?sig=x"))
        await TeamsChannel("teams", settings, http, ZONE).send(notice())
    ((headers, path, body),) = receiver.got
    assert path == "/flow"
    assert headers["content-type"] == "application/json"
    (attachment,) = json.loads(body)["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    texts = [block["text"] for block in card["body"]]
    assert texts == [
        "Museum: Lobby West is not connected",
        "Lobby West is not connected",
        "Since 2026-03-01 12:00, critical.",
        "What to do: Look whether it has power.",
    ]
    assert card["body"][0]["color"] == "Attention"
    assert card["actions"][0]["url"] == "https://kiosk.example/operator/alerts"


def test_a_name_is_shown_as_it_is() -> None:
    item = notice().items[0].model_copy(update={"what": "[West](https://evil.example) *x*"})
    card = card_message(notice(items=(item,)), ZONE)["attachments"][0]["content"]
    assert card["body"][1]["text"] == r"\[West\]\(https://evil.example\) \*x\*"


def test_a_very_bad_day_fits_into_one_card() -> None:
    item = notice().items[0].model_copy(update={"what": "*" * 500, "fix": "x" * 300})
    message = card_message(notice(items=(item,) * 500), ZONE)
    assert len(json.dumps(message)) < LARGEST
    assert message["attachments"][0]["content"]["body"][-1]["text"] == "and 480 more alerts"
