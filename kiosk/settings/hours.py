"""Opening hours as people write them, `mon-fri 09:00-18:00`: open now, and when does it change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LINE: Final = re.compile(r"([a-z, -]+) (\d{2}:\d{2})-(\d{2}:\d{2})")
_SPAN: Final = re.compile(r"(\d{2}:\d{2})-(\d{2}:\d{2})")
LOOK_AHEAD: Final = 14
"""Days in which a next opening is looked for."""


@dataclass(frozen=True, slots=True)
class Span:
    """From a time to a time on some weekdays; an end before the begin is on the next day."""

    days: frozenset[int]
    begins: time
    ends: time

    def on(self, day: date, at: datetime) -> tuple[datetime, datetime] | None:
        """Return begin and end on `day` in the zone of `at`; None on other weekdays."""
        if day.weekday() not in self.days:
            return None
        last = day if self.ends > self.begins else day + timedelta(days=1)
        zone = at.tzinfo
        return (
            datetime.combine(day, self.begins, tzinfo=zone),
            datetime.combine(last, self.ends, tzinfo=zone),
        )


def parse_line(text: str) -> Span:
    """Return `mon-fri 09:00-18:00` or `sat,sun 10:00-17:00`; raises ValueError with the form."""
    found = _LINE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(
            f"{text!r} are no hours; write them as `mon-fri 09:00-18:00` or `sat,sun 10:00-17:00`"
        )
    return Span(_days(found[1]), *_times(found[2], found[3]))


def parse_span(text: str) -> Span:
    """Return `21:00-07:00`, every day; raises ValueError."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no span of time; write it as `21:00-07:00`")
    return Span(frozenset(range(7)), *_times(found[1], found[2]))


def _times(begins: str, ends: str) -> tuple[time, time]:
    # A day that ends at midnight is written 24:00 by everybody but a clock.
    try:
        first, last = time.fromisoformat(begins), time.fromisoformat(ends.replace("24:00", "00:00"))
    except ValueError:
        raise ValueError(f"{begins}-{ends}: a time is written as 00:00 to 24:00") from None
    if first == last and first != time(0):
        raise ValueError(f"{begins}-{ends} begins when it ends")
    return first, last


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        last = last or first
        if first not in _DAYS or last not in _DAYS:
            raise ValueError(f"{part!r} is no weekday; they are {', '.join(_DAYS)}")
        begin, end = _DAYS.index(first), _DAYS.index(last)
        found.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return frozenset(found)


class Hours:
    """Opening hours of a site. Without any line it is always open, but on the closed days."""

    def __init__(self, spans: Sequence[Span] = (), closed: Iterable[date] = ()) -> None:
        self._spans = tuple(spans)
        self._closed = frozenset(closed)

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at this time, which has the site's time zone."""
        return any(begins <= at < ends for begins, ends in self._around(at))

    def began(self, at: datetime) -> datetime | None:
        """Return when the opening of now began; None while closed, and without any hours."""
        pairs = self._around(at) if self._spans else []
        first = min((begins for begins, ends in pairs if begins <= at < ends), default=None)
        while first is not None:
            # A span that ends where this one begins is the same opening.
            earlier = [begins for begins, ends in pairs if begins < first <= ends]
            if not earlier:
                break
            first = min(earlier)
        return first

    def next_change(self, at: datetime) -> datetime | None:
        """Return when it opens or closes next; None when not within two weeks."""
        edges = {edge for pair in self._around(at) for edge in pair if edge > at}
        now = self.is_open(at)
        return next((edge for edge in sorted(edges) if self.is_open(edge) != now), None)

    def _around(self, at: datetime) -> list[tuple[datetime, datetime]]:
        found = []
        everyday = (Span(frozenset(range(7)), time(0), time(0)),)
        for offset in range(-1, LOOK_AHEAD):
            day = at.date() + timedelta(days=offset)
            if day in self._closed:
                continue
            found += [pair for span in self._spans or everyday if (pair := span.on(day, at))]
        return found
