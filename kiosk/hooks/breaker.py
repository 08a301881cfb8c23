"""Leaves out a plugin's hook that keeps failing or holds the loop, and tries it again later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog

from kiosk.clock import Clock

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OpenBreaker:
    """A hook that is left out, for the operator's plugin page."""

    plugin: str
    hook: str
    since: datetime
    failures: int


@dataclass(slots=True)
class _State:
    failures: int = 0
    opened: float | None = None
    since: datetime | None = None
    trying: bool = False


class Breakers:
    """One count for each plugin and hook. Failures in a row open it; one success closes it."""

    def __init__(self, clock: Clock, *, failures: int, pause_s: float) -> None:
        self._clock = clock
        self._limit = failures
        self._pause_s = pause_s
        self._states: dict[tuple[str, str], _State] = {}

    @property
    def open(self) -> tuple[OpenBreaker, ...]:
        """The hooks left out now, by plugin."""
        return tuple(
            OpenBreaker(plugin, hook, state.since, state.failures)
            for (plugin, hook), state in sorted(self._states.items())
            if state.since is not None
        )

    @property
    def pausing(self) -> tuple[tuple[str, str], ...]:
        """Plugin and hook of each that a call would be left out of now; begins no try."""
        now = self._clock.monotonic()
        return tuple(
            key
            for key, state in sorted(self._states.items())
            if state.opened is not None and (state.trying or now - state.opened < self._pause_s)
        )

    def lets(self, plugin: str, hook: str) -> bool:
        """Whether to call now; once a pause is over, one call is let through to try."""
        state = self._states.get((plugin, hook))
        if state is None or state.opened is None:
            return True
        if state.trying or self._clock.monotonic() - state.opened < self._pause_s:
            return False
        state.trying = True
        return True

    def succeeded(self, plugin: str, hook: str) -> None:
        """Count a call that went well; one that began before the hook was left out counts not."""
        state = self._states.get((plugin, hook))
        if state is None or (state.opened is not None and not state.trying):
            return
        del self._states[plugin, hook]
        if state.opened is not None:
            log.info("plugin works again", plugin=plugin, hook=hook)

    def failed(self, plugin: str, hook: str) -> None:
        """Count a failure; at the limit, or when the try failed, the hook is left out."""
        state = self._states.setdefault((plugin, hook), _State())
        state.failures += 1
        if state.failures >= self._limit or state.trying:
            self._open(plugin, hook, state, "it keeps failing")

    def leave_out(self, plugin: str, hook: str, why: str) -> None:
        """Leave a hook out at once, for `why`."""
        state = self._states.setdefault((plugin, hook), _State())
        state.failures += 1
        self._open(plugin, hook, state, why)

    def _open(self, plugin: str, hook: str, state: _State, why: str) -> None:
        state.trying = False
        state.opened = self._clock.monotonic()
        if state.since is None:
            state.since = self._clock.now()
            log.error(
                "plugin's hook is left out",
                why=why,
                plugin=plugin,
                hook=hook,
                failures=state.failures,
                pause_s=self._pause_s,
            )

    def given_up(self, plugin: str, hook: str) -> None:
        """Take back a try that ended without a verdict, such as by the end of its visit."""
        state = self._states.get((plugin, hook))
        if state is not None:
            state.trying = False

    def reset(self, plugin: str) -> int:
        """Close every breaker of a plugin; return how many were open."""
        gone = [key for key, state in self._states.items() if key[0] == plugin]
        opened = sum(self._states[key].since is not None for key in gone)
        for key in gone:
            del self._states[key]
        return opened
