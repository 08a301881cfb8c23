"""The fleet page: every screen one may see, chosen by the address, whole without a script."""

from __future__ import annotations

from pathlib import Path

from kiosk import keys
from kiosk.storage.rows import Grant
from tests.unit.web.composing import PAGE, PASSWORD, site


async def test_every_screen_and_its_day_are_on_the_page(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        await running.storage.visits.started("visit_old", "main", "de", running.at(-60))
        await running.visit()
        text = await running.page("/operator/")
        assert "1 of 2 screens connected, 1 visit running." in text
        assert "Listening in German" in text
        assert "2 of 2" in text
        _, html, _ = await running.get("/operator/", **PAGE)
        assert 'data-seq="3"' in html
        assert "2 visits today" in html, "one of storage, one since"


async def test_one_screen_that_fits_is_said_to_be_one(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        assert "All 2 that fit" in await running.page("/operator/")
        assert "The one that fits" in await running.page("/operator/?q=main")


async def test_choices_are_in_the_address(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        await running.visit()
        shown = await running.page("/operator/?show=visit&sort=today&q=main")
        assert "1 of 2" in shown
        assert "Lobby West" not in shown.partition("Last error, last event")[2]
        _, html, _ = await running.get("/operator/?view=wall&q=%22%3E%3Cscript%3E", **PAGE)
        assert 'data-view="wall"' in html
        assert "<script>" not in html.partition("<main")[2]
        assert "No screen fits" in html


async def test_only_the_screens_of_ones_own_sites(tmp_path: Path) -> None:
    async with site(tmp_path, houses={"main": "north", "west": "south"}) as running:
        operators = running.app[keys.OPERATORS]
        await operators.add("carla", PASSWORD, grants=[Grant("viewer", "south")])
        await running.log_in("carla")
        text = await running.page("/operator/")
        assert "Lobby West" in text
        assert "Main entrance" not in text
        await running.storage.visits.started("visit_n", "main", "de", running.at())
        assert "Main entrance" not in await running.page("/operator/fleet/recent")


async def test_the_latest_visits_come_alone(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        status, html, _ = await running.get("/operator/fleet/recent", **PAGE)
        assert status == 200
        assert "None yet." in html
        assert "<html" not in html
