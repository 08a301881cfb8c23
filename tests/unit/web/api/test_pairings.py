"""/api/pairings and /api/devices."""

from __future__ import annotations

import json
from pathlib import Path

from kiosk import keys
from kiosk.web.api import table
from tests.unit.web.api.test_commands import post
from tests.unit.web.composing import Site, site
from tests.unit.web.test_screens_page import waits


async def sent(running: Site, path: str, body: object = None) -> int:
    async with running.client.post(
        running.address + path, json=body, headers={"Origin": running.address}
    ) as answer:
        return answer.status


async def test_let_in_refuse_and_revoke(tmp_path: Path) -> None:
    async with site(tmp_path, routes=table.routes("1")) as running:
        await running.log_in("bert")
        assert (await running.get("/api/pairings"))[0] == 403
        await running.log_in()
        pairing, _, code = await waits(running)
        other, _, _ = await waits(running)
        told = json.loads((await running.get("/api/pairings"))[1])["pairings"]
        assert [row["code"] for row in told][:1] == [code]
        assert await sent(running, f"/api/pairings/{pairing}/approve", {"kiosk": "east"}) == 409
        assert await sent(running, f"/api/pairings/{pairing}/approve", {"kiosk": "west"}) == 204
        assert await sent(running, f"/api/pairings/{pairing}/approve", {"kiosk": "west"}) == 409
        assert await sent(running, f"/api/pairings/{other}/refuse") == 204
        assert json.loads((await running.get("/api/pairings"))[1])["pairings"] == []
        device, _ = await running.app[keys.DEVICES].enrol("main", by="before")
        told = json.loads((await running.get("/api/devices"))[1])["devices"]
        assert [(row["id"], row["kiosk"]) for row in told] == [(device, "main")]
        assert await sent(running, f"/api/devices/{device}/revoke") == 204
        assert await sent(running, "/api/devices/device_none/revoke") == 404
        status, made = await post(running, "/api/kiosks/west/code")
        assert (status, len(made["code"])) == (200, 9)
