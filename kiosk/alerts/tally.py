"""Counts what visits of the whole fleet did in the last minutes, from the events of the bus."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from kiosk.alerts.facts import QuotaFacts, StartFacts
from kiosk.bus.base import Bus
from kiosk.clock import Clock
from kiosk.events import EVENTS_TOPIC
from kiosk.model import EndReason
from kiosk.settings.alerts import AlertSettings

WINDOW: Final = timedelta(minutes=15)
MINUTE: Final = timedelta(minutes=1)
MOST: Final = 20_000
"""Moments kept; at the limit the oldest goes, and a share is taken of fewer."""
FAILED: Final[Mapping[str, str]] = {
    EndReason.UPSTREAM_LOST: "the line to Voice Live was lost",
    EndReason.MEDIA_FAILED: "no media path worked",
    EndReason.PLUGIN_REQUIRED_FAILED: "a required plugin failed",
    EndReason.ERROR: "something went wrong",
}
"""Ends that say of a visit without a word that it failed to begin."""
PICTURES: Final = frozenset({"direct", "relay", "websocket"})
"""Media rungs that take an avatar of the quota."""


@dataclass(frozen=True, slots=True)
class _Moment:
    at: datetime
    site: str
    kind: str
    why: str = ""


class Tally:
    """The last quarter of an hour. `listen` feeds it until it is cancelled."""

    def __init__(self, bus: Bus, clock: Clock, site_of: Callable[[str], str]) -> None:
        self._bus = bus
        self._clock = clock
        self._site_of = site_of
        self._moments: deque[_Moment] = deque(maxlen=MOST)

    async def listen(self) -> None:
        """Take in every event; runs for ever."""
        async with self._bus.subscribe(EVENTS_TOPIC) as events:
            async for payload in events:
                self.take(payload)

    def take(self, payload: Mapping[str, Any]) -> None:
        """Count one event; what is of no use here is passed over, whatever it is."""
        match payload:
            case {"type": "visit_started", "kiosk_id": str(kiosk)}:
                self._note(kiosk, "begun")
                self._note(kiosk, "line")
            case {"type": "upstream_restored", "kiosk_id": str(kiosk)}:
                self._note(kiosk, "line")
            case {"type": "media_changed", "kiosk_id": str(kiosk), "rung": str(rung)}:
                if rung in PICTURES:
                    self._note(kiosk, "avatar")
            case {"type": "visit_ended", "kiosk_id": str(kiosk), "reason": why, "turns": 0}:
                if why in FAILED:
                    self._note(kiosk, "failed", FAILED[why])
            case _:
                pass

    def _note(self, kiosk: str, kind: str, why: str = "") -> None:
        self._moments.append(_Moment(self._clock.now(), self._site_of(kiosk), kind, why))

    def starts(self) -> tuple[StartFacts, ...]:
        """Return how visits began at each site."""
        oldest = self._clock.now() - WINDOW
        while self._moments and self._moments[0].at < oldest:
            self._moments.popleft()
        sites: dict[str, list[_Moment]] = {}
        for moment in self._moments:
            sites.setdefault(moment.site, []).append(moment)
        return tuple(
            StartFacts(
                site,
                sum(one.kind == "begun" for one in moments),
                sum(one.kind == "failed" for one in moments),
                tuple(dict.fromkeys(one.why for one in moments if one.why)),
            )
            for site, moments in sites.items()
        )

    def quotas(self, settings: AlertSettings) -> tuple[QuotaFacts, ...]:
        """Return how much of each quota the last minute used."""
        oldest = self._clock.now() - MINUTE
        recent = [moment.kind for moment in self._moments if moment.at >= oldest]
        return (
            QuotaFacts("avatar starts", recent.count("avatar"), settings.avatar_starts_per_minute),
            QuotaFacts("new connections", recent.count("line"), settings.connections_per_minute),
        )
