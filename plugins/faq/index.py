"""A full-text index of a folder of Markdown files: one passage for each heading."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kiosk.errors import StartupError

from .terms import indexed, query

MOST_FILES: Final = 500
MOST_BYTES: Final = 1024 * 1024
"""Largest file."""
MOST_PASSAGE: Final = 4000
"""Characters of a passage; what is longer is cut at a paragraph."""
_HEADING: Final = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_LANGUAGE: Final = re.compile(r"\.([a-z]{2,3}(?:-[A-Za-z]{2,4})?)$")


class FaqError(StartupError):
    """The answers cannot be read; the sentence says which file."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One heading with what stands below it, as Markdown."""

    title: str
    text: str
    language: str
    file: str


class Index:
    """Passages in SQLite's FTS5. Blocking, and safe to use from several threads."""

    def __init__(self, folder: Path, default_language: str) -> None:
        self._folder = folder
        self._default = default_language
        self._lock = threading.Lock()
        self._seen: tuple[tuple[str, int, int], ...] = ()
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.execute(
            "CREATE VIRTUAL TABLE passages USING fts5("
            "heading, body, title UNINDEXED, text UNINDEXED, language UNINDEXED, file UNINDEXED, "
            "tokenize = 'unicode61 remove_diacritics 2', prefix = '3')"
        )

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._database.close()

    def refresh(self) -> bool:
        """Read the folder again if anything in it changed; raises FaqError and keeps the old."""
        with self._lock:
            seen = tuple(self._stamps())
            if seen == self._seen:
                return False
            passages = [item for path in self._files() for item in self._read(path)]
            with self._database:
                self._database.execute("DELETE FROM passages")
                self._database.executemany(
                    "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)",
                    [
                        (
                            indexed(item.title),
                            indexed(item.text),
                            item.title,
                            item.text,
                            item.language,
                            item.file,
                        )
                        for item in passages
                    ],
                )
            self._seen = seen
            return True

    def count(self) -> int:
        """Return how many passages there are."""
        with self._lock, closing(self._database.cursor()) as cursor:
            return int(cursor.execute("SELECT count(*) FROM passages").fetchone()[0])

    def headings(self) -> list[str]:
        """Return the headings in the site's first language, as they come."""
        with self._lock, closing(self._database.cursor()) as cursor:
            wanted = "SELECT title FROM passages WHERE language = ? ORDER BY rowid"
            return [str(row[0]) for row in cursor.execute(wanted, (self._default,))]

    def search(self, question: str, language: str, limit: int) -> Sequence[Passage]:
        """Return the best passages, best first: in `language` if it has any that match."""
        wanted = query(question)
        if not wanted:
            return ()
        base = language.partition("-")[0]
        for chosen in dict.fromkeys((base, self._default)):
            found = self._find(wanted, chosen, limit)
            if found:
                return found
        return ()

    def _find(self, wanted: str, language: str, limit: int) -> list[Passage]:
        with self._lock, closing(self._database.cursor()) as cursor:
            rows = cursor.execute(
                # A word in the heading says more about a passage than one in its text.
                "SELECT title, text, language, file FROM passages WHERE passages MATCH ? "
                "AND language = ? ORDER BY bm25(passages, 4.0, 1.0) LIMIT ?",
                (wanted, language, limit),
            )
            return [Passage(*row) for row in rows]

    def _files(self) -> list[Path]:
        found = sorted(self._folder.rglob("*.md"))
        if len(found) > MOST_FILES:
            raise FaqError(f"plugin faq: {self._folder} has more than {MOST_FILES} files.")
        return found

    def _stamps(self) -> Iterator[tuple[str, int, int]]:
        for path in self._files():
            state = path.stat()
            yield str(path), state.st_mtime_ns, state.st_size

    def _read(self, path: Path) -> list[Passage]:
        try:
            if path.stat().st_size > MOST_BYTES:
                raise FaqError(f"plugin faq: {path} is larger than {MOST_BYTES // 1024} KiB.")
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise FaqError(f"plugin faq: {path} is not UTF-8; save it as UTF-8.") from None
        except OSError as error:
            raise FaqError(f"plugin faq: {path} cannot be read: {error.strerror}.") from None
        found = _LANGUAGE.search(path.stem)
        language = found[1].partition("-")[0] if found else self._default
        name = str(path.relative_to(self._folder))
        return [Passage(title, body, language, name) for title, body in sections(text)]


def sections(text: str) -> list[tuple[str, str]]:
    """Split Markdown at its headings; a heading with nothing below it is left out."""
    found: list[tuple[str, list[str]]] = []
    fence = False
    for line in text.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fence = not fence
        heading = None if fence else _HEADING.match(line)
        if heading is not None:
            found.append((heading[2], []))
        elif found:
            found[-1][1].append(line)
    made = [(title, _cut("\n".join(lines).strip())) for title, lines in found]
    return [(title, body) for title, body in made if body]


def _cut(text: str) -> str:
    if len(text) <= MOST_PASSAGE:
        return text
    whole = text[:MOST_PASSAGE].rpartition("\n\n")[0]
    return whole or text[:MOST_PASSAGE]
