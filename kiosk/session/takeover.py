"""Who has the conversation, the model or a person of the staff; pure, with the time handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Taken = Literal["taken", "again", "replaced", "held"]
Lapse = Literal["silent", "absent"]


@dataclass(slots=True)
class _Hold:
    by: str
    since: float
    word_at: float
    """When they last said something, or took the conversation."""
    seen_at: float | None = None
    """When their dashboard was last known to be open; None while it never was."""


class Takeover:
    """At most one person has a conversation; they keep it while they speak and look on."""

    def __init__(self, *, silence_s: float, absence_s: float) -> None:
        self._silence_s = silence_s
        self._absence_s = absence_s
        self._hold: _Hold | None = None
        self.announced = False
        """Whether the visitor has been told in words that somebody joined."""
        self.begun_at_turn = 0
        """How many turns of the visit were over by then."""

    @property
    def by(self) -> str | None:
        """The name of the person who has the conversation; None when the model has it."""
        return self._hold.by if self._hold is not None else None

    def take(self, by: str, now: float, *, turn: int = 0, insist: bool = False) -> Taken:
        """Take the conversation; from another person only when `insist` says so."""
        hold = self._hold
        if hold is None:
            self._hold = _Hold(by, now, now)
            self.announced = False
            self.begun_at_turn = turn
            return "taken"
        if hold.by == by:
            hold.word_at = now
            return "again"
        if not insist:
            return "held"
        self._hold = _Hold(by, now, now)
        return "replaced"

    def word(self, by: str, now: float) -> bool:
        """Note that the person said something; False when they do not have the conversation."""
        if self._hold is None or self._hold.by != by:
            return False
        self._hold.word_at = now
        return True

    def seen(self, by: str, now: float) -> None:
        """Note that the person's dashboard shows this visit; another person's counts nothing."""
        if self._hold is not None and self._hold.by == by:
            self._hold.seen_at = now

    def lapsed(self, now: float) -> Lapse | None:
        """Return why the conversation should go back by itself, if it should.

        Someone whose dashboard was never open, such as a client of the API, is not missed; their
        silence is.
        """
        hold = self._hold
        if hold is None:
            return None
        if hold.seen_at is not None and now - hold.seen_at > self._absence_s:
            return "absent"
        return "silent" if now - hold.word_at > self._silence_s else None

    def give_back(self) -> str | None:
        """Give the conversation back to the model; returns who had it."""
        by, self._hold = self.by, None
        return by
