"""Where a turn is in SQLite's index, and that words of before the index are found."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config

from kiosk.storage.engine import parse_url
from kiosk.storage.indexing import place
from kiosk.storage.migrate import MIGRATIONS, migrate
from kiosk.storage.search import Wanted
from kiosk.storage.words import Query
from tests.unit.storage.keeping import NOON, kept, url

BEFORE = "0004"
"""The last revision without an index."""


def test_a_place_fits_a_rowid_and_is_the_turns_own() -> None:
    places = {place(f"visit_{visit}", seq) for visit in range(50) for seq in range(50)}
    assert len(places) == 2500
    assert all(0 <= found < 2**63 for found in places)
    assert place("visit_1", 1) == place("visit_1", 1)


async def test_what_was_said_before_there_was_an_index_is_found(tmp_path: Path) -> None:
    await asyncio.to_thread(_made_before, tmp_path)
    await migrate(url(tmp_path))
    async with kept(tmp_path) as storage:
        (found,) = await storage.search.find(Wanted(), Query.of("lift"))
        assert [turn.text for turn in found.hits] == ["the lift"]


def _made_before(folder: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes |= {"url": parse_url(url(folder)), "busy_s": 1.0}
    command.upgrade(config, BEFORE)
    at = NOON.isoformat(sep=" ", timespec="microseconds").partition("+")[0]
    with closing(sqlite3.connect(folder / "kiosk.sqlite3")) as database, database:
        database.execute(
            "INSERT INTO visits (id, kiosk_id, site, language, started_at, tools) "
            "VALUES ('visit_1', 'main', 'main', 'en', ?, '[]')",
            (at,),
        )
        database.execute(
            "INSERT INTO turns (visit_id, seq, kiosk_id, speaker, text, language, at, interrupted) "
            "VALUES ('visit_1', 1, 'main', 'visitor', 'the lift', 'en', ?, 0)",
            (at,),
        )
