"""One screen's page over real HTTP: what it shows, and commands with their level, audit and end."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kiosk import events as ev
from kiosk import keys
from kiosk.web.agent import command_target, device_target
from tests.unit.signaling.test_device import FACTS
from tests.unit.web.composing import PAGE, Site, message, site, words
from tests.unit.web.test_shots import JPEG

ADDRESS = "/operator/kiosks/main"


def answering(running: Site, **answer: Any) -> list[Mapping[str, Any]]:
    """Put a screen on the bus that does what it is told."""
    heard: list[Mapping[str, Any]] = []
    bus = running.app[keys.BUS]

    async def take(payload: Mapping[str, Any]) -> Mapping[str, Any]:
        heard.append(payload)
        done = {"kiosk_id": "main", "ok": True} | answer
        await bus.command(command_target(payload["id"]), done, timeout_s=1)
        return {"ok": True}

    bus.handle(device_target("main"), take)
    return heard


async def reported(running: Site, **facts: Any) -> None:
    await running.publish(
        ev.KioskConnected(kiosk_id="main", at=running.at()),
        ev.KioskReported(kiosk_id="main", at=running.at(), facts=FACTS | facts),
    )


async def test_a_screen_before_and_after_its_report(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        before = await running.page(ADDRESS)
        assert "Main entrance" in before
        assert "It has not reported since this server started." in before
        await reported(running, muted=True)
        assert "Muted (volume 80 % when it is not)" in await running.page(ADDRESS)
        assert f'href="{ADDRESS}"' in (await running.get("/operator/", **PAGE))[1]


async def test_only_operators_and_only_screens_there_are(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        assert (await running.get(ADDRESS, **PAGE))[0] == 303
        assert (await running.post(f"{ADDRESS}/commands/reload"))[0] == 401
        await running.log_in()
        status, text, _ = await running.get("/operator/kiosks/none", **PAGE)
        assert (status, "no such screen" in text) == (404, True)
        status, text, _ = await running.post(f"{ADDRESS}/commands/shell")
        assert (status, "no such command" in text) == (404, True)
        assert (await running.get(f"{ADDRESS}/screenshot"))[0] == 404


async def test_a_command_is_audited_done_and_said(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in("bert")
        heard = answering(running)
        status, text, _ = await running.post(
            f"{ADDRESS}/commands/volume",
            {"level": "40", "why": "too loud", "url": "x"},
            Accept="text/html",
        )
        assert (status, "The volume is set." in words(text)) == (200, True)
        assert (heard[0]["name"], heard[0]["args"]) == ("volume", {"level": 40})
        rows = await running.storage.audit.recent()
        first = rows[0]
        assert (first.actor, first.action, first.target, first.detail) == (
            "bert", "kiosk.volume", "main", "too loud",
        )  # fmt: skip
        assert "bert asked for another volume" in await running.page(ADDRESS)


async def test_what_fails_is_said_and_audited(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        _, text, _ = await running.post(f"{ADDRESS}/commands/identify", Accept="text/html")
        assert "The screen is not connected" in words(text)
        _, text, _ = await running.post(
            f"{ADDRESS}/commands/volume", {"level": "900"}, Accept="text/html"
        )
        assert "level does not fit" in words(text)
        rows = [row.action for row in await running.storage.audit.recent()]
        assert rows[:4] == [
            "kiosk.volume.undone", "kiosk.volume", "kiosk.identify.undone", "kiosk.identify",
        ]  # fmt: skip


async def test_the_first_language_is_for_admins(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        heard = answering(running)
        await running.log_in("bert")
        assert "First language" not in await running.page(ADDRESS)
        form = {"language": "de"}
        assert (await running.post(f"{ADDRESS}/commands/language", form))[0] == 403
        assert heard == []
        await running.log_in("anna")
        assert (await running.post(f"{ADDRESS}/commands/language", form))[0] == 200
        assert heard[0]["args"] == form


async def test_a_picture_is_shown_as_long_as_it_is_kept(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        answering(running, image=JPEG)
        _, text, _ = await running.post(f"{ADDRESS}/commands/screenshot", Accept="text/html")
        assert f'src="{ADDRESS}/screenshot"' in text
        async with running.client.get(f"{running.address}{ADDRESS}/screenshot") as answer:
            assert answer.content_type == "image/jpeg"
            assert answer.headers["Cache-Control"] == "no-store"
            assert await answer.read() == base64.b64decode(JPEG)
        running.clock.advance(601)
        assert (await running.get(f"{ADDRESS}/screenshot"))[0] == 404


async def test_the_page_follows_its_screen_and_others_are_spared(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        feed = f"{running.address}/operator/feed"
        client, origin = running.client, running.address
        async with (
            client.ws_connect(f"{feed}?kiosk=main", origin=origin) as watching,
            client.ws_connect(feed, origin=origin) as other,
        ):
            assert (await message(watching))["device"]["reported"] is False
            assert "device" not in await message(other)
            await reported(running, volume=35)
            assert (await message(watching))["kiosk"]["tone"] == "calm"
            assert (await message(watching))["device"]["sound"] == "Volume 35 %"
            await running.visit(kiosk="west")
            kinds = [(await message(other)).get("kiosk", {}).get("id") for _ in range(3)]
            assert kinds[0] == "main", "that it connected"
            assert kinds[1] == "west", "its report was kept from a page that shows none"
