"""Keeps the full-text index in step with the turns: SQLite's FTS5 or PostgreSQL's tsvector."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from kiosk.model import TranscriptEntry
from kiosk.storage import words
from kiosk.storage.engine import Database


def place(visit_id: str, seq: int) -> int:
    """Return where a turn is in SQLite's index: a number made from its key, so none is kept."""
    digest = hashlib.blake2b(f"{visit_id}:{seq}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


async def add_words(
    database: Database, connection: AsyncConnection, entries: Iterable[TranscriptEntry]
) -> None:
    """Put turns into the index, in the transaction that keeps them."""
    rows: list[dict[str, Any]] = [
        {
            "place": place(entry.visit_id, entry.seq),
            "words": words.index(entry.text),
            "visit_id": entry.visit_id,
            "seq": entry.seq,
        }
        for entry in entries
    ]
    if not rows:
        return
    if database.is_sqlite:
        # In their order the index is written once; each that goes back begins a part of its own.
        rows.sort(key=lambda row: row["place"])
        await connection.execute(_INSERT_SQLITE, rows)
        return
    for row in rows:
        del row["place"]
    await connection.execute(_INSERT_POSTGRES, rows)


async def drop_words(
    database: Database, connection: AsyncConnection, keys: Sequence[tuple[str, int]]
) -> None:
    """Take turns out of the index, in the transaction that forgets them."""
    if not keys:
        return
    if database.is_sqlite:
        rows = [{"place": place(visit_id, seq)} for visit_id, seq in keys]
        await connection.execute(_DELETE_SQLITE, rows)
        return
    for visit_id in {visit_id for visit_id, _ in keys}:
        await connection.execute(_DELETE_POSTGRES, {"visit_id": visit_id})


async def compact(database: Database, connection: AsyncConnection) -> None:
    """Leave nothing of deleted turns in the index: FTS5 keeps words until its parts are merged."""
    if database.is_sqlite:
        await connection.execute(_OPTIMIZE_SQLITE)


_INSERT_SQLITE: Final = text(
    "INSERT OR REPLACE INTO turn_words (rowid, words, visit_id, seq) "
    "VALUES (:place, :words, :visit_id, :seq)"
)
_INSERT_POSTGRES: Final = text(
    "INSERT INTO turn_words (words, visit_id, seq) "
    "VALUES (array_to_tsvector(string_to_array(:words, ' ')), :visit_id, :seq) "
    "ON CONFLICT DO NOTHING"
)
_DELETE_SQLITE: Final = text("DELETE FROM turn_words WHERE rowid = :place")
_DELETE_POSTGRES: Final = text("DELETE FROM turn_words WHERE visit_id = :visit_id")
_OPTIMIZE_SQLITE: Final = text("INSERT INTO turn_words (turn_words) VALUES ('optimize')")
