"""Tests of the command as a process: what it prints, how it stops, and no traceback ever."""

from __future__ import annotations

import asyncio
import signal
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.unit.cli.commanding import COMMAND, environment, plugin, site
from tests.unit.voicelive.service import serving

WITHIN_S = 30.0


@asynccontextmanager
async def process(folder: Path, *arguments: str) -> AsyncIterator[Process]:
    """Run the command in a folder; it is gone afterwards."""
    started = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, cwd=folder, env=environment(), stdout=PIPE, stderr=PIPE
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
            await started.communicate()


async def ended(folder: Path, *arguments: str) -> tuple[int | None, str]:
    """Run the command to its end; returns exit code and what it said on standard error."""
    async with asyncio.timeout(WITHIN_S), process(folder, *arguments) as running:
        _, err = await running.communicate()
        return running.returncode, err.decode()


async def line(running: Process, start: str) -> str:
    """Return the rest of the next line that begins with `start`."""
    assert running.stdout is not None
    async with asyncio.timeout(WITHIN_S):
        async for raw in running.stdout:
            text = raw.decode().strip()
            if text.startswith(start):
                return text.removeprefix(start).strip()
    raise AssertionError(f"it ended without saying {start}")


async def stopped(running: Process, number: signal.Signals) -> tuple[int | None, str]:
    running.send_signal(number)
    async with asyncio.timeout(WITHIN_S):
        _, err = await running.communicate()
    return running.returncode, err.decode()


async def test_without_an_endpoint_it_is_one_sentence_and_exit_two(tmp_path: Path) -> None:
    code, err = await ended(tmp_path, "serve")
    assert code == 2
    assert err.startswith("kiosk: No Voice Live endpoint is set")
    assert len(err.strip().splitlines()) == 1


async def test_a_plugin_that_does_not_import_is_one_sentence(tmp_path: Path) -> None:
    plugin(tmp_path, "broken", "def f(:\n")
    site(tmp_path)
    code, err = await ended(tmp_path, "serve")
    assert code == 2
    assert "plugin broken does not import: SyntaxError" in err
    assert "Traceback" not in err


async def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        site(tmp_path, server=f"port = {port}")
        code, err = await ended(tmp_path, "serve")
        assert code == 2
        assert f"kiosk: Port {port} on 127.0.0.1 is in use" in err
        assert "Traceback" not in err
        code, err = await ended(tmp_path, "emulate", "--port", str(port), "--voice", "light")
    assert code == 2
    assert f"port {port}" in err
    assert "Traceback" not in err


async def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    async with serving() as service:
        site(tmp_path, service.endpoint)
        async with process(tmp_path, "serve") as running:
            url = await line(running, "Kiosk screen:")
            assert await line(running, "Dashboard:") == f"{url}operator/"
            async with aiohttp.ClientSession() as http, http.get(f"{url}readyz") as ready:
                assert ready.status == 200
            code, err = await stopped(running, signal.SIGTERM)
    assert code == 0
    assert "Traceback" not in err
    assert "Warning" not in err
    assert "a key" not in err


async def test_the_emulator_runs_alone_until_it_is_interrupted(tmp_path: Path) -> None:
    async with process(tmp_path, "emulate", "--port", "0", "--voice", "light") as running:
        said = await line(running, "Voice Live emulator:")
        endpoint = said.split()[0]
        async with aiohttp.ClientSession() as http, http.get(f"{endpoint}/emulator/health") as page:
            assert (await page.json())["status"] == "ok"
        code, err = await stopped(running, signal.SIGINT)
    assert code == 0
    assert "Traceback" not in err
