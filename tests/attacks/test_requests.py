"""Requests of somebody who means harm: other sites, forged headers, bodies, paths, logs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web

from kiosk import keys
from kiosk.cli.running import listening
from kiosk.security.guards import SAFE_METHODS
from kiosk.storage.rows import Grant
from tests.attacks.trying import OWN, PLACEHOLDER, THINGS, cookie_of, museum, table
from tests.unit.running import Running, running

EVIL = "https://evil.example"


async def administrator(server: Running) -> dict[str, str]:
    cookies = await cookie_of(server, "anna", Grant("administrator"))
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


# ── other sites ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": EVIL, "Host": "evil.example", "X-Forwarded-Host": "evil.example"},
    ],
)
async def test_nothing_is_changed_for_another_site(
    tmp_path: Path, headers: Mapping[str, str]
) -> None:
    async with museum(tmp_path) as server:
        login = await administrator(server)
        changing = [item for item in table(server) if item.method not in SAFE_METHODS]
        assert len(changing) > 5
        for address in changing:
            if headers.get("Host"):
                # Whoever may choose Host is no browser; a browser's Host is where it sends to.
                sent = {"Origin": EVIL, "X-Forwarded-Host": "evil.example", **login}
            else:
                sent = {**headers, **login}
            async with server.http.request(
                address.method, server.url + address.at(OWN), headers=sent, allow_redirects=False
            ) as answer:
                assert answer.status == 403, address
                assert (await answer.json())["error"]["code"] == "wrong_origin", address
        assert await server.app[keys.STORAGE].audit.recent() == ()


@pytest.mark.parametrize("origin", [EVIL, "null", "http://127.0.0.1:1", "file://"])
async def test_no_socket_opens_for_another_site(tmp_path: Path, origin: str) -> None:
    async with museum(tmp_path) as server:
        login = await administrator(server)
        _, device = await server.app[keys.DEVICES].enrol("main", by="test")
        for path, cookie in (
            ("/operator/feed", login["Cookie"]),
            ("/ws/kiosk", f"kiosk_device={device}"),
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await server.http.ws_connect(
                    server.url + path, origin=origin, headers={"Cookie": cookie}
                )
            assert caught.value.status == 403, path


# ── forged headers ───────────────────────────────────────────────────────────────────────────


async def test_headers_of_a_proxy_that_is_not_there_give_nothing(tmp_path: Path) -> None:
    forged = {
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "kiosk.example",
        "Forwarded": "for=127.0.0.1;proto=https",
        "X-MS-CLIENT-PRINCIPAL-NAME": "anna",
        "X-MS-CLIENT-PRINCIPAL": "eyJ1c2VySWQiOiJhbm5hIn0=",
        "X-Remote-User": "anna",
        "X-Http-Method-Override": "POST",
        "X-Original-URL": "/operator/audit",
        "X-Rewrite-URL": "/operator/audit",
    }
    async with museum(tmp_path) as server:
        await administrator(server)
        async with server.http.get(f"{server.url}/operator/audit", headers=forged) as answer:
            assert answer.status == 401
        async with server.http.get(f"{server.url}/livez", headers=forged) as answer:
            assert "Strict-Transport-Security" not in answer.headers


async def test_another_address_each_time_does_not_escape_the_pause(tmp_path: Path) -> None:
    async with running(tmp_path, operators={"attempts": 3}) as server:
        statuses = []
        for number in range(5):
            async with server.http.post(
                f"{server.url}/operator/login",
                data={"name": f"guess{number}", "password": "wrong"},
                headers={"X-Forwarded-For": f"203.0.113.{number}", "Origin": server.url},
            ) as answer:
                statuses.append(answer.status)
        assert statuses == [401, 401, 401, 429, 429]


# ── bodies ───────────────────────────────────────────────────────────────────────────────────


async def test_a_large_body_is_refused_with_and_without_its_length(tmp_path: Path) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"a" * 1024

    async with running(tmp_path, server={"max_body_bytes": 2048}) as server:
        for data in (b"a" * 5000, trickle()):
            async with server.http.post(
                f"{server.url}/operator/login",
                data=data,
                headers={
                    "Origin": server.url,
                    "Content-Type": "application/x-www-form-urlencoded",
                },
            ) as answer:
                assert answer.status == 413
                assert (await answer.json())["error"]["code"] == "too_large"


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    async with running(tmp_path, server={"body_s": 0.05}) as server:
        reader, writer = await _connect(server)
        writer.write(
            b"POST /operator/login HTTP/1.1\r\nHost: kiosk\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nname="
        )
        async with asyncio.timeout(10):
            head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 ")
        assert b"Connection: close" in head
        async with asyncio.timeout(10):
            assert b"too_slow" in await reader.read()  # to the end: the connection is closed
        writer.close()
        await writer.wait_closed()


async def test_a_head_that_does_not_come_is_not_waited_for() -> None:
    async with listening(web.Application(), "127.0.0.1", 0, idle_s=0.05) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /livez HTTP/1.1\r\nHost: kio")
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


# ── paths ────────────────────────────────────────────────────────────────────────────────────

CLIMBS = [
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "..%5c..%5cetc%5cpasswd",
    "....//....//etc/passwd",
    "%00/etc/passwd",
    "kiosk/%2e%2e/%2e%2e/app.py",
    "/etc/passwd",
    "C:%5cWindows%5cwin.ini",
]


@pytest.mark.parametrize("climb", CLIMBS)
async def test_no_path_leads_out_of_its_folder(tmp_path: Path, climb: str) -> None:
    async with museum(tmp_path) as server:
        login = await administrator(server)
        _, device = await server.app[keys.DEVICES].enrol("main", by="test")
        login["Cookie"] += f"; kiosk_device={device}"
        paths = [item for item in table(server) if item.method == "GET" and item.names]
        assert any(item.path.startswith("/static") for item in paths)
        host, port = server.runner.addresses[0][:2]
        for address in paths:
            path = PLACEHOLDER.sub(
                lambda found: THINGS[OWN].get(found[1], climb),
                address.path,
            )
            # By hand: a client would tidy the path before it sends it.
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(
                f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {login['Cookie']}\r\n"
                "Connection: close\r\n\r\n".encode()
            )
            async with asyncio.timeout(10):
                answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            status = int(answer.split(b" ", 2)[1])
            assert status < 500, (path, status)
            assert b"root:" not in answer, path
            assert b"from __future__" not in answer, path


# ── the log ──────────────────────────────────────────────────────────────────────────────────


async def test_a_line_of_the_log_cannot_be_written_from_outside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    planted = "x\r\nlevel=error event=planted"
    async with running(tmp_path) as server:
        with caplog.at_level(logging.DEBUG):
            for path in (f"/{quote(planted)}", f"/operator/visits/{quote(planted)}"):
                async with server.http.get(server.url + path) as answer:
                    assert answer.status < 500
            async with server.http.post(
                f"{server.url}/operator/login",
                data={"name": planted, "password": planted},
                headers={"Origin": server.url, "User-Agent": "x level=error event=planted"},
            ) as answer:
                assert answer.status == 401
            async with server.screen() as screen:
                await screen.send(planted)
                await screen.next("error")
    assert "planted" not in caplog.text


async def test_the_same_is_said_of_a_wrong_name_and_a_wrong_password(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await server.app[keys.OPERATORS].add("anna", "a-good-long-password")
        told = []
        for name in ("anna", "nobody"):
            async with server.http.post(
                f"{server.url}/operator/login",
                data={"name": name, "password": "not-the-right-one"},
                headers={"Origin": server.url, "Accept": "application/json"},
            ) as answer:
                page = await answer.text()
                told.append((answer.status, len(page) - len(name), "belong together" in page))
        assert told[0] == told[1]
        assert told[0][2]


async def _connect(server: Running) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = server.runner.addresses[0][:2]
    return await asyncio.open_connection(host, port)
