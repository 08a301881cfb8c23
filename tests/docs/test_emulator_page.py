"""What docs/emulator.md tells a stranger to write runs as it stands."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.emulator.scenario.scenario import load_scenario
from kiosk.emulator.server.server import EmulatorServer
from kiosk.emulator.speech.engines import Engines
from tests.contract.test_javascript import SCRIPTS, needs_javascript
from tests.unit.emulator.emulating import QUICK, answer_text, avatars, connected, share_engines

PAGE = Path(__file__).resolve().parents[2] / "docs/emulator.md"
PATIENCE_SECONDS = 60.0


def block(name: str) -> str:
    """Return the code behind a `<!-- start: NAME -->` of the page."""
    text = PAGE.read_text(encoding="utf-8")
    (found,) = re.findall(rf"<!-- start: {name} -->\n```\w+\n(.*?)```", text, re.DOTALL)
    return str(found)


@pytest.fixture
async def emulator(engines: Engines) -> AsyncIterator[EmulatorServer]:
    share_engines(engines)
    async with EmulatorServer(engines=engines, new_avatar=avatars(), scenario=QUICK) as emulator:
        yield emulator


async def run(emulator: EmulatorServer, *command: str, cwd: Path) -> str:
    """Run a program as the page has the reader do, and return what it prints."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={
            "AZURE_VOICELIVE_ENDPOINT": emulator.endpoint,
            "AZURE_VOICELIVE_API_KEY": "any",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        out, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()[-3000:]
    return out.decode()


async def test_the_start_in_python(emulator: EmulatorServer, tmp_path: Path) -> None:
    script = tmp_path / "start.py"
    script.write_text(block("python"), encoding="utf-8")
    assert await run(emulator, sys.executable, str(script), cwd=tmp_path) == "We open at ten.\n"


@needs_javascript
async def test_the_start_in_javascript(emulator: EmulatorServer, tmp_path: Path) -> None:
    script = tmp_path / "start.mjs"
    script.write_text(block("javascript"), encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(SCRIPTS / "node_modules")
    node = shutil.which("node")
    assert node is not None
    assert await run(emulator, node, str(script), cwd=tmp_path) == "We open at ten.\n"


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
async def test_faults_from_the_command_line(emulator: EmulatorServer, tmp_path: Path) -> None:
    out = await run(emulator, "sh", "-ec", block("faults"), cwd=tmp_path)
    fault, sessions, reset = (json.JSONDecoder().raw_decode(text)[0] for text in pieces(out))
    assert fault["fault"] == {
        "on": "response.create", "do": "error", "code": "server_error", "every": 1
    }  # fmt: skip
    assert sessions == {"sessions": []}
    assert reset == {"reset": True}


def pieces(text: str) -> list[str]:
    """Return where each JSON object begins in objects printed one after the other."""
    found = []
    while text.strip():
        found.append(text)
        _, end = json.JSONDecoder().raw_decode(text)
        text = text[end:].lstrip()
    return found


async def test_the_scenario(engines: Engines, tmp_path: Path) -> None:
    share_engines(engines)
    file = tmp_path / "shop.toml"
    file.write_text(block("scenario"), encoding="utf-8")
    scenario = await asyncio.to_thread(load_scenario, file)
    assert set(tomllib.loads(block("scenario"))) <= set(type(scenario).model_fields)
    assert scenario.service.avatar_starts_per_minute == 2
    async with (
        EmulatorServer(engines=engines, new_avatar=avatars(), scenario=scenario) as emulator,
        connected(emulator) as wire,
    ):
        await wire.update(tools=[{"type": "function", "name": "find_order"}])
        call = (await wire.ask("Where is my order 42?"))["output"][0]
        assert (call["name"], json.loads(call["arguments"])) == ("find_order", {"number": "42"})
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": "Here."}
        await wire.send("conversation.item.create", item=output)
        await wire.send("response.create")
        assert answer_text((await wire.until("response.done"))["response"]) == "Here."
        await wire.send("response.create")
        assert (await wire.socket.receive(timeout=PATIENCE_SECONDS)).data == 1011


async def test_the_test() -> None:
    names: dict[str, Any] = {}
    exec(compile(block("test"), str(PAGE), "exec"), names)
    await names["test_my_application"]()
