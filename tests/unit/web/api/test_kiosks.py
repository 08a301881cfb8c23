"""/api/kiosks: screens of one's own sites, chosen as on the page."""

from __future__ import annotations

import json
from pathlib import Path

from kiosk import events as ev
from kiosk import keys
from kiosk.storage.rows import Grant
from kiosk.web.api import table
from kiosk.web.api.kiosks import Screen
from kiosk.web.fleet_board import SHOWN, SORTS
from tests.unit.signaling.test_device import FACTS
from tests.unit.web.composing import PASSWORD, site


async def test_every_screen_and_one_of_them(tmp_path: Path) -> None:
    async with site(tmp_path, routes=table.routes("1")) as running:
        assert (await running.get("/api/kiosks"))[0] == 401
        await running.log_in("bert")
        await running.visit()
        status, text, _ = await running.get("/api/kiosks?show=visit")
        fleet = json.loads(text)
        assert (status, fleet["seq"]) == (200, running.live.seq)
        assert [(row["id"], row["state"], row["today"]) for row in fleet["kiosks"]] == [
            ("main", "Listening", 1),
        ]
        assert sum(fleet["kiosks"][0]["hours"]) == 1
        for query in [f"show={show}" for show in SHOWN] + [f"sort={sort}" for sort in SORTS]:
            assert (await running.get(f"/api/kiosks?{query}"))[0] == 200
        assert (await running.get("/api/kiosks?show=nothing"))[0] == 422
        one = Screen.model_validate_json((await running.get("/api/kiosks/west"))[1])
        assert one.state == "Not connected"
        assert (await running.get("/api/kiosks/nothing"))[0] == 404


async def test_a_screen_has_its_picture_and_both_versions(tmp_path: Path) -> None:
    async with site(tmp_path, routes=table.routes("1")) as running:
        await running.log_in("bert")
        await running.visit()
        one = Screen.model_validate_json((await running.get("/api/kiosks/main"))[1])
        assert (one.picture, one.picture_at, one.page_has, one.config_has) == ("", "", "", "")
        facts = FACTS | {"page": "1.9", "config": "c1", "frame_age_s": 2}
        await running.publish(ev.KioskReported(kiosk_id="main", at=running.at(60), facts=facts))
        running.live.version = "2.0"
        running.live.configs = {"main": "c2"}
        one = Screen.model_validate_json((await running.get("/api/kiosks/main"))[1])
        assert (one.picture, one.picture_at) == ("picture moving", running.at(58).isoformat())
        assert (one.page_has, one.page_wanted) == ("1.9", "2.0")
        assert (one.config_has, one.config_wanted) == ("c1", "c2")


async def test_screens_of_other_sites_are_not_there(tmp_path: Path) -> None:
    houses = {"main": "north", "west": "south"}
    async with site(tmp_path, houses=houses, routes=table.routes("1")) as running:
        grants = [Grant("viewer", "south")]
        await running.app[keys.OPERATORS].add("carla", PASSWORD, grants=grants)
        await running.log_in("carla")
        fleet = json.loads((await running.get("/api/kiosks"))[1])
        assert [row["id"] for row in fleet["kiosks"]] == ["west"]
        assert (await running.get("/api/kiosks/main"))[0] == 404
