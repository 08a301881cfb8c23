"""The Azure sinks by Microsoft's SDKs: blobs on Azurite, events at a stand-in that speaks AMQP.

Neither is Azure: Azurite is Microsoft's emulator of Storage, the stand-in is ours
(tests/js/event_hub.mjs). Both need Node.js and the packages of tests/js.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob.aio import ContainerClient

from kiosk.errors import SettingsError, StartupError
from kiosk.model import EntriesRefused, TranscriptEntry, TranscriptSink
from plugins import azure_blob_sink, event_hubs_sink
from plugins.azure_blob_sink import AzureBlobSink, StorageRefusedError, StorageUnreachableError
from plugins.event_hubs_sink import HubUnreachableError
from tests.unit.hooks.hooking import hooked

SCRIPTS = Path(__file__).parents[1] / "js"
WITHIN_S = 30.0
STARTED = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
# The account that every Azurite has; it is published with it and opens nothing else.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not (SCRIPTS / "node_modules/azurite").is_dir(),
    reason="Node.js or the packages of tests/js are not installed (make test does both)",
)


def entry(seq: int, visit: str = "visit_1", **over: Any) -> TranscriptEntry:
    values: dict[str, Any] = {"at": STARTED, "text": "Grüße", "kiosk_id": "lobby", **over}
    return TranscriptEntry(visit_id=visit, seq=seq, speaker="visitor", language="de", **values)


@asynccontextmanager
async def node(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        "node", *arguments,
        cwd=SCRIPTS,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        # Read to the end, or the pipe's transport is left open.
        await process.communicate()


async def line_with(process: asyncio.subprocess.Process, pattern: str) -> re.Match[str]:
    assert process.stdout is not None
    async with asyncio.timeout(WITHIN_S):
        while line := (await process.stdout.readline()).decode():
            if found := re.search(pattern, line):
                return found
    raise AssertionError(f"no line like {pattern}")


def only_sink(name: str, plugin: object, **table: Any) -> TranscriptSink:
    (sink,) = hooked({name: plugin}, plugins={name: table}).hooks.sinks
    return sink


# ── blobs ────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def azurite() -> AsyncIterator[str]:
    """Run Azurite in memory; give the connection string."""
    arguments = ("--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--silent")
    script = "node_modules/azurite/dist/src/blob/main.js"
    async with node(script, *arguments, "--blobHost", "127.0.0.1", "--blobPort", "0") as process:
        found = await line_with(process, r"listens on (http://127\.0\.0\.1:\d+)")
        yield (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
            f"BlobEndpoint={found[1]}/{ACCOUNT};"
        )


async def written(connection: str) -> dict[str, list[str]]:
    """Return the ids in each blob, by name."""
    found = {}
    async with ContainerClient.from_connection_string(connection, "turns") as container:
        async for blob in container.list_blobs():
            data = await (await container.download_blob(blob.name)).readall()
            found[blob.name] = [json.loads(line)["id"] for line in data.decode().splitlines()]
    return found


@needs_node
async def test_turns_are_appended_to_a_blob_for_each_kiosk_and_day_of_the_site() -> None:
    async with azurite() as connection:
        table = {"connection_string": connection, "container": "turns"}
        sink = only_sink("azure_blob_sink", azure_blob_sink, **table)
        with pytest.raises(StorageRefusedError, match="ContainerNotFound"):
            await sink.write([entry(1)])
        async with ContainerClient.from_connection_string(connection, "turns") as container:
            await container.create_container()
        await sink.write([entry(1), entry(1, "visit_2", kiosk_id="shop"), entry(2)])
        await sink.write([entry(3), entry(4, at=STARTED.replace(day=5))])
        await sink.aclose()
        # Half past eleven at night in UTC is the next day in Lisbon's winter: it is not.
        assert await written(connection) == {
            "transcripts/2026-03-04/lobby.jsonl": ["visit_1:1", "visit_1:2", "visit_1:3"],
            "transcripts/2026-03-04/shop.jsonl": ["visit_2:1"],
            "transcripts/2026-03-05/lobby.jsonl": ["visit_1:4"],
        }


@needs_node
async def test_a_full_blob_is_followed_by_another() -> None:
    async with azurite() as connection:
        table = {"connection_string": connection, "container": "turns"}
        made = only_sink("azure_blob_sink", azure_blob_sink, **table)
        assert isinstance(made, AzureBlobSink)
        sink = made.limited(most_blocks=2)
        async with ContainerClient.from_connection_string(connection, "turns") as container:
            await container.create_container()
        for seq in range(1, 6):
            await sink.write([entry(seq)])
        await sink.aclose()
        assert await written(connection) == {
            "transcripts/2026-03-04/lobby.jsonl": ["visit_1:1", "visit_1:2"],
            "transcripts/2026-03-04/lobby-2.jsonl": ["visit_1:3", "visit_1:4"],
            "transcripts/2026-03-04/lobby-3.jsonl": ["visit_1:5"],
        }


async def test_an_account_that_does_not_answer_is_tried_again_without_its_address() -> None:
    connection = f"AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint=http://127.0.0.1:9/x;"
    table = {"connection_string": connection, "container": "turns"}
    sink = only_sink("azure_blob_sink", azure_blob_sink, **table)
    with pytest.raises(StorageUnreachableError) as failure:
        await sink.write([entry(1)])
    assert "127.0.0.1" not in str(failure.value)
    await sink.aclose()


def test_lines_stay_whole_in_blocks() -> None:
    lines = [b"aaa\n", b"bb\n", b"cccc\n", b"much too long\n"]
    assert azure_blob_sink.blocks(lines, 8) == [b"aaa\nbb\n", b"cccc\n", b"much too long\n"]


# ── events ───────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def hub() -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run the stand-in; give its process and a connection string."""
    async with node("event_hub.mjs") as process:
        found = await line_with(process, r'"port":(\d+)')
        yield (
            process,
            f"Endpoint=sb://127.0.0.1:{found[1]};SharedAccessKeyName=any;"
            "SharedAccessKey=c2VjcmV0;UseDevelopmentEmulator=true;",
        )


async def told(process: asyncio.subprocess.Process, word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{word}\n".encode())
    await process.stdin.drain()
    await line_with(process, "refusing")


async def events(process: asyncio.subprocess.Process, count: int) -> list[dict[str, Any]]:
    return [json.loads((await line_with(process, '^{"id".*'))[0]) for _ in range(count)]


@needs_node
async def test_each_turn_is_an_event_and_a_visit_stays_together() -> None:
    async with hub() as (process, connection):
        table = {"connection_string": connection, "hub": "turns"}
        sink = only_sink("event_hubs_sink", event_hubs_sink, **table)
        batch = [entry(1), entry(1, "visit_2"), entry(2)]
        await sink.write(batch)
        got = await events(process, 3)
        assert [(event["id"], event["key"]) for event in got] == [
            ("visit_1:1", "visit_1"),
            ("visit_1:2", "visit_1"),
            ("visit_2:1", "visit_2"),
        ]
        assert got[0]["type"] == "application/json"
        assert json.loads(got[0]["body"]) == batch[0].as_json()
        await sink.aclose()


@needs_node
async def test_what_the_hub_refuses_is_offered_again_over_a_new_connection() -> None:
    async with hub() as (process, connection):
        table = {"connection_string": connection, "hub": "turns"}
        sink = only_sink("event_hubs_sink", event_hubs_sink, **table)
        await told(process, "refuse")
        with pytest.raises(HubUnreachableError):
            await sink.write([entry(1)])
        await told(process, "take")
        await sink.write([entry(1)])
        assert [event["id"] for event in await events(process, 1)] == ["visit_1:1"]
        with pytest.raises(EntriesRefused):
            await sink.write([entry(2, text="x" * 2_000_000)])
        await sink.aclose()


async def test_a_hub_that_is_away_is_tried_again() -> None:
    connection = (
        "Endpoint=sb://127.0.0.1:9;SharedAccessKeyName=any;SharedAccessKey=c2VjcmV0;"
        "UseDevelopmentEmulator=true;"
    )
    table = {"connection_string": connection, "hub": "turns"}
    sink = only_sink("event_hubs_sink", event_hubs_sink, **table)
    with pytest.raises(HubUnreachableError) as failure:
        await sink.write([entry(1)])
    assert "127.0.0.1" not in str(failure.value)
    await sink.aclose()


# ── settings of both ─────────────────────────────────────────────────────────────────────────

BOTH = [("azure_blob_sink", azure_blob_sink), ("event_hubs_sink", event_hubs_sink)]


@pytest.mark.parametrize(("name", "plugin"), BOTH)
def test_each_is_off_until_it_is_set(name: str, plugin: object) -> None:
    assert hooked({name: plugin}).hooks.sinks == []


@pytest.mark.parametrize(
    ("name", "plugin", "table", "words"),
    [
        (*BOTH[0], {"container": "turns"}, "goes with a connection string"),
        (*BOTH[0], {"connection_string": "x"}, "set `container`"),
        (*BOTH[0], {"container_url": "http://a.example/turns"}, "https://ACCOUNT"),
        (*BOTH[0], {"container_url": "https://a.example/turns?sig=x"}, "without a signature"),
        (*BOTH[1], {"hub": "turns"}, "either namespace or a connection string"),
        (*BOTH[1], {"namespace": "n", "hub": "h", "connection_string": "x"}, "leave `namespace`"),
    ],
)
def test_settings_that_do_not_fit_stop_the_start(
    name: str, plugin: object, table: dict[str, Any], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        hooked({name: plugin}, plugins={name: table})


@pytest.mark.parametrize(
    ("name", "plugin", "table"),
    [(*BOTH[0], {"container": "turns"}), (*BOTH[1], {"hub": "turns"})],
)
def test_a_secret_that_is_none_stops_the_start_unsaid(
    name: str, plugin: object, table: dict[str, Any], tmp_path: Path
) -> None:
    for text in ("nonsense-secret", "AccountKey=nonsense-secret;Endpoint="):
        with pytest.raises(StartupError) as failure:
            hooked({name: plugin}, plugins={name: {**table, "connection_string": text}})
        assert "the connection string is not one of" in str(failure.value)
        assert "nonsense-secret" not in str(failure.value)
    missing = {**table, "connection_string_file": str(tmp_path / "none")}
    with pytest.raises(StartupError, match="cannot be read"):
        hooked({name: plugin}, plugins={name: missing})


@pytest.mark.parametrize(("name", "plugin"), BOTH)
def test_with_an_address_there_is_no_secret(name: str, plugin: object) -> None:
    tables = {
        "azure_blob_sink": {"container_url": "https://a.blob.core.windows.net/turns"},
        "event_hubs_sink": {"namespace": "a.servicebus.windows.net", "hub": "turns"},
    }
    (sink,) = hooked({name: plugin}, plugins={name: tables[name]}).hooks.sinks
    assert sink.name == name.removesuffix("_sink")
