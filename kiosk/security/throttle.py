"""Slowing down guesses: so many failures, then a pause."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from kiosk.clock import Clock

MAX_KEYS: Final = 10_000
"""Names and addresses remembered; the one not seen for longest is forgotten first."""


@dataclass(slots=True)
class _Record:
    failures: int = 0
    until: float = 0.0


class Throttle:
    """Counts failures for each key (a name, an address). In memory: a restart forgets them."""

    def __init__(self, clock: Clock, *, attempts: int, pause_s: float) -> None:
        self._clock = clock
        self._attempts = attempts
        self._pause_s = pause_s
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def wait_s(self, *keys: str) -> float:
        """Return the seconds until the last of `keys` may try again; 0 when all may now."""
        now = self._clock.monotonic()
        return max([0.0, *(self._records[key].until - now for key in keys if key in self._records)])

    def charge(self, *keys: str) -> None:
        """Count a try as failed before it is made, so that tries at once cannot slip through."""
        now = self._clock.monotonic()
        for key in keys:
            record = self._records.pop(key, None) or _Record()
            if record.until and record.until <= now:
                record = _Record()
            record.failures += 1
            if record.failures >= self._attempts:
                record.until = now + self._pause_s
            self._records[key] = record
            if len(self._records) > MAX_KEYS:
                self._records.popitem(last=False)

    def clear(self, *keys: str) -> None:
        """Forget the failures of `keys`: the try was right."""
        for key in keys:
            self._records.pop(key, None)
