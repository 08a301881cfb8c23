"""`kiosk transcripts` on a database of its own: search, export, hold, erase, purge."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.clock import SystemClock
from kiosk.model import EndReason, TranscriptEntry, VisitSummary
from kiosk.security.visit_codes import CODES_KEY, VisitCodes
from kiosk.settings.sections import StorageSettings
from kiosk.storage.database import open_storage
from kiosk.testing.databases import fresh_database, url_of
from tests.unit.cli.commanding import kiosk, site

CODES = VisitCodes("a key")


@pytest.fixture(autouse=True)
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    site(tmp_path, endpoint=None)
    shown, kept = CODES.make()
    asyncio.run(_fill(tmp_path / "kiosk.sqlite3", kept))
    return shown


async def _fill(file: Path, code_hash: str) -> None:
    await fresh_database(file)
    clock = SystemClock()
    async with open_storage(StorageSettings(url=url_of(file)), clock) as storage:
        await storage.secrets.get_or_create(CODES_KEY, lambda: "a key")
        for days, name in ((1, "visit_new"), (90, "visit_old")):
            at = clock.now() - timedelta(days=days)
            entry = TranscriptEntry(name, "main", 1, "visitor", f"Der Aufzug {days}", "de", at)
            await storage.turns.add([entry])
            hashed = code_hash if name == "visit_new" else ""
            await storage.visits.ended(
                VisitSummary(name, "main", "de", at, at, EndReason.IDLE, 1, code_hash=hashed)
            )


def test_words_are_found_and_marked() -> None:
    found = kiosk("transcripts", "search", "aufzug", "90").stdout
    assert "visit_old" in found
    assert "visitor: Der [Aufzug] [90]" in found
    assert "No visit has" in kiosk("transcripts", "search", "treppe").stdout
    assert "visit_new" not in kiosk("transcripts", "search", "aufzug", "--outcome", "error").stdout
    wrong = kiosk("transcripts", "search", "aufzug", "--outcome", "well")
    assert wrong.exit_code != 0
    assert "There is no outcome well" in wrong.output


def test_a_file_is_written_once_for_its_owner_only(tmp_path: Path) -> None:
    done = kiosk("transcripts", "export", "--since", "2020-01-01", "--format", "jsonl")
    path = tmp_path / "transcripts_2020-01-01_last_redacted.jsonl"
    assert "2 visits are in" in done.stdout
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_text().splitlines()) == 2
    again = kiosk("transcripts", "export", "--since", "2020-01-01", "--format", "jsonl")
    assert "is there already" in again.output


def test_a_visit_is_held_then_erased(code: str) -> None:
    assert "is held" in kiosk("transcripts", "hold", "visit_new", "--why", "a claim").stdout
    assert "a claim" in kiosk("transcripts", "holds").stdout
    refused = kiosk("transcripts", "erase", "--yes", "visit_new")
    assert "lift the hold before erasing it" in refused.output
    assert "lifted" in kiosk("transcripts", "release", "visit_new").stdout
    kept = kiosk("transcripts", "erase", "--code", code, typed="n\n")
    assert kept.exit_code != 0
    done = kiosk("transcripts", "erase", "--code", code, typed="y\n")
    assert "The visit and its 1 turns are erased." in done.stdout
    assert "No visit has this code" in kiosk("transcripts", "erase", "--yes", "--code", code).output


def test_what_is_too_old_is_counted_then_deleted() -> None:
    counted = kiosk("transcripts", "purge", "--dry-run").stdout
    assert "transcripts\t1" in counted
    assert "a dry run" in counted
    assert "transcripts\t1" in kiosk("transcripts", "purge").stdout
    assert "transcripts\t0" in kiosk("transcripts", "purge").stdout
    assert "visit_old" in kiosk("transcripts", "list").stdout
