"""Transcripts on their way out: CSV and JSON Lines, a page of visits at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from kiosk.model import TranscriptEntry
from kiosk.storage.database import Storage
from kiosk.storage.rows import VisitRow
from kiosk.storage.search import Wanted
from kiosk.storage.words import Query

Kind = Literal["csv", "jsonl"]
Level = Literal["redacted", "wordless"]
"""`redacted`: the words as they are stored, which redaction has been through; `wordless`: none."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
MEDIA: Final[dict[Kind, str]] = {"csv": "text/csv", "jsonl": "application/x-ndjson"}
PAGE: Final = 100
"""Visits read at once."""
COLUMNS: Final = (
    "visit", "site", "kiosk", "began", "ended", "outcome", "visit_language", "seq", "at",
    "speaker", "language", "interrupted", "characters", "text",
)  # fmt: skip
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet may take for the beginning of a formula."""


@dataclass(frozen=True, slots=True)
class Export:
    """What is carried out, and how."""

    wanted: Wanted
    query: Query | None
    kind: Kind
    level: Level

    def name(self) -> str:
        """Return the file's name: what is in it, from when to when, and how redacted."""
        since, until = self.wanted.since, self.wanted.until
        first = f"{since:%Y-%m-%d}" if since is not None else "first"
        # The day that is still in it: `until` is the midnight after.
        last = f"{until - timedelta(seconds=1):%Y-%m-%d}" if until is not None else "last"
        return f"transcripts_{first}_{last}_{self.level}.{self.kind}"

    async def parts(self, storage: Storage, most: int) -> AsyncIterator[bytes]:
        """Return the file in parts; StorageError. `most` visits at the very most."""
        if self.kind == "csv":
            # With a mark of its own, or spreadsheets take UTF-8 for something else.
            yield b"\xef\xbb\xbf" + _csv([COLUMNS])
        after = ""
        left = most
        while left > 0:
            found = await storage.search.find(
                self.wanted, self.query, limit=min(PAGE, left), after=after
            )
            if not found:
                return
            visits = [item.visit for item in found]
            turns = await storage.turns.of_all([row.id for row in visits])
            lines = [self._lines(row, turns.get(row.id, ())) for row in visits]
            yield b"".join(lines)
            after = visits[-1].id
            left -= len(found)

    def _lines(self, row: VisitRow, turns: Sequence[TranscriptEntry]) -> bytes:
        if self.kind == "csv":
            return _csv([*(self._cells(row, turn) for turn in turns)] or [self._cells(row, None)])
        value = visit_json(row) | {"turns": [self._turn(turn) for turn in turns]}
        return json.dumps(value, ensure_ascii=False).encode() + b"\n"

    def _turn(self, turn: TranscriptEntry) -> dict[str, Any]:
        fields = turn.as_json()
        kept = {name: fields[name] for name in ("seq", "at", "speaker", "language", "interrupted")}
        kept["characters"] = len(turn.text)
        return kept | ({"text": turn.text} if self.level == "redacted" else {})

    def _cells(self, row: VisitRow, turn: TranscriptEntry | None) -> Sequence[Any]:
        head = visit_json(row)
        said = self._turn(turn) if turn is not None else {}
        values = {**head, "visit_language": head["language"], "language": "", **said}
        return [harmless(values.get(name, "")) for name in COLUMNS]


def visit_json(row: VisitRow) -> dict[str, Any]:
    """Return a visit as exports and the API have it."""
    return {
        "visit": row.id,
        "site": row.site,
        "kiosk": row.kiosk_id,
        "language": row.language,
        "began": row.started_at.isoformat(),
        "ended": _iso(row.ended_at),
        "outcome": row.reason.value if row.reason is not None else "",
    }


def harmless(value: Any) -> Any:
    """Return a cell that no spreadsheet runs: what looks like a formula gets a quote before it."""
    if isinstance(value, str):
        text = value.replace("\0", "")
        return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text
    return "" if value is None else value


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows(rows)
    return file.getvalue().encode()


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at is not None else ""
