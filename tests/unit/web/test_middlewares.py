"""Guards on every request, headers on every answer, errors without a traceback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
from aiohttp import web
from yarl import URL

from kiosk import keys
from kiosk.errors import StorageError
from kiosk.security.access import Access
from kiosk.security.guards import CONTENT_SECURITY_POLICY
from kiosk.web.request import form, identity
from kiosk.web.routes import Route
from tests.unit.web.composing import PAGE, site


async def broken(request: web.Request) -> web.Response:
    raise ValueError("the visitor said: my number is 555-0199-2")


async def database_gone(request: web.Request) -> web.Response:
    raise StorageError("The database is locked by another program.")


async def screen(request: web.Request) -> web.Response:
    return web.Response(text=identity(request).kiosk_id or "")


async def fields(request: web.Request) -> web.Response:
    return web.json_response(dict(await form(request)))


ROUTES = [
    Route("GET", "/broken", broken, Access.PUBLIC),
    Route("GET", "/gone", database_gone, Access.PUBLIC),
    Route("GET", "/screen", screen, Access.KIOSK),
    Route("POST", "/fields", fields, Access.PUBLIC),
]


@pytest.mark.parametrize(
    "path", ["/livez", "/nothing", "/broken", "/operator/", "/static/nothing.js", "/screen"]
)
async def test_every_answer_carries_the_headers(tmp_path: Path, path: str) -> None:
    async with site(tmp_path, routes=ROUTES) as running:
        for headers in ({}, PAGE):
            _, _, answered = await running.get(path, **headers)
            assert answered["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
            assert answered["X-Content-Type-Options"] == "nosniff"
            assert answered["Cache-Control"] == "no-store"
            assert answered["Server"] == "avatar-kiosk"
            assert answered["X-Request-ID"].startswith("req_")
            assert "Strict-Transport-Security" not in answered


async def test_a_broken_handler_tells_nothing(tmp_path: Path) -> None:
    async with site(tmp_path, routes=ROUTES) as running:
        status, text, answered = await running.get("/broken")
        assert status == 500
        error = json.loads(text)["error"]
        assert (error["code"], error["request"]) == ("internal", answered["X-Request-ID"])
        status, page, _ = await running.get("/broken", **PAGE)
        assert status == 500
        assert "<html" in page
        for told in (text, page):
            assert "555-0199-2" not in told
            assert "Traceback" not in told
            assert "ValueError" not in told


async def test_storage_that_does_not_answer_is_a_503_with_its_sentence(tmp_path: Path) -> None:
    async with site(tmp_path, routes=ROUTES) as running:
        status, text, _ = await running.get("/gone")
        assert (status, json.loads(text)["error"]["code"]) == (503, "storage")
        assert "locked" in text


async def test_a_wrong_method_says_which_are_right(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        status, text, headers = await running.post("/livez")
        assert (status, headers["Allow"]) == (405, "GET,HEAD")
        assert json.loads(text)["error"]["code"] == "method_not_allowed"


async def test_the_publics_error_page_is_asked_first(tmp_path: Path) -> None:
    def drawn(request: web.Request, status: int) -> str | None:
        return f"<p>drawn {status}</p>" if status == 404 else None

    async with site(tmp_path, routes=ROUTES, error_page=drawn) as running:
        assert (await running.get("/nothing", **PAGE))[1] == "<p>drawn 404</p>"
        assert "drawn" not in (await running.get("/broken", **PAGE))[1]
        assert "drawn" not in (await running.get("/operator/nothing", **PAGE))[1]


async def test_forms_from_elsewhere_are_refused_before_anything_happens(tmp_path: Path) -> None:
    async with site(tmp_path, routes=ROUTES) as running:
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": running.address, "X": "y"} | {"Origin": running.address + "0"},
        ):
            status, text, _ = await running.post("/fields", {"a": "b"}, **headers)
            assert (status, json.loads(text)["error"]["code"]) == (403, "wrong_origin")
        async with running.client.post(
            f"{running.address}/fields", data={"a": "b"}, headers={"Sec-Fetch-Site": "cross-site"}
        ) as answer:
            assert answer.status == 403
        status, text, _ = await running.post("/fields", {"a": "b"})
        assert (status, json.loads(text)) == (200, {"a": "b"})


async def test_sockets_from_elsewhere_are_refused(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await running.client.ws_connect(
                f"{running.address}/operator/feed", origin="https://evil.example"
            )
        assert caught.value.status == 403


async def test_a_public_address_is_the_only_origin_when_it_is_set(tmp_path: Path) -> None:
    server = {"public_url": "https://museum.example"}
    async with site(tmp_path, routes=ROUTES, server=server) as running:
        status, text, _ = await running.post("/fields", {"a": "b"})
        assert status == 403
        assert "https://museum.example" in text
        status, _, _ = await running.post("/fields", {"a": "b"}, Origin="https://museum.example")
        assert status == 200


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{}", "application/json", 415, "not_a_form"),
        (b"x=" + b"y" * 70_000, "application/x-www-form-urlencoded", 413, "too_large"),
        (b"&".join(b"f%d=1" % n for n in range(40)), None, 400, "bad_form"),
        (b"a=b", "application/x-www-form-urlencoded; charset=nonsense", 400, "bad_form"),
    ],
)
async def test_bodies_that_are_no_form_of_ours(
    tmp_path: Path, body: bytes, kind: str | None, status: int, code: str
) -> None:
    async with site(tmp_path, routes=ROUTES) as running:
        kind = kind or "application/x-www-form-urlencoded"
        got, text, _ = await running.post("/fields", body, **{"Content-Type": kind})
        assert (got, json.loads(text)["error"]["code"]) == (status, code)


async def test_a_body_without_a_length_has_the_same_limit(tmp_path: Path) -> None:
    async def endless() -> object:
        for _ in range(80):
            yield b"x" * 1000

    async with (
        site(tmp_path, routes=ROUTES) as running,
        running.client.post(
            f"{running.address}/fields",
            data=endless(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        ) as answer,
    ):
        assert answer.status == 413


async def test_a_screens_address_wants_its_cookie(tmp_path: Path) -> None:
    async with site(tmp_path, routes=ROUTES) as running:
        status, text, _ = await running.get("/screen")
        assert (status, json.loads(text)["error"]["code"]) == (401, "not_enrolled")
        status, _, headers = await running.get("/screen", **PAGE)
        assert (status, headers["Location"]) == (303, "/enrol")
        _, cookie = await running.app[keys.DEVICES].enrol("west", by="test")
        status, text, _ = await running.get("/screen", Cookie=f"kiosk_device={cookie}")
        assert (status, text) == (200, "west")
        for forged in (cookie[:-3], "west", "\xff\xfe", ""):
            raw = forged.encode("latin-1").decode("latin-1")
            status, _, _ = await running.get("/screen", Cookie=f"kiosk_device={raw}")
            assert status == 401
            status, _, _ = await running.get("/operator/", Cookie=f"kiosk_operator={raw}")
            assert status == 401


async def test_over_https_cookies_are_bound_to_it(tmp_path: Path) -> None:
    async with site(tmp_path, routes=ROUTES, server={"trusted_proxies": 1}) as running:
        secure = {"X-Forwarded-Proto": "https"}
        _, cookie = await running.app[keys.DEVICES].enrol("west", by="test")
        status, _, _ = await running.get("/screen", Cookie=f"kiosk_device={cookie}", **secure)
        assert status == 401
        status, _, headers = await running.get(
            "/screen", Cookie=f"__Host-kiosk_device={cookie}", **secure
        )
        assert status == 200
        assert headers["Strict-Transport-Security"].startswith("max-age=")


async def test_a_browser_that_goes_away_in_mid_request_is_no_error(tmp_path: Path) -> None:
    noticed = asyncio.Event()

    def notice(_logger: object, _level: str, line: MutableMapping[str, Any]) -> Any:
        if line["event"] == "browser went away":
            noticed.set()
        return line

    with structlog.testing.capture_logs(processors=[notice]) as logged:
        async with site(tmp_path, routes=ROUTES) as running:
            address = URL(running.address)
            _, writer = await asyncio.open_connection(address.host, address.port)
            head = (
                f"POST /fields HTTP/1.1\r\nHost: {address.authority}\r\n"
                f"Origin: {running.address}\r\nContent-Length: 500\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n\r\na=b"
            )
            writer.write(head.encode())
            await writer.drain()
            writer.transport.abort()
            async with asyncio.timeout(20):
                await noticed.wait()
            left = running.app[keys.METRICS].requests_left
    assert next(iter(left.collect())).samples[0].value == 1
    assert [line for line in logged if line["log_level"] in {"error", "warning"}] == []
