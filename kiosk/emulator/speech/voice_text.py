"""Text made fit to be spoken, and cut into pieces that can be spoken one after the other."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from kiosk.emulator.speech.languages import base_language
from kiosk.emulator.speech.parts import WordMark

MAX_PIECE_CHARS = 240
"""A piece longer than this is cut at a clause or a space, so that no single synthesis is long."""

EARLY_FIRST_CHARS = 90
"""A first sentence longer than this is cut at its first clause: the voice starts sooner."""

MIN_CLAUSE_CHARS = 24
"""Shorter clauses stay with what follows; a voice that stops after two words sounds broken."""

_MARKDOWN_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>|<!--.*?-->", re.DOTALL)
_MARKDOWN_SIGNS = re.compile(r"(?<!\w)[*_~`#>]+|[*_~`]+(?!\w)")
_LIST_MARK = re.compile(r"^\s*(?:[-+*•]|\d{1,2}[.)])\s+", re.MULTILINE)
_SPACES = re.compile(r"[ \t\f\v]+")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”»\u2019)\]]*(?=\s)|[\u3002\uff01\uff1f]+|\n+")
_CLAUSE_END = re.compile(r"[,;:](?=\s)|\s[-\u2013\u2014](?=\s)")
_ABBREVIATIONS = frozenset(
    {
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "no",
        "vs",
        "e.g",
        "i.e",
        "etc",
        "approx",
        "a.m",
        "p.m",
        "z.b",
        "d.h",
        "bzw",
        "ca",
        "nr",
        "mme",
        "mlle",
        "sr",
        "sra",
        "ud",
        "uds",
    }
)
_SIGNS = {"→": ", ", "\u2013": "-", "\u2014": " - ", "\u00a0": " ", "\u202f": " "}
_SPOKEN_SYMBOLS = {
    "en": {"&": " and ", "%": " percent", "€": " euros ", "°": " degrees "},
    "de": {"&": " und ", "%": " Prozent", "€": " Euro ", "°": " Grad "},
    "fr": {"&": " et ", "%": " pour cent", "€": " euros ", "°": " degrés "},
    "es": {"&": " y ", "%": " por ciento", "€": " euros ", "°": " grados "},
}
"""What a sign is called; in other languages the engine says it as it can."""


def speakable(text: str, locale: str = "en-US") -> str:
    """Return the text without markup, pictographs and control characters; words stay as they are.

    Line breaks are kept: they end a sentence. Signs are called what they are in `locale`.
    """
    symbols = {**_SIGNS, **_SPOKEN_SYMBOLS.get(base_language(locale), {})}
    text = _TAG.sub(" ", text)
    text = _MARKDOWN_LINK.sub(r"\1", text)
    text = _LIST_MARK.sub("", text)
    text = _MARKDOWN_SIGNS.sub("", text)
    kept: list[str] = []
    for char in text:
        if char == "\n":
            kept.append(char)
            continue
        spoken = symbols.get(char)
        if spoken is not None:
            kept.append(spoken)
        elif unicodedata.category(char) not in {"So", "Sk", "Cs", "Co", "Cn", "Cc", "Cf"}:
            kept.append(char)
        else:
            kept.append(" ")
    lines = (_SPACES.sub(" ", line).strip() for line in "".join(kept).split("\n"))
    return "\n".join(line for line in lines if line)


def split_for_speech(text: str) -> list[str]:
    """Cut speakable text into the pieces that are synthesised one by one, in order.

    A piece is a sentence; a long one is cut at clauses, and a long first one at its first
    clause. Pieces without a letter or a digit are left out.
    """
    pieces: list[str] = []
    for sentence in _sentences(text):
        limit = MAX_PIECE_CHARS if pieces else EARLY_FIRST_CHARS
        pieces.extend(_cut(sentence, limit))
    return [piece for piece in pieces if any(char.isalnum() for char in piece)]


def _sentences(text: str) -> list[str]:
    found: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        piece = text[start : match.end()].strip()
        last_word = piece.rstrip(".").rsplit(" ", 1)[-1].lower()
        is_abbreviation = piece.endswith(".") and last_word in _ABBREVIATIONS
        if is_abbreviation and "\n" not in match.group():
            continue
        if piece:
            found.append(piece)
        start = match.end()
    rest = text[start:].strip()
    if rest:
        found.append(rest)
    return found


def _cut(sentence: str, first_limit: int) -> list[str]:
    pieces: list[str] = []
    limit = first_limit
    while len(sentence) > limit:
        at = _cut_position(sentence, limit, wants_clause_only=limit != MAX_PIECE_CHARS)
        limit = MAX_PIECE_CHARS
        if at is None:
            continue
        pieces.append(sentence[:at].strip())
        sentence = sentence[at:].strip()
    pieces.append(sentence)
    return pieces


def _cut_position(sentence: str, limit: int, *, wants_clause_only: bool) -> int | None:
    """Return where to cut so that the first part has at most `limit` characters."""
    clauses = [
        match.end()
        for match in _CLAUSE_END.finditer(sentence, MIN_CLAUSE_CHARS, limit)
        if len(sentence) - match.end() >= MIN_CLAUSE_CHARS
    ]
    if wants_clause_only:
        return clauses[0] if clauses else None
    if clauses:
        return clauses[-1]
    space = sentence.rfind(" ", 0, limit)
    return space if space > 0 else limit


def word_marks(text: str, anchors: list[tuple[int, float]], end_ms: float) -> tuple[WordMark, ...]:
    """Return every word of `text` with its time, from the times an engine gave for some of them.

    An anchor is (character position, start in ms), in order. Engines join short words ("on the")
    or split figures ("21:30"), so a word without an anchor shares the stretch it lies in by
    its length.
    """
    spans = [
        (match.start(), match.end())
        for match in re.finditer(r"\S+", text)
        if any(char.isalnum() for char in match.group())
    ]
    if not spans:
        return ()
    known: dict[int, float] = {}
    latest = 0.0
    for position, start in anchors:
        for index, (first, after) in enumerate(spans):
            if first <= position < after:
                known.setdefault(index, max(start, latest))
                latest = known[index]
                break
    known.setdefault(0, 0.0)
    starts: list[float] = []
    fixed = [*sorted(known), len(spans)]
    for here, following in pairwise(fixed):
        begin = known[here]
        stop = known.get(following, max(end_ms, begin))
        lengths = [after - first for first, after in spans[here:following]]
        spoken = 0
        for length in lengths:
            starts.append(begin + (stop - begin) * spoken / sum(lengths))
            spoken += length
    ends = [*starts[1:], max(end_ms, starts[-1])]
    return tuple(
        WordMark(text[first:after], int(start), int(max(start, end)))
        for (first, after), start, end in zip(spans, starts, ends, strict=True)
    )
