"""Screens are let in and taken out from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.cli import devices as command
from kiosk.clock import SystemClock
from kiosk.errors import KioskError
from kiosk.security.devices import Devices, EnrolError
from kiosk.security.pairing import Pairing
from kiosk.storage.database import open_storage
from kiosk.testing.databases import fresh_database
from tests.unit.running import site_settings


async def test_from_waiting_to_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await fresh_database(tmp_path / "kiosk.sqlite3")
    settings = site_settings(tmp_path, "http://127.0.0.1:1")
    clock = SystemClock()
    async with open_storage(settings.storage, clock) as storage:
        devices = await Devices.open(storage, clock, settings.access, ["lobby", "desk"])
        pairing = Pairing(storage, clock, settings.access, devices)
        first = await pairing.wait(None, browser="Chromium", address="192.0.2.1")
        second = await pairing.wait(None, browser="Chromium", address="192.0.2.2")
        _, old = await devices.enrol("desk", by="before")

        await command.list_waiting(settings)
        assert first.row.code in capsys.readouterr().out
        await command.approve(settings, first.row.code, "desk", replace=True)
        assert "let in as desk" in capsys.readouterr().out
        assert await devices.whose(old) is None
        row = await pairing.look(first.secret or "")
        assert row is not None
        token = await pairing.token(row)
        assert token is not None
        await command.refuse(settings, second.row.code)
        with pytest.raises(EnrolError, match="No screen shows"):
            await command.refuse(settings, second.row.code)

        await command.list_devices(settings)
        assert "desk\tcommand line" in capsys.readouterr().out
        await command.revoke(settings, "desk")
        assert await devices.whose(token) is None
        with pytest.raises(KioskError, match="no device and no kiosk"):
            await command.revoke(settings, "desk")
        actions = [entry.action for entry in await storage.audit.recent()]
        assert actions == ["kiosk.revoke", "kiosk.refuse", "kiosk.revoke", "kiosk.approve"]
