"""From upstream deltas to turns and captions; an interrupted turn ends where it was heard."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from kiosk.model import Speaker

MS_PER_CHARACTER: Final = 62
"""Speaking pace that is assumed when the service sends no word times: about 16 letters a second."""


@dataclass(slots=True)
class OpenTurn:
    """A turn that is still being said or transcribed."""

    id: str
    speaker: Speaker
    text: str = ""
    words: list[tuple[str, int]] = field(default_factory=list)
    """Word and the millisecond at which it ends, when the service sends them."""
    complete: bool = False


@dataclass(frozen=True, slots=True)
class FinishedTurn:
    """A turn that is over; `text` is what was really said or heard."""

    id: str
    speaker: Speaker
    text: str
    interrupted: bool = False


class TurnBook:
    """The turns of one visit. Pure: told what arrives, returns what to show and keep."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: OrderedDict[str, OpenTurn] = OrderedDict()
        # What still arrives of a turn that was cut short must not open it again.
        self._closed: OrderedDict[str, None] = OrderedDict()
        self.finished: list[FinishedTurn] = []
        self.forgotten = 0

    def delta(self, turn_id: str, speaker: Speaker, text: str) -> OpenTurn | None:
        """Add `text` to a turn, opening it when it is new; None when it is over already."""
        if turn_id in self._closed:
            return None
        turn = self._open.get(turn_id)
        if turn is None:
            turn = OpenTurn(turn_id, speaker)
            self._open[turn_id] = turn
            if len(self._open) > self._limit:
                self._open.popitem(last=False)
                self.forgotten += 1
        turn.text += text
        return turn

    def whole(self, turn_id: str, speaker: Speaker, text: str) -> OpenTurn | None:
        """Set the whole text of a turn that generation has finished with."""
        turn = self.delta(turn_id, speaker, "")
        if turn is not None:
            turn.text = text
            turn.complete = True
        return turn

    def word(self, turn_id: str, text: str, end_ms: int) -> None:
        """Note when a word of a turn ends, so that an interruption can be exact."""
        turn = self._open.get(turn_id)
        if turn is not None:
            turn.words.append((text, end_ms))

    def current(self, speaker: Speaker) -> OpenTurn | None:
        """Return the newest open turn of `speaker`.

        Here and below, what an operator had said counts as the avatar's: it is one voice.
        """
        for turn in reversed(self._open.values()):
            if _voice(turn.speaker) == speaker:
                return turn
        return None

    def complete(self, speaker: Speaker) -> tuple[OpenTurn, ...]:
        """Return the open turns of `speaker` that are whole, oldest first."""
        return tuple(
            turn
            for turn in self._open.values()
            if _voice(turn.speaker) == speaker and turn.complete
        )

    def finish(self, turn_id: str) -> FinishedTurn | None:
        """Close a turn as said in full; None when it is unknown, closed already, or empty."""
        turn = self._close(turn_id)
        return self._keep(turn, turn.text, interrupted=False) if turn is not None else None

    def interrupt(self, turn_id: str, heard_ms: int) -> FinishedTurn | None:
        """Close a turn after `heard_ms` of it were heard; the rest was never said."""
        turn = self._close(turn_id)
        if turn is None:
            return None
        return self._keep(turn, heard_text(turn, heard_ms), interrupted=True)

    def cut(self, speaker: Speaker, heard_ms: int) -> tuple[list[FinishedTurn], int]:
        """Close every open turn of `speaker`, spoken one after the other, after `heard_ms` in all.

        Returns what was kept, oldest first, and how much of the newest was heard, in ms.
        """
        kept: list[FinishedTurn] = []
        turns = [turn for turn in self._open.values() if _voice(turn.speaker) == speaker]
        for turn in turns:
            length_ms = spoken_ms(turn)
            if turn is not turns[-1] and turn.complete and length_ms <= heard_ms:
                finished = self.finish(turn.id)
                heard_ms -= length_ms
            else:
                finished = self.interrupt(turn.id, heard_ms)
                heard_ms = heard_ms if turn is turns[-1] else 0
            if finished is not None:
                kept.append(finished)
        return kept, heard_ms

    def _close(self, turn_id: str) -> OpenTurn | None:
        self._closed[turn_id] = None
        if len(self._closed) > self._limit:
            self._closed.popitem(last=False)
        return self._open.pop(turn_id, None)

    def _keep(self, turn: OpenTurn, text: str, *, interrupted: bool) -> FinishedTurn | None:
        # Halves of a surrogate pair are put together, or replaced: no database takes them.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        text = " ".join(text.split())
        if not text:
            return None
        finished = FinishedTurn(turn.id, turn.speaker, text, interrupted)
        self.finished.append(finished)
        if len(self.finished) > self._limit:
            del self.finished[0]
            self.forgotten += 1
        return finished

    @property
    def awaiting_answer(self) -> bool:
        """Whether the visitor spoke last and nobody answered."""
        return bool(self.finished) and self.finished[-1].speaker == "visitor"


def _voice(speaker: Speaker) -> Speaker:
    """Return whose voice it is; an operator has the avatar's."""
    return "visitor" if speaker == "visitor" else "avatar"


def spoken_ms(turn: OpenTurn) -> int:
    """Return how long a turn takes to say, as far as the service or its letters tell."""
    return turn.words[-1][1] if turn.words else len(turn.text) * MS_PER_CHARACTER


def heard_text(turn: OpenTurn, heard_ms: int) -> str:
    """Return the part of a turn heard within `heard_ms`, cut between words."""
    if turn.words:
        return " ".join(word for word, end_ms in turn.words if end_ms <= heard_ms)
    letters = heard_ms // MS_PER_CHARACTER
    if letters >= len(turn.text):
        return turn.text
    return turn.text[:letters].rpartition(" ")[0]
