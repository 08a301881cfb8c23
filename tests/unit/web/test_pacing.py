"""Too many requests are refused: by screen, by person, and by address where neither is known."""

from __future__ import annotations

import json
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from kiosk import keys
from kiosk.security.access import Access, Operator
from kiosk.storage.rows import Grant
from kiosk.web.api import base
from kiosk.web.api import transcripts as api
from kiosk.web.routes import Route
from tests.unit.running import running
from tests.unit.web.composing import PAGE, Site, site
from tests.unit.web.keeping_site import keeping_site

LEAST = 60
SEARCH = b'{"words": "tour"}'
JSON = {"Content-Type": "application/json"}


async def hello(request: web.Request) -> web.Response:
    return web.Response(text="hello")


ROUTES = [Route("GET", "/hello", hello, Access.PUBLIC)]
NARROW = {"requests_per_minute": LEAST}


def refused(running: Site, who: str) -> float:
    value = running.app[keys.METRICS].registry.get_sample_value(
        "kiosk_requests_refused_total", {"by": who}
    )
    return value or 0.0


async def statuses(running: Site, path: str, number: int, **headers: str) -> set[int]:
    return {(await running.get(path, **headers))[0] for _ in range(number)}


async def test_an_address_waits_and_others_do_not(tmp_path: Path) -> None:
    server = {**NARROW, "trusted_proxies": 1}
    async with site(tmp_path, routes=ROUTES, server=server) as running:
        one, other = {"X-Forwarded-For": "192.0.2.7"}, {"X-Forwarded-For": "192.0.2.8"}
        assert await statuses(running, "/hello", LEAST, **one) == {200}
        status, text, headers = await running.get("/hello", **one)
        assert (status, headers["Retry-After"]) == (429, "60")
        assert json.loads(text)["error"]["code"] == "too_fast"
        assert "try again in 60 seconds" in text
        status, page, _ = await running.get("/hello", **one, **PAGE)
        assert status == 429
        assert "<html" in page
        assert (await running.get("/nothing", **one))[0] == 429
        assert await statuses(running, "/hello", 2, **other) == {200}
        assert refused(running, "address") == 3
        running.clock.advance(60)
        assert await statuses(running, "/hello", 2, **one) == {200}


async def test_another_claimed_address_each_time_does_not_help(tmp_path: Path) -> None:
    async with site(tmp_path, routes=ROUTES, server=NARROW) as running:
        for number in range(LEAST):
            claimed = {"X-Forwarded-For": f"192.0.2.{number}"}
            assert (await running.get("/hello", **claimed))[0] == 200
        assert (await running.get("/hello", **{"X-Forwarded-For": "203.0.113.1"}))[0] == 429


async def test_files_and_the_sign_of_life_are_not_counted(tmp_path: Path) -> None:
    async with site(tmp_path, routes=ROUTES, server=NARROW) as running:
        assert await statuses(running, "/livez", LEAST + 1) == {200}
        assert await statuses(running, "/static/operator/operator.css", LEAST + 1) == {200}
        assert await statuses(running, "/hello", LEAST) == {200}
        assert await statuses(running, "/hello", 1) == {429}


async def test_a_screen_is_not_held_up_by_its_neighbours(tmp_path: Path) -> None:
    server = {**NARROW, "screen_requests_per_minute": 20}
    async with site(tmp_path, routes=ROUTES, server=server) as running:
        _, token = await running.app[keys.DEVICES].enrol("main", by="test")
        await statuses(running, "/hello", LEAST)
        for made_up in ("", "x", "kiosk_device_1"):
            assert await statuses(running, "/hello", 1, Cookie=f"kiosk_device={made_up}") == {429}
        mine = {"Cookie": f"kiosk_device={token}"}
        assert await statuses(running, "/hello", 10, **mine) == {200}
        for _ in range(10):
            assert (await running.post("/kiosk/ticket", None, **mine))[0] == 200
        status, text, headers = await running.post("/kiosk/ticket", None, **mine)
        assert (status, headers["Retry-After"]) == (429, "60")
        assert "from this screen" in text
        assert (await running.post("/kiosk/ticket"))[0] == 429
        assert (refused(running, "screen"), refused(running, "address")) == (1, 4)
        running.clock.advance(60)
        assert (await running.post("/kiosk/ticket", None, **mine))[0] == 200


async def test_a_screen_that_opens_socket_after_socket_waits(tmp_path: Path) -> None:
    limits = {"screen_requests_per_minute": 20}
    async with running(tmp_path, access={"open": False}, server=limits) as server:
        _, token = await server.app[keys.DEVICES].enrol("desk", by="test")
        for _ in range(10):
            protocols = await server.ticket(kiosk_device=token)
            async with server.http.ws_connect(
                f"{server.url}/ws/kiosk",
                headers={"Origin": server.url, "Cookie": f"kiosk_device={token}"},
                protocols=protocols,
            ):
                pass
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await server.http.ws_connect(
                f"{server.url}/ws/kiosk",
                headers={"Origin": server.url, "Cookie": f"kiosk_device={token}"},
                protocols=("kiosk.v1",),
            )
        assert caught.value.status == 429
        assert caught.value.headers is not None
        assert int(caught.value.headers["Retry-After"]) > 0
        assert server.figure("requests_refused_total", by="screen") == 1


async def test_a_person_is_counted_wherever_they_are_logged_in(tmp_path: Path) -> None:
    limits = {"requests_per_minute": LEAST}
    async with site(tmp_path, routes=ROUTES, operators=limits) as running:
        await running.log_in()
        assert await statuses(running, "/operator/audit", LEAST - 1, **PAGE) == {200}
        await running.log_in()
        assert await statuses(running, "/operator/audit", 1, **PAGE) == {200}
        status, page, headers = await running.get("/operator/audit", **PAGE)
        assert (status, headers["Retry-After"]) == (429, "60")
        assert "Too many requests of yours" in page
        assert await statuses(running, "/hello", 1) == {200}
        await running.log_in("bert")
        assert (await running.get("/operator/", **PAGE))[0] == 200
        assert refused(running, "person") == 1


async def test_searches_and_exports_are_counted_together(tmp_path: Path) -> None:
    async with keeping_site(tmp_path, operators={"searches_per_minute": 4}) as running:
        span = {"since": "2026-03-01", "until": "2026-03-02"}
        export = json.dumps(span | {"redacted": True}).encode()
        assert (await running.post("/operator/transcripts", {"words": "tour"}))[0] == 200
        assert (await running.post("/api/transcripts/search", SEARCH, **JSON))[0] == 200
        for path in ("/api/transcripts/export.csv", "/operator/transcripts/export"):
            assert (await running.post(path, export, **JSON))[0] not in (404, 429)
        for path in (
            "/operator/transcripts",
            "/operator/transcripts/export",
            "/api/transcripts/search",
            "/api/transcripts/export.csv",
            "/api/transcripts/export.jsonl",
        ):
            status, text, headers = await running.post(path, SEARCH, **JSON)
            assert (status, headers["Retry-After"]) == (429, "60"), path
            assert "searches and exports" in text
        assert refused(running, "search") == 5
        assert (await running.get("/operator/transcripts", **PAGE))[0] == 200
        running.clock.advance(60)
        assert (await running.post("/api/transcripts/search", SEARCH, **JSON))[0] == 200


async def test_tokens_search_no_faster_than_their_owner(tmp_path: Path) -> None:
    async with site(
        tmp_path, routes=base.routes(api.ROUTES), operators={"searches_per_minute": 1}
    ) as running:
        anna = Operator("anna", (Grant("administrator"),))
        for name, status in (("one", 200), ("two", 429)):
            secret, _ = await running.app[keys.OPERATORS].tokens.make(
                anna, name, scopes=["transcript.read"]
            )
            sent = {"Authorization": f"Bearer {secret}", **JSON}
            assert (await running.post("/api/transcripts/search", SEARCH, **sent))[0] == status
