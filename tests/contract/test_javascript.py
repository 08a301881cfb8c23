"""Microsoft's JavaScript SDK on Node, unmodified, holds the same conversations as the Python one.

Oddities of @azure/ai-voicelive 1.1.0 that show here, none of them the emulator's: events that come
before `subscribe` are lost; event types it does not know are dropped without a word; an `error`
with the code "MessageParsingError" is the SDK's own, for an event it could not read; the key
travels in the URL as well as in a header; a message above 1 MiB ends the connection.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.server.server import EmulatorServer
from kiosk.emulator.speech.engines import Engines
from tests.unit.emulator.emulating import Browser, avatars, share_engines, spoken

SCRIPTS = Path(__file__).parents[1] / "js"
PATIENCE_SECONDS = 60.0

needs_javascript = pytest.mark.skipif(
    shutil.which("node") is None or not (SCRIPTS / "node_modules/@azure/ai-voicelive").is_dir(),
    reason="Node.js or the packages of tests/js are not installed (make test does both)",
)
pytestmark = needs_javascript


class Node:
    """A script of tests/js, talked to by lines."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> Any:
        """Return the next line that the script prints, or fail with what it complained about."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            line = await self._process.stdout.readline()
            if not line:
                pytest.fail((await self._process.stderr.read()).decode()[-3000:])
        return json.loads(line)

    async def tell(self, text: str) -> None:
        """Write one line to the script."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n".encode())
        await self._process.stdin.drain()


@asynccontextmanager
async def node(script: str, *arguments: str | Path) -> AsyncIterator[Node]:
    """Run a script, and see to its end."""
    process = await asyncio.create_subprocess_exec(
        "node",
        script,
        *map(str, arguments),
        cwd=SCRIPTS,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # A line carries a whole SDP.
        limit=1024 * 1024,
    )
    try:
        yield Node(process)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
async def emulator(engines: Engines) -> AsyncIterator[EmulatorServer]:
    """Run an emulator that generates a little faster than it would speak."""
    share_engines(engines)
    scenario = Scenario(generation_speed=3)
    async with EmulatorServer(engines=engines, new_avatar=avatars(), scenario=scenario) as emulator:
        yield emulator


async def test_a_conversation(emulator: EmulatorServer, tmp_path: Path) -> None:
    question, interruption = tmp_path / "question.pcm", tmp_path / "interruption.pcm"
    question.write_bytes(await spoken("Where are the toilets?"))
    interruption.write_bytes(await spoken("Stop please.", after_ms=0))
    async with node("conversation.mjs", emulator.endpoint, question, interruption) as script:
        found = await script.line()
    created, known = found["sessionId"]
    assert created == known == emulator.journal()[0]["id"]
    session = found["session"]
    assert session["voice"]["name"] == "en-US-AndrewNeural"
    assert session["turnDetection"]["silenceDurationInMs"] == 500
    assert session["turnDetection"]["prefixPaddingInMs"] == 420
    assert session["inputAudioTranscription"]["language"] == "en-US"
    assert session["tools"][0]["parameters"]["properties"]["place"]["enum"][0] == "toilets"
    assert session["metadata"] == {"kiosk": "lobby"}
    assert session["expiresAt"]
    assert found["heard"] == "Where are the toilets?"
    assert found["call"] == {"name": "find_place", "arguments": {"place": "toilets"}}
    assert found["answer"] == "Behind you, on the left."
    assert found["status"] == "completed"
    assert found["usage"]["totalTokens"] > 0
    # A second of speech at least, and its words in order.
    assert found["audioBytes"] > 24_000 * 2
    assert [word.strip(",.").lower() for word in found["words"]] == [
        "behind", "you", "on", "the", "left",
    ]  # fmt: skip
    assert found["interrupted"] == ["cancelled", "turn_detected"]
    of_that_item, heard_ms = found["truncated"]
    assert of_that_item
    assert heard_ms > 0
    assert found["refusal"] == ["invalid_request_error", "mine"]
    assert [error["code"] for error in found["errors"]] == ["item_not_found"], found["errors"]
    assert found["connectionErrors"] == []
    assert found["connected"] is False
    assert {
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.created",
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.audio_transcript.delta",
        "response.audio.done",
        "response.content_part.done",
        "response.output_item.done",
    } <= set(found["kinds"])
    assert emulator.journal()[0]["close_code"] == 1000


async def test_an_avatar(emulator: EmulatorServer) -> None:
    browser = Browser()
    async with node("avatar.mjs", emulator.endpoint, await browser.offer()) as script:
        begun = await script.line()
        assert begun["modalities"] == ["audio", "avatar"]
        assert begun["avatar"]["character"] == "lisa"
        assert begun["avatar"]["video"]["gopSize"] == 10
        (server,) = begun["avatar"]["iceServers"]
        assert server["urls"]
        assert server["credential"]
        await browser.take(begun["serverSdp"])
        await script.tell("go")
        seen = await script.line()
    await browser.connection.close()
    assert "response.audio.delta" not in seen["kinds"]
    speaking, idle = seen["turns"]
    assert speaking == idle is not None
