"""Reads a recording back as a script: what the service said to which client event, and when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from kiosk.errors import SettingsError

_MAXIMUM_BYTES: Final = 256 * 1024 * 1024
_APPEND: Final = "input_audio_buffer.append"


class Replay(BaseModel):
    """Answers clients from a recording made with `--record --record-words`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Path = Field(description="The recording; beside the scenario file unless absolute.")
    speed: float = Field(
        default=1.0, ge=0.01, le=10_000, description="How much faster than it was recorded."
    )
    session: int | None = Field(
        default=None,
        ge=1,
        description="Which session of the recording every client gets, from 1; without it each "
        "client gets the next one, and after the last the first again.",
    )
    on_deviation: Literal["error", "continue", "close"] = Field(
        default="error",
        description="When the client sends what it did not send then, or goes on after the end: "
        "refuse the event and go on waiting, leave the recording and answer like any emulator "
        "from there on (without a memory of what was replayed), or close with 1008.",
    )


@dataclass(frozen=True, slots=True)
class Said:
    """The service's turn: after a wait, an event, or the text of a message that was none."""

    after_s: float
    event: dict[str, Any] | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The client's turn: an event of this type; None is a message without one."""

    kind: str | None
    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Audio:
    """The client's turn: so many bytes of audio, in however many appends."""

    size: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The service closed the connection."""

    after_s: float
    code: int


Step = Said | Sent | Audio | Closed


@dataclass(frozen=True, slots=True)
class Script:
    """One recorded session. `started_at` is a POSIX time, for what was dated from then."""

    session_id: str
    started_at: float
    steps: tuple[Step, ...]


def load_scripts(replay: Replay) -> tuple[Script, ...]:
    """Read a recording's sessions; blocks. Raises SettingsError saying what is wrong with it."""
    path = replay.file
    try:
        if path.stat().st_size > _MAXIMUM_BYTES:
            raise SettingsError(f"recording {path} is larger than 256 MB; record a shorter one")
        with path.open(encoding="utf-8") as file:
            sessions = _sessions(path, file)
    except OSError as error:
        raise SettingsError(f"recording {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"recording {path} is not UTF-8 text") from None
    if not sessions:
        raise SettingsError(f"recording {path} holds no session; record one with --record")
    if replay.session is not None and replay.session > len(sessions):
        raise SettingsError(
            f"recording {path} holds {len(sessions)} sessions; there is no session {replay.session}"
        )
    chosen = sessions if replay.session is None else [sessions[replay.session - 1]]
    return tuple(_script(path, session) for session in chosen)


@dataclass(slots=True)
class _Session:
    id: str
    words: bool
    began: float
    lines: list[dict[str, Any]]


def _sessions(path: Path, lines: Iterator[str]) -> list[_Session]:
    found: dict[str, _Session] = {}
    words, began = False, 0.0
    for number, text in enumerate(lines, 1):
        try:
            line = json.loads(text)
            if not isinstance(line, dict):
                raise ValueError
            if "recording" in line:
                words = line.get("words") is True
                began = datetime.fromisoformat(line["started_at"]).timestamp()
            elif "session" in line:
                session = found.setdefault(
                    line["session"], _Session(line["session"], words, began, [])
                )
                session.lines.append({**line, "at": float(line["at"])})
        except (ValueError, KeyError, TypeError, RecursionError):
            # The last line may have been cut by a crash; anywhere else it is damage.
            if not text.endswith("\n"):
                break
            raise SettingsError(
                f"recording {path}: line {number} is not one of a recording; record it anew"
            ) from None
    return list(found.values())


def _script(path: Path, session: _Session) -> Script:
    if not session.words:
        raise SettingsError(
            f"recording {path} was made without words, and what is not in it cannot be replayed; "
            "record it again with --record-words"
        )
    steps: list[Step] = []
    last = session.lines[0]["at"]
    for line in session.lines:
        step = _step(line, line["at"] - last)
        if step is None:
            continue
        last = line["at"]
        before = steps[-1] if steps else None
        if isinstance(step, Audio) and isinstance(before, Audio):
            steps[-1] = Audio(before.size + step.size)
        else:
            steps.append(step)
    return Script(session.id, session.began + session.lines[0]["at"], tuple(steps))


def _step(line: dict[str, Any], after_s: float) -> Step | None:
    event = line.get("event")
    if line.get("direction") == "in":
        if not isinstance(event, dict):
            return Sent(None, {})
        kind = event.get("type")
        audio = event.get("audio")
        if kind == _APPEND and isinstance(audio, str):
            return Audio(audio_bytes(audio))
        return Sent(kind if isinstance(kind, str) else None, event)
    if line.get("direction") == "out":
        if isinstance(event, dict):
            return Said(after_s, event)
        return Said(after_s, None, line["text"]) if isinstance(line.get("text"), str) else None
    closed = line.get("closed")
    if isinstance(closed, dict) and closed.get("by") == "server":
        return Closed(after_s, int(closed.get("code") or 1006))
    return None


def audio_bytes(base64_text: str) -> int:
    """Return about how many bytes a base64 text holds, without decoding it."""
    return len(base64_text) * 3 // 4
