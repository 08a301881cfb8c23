"""What the live view keeps of one screen and of one visit; every part of it is bounded."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from kiosk.events import DomainEvent, KioskCommanded, StaffWanted, TurnCompleted, VisitEnded
from kiosk.signaling.device import Report

MAX_TURNS: Final = 400
"""Turns kept of one visit; the oldest goes (storage has them all)."""
MAX_TIMELINE: Final = 300
MAX_COMMANDS: Final = 10
MAX_ERRORS: Final = 10
"""Commands and errors kept of one screen; the oldest goes."""

Number = int


@dataclass(slots=True)
class LiveKiosk:
    """One screen, as far as events tell. `sockets` is above one while a screen is replaced."""

    id: str
    name: str
    place: str = ""
    site: str = "main"
    sockets: int = 0
    changed: Number = 0
    """Number of the last change that was about it."""
    resting: bool = False
    """Dark on purpose, outside its hours."""
    changed_at: datetime | None = None
    visit_id: str | None = None
    last: DomainEvent | None = None
    report: Report | None = None
    reported_at: datetime | None = None
    pictured_at: datetime | None = None
    """When it last showed a picture of the avatar, as far as its reports tell."""
    errors: deque[tuple[datetime, str]] = field(default_factory=lambda: deque(maxlen=MAX_ERRORS))
    """When and what: what its page told of, and what became of its lines to Voice Live."""
    commands: deque[KioskCommanded] = field(default_factory=lambda: deque(maxlen=MAX_COMMANDS))

    @property
    def connected(self) -> bool:
        """Whether the screen has a socket open."""
        return self.sockets > 0

    @property
    def latest_errors(self) -> list[tuple[datetime, str]]:
        """When something went wrong, and what, newest first; reports tell of what is older."""
        found = list(reversed(self.errors))
        found.sort(key=lambda error: error[0], reverse=True)
        return found

    def reported(self, report: Report, at: datetime) -> None:
        """Take what the screen told of itself into the picture."""
        self.report, self.reported_at = report, at
        if report.frame_age_s is not None:
            self.pictured_at = at - timedelta(seconds=report.frame_age_s)
        for error in report.errors:
            self.errors.append((at - timedelta(seconds=error.age_s), error.kind))


@dataclass(slots=True)
class LiveVisit:
    """One visit, running or just over."""

    id: str
    kiosk_id: str
    language: str
    started_at: datetime
    state: str = "consent"
    media: str | None = None
    media_detail: str = ""
    media_at: datetime | None = None
    wanted: StaffWanted | None = None
    """A person is wanted or coming; None when nobody is."""
    taken_by: str = ""
    """The operator who has the conversation; empty while the model has it."""
    taken_at: datetime | None = None
    lost_at: datetime | None = None
    ended: VisitEnded | None = None
    turns: deque[TurnCompleted] = field(default_factory=lambda: deque(maxlen=MAX_TURNS))
    timeline: deque[Change] = field(default_factory=lambda: deque(maxlen=MAX_TIMELINE))
    answer_ms: int | None = None
    """What the visitor waited for the answer that is being given."""
    waited: OrderedDict[int, int] = field(default_factory=OrderedDict)
    """What they waited for each answer, ms, by the number of its turn."""
    forgotten: int = 0
    """Timeline entries that have gone already."""


@dataclass(frozen=True, slots=True)
class Change:
    """One event with its number; numbers are without gaps within one `epoch`."""

    seq: Number
    event: DomainEvent
