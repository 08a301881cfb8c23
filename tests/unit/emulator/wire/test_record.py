"""The recorder writes whole lines in order, never waits, and says what it could not take."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from kiosk.emulator.wire.record import Recorder
from kiosk.errors import StartupError
from kiosk.testing.clock import ManualClock


def recorder(path: Path, **more: Any) -> Recorder:
    bounds = {"max_bytes": 1_000_000, "max_waiting": 1_000, "max_waiting_bytes": 1_000_000}
    return Recorder(path, ManualClock(), **{**bounds, **more})


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_session_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "wire.jsonl"
    written = recorder(path, words=True)
    written.start()
    written.opened("sess_1", "gpt", None)
    written.sent("sess_1", '{"type": "session.created"}')
    written.received("sess_1", '{"type": "x", "text": "h\u00e9llo \\ud800"}')
    written.received("sess_1", "{oops")
    written.received("sess_1", b"1234")
    written.closed("sess_1", 1000, "closed", by_server=False)
    written.stop()
    first, opened, created, event, broken, binary, closed, end = lines(path)
    assert first["words"] is True
    assert opened == {"at": 0.0, "session": "sess_1", "opened": {"model": "gpt", "agent": None}}
    assert created["direction"] == "out"
    assert event["event"]["text"].startswith("h\u00e9llo")
    assert broken["text"] == "{oops"
    assert binary["binary"] == 4
    assert closed["closed"] == {"code": 1000, "reason": "closed", "by": "client"}
    assert end == {"ended": "stopped", "lost": 0}
    assert written.written == 8
    assert path.stat().st_mode & 0o777 == 0o600


def test_words_are_left_out_of_broken_text_too(tmp_path: Path) -> None:
    path = tmp_path / "wire.jsonl"
    written = recorder(path)
    written.start()
    written.received("sess_1", "{my name is Ada")
    written.stop()
    assert lines(path)[1]["text"] == {"redacted": 15}


def test_a_second_run_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "wire.jsonl"
    for _ in range(2):
        written = recorder(path)
        written.start()
        written.stop()
        written.stop()
    assert [next(iter(line)) for line in lines(path)] == ["recording", "ended"] * 2


def test_it_ends_when_the_file_is_full(tmp_path: Path) -> None:
    path = tmp_path / "wire.jsonl"
    written = recorder(path, max_bytes=2_000)
    written.start()
    for _ in range(200):
        written.sent("sess_1", '{"type": "response.done"}')
    written.stop()
    found = lines(path)
    assert found[-1] == {"ended": "full"}
    assert path.stat().st_size < 2_300
    assert written.written + written.lost == 200 + 2


def test_what_finds_no_room_is_counted(tmp_path: Path) -> None:
    written = recorder(tmp_path / "wire.jsonl", max_waiting_bytes=10)
    written.received("sess_1", "before it was started")
    assert written.lost == 1
    slow = recorder(tmp_path / "slow.jsonl", max_waiting=1)
    slow.start()
    for _ in range(2_000):
        slow.sent("sess_1", '{"type": "response.done"}')
    slow.stop()
    found = lines(tmp_path / "slow.jsonl")
    assert found[-1]["ended"] == "stopped"
    assert len(found) - 2 + slow.lost == 2_000


async def test_it_does_not_block_the_loop(tmp_path: Path) -> None:
    written = recorder(tmp_path / "wire.jsonl")
    await asyncio.to_thread(written.start)
    # The plugin that watches this loop would fail the test.
    written.sent("sess_1", '{"type": "response.done"}')
    await asyncio.to_thread(written.stop)


def test_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="cannot be written: No such file or directory"):
        recorder(tmp_path / "no" / "wire.jsonl").start()
