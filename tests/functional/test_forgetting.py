"""What was erased or grew too old is nowhere: every file and every column is searched for it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from typing_extensions import override

from kiosk import keys
from kiosk.app import create_app
from kiosk.emulator.speech.engines import Engines
from kiosk.model import EndReason, EntriesRefused, TranscriptEntry, VisitSummary
from kiosk.signaling import messages as m
from kiosk.testing import Visit
from kiosk.testing.clock import ManualClock
from kiosk.testing.databases import fresh_database, url_of
from kiosk.testing.fixtures import MakeHarness
from kiosk.transcripts.erasing import By, KeepError
from plugins import jsonl_sink
from tests.contract.conftest import postgres as postgres
from tests.postgres import Postgres
from tests.unit.running import site_settings
from tests.unit.transcripts.keeping import Sink, SinkPlugin

PLANTED = ("Quittenmarmelade", "zweiundsiebzig", "博物馆北门")
"""Words that are in no program, picture or template."""


class Jumping(ManualClock):
    """Also lets days go by at once, without waking who sleeps."""

    def jump(self, days: float) -> None:
        self._start += timedelta(days=days)


class Refusing(Sink):
    @override
    async def write(self, batch: Any) -> None:
        raise EntriesRefused("never")


class Away(Sink):
    @override
    async def write(self, batch: Any) -> None:
        raise OSError("the far side is away")


@asynccontextmanager
async def server(
    folder: Path, clock: Jumping, url: str | None = None, **retention: Any
) -> AsyncIterator[web.Application]:
    if url is None:
        await fresh_database(folder / "kiosk.sqlite3")
    kiosks: Any = [
        {"id": "lobby", "name": "Lobby"},
        {"id": "desk", "name": "Desk", "site": "north"},
    ]
    settings = site_settings(
        folder,
        "http://127.0.0.1:9",
        storage={"url": url or url_of(folder / "kiosk.sqlite3"), "sink_attempts": 1},
        retention=retention,
        kiosks=kiosks,
        plugins={"jsonl_sink": {"folder": str(folder / "transcripts")}},
    )
    sinks = SinkPlugin(Refusing("refusing"), Away("away"))
    app = create_app(settings, clock=clock, plugins={"sinks": sinks, "jsonl_sink": jsonl_sink})
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        yield app
    finally:
        await runner.cleanup()


async def visit(app: web.Application, name: str, clock: Jumping, kiosk: str = "lobby") -> None:
    """Hold a visit in which the planted words fall, with a plugin that keeps something of it."""
    now = clock.now()
    recorder = app[keys.RECORDER]
    recorder.visit_started(name, kiosk, "de", now)
    for seq, word in enumerate(PLANTED, 1):
        text = f"Bitte {word} und {word}saft"
        await recorder.add(TranscriptEntry(name, kiosk, seq, "visitor", text, "de", now))
    ended = now + timedelta(minutes=1)
    recorder.visit_ended(VisitSummary(name, kiosk, "de", now, ended, EndReason.GOODBYE, 3))
    note = {"visit": name, "said": PLANTED[0]}
    await app[keys.STORAGE].plugin("desk").set(f"call-{name}", note)
    assert await recorder.settle(10)


def left_in_files(folder: Path) -> list[str]:
    """Return where a planted word is, in any file below a folder."""
    needles = [word.encode() for word in PLANTED] + [word.lower().encode() for word in PLANTED]
    needles += [json.dumps(word).strip('"').encode() for word in PLANTED]
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            found += [f"{path.name}: {n.decode()}" for n in set(needles) if n in content]
    return found


def left_in_postgres(server: Postgres, database: str) -> list[str]:
    """Return where a planted word is, in any column of any table."""
    columns = server.sql(
        database,
        "SELECT table_name || ' ' || column_name FROM information_schema.columns "
        "WHERE table_schema = 'public'",
    ).splitlines()
    found = []
    for line in columns:
        table, column = line.split(" ")
        words = re.escape("|".join(word.lower() for word in PLANTED)).replace(r"\|", "|")
        count = server.sql(
            database, f"SELECT count(*) FROM {table} WHERE lower({column}::text) ~ '{words}'"
        )
        found += [f"{table}.{column}"] if count != "0" else []
    return found


async def files(folder: Path) -> list[str]:
    return await asyncio.to_thread(left_in_files, folder)


async def night(app: web.Application, clock: Jumping, days: float) -> None:
    """Let days go by, and the nightly run come."""
    clock.jump(days)
    await app[keys.RETENTION].run("nightly")


async def test_an_erased_visit_is_in_no_file(tmp_path: Path) -> None:
    clock = Jumping()
    async with server(tmp_path, clock) as app:
        await visit(app, "visit_a", clock)
        await visit(app, "visit_b", clock)
        assert {line.partition(":")[0] for line in await files(tmp_path)} >= {
            "kiosk.sqlite3-wal",
            "transcript-2026-03-02.jsonl",
        }
        eraser = app[keys.ERASER]
        done = await eraser.erase("visit_a", By("ada", "asked for it"))
        assert done.removed == {"visits": 1, "turns": 3, "outbox": 6, "plugin_data": 1}
        assert "3 turns are erased" in done.sentence
        lines = await asyncio.to_thread(
            (tmp_path / "transcripts/transcript-2026-03-02.jsonl").read_text
        )
        assert "visit_a" not in lines
        assert lines.count("visit_b") == 6
        await eraser.erase("visit_b", By("ada"))
        assert await files(tmp_path) == []
    assert await files(tmp_path) == [], "nor after the server has stopped"


async def test_after_the_night_nothing_of_an_expired_visit_is_in_any_file(tmp_path: Path) -> None:
    clock = Jumping()
    async with server(tmp_path, clock, transcripts_days=3, visits_days=10) as app:
        storage = app[keys.STORAGE]
        await visit(app, "visit_a", clock)
        await visit(app, "visit_h", clock)
        held = await app[keys.ERASER].hold("visit_h", By("ada", "a claim"), None)
        assert held.why == "a claim"
        await night(app, clock, 4)
        assert await storage.turns.of("visit_a") == ()
        assert len(await storage.turns.of("visit_h")) == 3
        assert await storage.visits.get("visit_a") is not None
        with pytest.raises(KeepError, match="legal hold until it is lifted"):
            await app[keys.ERASER].erase("visit_h", By("bo"))
        assert await files(tmp_path) != []
        await app[keys.ERASER].release("visit_h", By("ada"))
        await night(app, clock, 1)
        assert await files(tmp_path) == []
        await night(app, clock, 7)
        assert await storage.visits.get("visit_a") is None
        actions = [row.action for row in await storage.audit.recent()]
        assert {"visit.hold", "visit.hold.lift", "retention.run"} <= set(actions)


async def test_a_site_that_stores_nothing_has_nothing_in_any_file(tmp_path: Path) -> None:
    clock = Jumping()
    nothing = {"transcripts_days": 0, "outbox_days": 0, "dead_letters_days": 0}
    async with server(tmp_path, clock, sites={"north": nothing}) as app:
        recorder = app[keys.RECORDER]
        for seq, word in enumerate(PLANTED, 1):
            entry = TranscriptEntry("visit_n", "desk", seq, "visitor", word, "de", clock.now())
            await recorder.add(entry)
        assert await recorder.settle(5)
        assert {line.partition(":")[0] for line in await files(tmp_path)} == {
            "transcript-2026-03-02.jsonl"
        }, "only a sink of the site's own has it"


async def test_a_dry_run_says_what_would_go_and_leaves_it(tmp_path: Path) -> None:
    clock = Jumping()
    async with server(tmp_path, clock, transcripts_days=3) as app:
        await visit(app, "visit_a", clock)
        clock.jump(2.9)
        retention = app[keys.RETENTION]
        assert sum((await retention.run("ada", dry_run=True)).values()) == 0
        clock.jump(0.2)
        assert (await retention.run("ada", dry_run=True))["transcripts"] == 1
        assert len(await app[keys.STORAGE].turns.of("visit_a")) == 3


async def test_on_postgresql_no_column_has_it_either(tmp_path: Path, postgres: Postgres) -> None:
    clock = Jumping()
    url = await asyncio.to_thread(postgres.database, "forgetting")

    async def columns() -> list[str]:
        return await asyncio.to_thread(left_in_postgres, postgres, "forgetting")

    async with server(tmp_path, clock, url, transcripts_days=3) as app:
        await visit(app, "visit_a", clock)
        await visit(app, "visit_b", clock)
        assert set(await columns()) == {
            "turns.text", "turn_words.words", "sink_outbox.entry", "plugin_data.value",
        }  # fmt: skip
        await app[keys.ERASER].erase("visit_a", By("ada"))
        await night(app, clock, 4)
        assert await columns() == []
        assert await files(tmp_path) == []


def last(visit: Visit) -> m.Ended:
    """Return the message that closed a visit."""
    (found,) = (item for item in visit.messages if item["type"] == "ended")
    return m.Ended.model_validate(found)


async def test_a_visitor_takes_a_code_along_and_erases_the_visit(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    settings = {"retention": {"visitor_code": True}, "visit": {"greet": False}}
    harness = await kiosk_harness(engines=engines, settings=settings)
    visit = await harness.visit(microphone=False, media=False)
    await visit.type("My name is Ada Quittenmarmelade")
    await visit.heard()
    await visit.leave()
    goodbye = last(visit)
    assert "show it to the staff" in goodbye.code_text
    assert goodbye.stay_s == 20
    live = harness.app[keys.LIVE]
    async with asyncio.timeout(60):
        with live.follow() as follower:
            while visit.id in live.running:
                await follower.next()
    assert len(await harness.transcript(visit.id)) >= 2
    async with harness.http.post(
        f"{harness.url}/erase", data={"code": goodbye.code}, headers={"Origin": harness.url}
    ) as answer:
        assert answer.status == 200
    assert await harness.transcript(visit.id) == ()
    assert harness.app[keys.LIVE].visit(visit.id) is None
    assert "Quittenmarmelade" not in " ".join(await files(harness.folder))


async def test_no_code_is_shown_unless_the_site_says_so(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, settings={"visit": {"greet": False}})
    visit = await harness.visit(microphone=False, media=False)
    await visit.type("Hello")
    await visit.heard()
    await visit.leave()
    assert (last(visit).code, last(visit).code_text) == ("", "")
