"""The same tables for programs."""

from __future__ import annotations

from pathlib import Path

from kiosk.web import insight
from kiosk.web.api import base
from kiosk.web.api import insight as api
from tests.unit.web.composing import site
from tests.unit.web.keeping_site import call


async def test_every_table_is_there_with_its_columns(tmp_path: Path) -> None:
    routes = [*insight.routes(), *base.routes(api.ROUTES)]
    async with site(tmp_path, routes=routes) as running:
        assert (await call(running, "GET", "/api/insight"))[0] == 401
        await running.log_in()
        status, found = await call(running, "GET", "/api/insight?until=2026-03-01")
        assert status == 200
        assert (found["since"], found["until"]) == ("2026-02-02", "2026-03-01")
        for table in found["tables"]:
            assert all(len(row) == len(table["columns"]) for row in table["rows"]), table["key"]
        assert (await call(running, "GET", "/api/insight?since=x"))[0] == 422
