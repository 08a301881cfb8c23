"""The transcript as files: complete, in order, once, private, and off until asked for."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk.errors import PluginLoadError
from kiosk.events import VisitEnded
from kiosk.model import EndReason, TranscriptEntry
from plugins import jsonl_sink
from tests.unit.hooks.hooking import START, Session, hooked, running, turn


def entry(
    seq: int, text: str = "Hello", *, visit: str = "visit_1", at: datetime = START
) -> TranscriptEntry:
    return TranscriptEntry(visit, "lobby", seq, "visitor", text, "en", at)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def on(folder: Path, **table: Any) -> dict[str, Any]:
    return {"plugins": {"jsonl_sink": {"folder": str(folder), **table}}}


def test_it_is_off_until_its_folder_is_set() -> None:
    assert hooked({"jsonl_sink": jsonl_sink}).hooks.sinks == []


async def test_a_batch_becomes_lines_of_the_day(tmp_path: Path) -> None:
    async with running({"jsonl_sink": jsonl_sink}, **on(tmp_path / "new" / "folder")) as made:
        (sink,) = made.hooks.sinks
        assert sink.name == "jsonl"
        await sink.write([entry(1, "Grüße"), entry(2, "two\nlines")])
        await sink.write([entry(3, at=datetime(2026, 3, 5, tzinfo=UTC))])
        await sink.aclose()
    folder = tmp_path / "new" / "folder"
    assert [path.name for path in sorted(folder.iterdir())] == [
        "transcript-2026-03-04.jsonl",
        "transcript-2026-03-05.jsonl",
    ]
    lines = read(folder / "transcript-2026-03-04.jsonl")
    assert [line["text"] for line in lines] == ["Grüße", "two\nlines"]
    assert lines[0] == {
        "type": "turn",
        "id": "visit_1:1",
        "visit": "visit_1",
        "seq": 1,
        "kiosk": "lobby",
        "at": "2026-03-04T14:00:00+00:00",
        "speaker": "visitor",
        "language": "en",
        "interrupted": False,
        "text": "Grüße",
    }


async def test_the_day_is_the_sites_own(tmp_path: Path) -> None:
    options = {**on(tmp_path, prefix="words"), "site": {"time_zone": "Asia/Tokyo"}}
    async with running({"jsonl_sink": jsonl_sink}, **options) as made:
        await made.hooks.sinks[0].write([entry(1, at=datetime(2026, 3, 4, 15, tzinfo=UTC))])
    assert [path.name for path in tmp_path.iterdir()] == ["words-2026-03-05.jsonl"]


async def test_what_is_offered_twice_is_written_once(tmp_path: Path) -> None:
    async with running({"jsonl_sink": jsonl_sink}, **on(tmp_path)) as made:
        (sink,) = made.hooks.sinks
        await sink.write([entry(1), entry(2)])
        await sink.write([entry(1), entry(2), entry(3), entry(1, visit="visit_2")])
    (path,) = tmp_path.iterdir()
    assert [(line["visit"], line["seq"]) for line in read(path)] == [
        ("visit_1", 1),
        ("visit_1", 2),
        ("visit_1", 3),
        ("visit_2", 1),
    ]


async def test_a_failed_batch_is_written_when_it_is_offered_again(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    async with running({"jsonl_sink": jsonl_sink}, **on(folder)) as made:
        (sink,) = made.hooks.sinks
        folder.rename(tmp_path / "away")
        with pytest.raises(FileNotFoundError):
            await sink.write([entry(1)])
        (tmp_path / "away").rename(folder)
        await sink.write([entry(1)])
    (path,) = folder.iterdir()
    assert len(read(path)) == 1


async def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    async with running({"jsonl_sink": jsonl_sink}, **on(tmp_path / "folder")) as made:
        await made.hooks.sinks[0].write([entry(1)])
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700
    (path,) = (tmp_path / "folder").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_the_end_of_a_visit_has_its_line(tmp_path: Path) -> None:
    ended = VisitEnded(
        kiosk_id="lobby",
        visit_id="visit_1",
        at=START,
        reason=EndReason.GOODBYE,
        turns=4,
        seconds=61.26,
    )
    async with running({"jsonl_sink": jsonl_sink}, **on(tmp_path)) as made:
        made.hooks.session_event(Session(), turn("not written here"))
        made.hooks.session_event(Session(), ended)
        assert await made.hooks.settle(10)
        assert made.kinds == []
    (path,) = tmp_path.iterdir()
    assert read(path) == [
        {
            "type": "visit",
            "visit": "visit_1",
            "kiosk": "lobby",
            "at": "2026-03-04T14:00:00+00:00",
            "reason": "goodbye",
            "turns": 4,
            "seconds": 61.3,
        }
    ]


async def test_a_folder_it_cannot_write_to_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    options = on(tmp_path / "file" / "folder")
    with pytest.raises(
        PluginLoadError, match="plugin jsonl_sink failed in lifespan: NotADirectory"
    ):
        async with running({"jsonl_sink": jsonl_sink}, **options):
            raise AssertionError("it should not have started")


async def test_hook_visits_erased(tmp_path: Path) -> None:
    async with running({"jsonl_sink": jsonl_sink}, **on(tmp_path)) as made:
        (sink,) = made.hooks.sinks
        await sink.write([entry(1, "Ada"), entry(1, "Bo", visit="visit_2"), entry(2, "Ada")])
        path = tmp_path / f"transcript-{START:%Y-%m-%d}.jsonl"
        other = tmp_path / "transcript-2020-01-01.jsonl"
        other.write_text('{"visit": "visit_3"}\nno JSON, but visit_1\n')
        before, inode = other.read_bytes(), path.stat().st_ino
        assert await made.hooks.visits_erased(frozenset({"visit_1", "visit_9"})) == []
        assert [line["text"] for line in read(path)] == ["Bo"]
        assert (path.stat().st_mode & 0o777, path.stat().st_ino) == (0o600, inode)
        assert other.read_bytes() == before, "what is not ours is left alone"
        await sink.write([entry(3, "late", visit="visit_2")])
        assert [line["text"] for line in read(path)] == ["Bo", "late"]


async def test_a_folder_that_cannot_be_written_is_a_failure_that_is_tried_again(
    tmp_path: Path,
) -> None:
    async with running({"jsonl_sink": jsonl_sink}, **on(tmp_path)) as made:
        (tmp_path / "transcript-2020-01-01.jsonl").mkdir()
        assert await made.hooks.visits_erased(frozenset({"visit_1"})) == ["jsonl_sink"]
