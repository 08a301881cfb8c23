"""Files of transcripts: whole, named after what is in them, run by no spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.model import EndReason, TranscriptEntry, VisitSummary
from kiosk.storage.database import Storage
from kiosk.storage.search import Wanted
from kiosk.storage.words import Query
from kiosk.transcripts.export import COLUMNS, PAGE, Export, Kind, Level, harmless
from tests.unit.storage.keeping import NOON, kept, said

DAYS = Wanted(since=NOON.replace(hour=0), until=NOON.replace(hour=0) + timedelta(days=2))


async def filled(storage: Storage) -> None:
    words = ['=HYPERLINK("http://bad")', "Grüße, 你好\nzwei Zeilen", '"quoted"']
    for number in range(3):
        name = f"visit_{number}"
        at = NOON + timedelta(minutes=number)
        await storage.turns.add(
            [TranscriptEntry(name, "main", 1, "visitor", words[number], "de", at)]
            if number != 1
            else [said(1, words[1], visit=name), said(2, "and more", visit=name)]
        )
        summary = VisitSummary(name, "main", "de", at, at, EndReason.GOODBYE, 1)
        await storage.visits.ended(summary)
    await storage.visits.started("visit_3", "main", "en", NOON + timedelta(minutes=3))


async def made(folder: Path, kind: Kind, level: Level, most: int = 99, words: str = "") -> str:
    async with kept(folder) as storage:
        await filled(storage)
        export = Export(DAYS, Query.of(words) or None, kind, level)
        parts = [part async for part in export.parts(storage, most)]
    return b"".join(parts).decode("utf-8-sig")


async def test_csv_has_a_row_for_each_turn_and_one_for_a_wordless_visit(tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(await made(tmp_path, "csv", "redacted"))))
    assert list(rows[0]) == list(COLUMNS)
    assert [(row["visit"], row["text"]) for row in rows] == [
        ("visit_3", ""),
        ("visit_2", '"quoted"'),
        ("visit_1", "Grüße, 你好\nzwei Zeilen"),
        ("visit_1", "and more"),
        ("visit_0", '\'=HYPERLINK("http://bad")'),
    ]
    assert rows[1]["outcome"] == "goodbye"
    assert rows[1]["visit_language"] == "de"


async def test_json_lines_have_a_visit_each(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (await made(tmp_path, "jsonl", "redacted")).splitlines()]
    assert [line["visit"] for line in lines] == ["visit_3", "visit_2", "visit_1", "visit_0"]
    assert [turn["text"] for turn in lines[2]["turns"]][1] == "and more"
    assert lines[3]["turns"][0]["text"].startswith("=HYPER"), "a program gets it as it is"


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
async def test_without_words_no_word_is_in_it(tmp_path: Path, kind: Kind) -> None:
    text = await made(tmp_path, kind, "wordless")
    assert "Zeilen" not in text
    assert "HYPERLINK" not in text
    assert "visit_1" in text


async def test_no_more_visits_than_asked_for(tmp_path: Path) -> None:
    assert len((await made(tmp_path, "jsonl", "redacted", most=2)).splitlines()) == 2
    assert PAGE > 2


async def test_only_what_was_found_is_in_it(tmp_path: Path) -> None:
    (line,) = (await made(tmp_path, "jsonl", "redacted", words="zeilen")).splitlines()
    assert json.loads(line)["visit"] == "visit_1"


def test_the_name_says_days_and_redaction() -> None:
    assert Export(DAYS, None, "csv", "wordless").name() == (
        "transcripts_2026-03-01_2026-03-02_wordless.csv"
    )
    assert Export(Wanted(), None, "jsonl", "redacted").name() == (
        "transcripts_first_last_redacted.jsonl"
    )


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", " =1", "\uff1d1", "\0=1"])
def test_what_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    assert str(harmless(text)).startswith("'")
    assert harmless("a=1") == "a=1"
    assert harmless(None) == ""
    assert harmless(3) == 3
