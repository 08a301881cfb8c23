"""What the visitor asked, read off the conversation: in several breaths, or several things."""

from __future__ import annotations

import re

from kiosk.emulator.mind.thought import Called, Returned, Said, Turn
from kiosk.emulator.mind.tongue import Tongue
from kiosk.emulator.mind.tools import bare
from kiosk.emulator.mind.words import sentences

MOST_REQUESTS = 6
"""Requests of one utterance that are answered; those beyond it are not heard."""

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def request(turns: tuple[Turn, ...]) -> str:
    """Return all that the visitor said since the assistant last did something, in one string."""
    said: list[str] = []
    for turn in reversed(turns):
        if isinstance(turn, Called) or (isinstance(turn, Said) and turn.role == "assistant"):
            break
        if isinstance(turn, Said) and turn.role == "user" and turn.text.strip():
            said.insert(0, turn.text.strip())
    return " ".join(said)


def whispered(turns: tuple[Turn, ...]) -> str:
    """Return what system messages told the assistant since it last spoke: for this answer only."""
    told: list[str] = []
    for turn in reversed(turns):
        if isinstance(turn, Said) and turn.role == "assistant":
            break
        if isinstance(turn, Said) and turn.role == "system":
            told.insert(0, turn.text)
    return "\n".join(told)


def fresh_outputs(turns: tuple[Turn, ...]) -> list[Returned]:
    """Return function outputs that came since anybody last spoke."""
    fresh: list[Returned] = []
    for turn in reversed(turns):
        if isinstance(turn, Returned):
            fresh.insert(0, turn)
        elif isinstance(turn, Said) and turn.role != "system":
            break
    return fresh


def request_behind(turns: tuple[Turn, ...]) -> tuple[str, list[Called]]:
    """Return the request that the last calls answer, and all calls made since it."""
    rest = list(turns)
    calls: list[Called] = []
    while rest and not (isinstance(rest[-1], Said) and rest[-1].role == "user"):
        turn = rest.pop()
        if isinstance(turn, Called):
            calls.insert(0, turn)
    return request(tuple(rest)), calls


def visitor_words(turns: tuple[Turn, ...]) -> list[str]:
    """Return everything the visitor said, oldest first."""
    return [t.text for t in turns if isinstance(t, Said) and t.role == "user" and t.text.strip()]


def split_requests(said: str, tongue: Tongue) -> list[str]:
    """Return the requests of an utterance: its sentences, cut where "and" may begin another."""
    pieces: list[str] = []
    for sentence in sentences(said):
        for piece in _SENTENCE_END.split(sentence):
            start = 0
            for cut in tongue.conjunction.finditer(bare(piece)):
                pieces.append(piece[start : cut.start()])
                start = cut.end()
            pieces.append(piece[start:])
    return [piece.strip() for piece in pieces if piece.strip()][:MOST_REQUESTS]
