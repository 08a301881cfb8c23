"""People of one house see that house: pages, addresses of its things, the feed."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk import events as ev
from kiosk import keys
from kiosk.storage.rows import Grant
from tests.unit.web.composing import PAGE, PASSWORD, Site, message, site

HOUSES = {"main": "north", "west": "south"}


async def cleo(running: Site, *grants: Grant) -> None:
    await running.app[keys.OPERATORS].add("cleo", PASSWORD, grants=grants)
    await running.log_in("cleo")


async def test_a_page_shows_the_own_house(tmp_path: Path) -> None:
    async with site(tmp_path, houses=HOUSES) as running:
        await cleo(running, Grant("operator", "south"))
        page = await running.page("/operator/")
        assert "Lobby West" in page
        assert "Main entrance" not in page
        assert "0 of 1 screen connected" in page


@pytest.mark.parametrize("path", ["kiosks/main", "visits/visit_1", "visits/visit_1/end"])
async def test_what_stands_in_another_house_is_not_there(tmp_path: Path, path: str) -> None:
    async with site(tmp_path, houses=HOUSES) as running:
        await cleo(running, Grant("operator", "south"))
        await running.visit("visit_1", "main")
        assert (await running.get(f"/operator/{path}", **PAGE))[0] == 404
        assert not [
            row for row in await running.storage.audit.recent() if row.action == "visit.read"
        ]
        await running.app[keys.OPERATORS].set_grants("cleo", [Grant("operator", "north")])
        assert (await running.get(f"/operator/{path}", **PAGE))[0] == 200


async def test_the_feed_tells_of_the_own_house_and_no_words_to_a_viewer(tmp_path: Path) -> None:
    async with site(tmp_path, houses=HOUSES) as running:
        await cleo(running, Grant("viewer", "south"))
        await running.visit("visit_1", "main")
        await running.visit("visit_2", "west")
        address = f"{running.address}/operator/feed?visit=visit_2"
        async with running.client.ws_connect(address) as socket:
            first = await message(socket)
            assert [kiosk["id"] for kiosk in first["kiosks"]] == ["west"]
            assert "turns" not in first
            at = running.at(1)
            await running.publish(
                ev.StateChanged(kiosk_id="main", visit_id="visit_1", at=at, state="thinking"),
                ev.StateChanged(kiosk_id="west", visit_id="visit_2", at=at, state="thinking"),
            )
            told = await message(socket)
            assert told["kiosk"]["id"] == "west"
            assert "main" not in str(told)
        assert not [r for r in await running.storage.audit.recent() if r.action == "visit.watch"]


async def test_a_viewer_reads_no_words(tmp_path: Path) -> None:
    async with site(tmp_path, houses=HOUSES) as running:
        await cleo(running, Grant("viewer"))
        await running.visit("visit_1", "main")
        status, text, _ = await running.get("/operator/visits/visit_1", **PAGE)
        assert status == 403
        assert "not for you to read" in text
