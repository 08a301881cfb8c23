"""`kiosk alerts`: what is listed, and a test that really arrives."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kiosk.cli.alerts import send_test
from kiosk.errors import StartupError
from kiosk.settings import Settings
from tests.unit.alerts.receiving import far
from tests.unit.cli.commanding import kiosk, site


def test_channels_are_listed_without_their_secrets(tmp_path: Path) -> None:
    table = 'type = "teams"\nurl = "https://flow.example/secret"\nsites = ["north"]'
    config = str(site(tmp_path, **{"alerts.channels.chat": table}))
    done = kiosk("alerts", "channels", "--config", config)
    assert done.output == "chat\tteams\tat least warning\tnorth\n"
    missing = kiosk("alerts", "test", "pigeon", "--config", config)
    assert missing.exit_code == 2
    assert "There is no channel pigeon; there are chat." in missing.output


async def test_a_test_arrives_or_says_why_not(capsys: pytest.CaptureFixture[str]) -> None:
    async with far(202, 404) as receiver:
        channel = {"type": "teams", "url": receiver.url}
        settings = await asyncio.to_thread(
            Settings.model_validate, {"alerts": {"channels": {"chat": channel}}}
        )
        await send_test(settings, "chat")
        assert capsys.readouterr().out == "chat has taken the test.\n"
        assert len(receiver.got) == 1
        with pytest.raises(StartupError, match=r"did not take the test\. It answered HTTP 404"):
            await send_test(settings, "chat")
