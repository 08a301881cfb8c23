"""One response at a time: asks that come while one is active wait; pure."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

Ask = dict[str, Any]


class PersonsWords(Ask):
    """An ask whose words are an operator's, not the model's."""


MAX_WAITING: Final = 8
"""Asks that may wait; beyond it the oldest goes, because it is the stalest."""


class ResponseGate:
    """Knows whether a response is active or asked for, and what is to be asked next.

    The service refuses an overlapping response.create, and may start a response of its own
    between `speech_stopped` and `response.created`, so a refused ask comes back to the front.
    """

    def __init__(self) -> None:
        self.active: str | None = None
        self.dropped = 0
        self._asked: tuple[str, Ask] | None = None
        self._begun: tuple[str, Ask] | None = None
        self._unwanted = False
        self._waiting: deque[Ask] = deque()

    @property
    def asked(self) -> bool:
        """Whether a response of ours has been asked for and not begun."""
        return self._asked is not None

    @property
    def persons(self) -> bool:
        """Whether the active response speaks an operator's words."""
        return self._begun is not None and isinstance(self._begun[1], PersonsWords)

    @property
    def waiting(self) -> int:
        """How many asks wait."""
        return len(self._waiting)

    @property
    def busy(self) -> bool:
        """Whether a response is active or asked for."""
        return self.active is not None or self._asked is not None

    def ask(self, ask: Ask) -> bool:
        """Return True when `ask` may be sent now; otherwise it waits."""
        if not self.busy:
            return True
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(ask)
        return False

    def sent(self, event_id: str, ask: Ask) -> None:
        """Note that `ask` went out as `event_id`."""
        self._asked = (event_id, ask)

    def created(self, response_id: str) -> bool:
        """Note `response.created`; True when it was interrupted before it began: cancel it."""
        self.active = response_id
        # Perhaps not ours: the service may have begun one of its own just before ours reached it,
        # and the refusal of ours is then still on its way.
        self._begun, self._asked = self._asked, None
        unwanted, self._unwanted = self._unwanted, False
        return unwanted

    def refused(self, event_id: str, *, overlap: bool) -> bool:
        """Note an error naming `event_id`; True when it was our ask. An overlap is asked again."""
        for ours in (self._asked, self._begun):
            if ours is not None and ours[0] == event_id:
                break
        else:
            return False
        wanted = True
        if ours is self._asked:
            self._asked = None
            wanted, self._unwanted = not self._unwanted, False
        self._begun = None
        if overlap and wanted:
            self._waiting.appendleft(ours[1])
        return True

    def done(self, response_id: str) -> Ask | None:
        """Note `response.done`; returns what to ask next, if anything waits."""
        if self.active == response_id:
            self.active = None
        return self._waiting.popleft() if self._waiting and not self.busy else None

    def give_up(self) -> None:
        """Forget what the service never began or never ended."""
        self.active = self._asked = self._begun = None
        self._unwanted = False
        self._waiting.clear()

    def interrupted(self) -> None:
        """The visitor spoke over it: drop what waits, and what was asked for but not begun."""
        self._waiting.clear()
        self._begun = None
        self._unwanted = self._asked is not None
