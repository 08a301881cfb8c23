"""Barge-in: the visitor speaks over the avatar, which stops at once; with an echo guard."""

from __future__ import annotations

from typing import Literal

from kiosk import events
from kiosk.session.context import VisitContext
from kiosk.session.tools import ToolRunner
from kiosk.signaling import messages as m


class Interruption:
    """Decides whether speech interrupts, and does it: hush, cancel, clear, truncate.

    The guard waits a moment when the avatar has only just begun (its own first sound may be what
    was heard) or when the site wants speech to last; `speech_stopped` meanwhile calls it off.
    """

    def __init__(self, ctx: VisitContext, tools: ToolRunner) -> None:
        self._ctx = ctx
        self._tools = tools
        self._speech = 0
        self.item_id: str | None = None
        self._audible_since: float | None = None

    # ── what the avatar does ─────────────────────────────────────────────────────────────

    def item_began(self, item_id: str) -> None:
        """A spoken item of a response was opened."""
        self.item_id = item_id

    def audible(self) -> None:
        """The avatar's sound began."""
        self._ctx.avatar_audible = True
        self._audible_since = self._ctx.clock.monotonic()

    def silent(self) -> None:
        """The avatar's sound is over."""
        self._ctx.avatar_audible = False
        self._audible_since = None

    @property
    def heard_ms(self) -> int:
        """Milliseconds of the current item that were audible."""
        if self._audible_since is None:
            return 0
        return round((self._ctx.clock.monotonic() - self._audible_since) * 1000)

    @property
    def in_the_way(self) -> bool:
        """Whether there is anything to interrupt."""
        line = self._ctx.line
        return self._ctx.avatar_audible or (line is not None and line.gate.busy)

    # ── what the visitor does ────────────────────────────────────────────────────────────

    @property
    def _stoppable(self) -> bool:
        # A tool may run while nothing is said: its response is over, its answer not asked for yet.
        return self.in_the_way or self._ctx.tools_running > 0

    async def speech_started(self) -> None:
        """The service heard speech begin."""
        self._speech += 1
        self._ctx.visitor_speaking = True
        settings = self._ctx.settings
        if not settings.barge_in or not self._stoppable:
            return
        began = self._ctx.clock.monotonic()
        wait_s = max(settings.barge_in_after_ms, settings.echo_guard_ms - self.heard_ms) / 1000
        # Nothing is audible yet: there is no echo to guard against.
        if self._audible_since is None:
            wait_s = settings.barge_in_after_ms / 1000
        if wait_s <= 0:
            await self._stop("speech", began)
        else:
            self._ctx.tasks.spawn(self._stop_if_lasting(wait_s, self._speech), name="barge-in")

    def speech_stopped(self) -> None:
        """The service heard speech end."""
        self._ctx.visitor_speaking = False

    async def by_staff(self) -> None:
        """A person takes the conversation: whatever is being said or looked up stops."""
        self._tools.stop()
        if self._stoppable:
            await self._stop("operator", self._ctx.clock.monotonic())

    async def pressed(self, by: Literal["button", "typing"] = "button") -> None:
        """The visitor pressed stop, or sent a line."""
        if self._stoppable:
            await self._stop(by, self._ctx.clock.monotonic())

    async def _stop_if_lasting(self, wait_s: float, speech: int) -> None:
        await self._ctx.clock.sleep(wait_s)
        if self._ctx.visitor_speaking and self._speech == speech and self._stoppable:
            await self._stop("speech", self._ctx.clock.monotonic())

    async def _stop(
        self, by: Literal["speech", "button", "typing", "operator"], began: float
    ) -> None:
        ctx = self._ctx
        line = ctx.line
        self._tools.barged_in()
        if line is None or not self.in_the_way:
            return
        item_id = self.item_id
        was_open = item_id is not None and ctx.book.current("avatar") is not None
        # Closed before anything is awaited: what still arrives of it is no longer shown.
        turns, heard_ms = ctx.book.cut("avatar", self.heard_ms)
        self.silent()
        self.item_id = None
        ctx.send(m.Hush())
        for turn in turns:
            ctx.finish_turn(turn)
        line.gate.interrupted()
        await line.interrupt(item_id if was_open else None, heard_ms)
        metrics = ctx.services.metrics
        metrics.barge_in_seconds.observe(ctx.clock.monotonic() - began)
        metrics.barge_ins.labels(by).inc()
        ctx.end_after_speech = None
        ctx.emit(events.BargedIn(**ctx.stamp(), heard_ms=heard_ms, by=by))
        if ctx.machine.talking:
            ctx.to("listening")
