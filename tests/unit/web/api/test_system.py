"""/api/plugins, /api/sinks, /api/themes."""

from __future__ import annotations

import json
from pathlib import Path

from kiosk import keys
from kiosk.web.api import table
from kiosk.web.pages import THEMES
from tests.unit.transcripts.keeping import Sink
from tests.unit.web.api.test_pairings import sent
from tests.unit.web.composing import KIOSKS, site
from tests.unit.web.test_plugin_page import Failing
from tests.unit.web.test_sinks_page import Refusing, served


async def test_a_plugin_that_failed_is_told_and_tried_again(tmp_path: Path) -> None:
    routes = table.routes("1")
    async with site(tmp_path, routes=routes, plugins={"gate": Failing()}) as running:
        for _ in range(5):
            await running.app[keys.HOOKS].admit_session(KIOSKS[0])
        await running.log_in("bert")
        (gate,) = json.loads((await running.get("/api/plugins"))[1])["plugins"]
        assert (gate["name"], gate["failed"], gate["tools"]) == ("gate", 5, ["open_gate"])
        assert (gate["left_out"][0]["hook"], gate["left_out"][0]["failures"]) == (
            "admit_session",
            5,
        )
        assert gate["failures"][0]["kind"] == "ValueError"
        assert await sent(running, "/api/plugins/gate/again") == 403
        await running.log_in()
        assert await sent(running, "/api/plugins/nobody/again") == 404
        assert await sent(running, "/api/plugins/gate/again") == 204
        (gate,) = json.loads((await running.get("/api/plugins"))[1])["plugins"]
        assert gate["left_out"] == []
        rows = await running.storage.audit.recent()
        assert [row.target for row in rows if row.action == "plugin.try_again"] == ["gate"]


async def test_dead_letters_are_counted_offered_again_and_forgotten(tmp_path: Path) -> None:
    sink: Sink = Refusing()
    async with served(tmp_path, sink) as server:

        async def ask(method: str, path: str) -> tuple[int, object]:
            async with server.http.request(
                method, f"{server.url}/api/sinks{path}", headers={"Origin": server.url}
            ) as answer:
                return answer.status, await answer.json()

        status, told = await ask("GET", "")
        assert status == 200
        assert isinstance(told, dict)
        (far,) = [one for one in told["sinks"] if one["dead"]]
        assert (far["dead"], far["waiting"], far["offered"]) == (2, 0, True)
        here = f"/{far['name']}"
        assert await ask("POST", f"{here}/replay") == (200, {"entries": 2})
        assert await server.app[keys.RECORDER].settle(5)
        assert await ask("POST", f"{here}/forget") == (200, {"entries": 2})
        assert (await ask("POST", "/nobody/forget"))[0] == 404
        rows = await server.app[keys.STORAGE].audit.recent()
        assert [row.detail for row in rows if row.action.startswith("sink.")] == ["2 entries"] * 2


async def test_themes_are_listed(tmp_path: Path) -> None:
    async with served(tmp_path, Sink()) as server:
        async with server.http.get(f"{server.url}/api/themes") as answer:
            assert answer.status == 200
            themes = {one["id"]: one["error"] for one in (await answer.json())["themes"]}
        assert themes == dict.fromkeys(server.app[THEMES].themes, "")
        assert themes
