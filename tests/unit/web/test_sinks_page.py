"""The operator's page of sinks over real HTTP: what waits, replay, forgetting in two steps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from typing_extensions import override

from kiosk import keys
from kiosk.model import EntriesRefused, TranscriptEntry
from kiosk.storage.rows import Grant
from tests.unit.running import Running, running
from tests.unit.transcripts.keeping import Sink, SinkPlugin, entry
from tests.unit.web.composing import PAGE, PASSWORD, words


class Refusing(Sink):
    """Refuses everything while `shut`."""

    shut = True

    @override
    async def write(self, batch: Sequence[TranscriptEntry]) -> None:
        if self.shut:
            raise EntriesRefused("no")
        await super().write(batch)


@asynccontextmanager
async def served(folder: Path, sink: Sink, role: str = "admin") -> AsyncIterator[Running]:
    async with running(folder, plugins={"far": SinkPlugin(sink)}) as server:
        operators = server.app[keys.OPERATORS]
        await operators.add("anna", PASSWORD, grants=[Grant("administrator")])
        await operators.add("bert", PASSWORD, grants=[Grant("operator")])
        name = "anna" if role == "admin" else "bert"
        await post(server, "/operator/login", name=name, password=PASSWORD)
        recorder = server.app[keys.RECORDER]
        for seq in (1, 2):
            await recorder.add(entry(seq))
        assert await recorder.settle(5)
        yield server


async def post(server: Running, path: str, **fields: str) -> int:
    async with server.http.post(
        server.url + path,
        data=fields or {"x": ""},
        headers={"Origin": server.url},
        allow_redirects=False,
    ) as answer:
        return answer.status


async def page(server: Running, path: str) -> str:
    async with server.http.get(server.url + path, headers=PAGE) as answer:
        assert answer.status == 200, f"{path}: {answer.status}"
        return words(await answer.text())


async def settled(server: Running) -> None:
    assert await server.app[keys.RECORDER].settle(5)


async def test_what_waits_is_shown_with_the_kind_of_the_last_failure(tmp_path: Path) -> None:
    async with served(tmp_path, Sink("far", failures=1000)) as server:
        text = await page(server, "/operator/sinks")
        assert "Waiting 2, the oldest for" in text
        assert "Dead letters 0" in text
        assert "Last failure OSError" in text
        assert "away" not in text, "the failure's words stay inside"


async def test_dead_letters_are_replayed_and_audited(tmp_path: Path) -> None:
    sink = Refusing("far")
    async with served(tmp_path, sink) as server:
        assert "Dead letters 2" in await page(server, "/operator/sinks")
        sink.shut = False
        assert await post(server, "/operator/sinks/far/replay") == 303
        await settled(server)
        assert sink.seqs == [1, 2]
        assert "Dead letters 0" in await page(server, "/operator/sinks?done=replayed")
        row = (await server.app[keys.STORAGE].audit.recent())[0]
        assert (row.actor, row.action, row.target) == ("anna", "sink.replay", "far")
        assert row.detail == "2 entries"


async def test_forgetting_takes_two_steps_and_is_audited(tmp_path: Path) -> None:
    async with served(tmp_path, Refusing("far")) as server:
        assert "Delete 2 entries" in await page(server, "/operator/sinks/far/forget")
        assert "Dead letters 2" in await page(server, "/operator/sinks")
        assert await post(server, "/operator/sinks/far/forget") == 303
        assert "Dead letters 0" in await page(server, "/operator/sinks?done=forgotten")
        row = (await server.app[keys.STORAGE].audit.recent())[0]
        assert (row.action, row.target, row.detail) == ("sink.forget", "far", "2 entries")


async def test_an_operator_looks_and_only_an_admin_acts(tmp_path: Path) -> None:
    async with served(tmp_path, Refusing("far"), role="operator") as server:
        text = await page(server, "/operator/sinks")
        assert "Dead letters 2" in text
        assert "Replay" not in text
        assert "Forget" not in text
        assert await post(server, "/operator/sinks/far/replay") == 403
        assert await post(server, "/operator/sinks/far/forget") == 403
        async with aiohttp.ClientSession() as nobody:
            where = f"{server.url}/operator/sinks"
            async with nobody.get(where, allow_redirects=False) as answer:
                assert answer.status in {303, 401}


async def test_a_sink_nobody_knows_is_not_found(tmp_path: Path) -> None:
    async with served(tmp_path, Sink("far")) as server:
        assert await post(server, "/operator/sinks/nothing/replay") == 404
