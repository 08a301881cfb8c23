"""What a visitor asks of the avatar by a button: again, slower, louder, a person, more time."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Final

import structlog

from kiosk.session.comfort import extend
from kiosk.session.context import VisitContext
from kiosk.session.interruption import Interruption
from kiosk.session.opening import tell_settings
from kiosk.settings.sections import in_language
from kiosk.signaling import messages as m

log = structlog.get_logger(__name__)

Ask = m.Repeat | m.Person | m.AskPace | m.MoreTime | m.Comfort

MINUTE_S: Final = 60.0


class Manner:
    """Answers these buttons. What they have said is limited for each minute: speech costs money."""

    def __init__(self, ctx: VisitContext, interruption: Interruption) -> None:
        self._ctx = ctx
        self._interruption = interruption
        self._said: deque[float] = deque()

    async def asked(self, message: Ask) -> None:
        """Do what was asked for. Raises UpstreamError."""
        if isinstance(message, m.Comfort):
            await self._comfort(message)
        elif not self._ctx.consented.is_set():
            self._refuse("not_now", "error.not_now")
        elif not self._may_speak():
            self._refuse("too_fast", "error.too_fast")
        elif isinstance(message, m.Repeat):
            await self._repeat()
        elif isinstance(message, m.Person):
            await self._person()
        elif isinstance(message, m.AskPace):
            await self._pace(message.pace)
        else:
            await self._more_time()

    def _refuse(self, code: str, key: str) -> None:
        self._ctx.send(m.Failure(code=code, message=self._ctx.text(key)))

    def _may_speak(self) -> bool:
        now = self._ctx.clock.monotonic()
        while self._said and now - self._said[0] > MINUTE_S:
            self._said.popleft()
        if len(self._said) >= self._ctx.settings.asks_per_minute:
            self._ctx.services.metrics.signaling_refused.labels("too_fast").inc()
            log.info("a visitor asks for more than is said in a minute", visit=self._ctx.id)
            return False
        self._said.append(now)
        return True

    async def _repeat(self) -> None:
        ctx = self._ctx
        words = ctx.last_answer
        await self._interruption.pressed()
        if not words:
            await ctx.aside(ctx.text("repeat.nothing"))
        elif ctx.line is not None:
            await ctx.line.say(words)

    async def _person(self) -> None:
        ctx = self._ctx
        if ctx.held:  # one is there already
            await ctx.aside(ctx.text("person.joined"))
            return
        await self._interruption.pressed()
        words = await ctx.services.hooks.person_wanted(ctx.handle)
        if words is None:
            staff = ctx.site.staff
            words = in_language(staff, ctx.language) or ctx.text("person.nobody")
        if ctx.line is not None:
            await ctx.line.say(words)

    async def _pace(self, pace: m.Pace) -> None:
        ctx = self._ctx
        if pace == ctx.comfort.pace:
            return
        ctx.comfort = replace(ctx.comfort, pace=pace)
        if ctx.line is not None:
            await tell_settings(ctx, ctx.line)
        await ctx.aside(ctx.text(f"pace.{pace}"))

    async def _more_time(self) -> None:
        ctx = self._ctx
        await ctx.aside(ctx.text("limit.more" if extend(ctx) else "limit.no_more"))

    async def _comfort(self, message: m.Comfort) -> None:
        ctx = self._ctx
        before = ctx.comfort
        ctx.comfort = replace(before, **message.model_dump(exclude={"type"}))
        louder = ctx.comfort.volume != before.volume
        if louder and self._is_quiet and self._may_speak():
            await ctx.aside(ctx.text("options.volume.sample"))

    @property
    def _is_quiet(self) -> bool:
        """Whether a word now would be heard, and over nothing."""
        ctx = self._ctx
        heard = ctx.line is not None and ctx.line.avatar_connected and ctx.sound_on
        return heard and ctx.machine.state == "listening" and not self._interruption.in_the_way
