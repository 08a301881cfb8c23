"""A server killed while it talks, its webhook down: nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shutil
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from kiosk.clock import SystemClock
from kiosk.emulator.scenario.replies import Reply
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.server.server import EmulatorServer
from kiosk.emulator.speech.engines import Engines
from kiosk.signaling import messages as m
from kiosk.testing import Visit
from kiosk.web.tickets import PREFIX, PROTOCOL

ROOT = Path(__file__).resolve().parents[2]
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
TALK = Scenario(name="durable", replies=(Reply(match="line", say="Yes."),))
LINES = 5


class Far:
    """The webhook's receiver. Takes the first batch and loses its answer: it comes again."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.posts = 0
        self.changed = asyncio.Condition()

    async def answer(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        async with self.changed:
            self.posts += 1
            self.entries.extend(body["entries"])
            self.changed.notify_all()
        return web.Response(status=503 if self.posts == 1 else 204)

    async def until(self, ids: set[str]) -> None:
        async with asyncio.timeout(60), self.changed:
            await self.changed.wait_for(
                lambda: self.posts > 1 and ids <= {entry["id"] for entry in self.entries}
            )


@asynccontextmanager
async def far_side(port: int) -> AsyncIterator[Far]:
    far = Far()
    app = web.Application()
    app.router.add_post("/turns", far.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield far
    finally:
        await runner.cleanup()


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def site(folder: Path, endpoint: str, port: int) -> Path:
    (folder / "plugins").mkdir()
    shutil.copy(ROOT / "plugins" / "webhook_sink.py", folder / "plugins")
    (folder / "secret").write_text(SECRET)
    config = folder / "kiosk.toml"
    config.write_text(f"""
[server]
port = 0
drain_s = 0
[site]
consent = false
[access]
open = true
[storage]
url = "sqlite+aiosqlite:///{folder}/kiosk.sqlite3"
[hooks]
reach = ["127.0.0.1"]
dir = "{folder}/plugins"
[upstream]
endpoint = "{endpoint}"
api_key = "any"
[visit]
greet = false
media_s = 0.3
[[kiosks]]
id = "lobby"
name = "Lobby"
[plugins.webhook_sink]
url = "http://127.0.0.1:{port}/turns"
secret_file = "{folder}/secret"
""")
    return config


@asynccontextmanager
async def server(config: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kiosk", "serve", "--config", str(config),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            while line := (await process.stdout.readline()).decode():
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    yield process, found.group()
                    return
        raise AssertionError("the server did not start")
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        # Read to the end, or the pipe's transport is left open.
        await process.communicate()


async def converse(
    url: str, folder: Path, engines: Engines, killed: asyncio.subprocess.Process
) -> str:
    """Type lines and hear answers; the server dies while it answers the last."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        async with http.get(f"{url}/") as page:
            page.raise_for_status()
        async with http.post(f"{url}/kiosk/ticket", headers={"Origin": url}) as answer:
            ticket = (await answer.json())["ticket"]
        connected = await http.ws_connect(
            f"{url}/ws/kiosk", headers={"Origin": url}, protocols=(PROTOCOL, PREFIX + ticket)
        )
        visit = Visit(connected, SystemClock(), engines, media=False)
        try:
            visit.start()
            await visit.send(m.Hello(protocol=m.PROTOCOL))
            await visit.begin(microphone=False)
            for number in range(LINES):
                await visit.type(f"line {number}")
                await visit.heard()
            async with asyncio.timeout(60):
                # Another process commits: there is no event of ours to wait for.
                while len(await asyncio.to_thread(acknowledged, folder)) < 2 * LINES - 2:
                    await SystemClock().sleep(0.05)
            await visit.type("the last line")
            killed.send_signal(signal.SIGKILL)
            await killed.wait()
        finally:
            await visit.aclose()
        return visit.id


def acknowledged(folder: Path) -> list[str]:
    """Return the ids of what the dead server had committed for the sink, in order."""
    with closing(sqlite3.connect(folder / "kiosk.sqlite3")) as database:
        query = "SELECT visit_id, seq FROM sink_outbox WHERE sink = 'webhook' ORDER BY id"
        return [f"{visit}:{seq}" for visit, seq in database.execute(query)]


async def test_after_kill_9_every_acknowledged_turn_is_delivered_in_order(
    tmp_path: Path, engines: Engines
) -> None:
    port = free_port()
    async with EmulatorServer(scenario=TALK, engines=engines) as emulator:
        config = await asyncio.to_thread(site, tmp_path, emulator.endpoint, port)
        async with server(config) as (process, url):
            visit_id = await converse(url, tmp_path, engines, process)
        ids = await asyncio.to_thread(acknowledged, tmp_path)
        assert len(ids) >= 2 * LINES - 2, "turns are committed while the visit goes on"
        async with far_side(port) as far, server(config):
            await far.until(set(ids))
        delivered = [entry["id"] for entry in far.entries]
        assert list(dict.fromkeys(delivered)) == ids, "in order, none lost, none invented"
        assert len(delivered) > len(ids), "what was taken without an answer came again"
        said: dict[str, dict[str, Any]] = {}
        for entry in far.entries:
            assert said.setdefault(entry["id"], entry) == entry, "and was the same"
        spoken = [entry["text"] for entry in said.values() if entry["speaker"] == "visitor"]
        assert spoken[:LINES] == [f"line {number}" for number in range(LINES)]
        assert {entry["visit"] for entry in said.values()} == {visit_id}
