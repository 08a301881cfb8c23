"""The screen's script waits for the server, and loads the page afresh after an outage."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

SCRIPT = Path(__file__).resolve().parents[2] / "deploy/kiosk-browser/kiosk-browser"
DEADLINE_S = 60

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")


@dataclass
class Server:
    """Answers /livez as told, and hears from the stand-in for the compositor."""

    url: str = ""
    alive: bool = True
    looks: int = 0
    seen: asyncio.Condition = field(default_factory=asyncio.Condition)
    arguments: asyncio.Queue[list[str]] = field(default_factory=asyncio.Queue)

    async def livez(self, request: web.Request) -> web.Response:
        async with self.seen:
            self.looks += 1
            self.seen.notify_all()
        return web.Response(status=200 if self.alive else 503)

    async def started(self, request: web.Request) -> web.Response:
        self.arguments.put_nowait((await request.text()).splitlines())
        return web.Response()

    async def more_looks(self, count: int) -> None:
        async with self.seen:
            wanted = self.looks + count
            await self.seen.wait_for(lambda: self.looks >= wanted)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    state = Server()
    app = web.Application()
    app.router.add_get("/livez", state.livez)
    app.router.add_post("/started", state.started)
    async with TestServer(app) as running:
        state.url = str(running.make_url("/"))
        yield state


async def start(
    folder: Path, url: str, started: str = "", **more: str
) -> asyncio.subprocess.Process:
    compositor = folder / "compositor"
    compositor.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" | curl -s --data-binary @- "{started or url}started"\n'
        "exec sleep 600\n"
    )
    compositor.chmod(0o755)
    return await asyncio.create_subprocess_exec(
        str(SCRIPT),
        env={
            "PATH": os.defpath,
            "HOME": str(folder),
            "SCREEN_URL": url,
            "SCREEN_COMPOSITOR": str(compositor),
            "SCREEN_BROWSER": "/usr/bin/browser",
            "SCREEN_PROBE_S": "0.05",
            "SCREEN_OUTAGE": "3",
            **more,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )


async def finish(process: asyncio.subprocess.Process) -> str:
    async with asyncio.timeout(DEADLINE_S):
        _, errors = await process.communicate()
    return errors.decode()


async def test_waits_then_shows_then_loads_afresh_after_an_outage(
    server: Server, tmp_path: Path
) -> None:
    server.alive = False
    process = await start(tmp_path, server.url)
    async with asyncio.timeout(DEADLINE_S):
        await server.more_looks(3)
        assert server.arguments.empty(), "the browser started although the server was down"
        server.alive = True
        arguments = await server.arguments.get()
        assert f"--app={server.url}" in arguments
        assert "/usr/bin/browser" in arguments

        # Fewer failed looks than an outage needs: the page stays.
        server.alive = False
        await server.more_looks(1)
        server.alive = True
        await server.more_looks(3)

        server.alive = False
        await server.more_looks(5)
        server.alive = True
    errors = await finish(process)
    assert process.returncode == 1, "systemd restarts the script when it ends"
    assert server.arguments.empty(), "the short gap started the browser again"
    assert "loading the page afresh" in errors
    assert "trying again" in errors


async def test_a_stop_ends_the_browser(server: Server, tmp_path: Path) -> None:
    process = await start(tmp_path, server.url)
    async with asyncio.timeout(DEADLINE_S):
        await server.arguments.get()
    process.send_signal(signal.SIGTERM)
    await finish(process)
    assert process.returncode == 0


async def test_the_browser_keeps_its_profile_but_not_its_last_pages(
    server: Server, tmp_path: Path
) -> None:
    profile = tmp_path / "chromium/Default"
    (profile / "Sessions").mkdir(parents=True)
    (profile / "Cookies").write_text("enrolled")
    (profile / "Sessions/Tabs_1").write_text("last visit")
    process = await start(tmp_path, server.url)
    async with asyncio.timeout(DEADLINE_S):
        await server.arguments.get()
    process.send_signal(signal.SIGTERM)
    await finish(process)
    assert (profile / "Cookies").exists()
    assert not (profile / "Sessions/Tabs_1").exists()


@pytest.mark.parametrize("printing", ["0", "1"])
async def test_it_prints_without_asking_where_the_site_says_so(
    server: Server, tmp_path: Path, printing: str
) -> None:
    process = await start(tmp_path, server.url, SCREEN_PRINT=printing)
    async with asyncio.timeout(DEADLINE_S):
        arguments = await server.arguments.get()
    process.send_signal(signal.SIGTERM)
    await finish(process)
    assert ("--kiosk-printing" in arguments) is (printing == "1")


@pytest.mark.parametrize("url", ["", "kiosk.example.org", "ftp://kiosk.example.org/"])
async def test_no_address_is_one_sentence(tmp_path: Path, url: str) -> None:
    process = await start(tmp_path, url, started="http://127.0.0.1:1/")
    errors = await finish(process)
    assert process.returncode == 2
    assert "SCREEN_URL" in errors
    assert "https://kiosk.example.org/" in errors
