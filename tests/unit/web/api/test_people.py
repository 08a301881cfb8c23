"""/api/me and /api/audit."""

from __future__ import annotations

import json
from pathlib import Path

from kiosk.web.api import table
from tests.unit.web.composing import site


async def test_who_asks_and_who_did_what(tmp_path: Path) -> None:
    async with site(tmp_path, routes=table.routes("1")) as running:
        assert (await running.get("/api/me"))[0] == 401
        await running.log_in("bert")
        status, text, _ = await running.get("/api/me")
        told = json.loads(text)
        assert (status, told["name"]) == (200, "bert")
        rights = {item["right"]: item["sites"] for item in told["rights"]}
        assert rights["visit.follow"] is None
        assert "people.manage" not in rights
        assert (await running.get("/api/audit"))[0] == 403
        await running.log_in("anna")
        status, text, _ = await running.get("/api/audit?limit=1")
        page = json.loads(text)
        assert [entry["actor"] for entry in page["entries"]] == ["anna"]
        status, text, _ = await running.get(f"/api/audit?before={page['before']}")
        assert [entry["actor"] for entry in json.loads(text)["entries"]] == ["bert"]
        assert json.loads(text)["before"] is None
