"""Addresses: none without an access, and every one of the product's has one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from kiosk import keys
from kiosk.errors import StartupError
from kiosk.security.access import Access
from kiosk.web.routes import Route, add_routes
from tests.unit.web.composing import PAGE, site


async def hello(request: web.Request) -> web.Response:
    return web.Response(text="hello")


def test_a_route_nobody_thought_through_does_not_start() -> None:
    missing: Any = "public"
    for access in (None, missing):
        with pytest.raises(StartupError, match="GET /x says nobody"):
            add_routes(web.Application(), [Route("GET", "/x", hello, access)])


def test_two_routes_at_one_address_do_not_start() -> None:
    twice = [Route("GET", "/x", hello, Access.PUBLIC)] * 2
    with pytest.raises(StartupError, match="GET /x cannot be used"):
        add_routes(web.Application(), twice)
    with pytest.raises(StartupError, match="GET x cannot be used"):
        add_routes(web.Application(), [Route("GET", "x", hello, Access.PUBLIC)])


async def test_every_address_of_the_application_has_an_access(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        table = running.app[keys.ACCESS]
        routes = list(running.app.router.routes())
        assert len(routes) > 20
        assert [route for route in routes if route not in table] == []


async def test_nobody_gets_past_an_address_that_is_not_public(tmp_path: Path) -> None:
    """Walk the router as somebody who is nobody: every closed address stays closed."""
    async with site(tmp_path) as running:
        for route, access in running.app[keys.ACCESS].items():
            if access is Access.PUBLIC or route.resource is None:
                continue
            path = re.sub(r"\{\w+\}", "some", route.resource.canonical)
            async with running.client.request(
                route.method,
                running.address + path,
                headers={"Origin": running.address},
                allow_redirects=False,
            ) as answer:
                assert answer.status == 401, f"{route.method} {path}"
            async with running.client.get(
                running.address + path, headers=PAGE, allow_redirects=False
            ) as answer:
                if route.method == "GET":
                    assert answer.status == 303, f"page {path}"
                    assert answer.headers["Location"].startswith("/operator/login?next=")


async def test_a_route_added_behind_the_tables_back_is_refused(tmp_path: Path) -> None:
    async with site(tmp_path, routes=[Route("GET", "/good", hello, Access.PUBLIC)]) as running:
        assert (await running.get("/good"))[:2] == (200, "hello")
        status, _, _ = await running.get("/good/")
        assert status == 404


async def test_an_address_not_in_the_table_is_forbidden(tmp_path: Path) -> None:
    async with site(tmp_path, routes=[Route("GET", "/good", hello, Access.PUBLIC)]) as running:
        table = running.app[keys.ACCESS]
        for route in [item for item in table if item.resource is not None]:
            if route.resource is not None and route.resource.canonical == "/good":
                del table[route]
        status, text, _ = await running.get("/good")
        assert status == 403
        assert "hello" not in text
