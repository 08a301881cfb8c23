"""So many requests a minute for each token, address, screen or person."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from kiosk.clock import Clock

MAX_KEYS: Final = 10_000
"""Keys whose pace is remembered; the longest unseen is forgotten first."""
WINDOW_S: Final = 60.0


@dataclass(slots=True)
class _Window:
    began: float
    count: int = 0


class Pace:
    """Counts in windows of a minute, each begun by its first request. In memory, on each server."""

    def __init__(self, clock: Clock, per_minute: int) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """Return the seconds until `key` may go on; 0 when it may now."""
        window = self._windows.get(key)
        if window is None or window.count < self._per_minute:
            return 0.0
        return max(0.0, window.began + WINDOW_S - self._clock.monotonic())

    def count(self, key: str) -> None:
        """Count one request."""
        now = self._clock.monotonic()
        window = self._windows.pop(key, None)
        if window is None or now - window.began >= WINDOW_S:
            window = _Window(now)
        window.count += 1
        self._windows[key] = window
        if len(self._windows) > MAX_KEYS:
            self._windows.popitem(last=False)

    def take(self, key: str) -> float:
        """Count one request when it may be made now, else return the seconds to wait."""
        wait = self.wait_s(key)
        if not wait:
            self.count(key)
        return wait
