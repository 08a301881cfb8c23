"""`kiosk emulate` as a stranger uses it: start, point the SDK at it, record, replay, stop."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from azure.ai.voicelive import models as sdk
from azure.core.credentials import AzureKeyCredential

from kiosk.clock import SystemClock
from kiosk.emulator.scenario.scenario import load_scenario
from kiosk.emulator.server.server import EmulatorServer
from kiosk.emulator.speech.engines import Engines
from kiosk.emulator.wire.record import Recorder
from kiosk.errors import SettingsError
from tests.contract.limiting import Client, refused, talking
from tests.unit.cli.commanding import COMMAND, environment
from tests.unit.emulator.emulating import PLACES, avatars, share_engines, silence, spoken

QUICKLY = "generation_speed = 1000\n"


class Running:
    """A `kiosk emulate` process; `endpoint` is what it printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.endpoint = ""
        self.offer = ""

    async def listen(self) -> None:
        """Read what it prints until it has said everything."""
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            while "Stop with Ctrl+C" not in self.offer:
                line = (await self.process.stdout.readline()).decode()
                assert line, "it ended before it listened"
                self.offer += line
        found = re.search(r"Voice Live emulator: (\S+) ", self.offer)
        assert found is not None
        self.endpoint = found[1]

    async def stop(self) -> tuple[int | None, str, str]:
        """Send SIGTERM and return the exit code and what else was printed."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            out, err = await self.process.communicate()
        return self.process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def emulating(folder: Path, *arguments: str) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        "emulate",
        "--port",
        "0",
        "--voice",
        "light",
        *arguments,
        cwd=folder,
        env=environment(PYTHONPATH=str(Path(__file__).parents[2])),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    running = Running(process)
    try:
        await running.listen()
        yield running
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Return a recording's lines; fails if one of them is cut."""
    text = path.read_text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


async def test_a_process_prints_serves_records_and_ends(tmp_path: Path) -> None:
    scenario = tmp_path / "lobby.toml"
    scenario.write_text(
        'name = "lobby"\ngeneration_speed = 1000\n'
        "[service]\napi_keys = ['a key of the test']\nquotas = 'documented'\ntime_scale = 60\n"
        "[[replies]]\nkeywords = ['hello']\nsay = 'Good morning to you.'\n"
        "[[faults]]\non = 'input_audio_buffer.clear'\ndo = 'error'\n"
    )
    key = tmp_path / "control.key"
    key.write_text("0123456789abcdef-control\n")
    record = tmp_path / "wire.jsonl"
    options = ("--scenario", str(scenario), "--record", str(record), "--control-key-file", str(key))
    async with emulating(tmp_path, *options) as running:
        assert "a key of the test" not in running.offer
        assert "0123456789abcdef" not in running.offer
        for words in (
            "(one key or any bearer token)",
            f'connect(endpoint="{running.endpoint}"',
            f"AZURE_VOICELIVE_ENDPOINT={running.endpoint}",
            "espeak-ng",
            "lobby (1 replies, 1 faults)",
            "avatar_starts_per_minute = 2",
            "60 times as fast",
            "(with the key, from anywhere)",
            "words and audio left out",
            "Not emulated:",
        ):
            assert words in running.offer, words
        async with talking(running, AzureKeyCredential("a key of the test")) as client:
            await client.ask("Hello there, my name is Ada Lovelace.")
            said = await client.until("response.audio_transcript.done")
            assert said.transcript == "Good morning to you."
            await client.until("response.done")
        async with aiohttp.ClientSession() as http:
            url = f"{running.endpoint}/emulator/sessions"
            async with http.get(url) as response:
                assert response.status == 401
            async with http.get(url, headers={"X-Emulator-Key": key.read_text().strip()}) as page:
                assert len((await page.json())["sessions"]) == 1
        assert (await refused(running, AzureKeyCredential("other"))).status == 401
        code, out, err = await running.stop()
    assert code == 0
    assert "Traceback" not in err
    assert "Warning" not in err
    lines = lines_of(record)
    assert f"Recorded {len(lines)} lines in {record}" in out
    assert lines[0]["words"] is False
    assert lines[-1] == {"ended": "stopped", "lost": 0}
    kinds = [line["event"]["type"] for line in lines if "event" in line]
    assert kinds[:2] == ["session.created", "conversation.item.create"]
    assert kinds[-1] == "response.done"
    assert [line["closed"]["by"] for line in lines if "closed" in line] == ["client"]
    text = record.read_text()
    for secret in ("Lovelace", "Good morning", "a key of the test"):
        assert secret not in text
    assert record.stat().st_mode & 0o077 == 0


# ── record and replay ────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def recording(engines: Engines, path: Path, *, words: bool) -> AsyncIterator[EmulatorServer]:
    share_engines(engines)
    recorder = Recorder(
        path,
        SystemClock(),
        words=words,
        max_bytes=50_000_000,
        max_waiting=10_000,
        max_waiting_bytes=50_000_000,
    )
    scenario = path.with_suffix(".live.toml")
    scenario.write_text(QUICKLY)
    async with EmulatorServer(
        engines=engines,
        new_avatar=avatars(),
        scenario=await asyncio.to_thread(load_scenario, scenario),
        recorder=recorder,
    ) as emulator:
        yield emulator


@asynccontextmanager
async def replaying(
    engines: Engines, path: Path, options: str = "speed = 1000"
) -> AsyncIterator[EmulatorServer]:
    scenario = path.with_suffix(".toml")
    scenario.write_text(f"{QUICKLY}[replay]\nfile = '{path.name}'\n{options}\n")
    async with EmulatorServer(
        engines=engines,
        new_avatar=avatars(),
        scenario=await asyncio.to_thread(load_scenario, scenario),
    ) as emulator:
        yield emulator


async def converse(client: Client, *, frame: int) -> None:
    """Speak, let a function be called, answer it, and ask again; `frame` is bytes an append."""
    connection = client.connection
    tool = sdk.FunctionTool(
        name=str(PLACES["name"]),
        description=str(PLACES["description"]),
        parameters=PLACES["parameters"],
    )
    await connection.session.update(session=sdk.RequestSession(tools=[tool]))
    await client.until("session.updated")
    pcm = await spoken("Where are the toilets?")
    pcm += silence(40) * 5
    for start in range(0, len(pcm), frame):
        audio = base64.b64encode(pcm[start : start + frame]).decode()
        await connection.send({"type": "input_audio_buffer.append", "audio": audio})
    call = await client.until("response.function_call_arguments.done")
    await client.until("response.done")
    output = sdk.FunctionCallOutputItem(call_id=call.call_id, output='{"say": "On the left."}')
    await connection.conversation.item.create(item=output)
    created = await client.until("conversation.item.created")
    assert created.item.call_id == call.call_id
    await connection.response.create()
    await client.until("response.done")
    await connection.response.cancel(event_id=f"mine-{frame}")
    error = (await client.until("error")).error
    assert error.event_id == f"mine-{frame}"


async def recorded(engines: Engines, path: Path) -> list[str]:
    """Record one conversation with its words and return what the client saw."""
    async with recording(engines, path, words=True) as emulator, talking(emulator) as client:
        await converse(client, frame=1920)
    return client.kinds()


def ids_of(client: Client) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for event in client.seen:
        for name in ("item_id", "response_id", "call_id"):
            if event.get(name):
                found.setdefault(name, []).append(event[name])
    return found


async def test_a_recording_answers_the_same_client_the_same(
    engines: Engines, tmp_path: Path
) -> None:
    path = tmp_path / "talk.jsonl"
    kinds = await recorded(engines, path)
    old = path.read_text()
    async with replaying(engines, path) as emulator:
        clients = []
        # Other frame sizes are fine: audio is counted, not compared.
        for frame in (1920, 9600):
            async with talking(emulator) as client:
                await converse(client, frame=frame)
                clients.append(client)
                assert client.kinds() == kinds
                session = client.seen[0]["session"]
                assert session["id"] == emulator.journal()[-1]["id"]
                assert session["expires_at"] > SystemClock().now().timestamp() + 3_000
    first, second = (ids_of(client) for client in clients)
    for name, values in first.items():
        again = second[name]
        # New ids each time, equal where they were equal.
        assert not set(values) & set(again)
        assert not any(value in old for value in values)
        assert [values.index(v) for v in values] == [again.index(v) for v in again]
    words = [e["transcript"] for e in clients[0].seen if e.type == "response.audio_transcript.done"]
    assert words[-1] == "On the left."


async def test_a_replay_keeps_the_time(engines: Engines, tmp_path: Path) -> None:
    path = tmp_path / "slow.jsonl"
    lines = [
        {"recording": 1, "started_at": "2026-01-01T00:00:00+00:00", "words": True},
        {"at": 0.0, "session": "sess_a", "opened": {}},
        {
            "at": 0.0,
            "session": "sess_a",
            "direction": "out",
            "event": {
                "type": "session.created",
                "event_id": "event_a",
                "session": {"id": "sess_a"},
            },
        },
        {
            "at": 1.0,
            "session": "sess_a",
            "direction": "in",
            "event": {"type": "input_audio_buffer.clear"},
        },
        {
            "at": 3.0,
            "session": "sess_a",
            "direction": "out",
            "event": {"type": "input_audio_buffer.cleared", "event_id": "event_b"},
        },
        {
            "at": 3.5,
            "session": "sess_a",
            "closed": {"code": 4009, "reason": "x", "by": "server"},
        },
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    clock = SystemClock()
    async with replaying(engines, path, "speed = 10") as emulator, talking(emulator) as client:
        await client.connection.send({"type": "input_audio_buffer.clear"})
        began = clock.monotonic()
        await client.until("input_audio_buffer.cleared")
        assert 0.2 <= clock.monotonic() - began < 1.0
        assert await client.closed() == 4009


@pytest.mark.parametrize("policy", ["error", "continue", "close"])
async def test_a_client_that_deviates(engines: Engines, tmp_path: Path, policy: str) -> None:
    path = tmp_path / "talk.jsonl"
    async with recording(engines, path, words=True) as emulator, talking(emulator) as client:
        await client.connection.send({"type": "input_audio_buffer.clear"})
        await client.until("input_audio_buffer.cleared")
    options = f"speed = 1000\non_deviation = '{policy}'"
    async with replaying(engines, path, options) as emulator, talking(emulator) as client:
        await client.ask("Hello")
        if policy == "continue":
            done = await client.until("response.done")
            assert done.response.status == "completed"
            return
        error = (await client.until("error")).error
        assert error.code == "replay_deviated"
        assert "expects 'input_audio_buffer.clear' here" in error.message
        if policy == "close":
            assert await client.closed() == 1008
            return
        await client.until("error")
        await client.connection.send({"type": "input_audio_buffer.clear"})
        await client.until("input_audio_buffer.cleared")
        await client.connection.send({"type": "input_audio_buffer.clear"})
        assert "has ended" in (await client.until("error")).error.message


async def test_words_that_were_left_out_cannot_be_replayed(
    engines: Engines, tmp_path: Path
) -> None:
    path = tmp_path / "bare.jsonl"
    async with recording(engines, path, words=False) as emulator, talking(emulator) as client:
        await client.ask()
        await client.until("response.done")
    with pytest.raises(SettingsError, match="record it again with --record-words"):
        async with replaying(engines, path):
            pass
