"""Every channel of the settings is made, by its name."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import aiohttp
import pytest

from kiosk.alerts.opening import open_channels
from kiosk.errors import StartupError
from kiosk.settings.alerts import AlertSettings
from tests.unit.storage.keeping import ManualClock

SECRET = "x" * 32
CHANNELS = {
    "mail": {"type": "email", "host": "x.example", "sender": "a@b.example", "to": ["c@d.example"]},
    "hook": {"type": "webhook", "url": "https://far.example", "secret": SECRET},
    "chat": {"type": "teams", "url": "https://flow.example"},
    "am": {"type": "alertmanager", "url": "https://alerts.example"},
}  # fmt: skip


async def test_each_kind_is_made() -> None:
    settings = AlertSettings.model_validate({"channels": CHANNELS})
    async with aiohttp.ClientSession() as http:
        made = open_channels(settings, ZoneInfo("UTC"), http, ManualClock())
        assert {name: channel.settings.type for name, channel in made.items()} == {
            "mail": "email", "hook": "webhook", "chat": "teams", "am": "alertmanager",
        }  # fmt: skip
        assert all(channel.name == name for name, channel in made.items())
        bad = AlertSettings.model_validate(
            {"channels": {"chat": {"type": "teams", "url": "http://flow.example"}}}
        )
        with pytest.raises(StartupError, match=r"alerts\.channels\.chat: url"):
            open_channels(bad, ZoneInfo("UTC"), http, ManualClock())
