"""The service panel at the server: read-only without a PIN; with one, guessing it takes long."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kiosk import keys
from kiosk.errors import SettingsError
from kiosk.web.service import ATTEMPTS
from tests.unit.running import Running, running, site_settings

PIN = "270527"


async def asked(server: Running, language: str = "de") -> dict[str, Any]:
    async with server.http.get(f"{server.url}/kiosk/service?language={language}") as answer:
        assert answer.status == 200
        found: dict[str, Any] = await answer.json()
        return found


async def entered(server: Running, pin: str) -> tuple[int, dict[str, Any]]:
    async with server.http.post(
        f"{server.url}/kiosk/service", data={"pin": pin}, headers={"Origin": server.url}
    ) as answer:
        return answer.status, await answer.json()


async def opened(server: Running) -> None:
    async with server.http.get(f"{server.url}/") as page:
        assert page.status == 200
        assert "service.title" not in await page.text(), "no visitor's page carries these words"


async def test_nobody_but_a_screen_asks(tmp_path: Path) -> None:
    async with (
        running(tmp_path) as server,
        server.http.get(f"{server.url}/kiosk/service") as answer,
    ):
        assert answer.status == 401


async def test_without_a_pin_it_only_shows(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await opened(server)
        found = await asked(server)
        assert (found["needs_pin"], found["may"]) == (False, False)
        assert found["facts"]["name"] == "Lobby"
        assert found["facts"]["version"] == server.app[keys.LIVE].version
        assert found["texts"]["service.close"] == "Schließen"
        assert all(key.startswith("service.") for key in found["texts"])
        assert (await entered(server, ""))[0] == 403


async def test_the_pin_opens_it_and_nothing_is_told_before(tmp_path: Path) -> None:
    async with running(tmp_path, access={"service_pin": PIN}) as server:
        await opened(server)
        found = await asked(server)
        assert (found["needs_pin"], "facts" in found) == (True, False)
        assert (await entered(server, "000000"))[0] == 403
        status, answer = await entered(server, PIN)
        assert (status, answer["may"], answer["facts"]["id"]) == (200, True, "lobby")
        rows = [(row.actor, row.action) for row in await server.app[keys.STORAGE].audit.recent()]
        assert rows[:2] == [
            ("technician", "kiosk.service"), ("technician", "kiosk.service.refused"),
        ]  # fmt: skip
        assert PIN not in json.dumps(found)


async def test_guessing_ends_in_a_pause_that_the_right_pin_cannot_shorten(tmp_path: Path) -> None:
    async with running(tmp_path, access={"service_pin": PIN}) as server:
        await opened(server)
        answers = [await entered(server, "1111") for _ in range(ATTEMPTS)]
        assert {status for status, _ in answers} == {403}
        assert answers[-1][1]["wait_s"] > 200
        status, answer = await entered(server, PIN)
        assert (status, answer["may"]) == (429, False)


@pytest.mark.parametrize("pin", ["123", "1234567890123", "12a4", "1234 "])
def test_a_pin_that_cannot_be_typed_stops_the_start(tmp_path: Path, pin: str) -> None:
    with pytest.raises(SettingsError, match="four to twelve digits"):
        site_settings(tmp_path, "http://127.0.0.1:1", access={"service_pin": pin})
