"""Watches over what plugins do: measured, traced, recorded, and left out when it must be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from pluggy import PluginManager

from kiosk.clock import Clock
from kiosk.hooks.breaker import Breakers
from kiosk.hooks.failures import Failures, PluginFailure, kind_of
from kiosk.hooks.frames import NOWHERE, home_of, own_frames
from kiosk.hooks.steps import Steps
from kiosk.hooks.strays import Strays
from kiosk.tasks import raise_ours
from kiosk.telemetry import Metrics

log = structlog.get_logger(__name__)

LABELS: Final = {"took": "timeout", "held": "slow", "unfit:": "unfit"}
"""Kinds of failures as the metrics count them, by the first word for people."""
OK: Final = "ok"
"""How a traced call ended that answered."""
FAILURES: Final = BaseException
"""What a plugin may raise: anything; `raise_ours` has what is not its own."""


class Watch:
    """What hooks, tools, sinks and lifespans of one application have in common."""

    def __init__(
        self,
        pm: PluginManager,
        clock: Clock,
        metrics: Metrics,
        *,
        slow_ms: int,
        hold_ms: int,
        trace: bool,
        breakers: Breakers,
    ) -> None:
        self.clock = clock
        self._metrics = metrics
        self.slow_s = slow_ms / 1000
        self._hold_s = hold_ms / 1000
        self._trace = trace
        self.breakers = breakers
        self.strays = Strays()
        self.failures = Failures()
        self._homes = {name: home_of(plugin) for name, plugin in pm.list_name_plugin()}

    def held_at_start(self, plugin: str, hook: str, seconds: float) -> None:
        """Tell of a registration that took long: every start of the server waits for it."""
        self.traced(plugin, hook, seconds, OK)
        if seconds > self.slow_s:
            self.record(plugin, hook, f"held the start {seconds * 1000:.0f} ms", counts=False)

    async def measured(
        self, plugin: str, hook: str, value: Awaitable[Any], *, breaks: bool = False
    ) -> Any:
        """Await for a plugin and tell when a step of it held the loop.

        With `breaks` it is something that can be left out, and is when it held the loop too long.
        """
        steps = Steps(value, self.clock)
        try:
            return await steps
        finally:
            self.tell_held(plugin, hook, steps.held, breaks=breaks)

    def tell_held(
        self, plugin: str, hook: str, seconds: float, *, counts: bool = False, breaks: bool = True
    ) -> None:
        """Record how long a plugin held the loop, if that was long.

        With `counts` it counts towards leaving it out, with `breaks` it is left out at once when
        that was longer than `hooks.hold_ms`.
        """
        if seconds <= self.slow_s:
            return
        self.record(plugin, hook, _held(seconds), counts=counts)
        if breaks and seconds > self._hold_s:
            # Everybody on this server waited so long: nobody shall a second time.
            self.breakers.leave_out(plugin, hook, _held(seconds))

    async def watched(
        self,
        plugin: str,
        hook: str,
        call: Callable[[], Awaitable[Any]],
        timeout_s: float | None,
        *,
        answers: tuple[type[BaseException], ...] = (),
    ) -> Any:
        """Await something of a plugin's own in this task: measured, recorded, raised again.

        `answers` are what it may raise as an answer; those are no failure. Raises TimeoutError
        at the deadline.
        """
        started, outcome = self.clock.monotonic(), OK
        limit = asyncio.timeout(timeout_s)
        try:
            with self.strays.calling(plugin, hook):
                async with limit:
                    return await self.measured(plugin, hook, call())
        except FAILURES as error:
            outcome = kind_of(error)
            raise_ours(error)
            source: BaseException | None = error
            if isinstance(error, TimeoutError) and limit.expired():
                outcome = f"took longer than {timeout_s:g} s"
                source = error.__cause__  # the cancellation: where it waited
            if not isinstance(error, answers):
                self.record(plugin, hook, outcome, source, counts=False)
            raise
        finally:
            self.traced(plugin, hook, self.clock.monotonic() - started, outcome)

    def traced(self, plugin: str, hook: str, seconds: float, outcome: str) -> None:
        """Log one call where the site asked for it (`hooks.trace`); no words of anybody's."""
        if self._trace:
            took = round(seconds * 1000, 1)
            log.info("hook called", hook=hook, plugin=plugin, ms=took, outcome=outcome)

    def record(
        self,
        plugin: str,
        hook: str,
        kind: str,
        error: BaseException | None = None,
        *,
        counts: bool = True,
        label: str = "",
    ) -> None:
        """Count, log and keep one contained failure; `counts` towards leaving the hook out."""
        if counts:
            self.breakers.failed(plugin, hook)
        frames = own_frames(error, self._homes.get(plugin, NOWHERE))
        # A label set must stay small: the numbers in `kind` are for people.
        label = label or LABELS.get(kind.partition(" ")[0], kind)
        self._metrics.hook_failures.labels(hook, plugin, label).inc()
        self.failures.add(PluginFailure(plugin, hook, kind, self.clock.now(), frames))
        log.warning("plugin failed", plugin=plugin, hook=hook, kind=kind, frames=list(frames))


def _held(seconds: float) -> str:
    return f"held the loop {seconds * 1000:.0f} ms"
