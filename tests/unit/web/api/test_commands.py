"""/api/commands: the same orders for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kiosk import keys
from kiosk.security.access import Operator
from kiosk.storage.rows import Grant
from kiosk.web.api import table
from tests.unit.web.composing import Site, site
from tests.unit.web.test_orders_page import over, screens


async def post(running: Site, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    async with running.client.post(
        running.address + path, json=body, headers={"Origin": running.address}
    ) as answer:
        return answer.status, await answer.json()


async def test_an_order_from_beginning_to_end(tmp_path: Path) -> None:
    async with site(tmp_path, routes=table.routes("1")) as running:
        await running.log_in("bert")
        heard = screens(running, "main")
        body = {"name": "mute", "args": {"muted": True}, "kiosks": ["main", "west"], "wave": 1}
        status, given = await post(running, "/api/commands", body)
        assert (status, given["state"], len(given["results"])) == (202, "running", 2)
        await over(running)
        path = f"/api/commands/{given['id']}"
        _, text, _ = await running.get(f"{path}?after={given['revision']}&wait_s=5")
        told = json.loads(text)
        assert [row["state"] for row in told["results"]] == ["done", "failed"]
        assert heard[0]["args"] == {"muted": True}
        assert told["counts"] == "1 done, 1 failed"
        _, text, _ = await running.get("/api/commands")
        assert [row["id"] for row in json.loads(text)["orders"]] == [given["id"]]
        assert (await post(running, f"{path}/stop"))[1]["state"] == "done"
        assert (await running.get("/api/commands/order_none"))[0] == 404


async def test_the_audit_names_the_token_beside_its_owner(tmp_path: Path) -> None:
    async with site(tmp_path, routes=table.routes("1")) as running:
        await running.log_in("bert")
        screens(running, "main")
        tokens = running.app[keys.OPERATORS].tokens
        bert = Operator("bert", (Grant("operator"),))
        secret, _ = await tokens.make(bert, "night-shift", scopes=["fleet.view", "kiosk.command"])
        async with running.client.post(
            f"{running.address}/api/commands",
            json={"name": "mute", "args": {"muted": True}, "kiosks": ["main"]},
            headers={"Authorization": f"Bearer {secret}"},
        ) as answer:
            assert answer.status == 202
        await over(running)
        rows = await running.app[keys.STORAGE].audit.recent()
        assert {row.actor for row in rows if row.target == "main"} == {"bert/night-shift"}


async def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    async with site(tmp_path, routes=table.routes("1")) as running:
        await running.log_in("bert")
        for body, status in (
            ({"name": "reload"}, 422),
            ({"name": "reload", "kiosks": ["main"], "select": {}}, 422),
            ({"name": "reload", "kiosks": ["nowhere"]}, 404),
            ({"name": "screenshot", "kiosks": ["main", "west"]}, 422),
            ({"name": "volume", "args": {"level": 400}, "kiosks": ["main"]}, 422),
            ({"name": "hold", "args": {"held": True}, "select": {"show": "all"}}, 422),
            ({"name": "hold", "args": {"held": True}, "kiosks": ["main"]}, 403),
        ):
            assert (await post(running, "/api/commands", body))[0] == status, body
