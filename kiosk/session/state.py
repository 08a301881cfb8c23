"""The visit's states and the transitions that are allowed; no I/O."""

from __future__ import annotations

from typing import Final

from kiosk.errors import KioskError
from kiosk.signaling.messages import VisitState

_TALK: Final[tuple[VisitState, ...]] = ("listening", "thinking", "speaking")
_ALLOWED: Final[dict[VisitState, tuple[VisitState, ...]]] = {
    "attract": ("consent", "connecting", "queued"),
    "consent": ("connecting", "queued", "ending"),
    "connecting": ("queued", "greeting", "ending", *_TALK),
    "queued": ("connecting", "ending"),
    "greeting": ("connecting", "ending", *_TALK),
    "listening": ("connecting", "thinking", "speaking", "ending"),
    "thinking": ("connecting", "listening", "speaking", "ending"),
    "speaking": ("connecting", "listening", "thinking", "ending"),
    "ending": ("attract",),
    "offline": (),
    "error": (),
}


class TransitionError(KioskError):
    """A transition that the table does not have: a mistake of ours, not of the visitor."""

    code = "transition"


class VisitMachine:
    """Holds the state of one visit. `offline` and `error` are the browser's own."""

    def __init__(self) -> None:
        self.state: VisitState = "attract"

    @property
    def talking(self) -> bool:
        """Whether the conversation has begun and is not over."""
        return self.state in _TALK or self.state == "greeting"

    def can(self, state: VisitState) -> bool:
        """Whether `state` may come next."""
        return state in _ALLOWED[self.state]

    def to(self, state: VisitState) -> bool:
        """Go to `state`; False when it is already there. Raises TransitionError."""
        if state == self.state:
            return False
        if not self.can(state):
            raise TransitionError(f"a visit cannot go from {self.state} to {state}")
        self.state = state
        return True
