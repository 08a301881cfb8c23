"""What a person asked for is written down with house and request."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from kiosk.security.access import Access
from kiosk.web.noting import note
from kiosk.web.routes import Route
from tests.unit.web.composing import site


async def rename(request: web.Request) -> web.Response:
    await note(request, "kiosk.name", request.match_info["kiosk"], "asked", before="a", after="b")
    return web.Response()


async def test_a_row_says_who_where_and_in_which_request(tmp_path: Path) -> None:
    routes = [Route("POST", "/name/{kiosk}", rename, Access.KIOSK_CONFIGURE)]
    async with site(tmp_path, routes=routes, houses={"west": "north"}) as running:
        await running.log_in("anna")
        _, _, headers = await running.post("/name/west")
        row = (await running.storage.audit.recent(1))[0]
        assert (row.actor, row.action, row.target, row.detail) == (
            "anna",
            "kiosk.name",
            "west",
            "asked",
        )
        assert (row.before, row.after, row.site) == ("a", "b", "north")
        assert row.request == headers["X-Request-ID"]
