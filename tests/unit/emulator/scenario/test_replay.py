"""A recording becomes a script, or one sentence that says what is wrong with it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from kiosk.emulator.scenario.replay import (
    Audio,
    Closed,
    Replay,
    Said,
    Sent,
    audio_bytes,
    load_scripts,
)
from kiosk.errors import SettingsError

HEADER = {"recording": 1, "started_at": "2026-01-01T00:00:00+00:00", "words": True}


def write(folder: Path, *lines: Any) -> Path:
    path = folder / "talk.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def line(at: float, direction: str, session: str = "one", **event: Any) -> dict[str, Any]:
    return {"at": at, "session": session, "direction": direction, "event": event}


def append(at: float, size: int) -> dict[str, Any]:
    audio = base64.b64encode(bytes(size)).decode()
    return line(at, "in", type="input_audio_buffer.append", audio=audio)


def test_a_script(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        HEADER,
        {"at": 1.0, "session": "one", "opened": {"model": "m", "agent": None}},
        line(1.5, "out", type="session.created"),
        append(2.0, 300),
        append(2.5, 600),
        line(3.0, "out", type="input_audio_buffer.speech_started"),
        line(3.25, "in", type="response.cancel"),
        {"at": 3.5, "session": "one", "direction": "out", "text": "{oops"},
        {"at": 3.6, "session": "one", "direction": "in", "text": "{oops"},
        {"at": 4.0, "session": "one", "closed": {"code": 4001, "reason": "x", "by": "server"}},
        {"ended": "stopped", "lost": 0},
    )
    (script,) = load_scripts(Replay(file=path))
    assert script.session_id == "one"
    assert script.started_at == 1_767_225_601.0
    said, audio, started, cancel, broken, sent, closed = script.steps
    assert said == Said(0.5, {"type": "session.created"})
    assert audio == Audio(900)
    assert isinstance(started, Said)
    assert started.after_s == 0.5
    assert cancel == Sent("response.cancel", {"type": "response.cancel"})
    assert isinstance(broken, Said)
    assert (broken.event, broken.text) == (None, "{oops")
    assert sent == Sent(None, {})
    assert isinstance(closed, Closed)
    assert closed.code == 4001


def test_which_session(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        HEADER,
        line(0, "out", "one", type="session.created"),
        line(0, "out", "two", type="session.created"),
    )
    assert [s.session_id for s in load_scripts(Replay(file=path))] == ["one", "two"]
    assert [s.session_id for s in load_scripts(Replay(file=path, session=2))] == ["two"]
    with pytest.raises(SettingsError, match="there is no session 3"):
        load_scripts(Replay(file=path, session=3))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no session"),
        ("nonsense\n", "line 1 is not one of a recording"),
        ("[1]\n", "line 1 is not one of a recording"),
        ('{"session": "one"}\n', "line 1 is not one of a recording"),
        ('{"at": 0, "session": "one", "opened": {}}\n', "--record-words"),
        ("\udcff", "not UTF-8"),
    ],
)
def test_what_is_no_recording(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "talk.jsonl"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(SettingsError) as caught:
        load_scripts(Replay(file=path))
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_line_that_a_crash_cut_off_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER, line(0, "out", type="session.created"))
    with path.open("a") as file:
        file.write('{"at": 1, "sess')
    (script,) = load_scripts(Replay(file=path))
    assert len(script.steps) == 1


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_scripts(Replay(file=tmp_path / "none"))


@pytest.mark.parametrize("size", [0, 3, 960, 1920])
def test_audio_is_measured_without_decoding(size: int) -> None:
    assert audio_bytes(base64.b64encode(bytes(size)).decode()) == size
