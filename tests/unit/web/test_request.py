"""Cookies as they are set, and what is believed about a client."""

from __future__ import annotations

from http.cookies import SimpleCookie
from pathlib import Path

from aiohttp import web

from kiosk.security.access import Access
from kiosk.web.request import (
    address_of,
    forwarded,
    over_https,
    set_device_cookie,
    set_operator_cookie,
    wants_page,
)
from kiosk.web.routes import Route
from tests.unit.web.composing import site


async def facts(request: web.Request) -> web.Response:
    response = web.json_response(
        [address_of(request), over_https(request), forwarded(request), wants_page(request)]
    )
    set_device_cookie(request, response, "west")
    set_operator_cookie(request, response, "token")
    return response


ROUTES = [
    Route("GET", "/facts", facts, Access.PUBLIC),
    Route("GET", "/api/f", facts, Access.PUBLIC),
]


async def test_what_a_stranger_claims_is_not_believed(tmp_path: Path) -> None:
    claims = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https"}
    async with site(tmp_path / "alone", routes=ROUTES) as running:
        assert (await running.get("/facts", **claims))[1] == '["127.0.0.1", false, true, false]'
    async with site(tmp_path, routes=ROUTES, server={"trusted_proxies": 1}) as running:
        assert (await running.get("/facts", **claims))[1] == '["10.0.0.1", true, true, false]'


async def test_pages_are_for_browsers_and_never_below_api(tmp_path: Path) -> None:
    async with site(tmp_path, routes=ROUTES) as running:
        for path, expected in (("/facts", "true"), ("/api/f", "false")):
            _, text, _ = await running.get(path, Accept="text/html,*/*;q=0.8")
            assert text.endswith(f"{expected}]")


async def test_cookies_are_out_of_scripts_reach_and_tied_to_https(tmp_path: Path) -> None:
    async with site(tmp_path, routes=ROUTES, server={"trusted_proxies": 1}) as running:
        for proto, prefix in (("http", ""), ("https", "__Host-")):
            async with running.client.get(
                f"{running.address}/facts", headers={"X-Forwarded-Proto": proto}
            ) as answer:
                cookies: SimpleCookie = SimpleCookie()
                for line in answer.headers.getall("Set-Cookie"):
                    cookies.load(line)
            device = cookies[f"{prefix}kiosk_device"]
            person = cookies[f"{prefix}kiosk_operator"]
            assert (device["samesite"], person["samesite"]) == ("Strict", "Lax")
            for cookie in (device, person):
                assert cookie["httponly"]
                assert cookie["path"] == "/"
                assert not cookie["domain"]
                assert bool(cookie["secure"]) is (proto == "https")
                assert int(cookie["max-age"]) > 0
