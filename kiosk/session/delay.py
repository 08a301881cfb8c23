"""How long a visitor waits for the first sound of an answer; pure, with the time handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AskedBy = Literal["speech", "typing"]


@dataclass(frozen=True, slots=True)
class Waited:
    """What a visitor waited, ms, after they had spoken or typed."""

    ms: int
    by: AskedBy


class Delay:
    """Told when a question ends and when something is heard; only the first sound counts."""

    def __init__(self) -> None:
        self._asked: tuple[float, AskedBy] | None = None

    def asked(self, by: AskedBy, now: float) -> None:
        """A question ended; of several in a row the last counts."""
        self._asked = (now, by)

    def called_off(self) -> None:
        """The visitor speaks on, said nothing after all, or talks with a person."""
        self._asked = None

    def heard(self, now: float) -> Waited | None:
        """Something is heard; returns the wait when a question was open."""
        asked, self._asked = self._asked, None
        if asked is None:
            return None
        return Waited(max(0, round((now - asked[0]) * 1000)), asked[1])
