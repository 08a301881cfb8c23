"""Every deadline of a visit in one place: consent, idle with its warning, the absolute cap."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from kiosk.errors import UpstreamError
from kiosk.model import EndReason
from kiosk.session.context import VisitContext
from kiosk.session.upstream import UpstreamEvents
from kiosk.signaling import messages as m

QUIET_S: Final = 1.0
"""Silence after which a visit that shall end after what is being said ends."""


class Watchdog:
    """Looks often, acts seldom. Idle is measured from speech and touch, never from pings.

    It does not run while the avatar speaks or thinks; its own spoken warning does not count.
    """

    def __init__(self, ctx: VisitContext, events: Callable[[], UpstreamEvents | None]) -> None:
        self._ctx = ctx
        self._events = events
        self._warned_at: float | None = None
        self._quiet_since: float | None = None
        self._activity_then = 0.0
        self._limit_told: float | None = None

    async def run(self) -> None:
        """Watch until the visit is over."""
        while True:
            await self._ctx.clock.sleep(self.tick_s)
            await self._look()

    @property
    def tick_s(self) -> float:
        """How often to look: a tenth of the shortest deadline, between 50 ms and 1 s."""
        settings = self._ctx.settings
        shortest = min(settings.idle_s, settings.idle_warning_s, settings.max_s, settings.consent_s)
        return min(1.0, max(0.05, shortest / 10))

    async def _look(self) -> None:
        ctx = self._ctx
        now = ctx.clock.monotonic()
        settings = ctx.settings
        if now > ctx.until:
            ctx.end(EndReason.TOO_LONG)
            return
        if ctx.machine.state == "consent":
            # Nothing is said before consent, so this warning is read only.
            if self._warned_at is not None:
                self._warned(now)
            elif now - ctx.last_activity > settings.consent_s:
                self._warn(now)
            return
        events = self._events()
        if events is not None and events.overdue():
            events.speech_ended()
        if events is not None and ctx.line is not None:
            try:
                await events.give_up_waiting()
            except UpstreamError:
                return  # the pump sees the loss too
        await self._warn_of_limit(now)
        self._end_when_quiet(now)
        if self._warned_at is not None:
            self._warned(now)
            return
        busy = ctx.machine.state in {"speaking", "thinking", "greeting", "connecting", "queued"}
        if busy or ctx.tools_running or ctx.avatar_audible or ctx.held:
            # Quiet time begins when the avatar stops, or a person leaves the conversation.
            ctx.last_activity = max(ctx.last_activity, now)
            return
        if now - ctx.last_activity > settings.idle_s:
            await self._say(self._warn(now))

    def _end_when_quiet(self, now: float) -> None:
        # A plugin asked for the end while nothing was being said, so no speech will bring it.
        ctx = self._ctx
        quiet = (
            ctx.end_after_speech is not None
            and ctx.machine.state == "listening"
            and not ctx.avatar_audible
            and not ctx.tools_running
            and ctx.line is not None
            and not ctx.line.gate.busy
        )
        if not quiet:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = now
        elif now - self._quiet_since >= QUIET_S and ctx.end_after_speech is not None:
            ctx.end(ctx.end_after_speech)

    def _warned(self, now: float) -> None:
        ctx = self._ctx
        if ctx.last_activity > self._activity_then:
            self._warned_at = None
            ctx.drop_notice("idle")
        elif self._warned_at is not None and now - self._warned_at > ctx.settings.idle_warning_s:
            ctx.end(EndReason.IDLE)

    async def _warn_of_limit(self, now: float) -> None:
        ctx = self._ctx
        warning_s = min(ctx.settings.limit_warning_s, ctx.settings.max_s / 3)
        if now < ctx.until - warning_s or self._limit_told == ctx.until or not ctx.machine.talking:
            return
        self._limit_told = ctx.until
        more = ctx.extensions > 0
        text = ctx.text("notice.time_more" if more else "notice.time_limit")
        seconds = max(1, round(ctx.until - now))
        ctx.notice(m.Notice(code="time_limit", text=text, seconds=seconds, more=more))
        await self._say(text)

    def _warn(self, now: float) -> str:
        ctx = self._ctx
        self._warned_at = now
        self._activity_then = ctx.last_activity
        text = ctx.text("notice.idle")
        seconds = round(ctx.settings.idle_warning_s)
        ctx.notice(m.Notice(code="idle", text=text, seconds=seconds))
        return text

    async def _say(self, text: str) -> None:
        with suppress(UpstreamError):  # the pump sees the loss too
            await self._ctx.aside(text)
