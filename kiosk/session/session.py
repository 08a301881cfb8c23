"""One visit, read top to bottom: its loops, its screen, its one end."""

from __future__ import annotations

import asyncio
import functools
from dataclasses import asdict
from typing import Final

import structlog

from kiosk import events
from kiosk.bus.base import Payload
from kiosk.hooks.values import Problem
from kiosk.model import EndReason, Kiosk, VisitSummary
from kiosk.session.context import Screen, VisitContext, VisitServices
from kiosk.session.handle import VisitHandle
from kiosk.session.interruption import Interruption
from kiosk.session.lifeline import Lifeline
from kiosk.session.negotiation import Negotiation
from kiosk.session.questions import Questions
from kiosk.session.scribe import Scribe
from kiosk.session.steering import Steering
from kiosk.session.taking import offers
from kiosk.session.tools import ToolRunner
from kiosk.session.visitor import VisitorInput
from kiosk.session.watchdog import Watchdog
from kiosk.signaling import messages as m

log = structlog.get_logger(__name__)

LEAVE_S: Final = 3.0
"""How long what a visit still runs, such as a plugin's tool, gets to end; then it is left."""


BROKEN: Final = frozenset(
    {
        EndReason.ERROR,
        EndReason.UPSTREAM_LOST,
        EndReason.MEDIA_FAILED,
        EndReason.PLUGIN_REQUIRED_FAILED,
    }
)
"""Ends that are an apology; plugins may word it."""


def ended(ctx: VisitContext, reason: EndReason, text: str, code: str) -> m.Ended:
    """Return the last message of a visit, with the code and what it is for if there is one."""
    if not code:
        return m.Ended(reason=reason.value, text=text)
    settings = ctx.services.settings
    address = settings.server.public_url
    return m.Ended(
        reason=reason.value,
        text=text,
        code=code,
        code_text=ctx.text("erase.shown", address=f"{address.rstrip('/')}/erase")
        if address
        else ctx.text("erase.shown_staff"),
        stay_s=max(settings.retention.visitor_code_s, settings.visit.goodbye_s),
    )


def _spoken(ctx: VisitContext) -> bool:
    return bool(ctx.turn_count or ctx.book.finished)


class _VisitOver(Exception):
    """Raised inside the visit's TaskGroup to cancel what still runs."""


class Session:
    """One visit. `run()` owns its whole life; the other methods hand things in."""

    def __init__(
        self, services: VisitServices, kiosk: Kiosk, screen: Screen, language: str
    ) -> None:
        self.ctx = VisitContext(services, kiosk, language)
        self.ctx.handle = VisitHandle(self.ctx)
        self.gone = asyncio.Event()
        self.ctx.questions = Questions(self.ctx)
        self.ctx.offers = functools.partial(
            offers, takes=services.hooks.takes_along, prints=self.ctx.site.print
        )
        self.ctx.screen = screen
        self._services = services
        tools = ToolRunner(self.ctx)
        self._interruption = Interruption(self.ctx, tools)
        negotiation = Negotiation(self.ctx)
        self.visitor = VisitorInput(self.ctx, tools, self._interruption, negotiation)
        self._lifeline = Lifeline(self.ctx, tools, self._interruption, negotiation)
        self._steering = Steering(self.ctx, self._interruption)
        self._watchdog = Watchdog(self.ctx, lambda: self._lifeline.events)
        self._scribe = Scribe(self.ctx)
        self.ended = asyncio.Event()
        self._detached = asyncio.Event()
        self._attached = asyncio.Event()
        self._attached.set()

    def attach(self, screen: Screen, *, playing: bool) -> None:
        """A reloaded page or a mended socket takes the visit up again."""
        ctx = self.ctx
        if ctx.screen is not None:
            ctx.screen.visit_over()
        ctx.screen = screen
        self._attached.set()
        ctx.send(m.Visit(id=ctx.id, resume=ctx.resume))
        ctx.send(m.State(state=ctx.machine.state, media=ctx.rung))
        ctx.send(m.Set(**asdict(ctx.comfort), language=ctx.language))
        if ctx.tools_running:
            ctx.send(m.Working(active=True))
        if ctx.held:
            ctx.send(m.Joined(active=True))
        for turn in ctx.book.finished[-6:]:
            ctx.send(m.Caption(turn=turn.id, speaker=turn.speaker, text=turn.text, final=True))
        for card in ctx.cards.values():
            ctx.send(card)
        for notice in ctx.notices.values():
            ctx.send(notice)
        ctx.active()
        wanted = self._services.settings.upstream.avatar.enabled
        if wanted and ctx.line is not None and not (playing and ctx.line.avatar_connected):
            # The page lost its peer connection, or the one it has is an older line's. Whether a
            # session takes a second session.avatar.connect is unknown, so a new line is opened.
            ctx.tasks.spawn(ctx.line.aclose(), name="renew-line")

    def detach(self, screen: Screen) -> None:
        """The socket is gone; the visit waits a while for it to come back."""
        if self.ctx.screen is screen:
            self.ctx.screen = None
            self._attached.clear()
            self._detached.set()

    async def command(self, payload: Payload) -> Payload:
        """Answer an operator's command from the bus."""
        return await self._steering.command(payload)

    # ── the life of a visit ──────────────────────────────────────────────────────────────

    async def run(self) -> VisitSummary:
        """Live the visit to its end; returns its summary. Never raises but for cancellation."""
        ctx = self.ctx
        recorder = self._services.recorder
        recorder.visit_started(ctx.id, ctx.kiosk.id, ctx.language, ctx.started_at)
        ctx.send(m.Visit(id=ctx.id, resume=ctx.resume))
        ctx.emit(events.VisitStarted(**ctx.stamp(), language=ctx.language))
        if self.ctx.site.consent:
            ctx.to("consent")
        else:
            ctx.consented.set()
            ctx.to("connecting")
        try:
            async with asyncio.TaskGroup() as group:
                for name, loop in (
                    ("upstream", self._lifeline.run()),
                    ("browser", self.visitor.read()),
                    ("microphone", self.visitor.listen()),
                    ("watchdog", self._watchdog.run()),
                    ("steering", self._steering.run()),
                    ("absence", self._absence()),
                    ("scribe", self._scribe.run()),
                    ("until-over", self._until_over()),
                ):
                    group.create_task(loop, name=f"visit/{ctx.id[-8:]}/{name}")
        except* _VisitOver:
            pass
        except* Exception as failures:
            ctx.end(EndReason.ERROR)
            for failure in failures.exceptions:
                log.error("a visit failed", visit=ctx.id, exc_info=failure)
        except* asyncio.CancelledError:
            ctx.end(EndReason.SHUTDOWN)
        return await self._finish()

    async def _until_over(self) -> None:
        await self.ctx.over.wait()
        raise _VisitOver

    async def _finish(self) -> VisitSummary:
        ctx = self.ctx
        reason = ctx.reason or EndReason.ERROR
        for whole in ctx.book.complete("avatar"):
            ctx.finish_turn(ctx.book.finish(whole.id))
        for turn in ctx.book.cut("avatar", self._interruption.heard_ms)[0]:
            ctx.finish_turn(turn)
        text = ctx.text(f"ended.{reason.value}")
        if reason in BROKEN:
            hooks = self._services.hooks
            text = await hooks.session_error(ctx.handle, Problem(reason.value)) or text
        ctx.to("ending")
        # Nothing to erase where nothing was said.
        code, code_hash = self._services.make_code(ctx.kiosk.id) if _spoken(ctx) else ("", "")
        ctx.send(ended(ctx, reason, text, code))
        if ctx.line is not None:
            await ctx.line.aclose()
            ctx.line = None
        ctx.questions.close()  # a plugin may wait in a task of its own
        for name in await ctx.tasks.aclose(within_s=LEAVE_S):
            log.error("a task of a visit did not end and is left behind", task=name)
        seconds = ctx.clock.monotonic() - ctx.started
        await self._scribe.drain()
        summary = VisitSummary(
            visit_id=ctx.id,
            kiosk_id=ctx.kiosk.id,
            language=ctx.language,
            started_at=ctx.started_at,
            ended_at=ctx.clock.now(),
            reason=reason,
            turns=ctx.turn_count,
            tools=tuple(dict.fromkeys(ctx.tools_used)),
            figures=ctx.tally.figures(),
            code_hash=code_hash,
        )
        self._services.recorder.visit_ended(summary)
        await self._scribe.tell(
            events.VisitEnded(
                **ctx.stamp(), reason=reason, turns=ctx.turn_count, seconds=round(seconds, 1)
            )
        )
        self._services.hooks.session_ended(ctx.handle, summary)
        self._services.metrics.visits_ended.labels(reason.value).inc()
        if ctx.screen is not None:
            ctx.screen.visit_over()
        return summary

    async def _absence(self) -> None:
        """End the visit when its screen stays away."""
        while True:
            await self._detached.wait()
            self._detached.clear()
            try:
                async with asyncio.timeout(self.ctx.settings.resume_s):
                    await self._attached.wait()
            except TimeoutError:
                self.ctx.end(EndReason.VISITOR_LEFT)
                return
