"""The real server on a free port in front of a scripted service, and a bare kiosk socket to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from kiosk import keys
from kiosk.app import create_app
from kiosk.settings import Settings, load_settings
from kiosk.telemetry import Metrics
from kiosk.testing.databases import fresh_database, url_of
from kiosk.web.tickets import PREFIX, PROTOCOL
from tests.unit.voicelive.service import Service, serving

WITHIN_S = 20.0


def site_settings(folder: Path, endpoint: str | None, **sections: Mapping[str, Any]) -> Settings:
    """Return settings of a small open site with its data in `folder`."""
    upstream = {"avatar": {"enabled": False}, **sections.pop("upstream", {})}
    if endpoint is not None:
        upstream = {"endpoint": endpoint, "api_key": "a key", **upstream}
    values: dict[str, Any] = {
        "site": {"name": "Test site", "languages": ["en", "de"]},
        "kiosks": [
            {"id": "lobby", "name": "Lobby"},
            {"id": "desk", "name": "Desk", "language": "de"},
        ],
        "access": {"open": True},
        "server": {"drain_s": 0},
        "hooks": {"off": True},
        "storage": {"url": url_of(folder / "kiosk.sqlite3")},
    }
    for name, section in sections.items():
        known = values.get(name, {})
        values[name] = {**known, **section} if isinstance(known, dict) else section
    values["upstream"] = upstream
    return load_settings(overrides=values, read_file=False)


class Screen:
    """A kiosk's socket, spoken to in JSON."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.seen: list[dict[str, Any]] = []

    async def send(self, kind: str, **fields: Any) -> None:
        """Send a message."""
        await self.socket.send_str(json.dumps({"type": kind, **fields}))

    async def next(self, kind: str) -> dict[str, Any]:
        """Return the next message of a type; raises AssertionError when the socket closes."""
        try:
            async with asyncio.timeout(WITHIN_S):
                while True:
                    frame = await self.socket.receive()
                    if frame.type is not aiohttp.WSMsgType.TEXT:
                        raise AssertionError(f"the socket closed; there was no {kind}")
                    message: dict[str, Any] = json.loads(frame.data)
                    self.seen.append(message)
                    if message["type"] == kind:
                        return message
        except TimeoutError:
            kinds = [message["type"] for message in self.seen]
            raise AssertionError(f"there was no {kind}, only {kinds}") from None

    async def closed(self) -> int | None:
        """Read to the end and return the close code."""
        async with asyncio.timeout(WITHIN_S):
            async for frame in self.socket:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    self.seen.append(json.loads(frame.data))
        return self.socket.close_code

    async def hello(self, **fields: Any) -> dict[str, Any]:
        """Introduce the page."""
        await self.send("hello", protocol=1, **fields)
        return await self.next("welcome")


class Running:
    """A server that runs."""

    def __init__(
        self, app: web.Application, runner: web.AppRunner, service: Service, url: str
    ) -> None:
        self.app, self.runner, self.service, self.url = app, runner, service, url
        self.http: aiohttp.ClientSession

    @property
    def metrics(self) -> Metrics:
        """The server's figures."""
        return self.app[keys.METRICS]

    def figure(self, name: str, **labels: str) -> float:
        """Return a figure, 0 when it never counted."""
        return self.metrics.registry.get_sample_value(f"kiosk_{name}", labels) or 0.0

    @asynccontextmanager
    async def screen(self, *, open_page: bool = True) -> AsyncIterator[Screen]:
        """Open a kiosk's socket, as the page does that `/` serves."""
        if open_page:
            async with self.http.get(f"{self.url}/") as page:
                assert page.status == 200
        async with self.http.ws_connect(
            f"{self.url}/ws/kiosk", headers={"Origin": self.url}, protocols=await self.ticket()
        ) as socket:
            yield Screen(socket)

    async def ticket(self, **cookies: str) -> tuple[str, str]:
        """Return the protocols that open one socket."""
        async with self.http.post(
            f"{self.url}/kiosk/ticket", headers={"Origin": self.url}, cookies=cookies
        ) as answer:
            assert answer.status == 200, await answer.text()
            return PROTOCOL, f"{PREFIX}{(await answer.json())['ticket']}"


@asynccontextmanager
async def running(
    folder: Path, *, plugins: Mapping[str, object] | None = None, **sections: Any
) -> AsyncIterator[Running]:
    """Run a server; `sections` are settings over those of a small site."""
    async with serving() as service:
        await fresh_database(folder / "kiosk.sqlite3")
        app = create_app(site_settings(folder, service.endpoint, **sections), plugins=plugins)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1, lingering_time=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            running = Running(app, runner, service, f"http://127.0.0.1:{runner.addresses[0][1]}")
            jar = aiohttp.CookieJar(unsafe=True)
            async with aiohttp.ClientSession(cookie_jar=jar) as running.http:
                yield running
        finally:
            await runner.cleanup()
