"""Writes what goes over the wire to one file of JSON Lines, from a thread of its own."""

from __future__ import annotations

import json
import os
import queue
import threading
from pathlib import Path
from typing import IO, Any, Final

import structlog

from kiosk.clock import Clock
from kiosk.emulator.wire.codec import JSON
from kiosk.emulator.wire.redaction import redacted
from kiosk.errors import StartupError

log = structlog.get_logger(__name__)

FORMAT: Final = 1
"""The number in the first line of a recording; a change of the format changes it."""


class Recorder:
    """Notes what sessions send and receive. Nothing here waits: what cannot be taken is counted.

    At most `max_bytes` are written to the file, what it held before included; then one last line
    says so and nothing more is written. At most `max_waiting` lines, of about
    `max_waiting_bytes` together, wait for the disk; a line that finds no room is lost and counted.
    The file is made readable for its owner only.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        words: bool = False,
        max_bytes: int,
        max_waiting: int,
        max_waiting_bytes: int,
    ) -> None:
        self.path, self.words = path, words
        self._clock = clock
        self._max_bytes = max_bytes
        self._max_waiting_bytes = max_waiting_bytes
        self._queue: queue.Queue[_Line | None] = queue.Queue(maxsize=max_waiting)
        self._waiting_bytes = 0
        self._lock = threading.Lock()
        self._began = clock.monotonic()
        self._thread: threading.Thread | None = None
        self._full = False
        self.written = 0
        self.lost = 0

    def start(self) -> None:
        """Open the file and begin; blocks. Raises StartupError when it cannot be written."""
        try:
            file = open(self.path, "ab", opener=_for_owner)  # noqa: SIM115 - the thread closes it
        except OSError as error:
            raise StartupError(
                f"the recording {self.path} cannot be written: {error.strerror}; "
                "choose another file with --record"
            ) from None
        self._began = self._clock.monotonic()
        first = {
            "recording": FORMAT,
            "program": "avatar-kiosk emulator",
            "started_at": self._clock.now().isoformat(),
            "words": self.words,
        }
        self._thread = threading.Thread(target=self._write, args=(file, first), name="recorder")
        self._thread.start()

    def opened(self, session_id: str, model: str | None, agent: str | None) -> None:
        """Note that a session begins."""
        self._note(session_id, {"opened": {"model": model, "agent": agent}}, None)

    def received(self, session_id: str, data: str | bytes) -> None:
        """Note a message of the client as it came."""
        self._note(session_id, {"direction": "in"}, data)

    def sent(self, session_id: str, data: str | bytes) -> None:
        """Note a message of ours as it went."""
        self._note(session_id, {"direction": "out"}, data)

    def closed(self, session_id: str, code: int | None, reason: str, *, by_server: bool) -> None:
        """Note how a session ended."""
        by = "server" if by_server else "client"
        self._note(session_id, {"closed": {"code": code, "reason": reason, "by": by}}, None)

    def _note(self, session_id: str, fields: JSON, data: str | bytes | None) -> None:
        at = round(self._clock.monotonic() - self._began, 6)
        line = _Line({"at": at, "session": session_id, **fields}, data)
        if self._thread is None or self._full or self._waiting_bytes > self._max_waiting_bytes:
            self._lose()
            return
        try:
            self._queue.put_nowait(line)
        except queue.Full:
            self._lose()
            return
        with self._lock:
            self._waiting_bytes += line.size

    def _lose(self) -> None:
        if self.lost == 0:
            log.warning("recording loses lines", full=self._full)
        self.lost += 1

    def stop(self) -> None:
        """Write what waits and close the file; blocks. Safe to call twice."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join()

    # In the thread.

    def _write(self, file: IO[bytes], first: JSON) -> None:
        with file:
            size = file.seek(0, os.SEEK_END)
            size += self._put(file, first)
            while (line := self._queue.get()) is not None:
                with self._lock:
                    self._waiting_bytes -= line.size
                if self._full:
                    self.lost += 1
                    continue
                size += self._put(file, line.as_json(words=self.words))
                if size >= self._max_bytes:
                    self._full = True
                    _ = self._put(file, {"ended": "full"})
                if self._queue.empty():
                    self._flush(file)
            if not self._full:
                _ = self._put(file, {"ended": "stopped", "lost": self.lost})
            self._flush(file)

    def _put(self, file: IO[bytes], line: JSON) -> int:
        text = json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n"
        try:
            self.written += 1
            # Lone surrogates are valid in JSON and not in UTF-8.
            return file.write(text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            self._fail(error)
            return 0

    def _flush(self, file: IO[bytes]) -> None:
        try:
            file.flush()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        if not self._full:
            log.error("recording cannot be written", error=error.strerror)
        self._full = True


class _Line:
    """One line before it is parsed, redacted and written; that costs time the loop has not."""

    def __init__(self, fields: JSON, data: str | bytes | None) -> None:
        self._fields, self._data = fields, data
        self.size = len(data) if data is not None else 0

    def as_json(self, *, words: bool) -> JSON:
        if self._data is None:
            return self._fields
        if isinstance(self._data, bytes):
            return {**self._fields, "binary": len(self._data)}
        event = _parsed(self._data)
        if isinstance(event, dict):
            return {**self._fields, "event": redacted(event, words=words)}
        text: Any = self._data if words else {"redacted": len(self._data)}
        return {**self._fields, "text": text}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
