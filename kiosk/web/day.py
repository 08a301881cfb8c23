"""Visits begun today, hour by hour: of every screen, from storage at first, then from events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from kiosk.clock import Clock
from kiosk.storage.visits import Visits

RELOAD_S: Final = 600.0
"""How old a count from storage may be before a page has it made again: it mends what was missed."""
HOUR: Final = timedelta(hours=1)
BAR: Final = 4
HEIGHT: Final = 16
"""Of the drawing of a day: each hour so wide, the busiest hour so high."""


def hours_of(at: datetime, zone: tzinfo) -> list[datetime]:
    """Return the edges of the hours of the local day that `at` is in; 23 to 25 hours."""
    local = at.astimezone(zone)
    first = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    last = (first.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone)
    start, end = first.astimezone(UTC), last.astimezone(UTC)
    edges = [start]
    while edges[-1] < end:
        edges.append(edges[-1] + HOUR)
    return edges


def bars(counts: Sequence[int]) -> str:
    """Return a day as the path of an SVG drawing; a screen without visits has none."""
    most = max(counts, default=0)
    return "".join(
        f"M{at * BAR} {HEIGHT}v-{round(HEIGHT * count / most, 1):g}h{BAR - 1}V{HEIGHT}z"
        for at, count in enumerate(counts)
        if count
    )


class Day:
    """The counts of one day at the site's clock; the next day begins at nothing."""

    def __init__(self, clock: Clock, zone: tzinfo) -> None:
        self._clock = clock
        self._zone = zone
        self._edges = hours_of(clock.now(), self._zone)
        self._counts: dict[str, list[int]] = {}
        self._loaded: float | None = None

    async def refresh(self, visits: Visits) -> None:
        """Count what storage has, unless that was done a short while ago."""
        self._roll()
        now = self._clock.monotonic()
        if self._loaded is not None and now - self._loaded < RELOAD_S:
            return
        edges = self._edges
        found = await visits.by_hour(edges)
        if edges is self._edges:
            self._counts = {kiosk: list(counts) for kiosk, counts in found.items()}
            self._loaded = now

    def count(self, kiosk_id: str, at: datetime) -> None:
        """Take a visit that began into the count."""
        self._roll()
        hour = int((at - self._edges[0]) / HOUR)
        if 0 <= hour < len(self._edges) - 1:
            empty = [0] * (len(self._edges) - 1)
            self._counts.setdefault(kiosk_id, empty)[hour] += 1

    def of(self, kiosk_id: str) -> Sequence[int]:
        """Return a screen's visits, hour by hour."""
        self._roll()
        return self._counts.get(kiosk_id, ())

    @property
    def name(self) -> datetime:
        """When this day began: another value is another day."""
        self._roll()
        return self._edges[0]

    def hour(self, at: int) -> str:
        """Return the time at which the hour of a count began, as clocks here show it."""
        return self._edges[at].astimezone(self._zone).strftime("%H:%M")

    def _roll(self) -> None:
        now = self._clock.now()
        if not self._edges[0] <= now < self._edges[-1]:
            self._edges = hours_of(now, self._zone)
            self._counts = {}
