"""The words of a text as full-text search keeps them: the same for every kind of database.

Both databases are given words that were already cut here, so that a search finds the same on
either, in every script, and nothing of their own query languages can be reached from a form.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

MOST_WORDS: Final = 12
"""Words of one search; what is beyond them is left out."""
MOST_QUERY: Final = 200
"""Characters of one search."""
LONGEST: Final = 64
"""Characters of a word that count."""
PREFIX: Final = 3
"""From so many letters on a word is found at its beginning, too: `lift` finds `lifts`."""

# Written without spaces: a search has to find a part of such a run, so pairs of signs are kept.
_RUNS: Final = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),
    (0x3040, 0x30FF),  # kana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
_VOICED: Final = frozenset("\u3099\u309a")
"""Marks that make another letter of a kana; all other marks are left out."""


@dataclass(frozen=True, slots=True)
class Word:
    """One piece of a text and where it stands there; `pair` says it is cut from a run."""

    text: str
    begin: int
    end: int
    pair: bool = False


@dataclass(frozen=True)
class Query:
    """What is looked for: every word has to be in the same turn. Words are only words in it."""

    words: tuple[Word, ...]

    @classmethod
    def of(cls, text: str) -> Query:
        """Cut what somebody typed into words; empty when there is none in it."""
        found: dict[str, Word] = {}
        for part in _parts(text[:MOST_QUERY]):
            # A run is looked for by its pairs; a single sign is the beginning of some pair.
            wanted = [part] if not part.pair else (_pairs(part)[:-1] or [part])
            for word in wanted:
                found.setdefault(word.text, word)
        return cls(tuple(found.values())[:MOST_WORDS])

    def __bool__(self) -> bool:
        return bool(self.words)

    @cached_property
    def terms(self) -> tuple[tuple[str, bool], ...]:
        """Each word, and whether it is enough that a word begins with it."""
        return tuple((word.text, _begins(word)) for word in self.words)

    @property
    def fts5(self) -> str:
        """Return the search as SQLite's FTS5 takes it."""
        # Words hold letters and digits only, quoted they are nothing but words.
        return " AND ".join(f'"{text}"{"*" if begins else ""}' for text, begins in self.terms)

    @property
    def tsquery(self) -> str:
        """Return the search as PostgreSQL takes it."""
        return " & ".join(f"'{text}'{':*' if begins else ''}" for text, begins in self.terms)

    def marked(self, text: str) -> list[tuple[str, bool]]:
        """Return the text in pieces, with whether each is one that was looked for."""
        hit = bytearray(len(text))
        for word in cut(text):
            for term, begins in self.terms:
                if _fits(word.text, term, begins):
                    end = min(word.end, word.begin + len(term)) if word.pair else word.end
                    hit[word.begin : end] = b"\x01" * (end - word.begin)
        pieces: list[tuple[str, bool]] = []
        start = 0
        for at in range(1, len(text) + 1):
            if at == len(text) or hit[at] != hit[start]:
                pieces.append((text[start:at], bool(hit[start])))
                start = at
        return pieces


def cut(text: str) -> Iterator[Word]:
    """Return what is kept of a text, in its order: whole words, and pairs where there are none."""
    for part in _parts(text):
        if part.pair:
            yield from _pairs(part)
        else:
            yield part


def index(text: str) -> str:
    """Return the words of a text, once each, with spaces between, as a database is given them."""
    return " ".join(dict.fromkeys(word.text for word in cut(text)))


def _begins(word: Word) -> bool:
    if word.pair:
        return len(word.text) == 1
    return len(word.text) >= PREFIX and not word.text.isdecimal()


def _fits(word: str, term: str, begins: bool) -> bool:
    return word.startswith(term) if begins else word == term


def _pairs(run: Word) -> list[Word]:
    """Cut a run into overlapping pairs; its last sign stands alone, so that each begins one."""
    places = list(range(run.begin, run.end))
    signs = run.text
    if len(signs) != len(places):  # folding made one sign of two, or two of one
        return [Word(signs[at : at + 2], run.begin, run.end, pair=True) for at in range(len(signs))]
    return [
        Word(signs[at : at + 2], places[at], places[at] + len(signs[at : at + 2]), pair=True)
        for at in range(len(signs))
    ]


def _parts(text: str) -> Iterator[Word]:
    begin, kind = 0, ""
    for at, sign in enumerate(f"{text} "):
        found = _kind(sign)
        if found == "mark" and kind:
            continue  # belongs to the letter before it
        if found == kind:
            continue
        if kind in {"word", "run"}:
            folded = fold(text[begin:at])
            if folded:
                yield Word(folded[:LONGEST] if kind == "word" else folded, begin, at, kind == "run")
        begin, kind = at, found if found in {"word", "run"} else ""


def _kind(sign: str) -> str:
    category = unicodedata.category(sign)
    if category[0] == "M":
        return "mark"
    if any(first <= ord(sign) <= last for first, last in _RUNS):
        return "run" if category[0] in "LN" else ""
    return "word" if category[0] in "LN" else ""


def fold(text: str) -> str:
    """Return letters without case, width and accents: `Führung` and `FUHRUNG` are one."""
    # Taken apart before and after: the Hz in one sign has a capital, and some small letters
    # come apart only when they are small.
    small = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(_unmarked(unicodedata.normalize("NFKD", small)))
    return "".join(sign for sign in unicodedata.normalize("NFC", plain) if _kind(sign))


def _unmarked(signs: Iterable[str]) -> Iterator[str]:
    for sign in signs:
        if unicodedata.category(sign)[0] != "M" or sign in _VOICED:
            yield sign
