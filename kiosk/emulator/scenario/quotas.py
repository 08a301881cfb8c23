"""Counts what one emulated resource has used of its rates, for all sessions together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from kiosk.clock import Clock
from kiosk.emulator.scenario.service import Service

_MAXIMUM_ENTRIES = 10_000


class RateWindow:
    """At most `maximum` in any stretch of `seconds`; what was used comes back only by time."""

    def __init__(self, maximum: int, seconds: float, clock: Clock) -> None:
        self.maximum, self.seconds = maximum, seconds
        self._clock = clock
        # One entry for each use; merged when there would be more than `_MAXIMUM_ENTRIES`.
        self._used: deque[tuple[float, int]] = deque()
        self._sum = 0

    def retry_after(self) -> float:
        """Seconds until there is room again; 0 when there is room now."""
        self._forget()
        too_many = self._sum - self.maximum + 1
        if too_many <= 0:
            return 0.0
        for at, amount in self._used:
            too_many -= amount
            if too_many <= 0:
                return max(0.0, at + self.seconds - self._clock.monotonic())
        return 0.0

    def use(self, amount: int = 1) -> None:
        """Count a use; whether there was room is the caller's question."""
        self._forget()
        if amount <= 0:
            return
        self._sum += amount
        if len(self._used) >= _MAXIMUM_ENTRIES:
            # Merged into a later one, so that room is never promised too early.
            amount += self._used.pop()[1]
        self._used.append((self._clock.monotonic(), amount))

    def _forget(self) -> None:
        before = self._clock.monotonic() - self.seconds
        while self._used and self._used[0][0] <= before:
            self._sum -= self._used.popleft()[1]

    def until_empty(self) -> float:
        """Seconds until nothing of what was used counts any more."""
        self._forget()
        if not self._used:
            return 0.0
        return round(max(0.0, self._used[-1][0] + self.seconds - self._clock.monotonic()), 3)

    def clear(self) -> None:
        """Forget every use."""
        self._used.clear()
        self._sum = 0

    def as_json(self) -> dict[str, Any]:
        """Return the limit, what is left, and when a refused use would have room; seconds."""
        wait = self.retry_after()
        return {
            "limit": self.maximum,
            "used": self._sum,
            "remaining": max(0, self.maximum - self._sum),
            "window_seconds": round(self.seconds, 3),
            "retry_after_seconds": round(wait, 3),
        }


class Quotas:
    """The windows of one emulator, and who has an avatar. A window is None when it is off."""

    def __init__(self, service: Service, clock: Clock) -> None:
        def window(maximum: int | None) -> RateWindow | None:
            return RateWindow(maximum, service.minute, clock) if maximum else None

        self.service = service
        self.connections = window(service.connections_per_minute)
        self.tokens = window(service.tokens_per_minute)
        self.avatar_starts = window(service.avatar_starts_per_minute)
        self._avatars: dict[str, Callable[[], bool]] = {}

    def room_for_avatar(self, session_id: str) -> bool:
        """Whether a session may have an avatar, beside those that are alive elsewhere."""
        maximum = self.service.concurrent_avatars
        others = [one for one in self._alive() if one != session_id]
        return not maximum or len(others) < maximum

    def hold_avatar(self, session_id: str, alive: Callable[[], bool]) -> None:
        """Count a session's avatar until it is released or no longer alive."""
        self._avatars[session_id] = alive

    def release_avatar(self, session_id: str) -> None:
        """Make room; a session without an avatar is no error."""
        self._avatars.pop(session_id, None)

    def _alive(self) -> list[str]:
        # A browser that went away closes its peer connection without a word over the WebSocket.
        self._avatars = {one: alive for one, alive in self._avatars.items() if alive()}
        return list(self._avatars)

    def clear(self) -> None:
        """Forget what was used; avatars that are connected stay counted."""
        for window in (self.connections, self.tokens, self.avatar_starts):
            if window is not None:
                window.clear()

    def as_json(self) -> dict[str, Any]:
        """Return what `GET /emulator/limits` shows: a window that is off is null."""
        windows = {
            "connections": self.connections,
            "tokens": self.tokens,
            "avatar_starts": self.avatar_starts,
        }
        shown: dict[str, Any] = {
            name: window.as_json() if window is not None else None
            for name, window in windows.items()
        }
        shown["avatars"] = {
            "limit": self.service.concurrent_avatars or None,
            "used": len(self._alive()),
        }
        shown["time_scale"] = self.service.time_scale
        shown["in_force"] = self.service.in_force()
        return shown
