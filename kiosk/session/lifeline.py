"""Keeps a visit's line upstream open: the first, and a new one whenever it is lost."""

from __future__ import annotations

import asyncio
from typing import Final

import stamina
import structlog

from kiosk import events
from kiosk.errors import RequiredPluginError, UpstreamError
from kiosk.model import EndReason, Greeting
from kiosk.session.context import VisitContext
from kiosk.session.interruption import Interruption
from kiosk.session.line import Line
from kiosk.session.negotiation import Negotiation
from kiosk.session.opening import greet, session_settings, tell_settings
from kiosk.session.steering import announce
from kiosk.session.tools import ToolRunner
from kiosk.session.upstream import UpstreamEvents
from kiosk.signaling import messages as m

log = structlog.get_logger(__name__)

SHORT_LIFE_S: Final = 5.0
"""A line that was lost sooner after it was set up counts as one that hardly lived."""
MAX_SHORT_LIVES: Final = 5
"""Such lines in a row after which the visit ends: each costs a connection of the quota."""
LONGEST_PAUSE_S: Final = 4.0


class Lifeline:
    """Connects, configures and reads lines one after the other; greets on the first that works."""

    def __init__(
        self,
        ctx: VisitContext,
        tools: ToolRunner,
        interruption: Interruption,
        negotiation: Negotiation,
    ) -> None:
        self._ctx = ctx
        self._tools = tools
        self._interruption = interruption
        self._negotiation = negotiation
        self._greeted = False
        self._told_started = False
        self._lost_at: float | None = None
        self._short_lives = 0
        self._told = (ctx.language, ctx.held)
        self.events: UpstreamEvents | None = None

    async def run(self) -> None:
        """Keep a line open: connect, configure, talk; when it is lost, seek a new one."""
        ctx = self._ctx
        # Asked for now, so that no plugin's greeting is waited for when the picture is there.
        language = ctx.language
        greeting = ctx.tasks.start(self._greeting(), name="greeting")
        while True:
            try:
                line = await self._open_line()
            except RequiredPluginError as error:
                log.error("a visit is not opened", visit=ctx.id, why=str(error))
                ctx.end(EndReason.PLUGIN_REQUIRED_FAILED)
                return
            except UpstreamError as error:
                log.error("no line upstream", code=error.code, visit=ctx.id, why=str(error))
                ctx.emit(events.UpstreamLost(**ctx.stamp(), code=error.code))
                lost = self._lost_at is not None
                ctx.end(EndReason.UPSTREAM_LOST if lost else EndReason.ERROR)
                return
            ctx.line = line
            opened = ctx.clock.monotonic()
            self.events = UpstreamEvents(ctx, line, self._tools, self._interruption)
            await self._catch_up(line)
            if self._lost_at is None:
                await self._tell_history(line)
                self._negotiation.begin(line)
                ctx.tasks.spawn(self._open_conversation(greeting, language), name="open")
            else:
                await self._resume_conversation(line)
            try:
                await self.events.pump()
            except UpstreamError as error:
                self._line_lost(line, error)
            finally:
                await line.aclose()
            if not await self._may_go_on(ctx.clock.monotonic() - opened):
                ctx.end(EndReason.UPSTREAM_LOST)
                return

    async def _greeting(self) -> Greeting | None:
        """Ask the plugins for a greeting; ends the visit when a required one fails."""
        ctx = self._ctx
        try:
            return await ctx.services.hooks.greeting(ctx.handle)
        except RequiredPluginError as error:
            log.error("a visit does not go on", visit=ctx.id, why=str(error))
            ctx.end(EndReason.PLUGIN_REQUIRED_FAILED)
            return None

    async def _may_go_on(self, lived_s: float) -> bool:
        """Pause before another line when the last ones hardly lived; False after too many."""
        self._short_lives = self._short_lives + 1 if lived_s < SHORT_LIFE_S else 0
        if self._short_lives >= MAX_SHORT_LIVES:
            log.error("lines are lost as soon as they are open", visit=self._ctx.id)
            return False
        if self._short_lives > 1:
            await self._ctx.clock.sleep(min(LONGEST_PAUSE_S, 0.25 * 2**self._short_lives))
        return True

    async def _open_line(self) -> Line:
        settings = self._ctx.services.settings.upstream
        started = self._ctx.clock.monotonic()

        def retry(error: Exception) -> bool | float:
            if not isinstance(error, UpstreamError) or not error.retryable:
                return False
            if error.retry_after is None:
                return True
            # Nobody at a screen waits longer than a line is sought.
            left = started + settings.reconnect_for_s - self._ctx.clock.monotonic()
            return error.retry_after if error.retry_after <= left else False

        async for attempt in stamina.retry_context(
            on=retry,
            attempts=None,
            timeout=settings.reconnect_for_s,
            wait_initial=0.2,
            wait_max=3,
            wait_jitter=0.3,
        ):
            with attempt:
                self._told = (self._ctx.language, self._ctx.held)
                line = await Line.open(
                    settings, self._ctx.services.credential, await session_settings(self._ctx)
                )
                took = self._ctx.clock.monotonic() - started
                self._ctx.services.metrics.connect_seconds.observe(took)
                return line
        raise AssertionError("retry_context raises when it gives up")

    def _line_lost(self, line: Line, error: UpstreamError) -> None:
        ctx = self._ctx
        ctx.line = None
        self._lost_at = ctx.clock.monotonic()
        self._tools.line_lost()
        ctx.visitor_speaking = False
        for turn in ctx.book.cut("avatar", self._interruption.heard_ms)[0]:
            ctx.finish_turn(turn)
        if not ctx.book.finished:
            self._greeted = False  # of the greeting nothing was heard; the next line greets
        self._interruption.silent()
        self._ctx.services.metrics.upstream_lost.labels(error.code).inc()
        log.warning("upstream line lost", code=error.code, visit=ctx.id)
        ctx.notice(m.Notice(code="reconnecting", text=ctx.text("notice.reconnecting")))
        if ctx.machine.state != "consent":
            ctx.to("connecting")
        ctx.emit(events.UpstreamLost(**ctx.stamp(), code=error.code))

    async def _resume_conversation(self, line: Line) -> None:
        """A new line carries the visit on: told what was said, then the picture again."""
        ctx = self._ctx
        lost_at, self._lost_at = self._lost_at, None
        await self._tell_history(line)
        if not self._greeted:
            language = ctx.language
            greeting = await self._greeting()
            ctx.tasks.spawn(self._greet_when_ready(greeting, language), name="open")
        self._negotiation.begin(line)
        ctx.drop_notice("reconnecting")
        after = round((ctx.clock.monotonic() - (lost_at or ctx.clock.monotonic())) * 1000)
        ctx.emit(events.UpstreamRestored(**ctx.stamp(), after_ms=after))
        if self._greeted:
            ctx.to("listening")
            await self._announce()

    async def _catch_up(self, line: Line) -> None:
        """Tell a line what changed while it was opened: the language, who has the conversation."""
        line.muted = self._ctx.held
        if self._told == (self._ctx.language, self._ctx.held):
            return
        try:
            await tell_settings(self._ctx, line)
        except UpstreamError:
            return  # the pump raises it again, where it is handled

    async def _announce(self) -> None:
        try:
            await announce(self._ctx)
        except UpstreamError:
            return  # the pump raises it again, where it is handled

    async def _tell_history(self, line: Line) -> None:
        """Tell a new line what was said, and have it answer what nobody answered."""
        ctx = self._ctx
        try:
            await line.prime(ctx.book.finished[-ctx.settings.history_turns :])
            if ctx.book.awaiting_answer:
                self._greeted = True
                await line.respond()
        except UpstreamError:
            return  # the pump raises it again, where it is handled

    async def _open_conversation(self, greeting: asyncio.Task[object], language: str) -> None:
        answer = await greeting
        await self._greet_when_ready(answer, language)

    async def _greet_when_ready(self, greeting: object, language: str) -> None:
        """Greet when the visitor can see and hear it: consent given, media playing or given up."""
        ctx = self._ctx
        await ctx.consented.wait()
        await self._negotiation.settled.wait()
        if ctx.language != language:
            greeting = await self._greeting()
        line = ctx.line
        if ctx.machine.state == "ending" or line is None:
            return  # without a line nothing can be said; the next one greets
        if self._greeted or ctx.book.finished or line.gate.busy:
            # The visitor asked before we could greet; the answer is the greeting.
            self._greeted = True
            if ctx.machine.state == "connecting":
                ctx.to("thinking" if line.gate.busy and not ctx.held else "listening")
                if ctx.avatar_audible:
                    ctx.to("speaking")
            self._tell_started()
            return
        self._greeted = True
        ctx.active()
        if ctx.held:
            ctx.to("listening")
            await self._announce()
        elif self._ctx.services.settings.visit.greet and isinstance(greeting, Greeting):
            ctx.to("greeting")
            took = ctx.clock.monotonic() - ctx.started
            self._ctx.services.metrics.greeting_seconds.observe(took)
            try:
                await greet(ctx, greeting)
            except UpstreamError:
                self._greeted = False  # never spoken; the next line greets
        else:
            ctx.to("listening")
        self._tell_started()

    def _tell_started(self) -> None:
        """Tell plugins once, when the visit is under way."""
        if not self._told_started:
            self._told_started = True
            self._ctx.services.hooks.session_started(self._ctx.handle)
