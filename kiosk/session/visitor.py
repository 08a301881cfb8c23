"""What comes from the visitor: messages of the browser, and the microphone's sound."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from kiosk.errors import UpstreamError
from kiosk.model import EndReason
from kiosk.session.context import VisitContext
from kiosk.session.interruption import Interruption
from kiosk.session.line import Line
from kiosk.session.manner import Manner
from kiosk.session.negotiation import Negotiation
from kiosk.session.opening import change_language
from kiosk.session.taking import Taking
from kiosk.session.tools import ToolRunner
from kiosk.signaling import messages as m
from kiosk.voicelive.config import INPUT_RATE

INBOX_LIMIT: Final = 64
"""Browser messages that may wait; beyond it the browser is told to slow down."""


class VisitorInput:
    """Takes messages and audio without waiting, and handles each in order."""

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
        self._manner = Manner(ctx, interruption)
        self._inbox: asyncio.Queue[m.ClientMessage] = asyncio.Queue(INBOX_LIMIT)
        self._audio: deque[bytes] = deque(maxlen=ctx.settings.microphone_queue)
        self._audio_ready = asyncio.Event()
        self._typed_lines = 0
        self._taking = Taking(ctx)
        self._talking = ctx.site.talk == "open"

    def message(self, message: m.ClientMessage) -> None:
        """Take a browser message; never waits."""
        try:
            self._inbox.put_nowait(message)
        except asyncio.QueueFull:
            self._ctx.send(m.Failure(code="too_fast", message="Too many messages; send fewer."))

    def audio(self, pcm: bytes) -> None:
        """Take one audio frame; a slow upstream loses the oldest."""
        metrics = self._ctx.services.metrics
        metrics.microphone_frames.inc()
        if not self._talking or not self._ctx.consented.is_set():
            return
        if len(self._audio) == self._audio.maxlen:
            metrics.microphone_dropped.inc()
        self._audio.append(pcm)
        self._audio_ready.set()

    async def read(self) -> None:
        """Handle the browser's messages in order until cancelled."""
        while True:
            message = await self._inbox.get()
            try:
                await self._handle(message)
            except UpstreamError:
                continue  # the pump sees the loss too and seeks a new line

    async def _handle(self, message: m.ClientMessage) -> None:
        ctx = self._ctx
        match message:
            case m.Consent():
                ctx.active()
                self._consent(message)
            case m.Offer():
                self._negotiation.offered(message)
            case m.Media():
                self._negotiation.reported(message)
            case m.Say():
                ctx.active()
                await self._typed(message.text)
            case m.Talk():
                ctx.active()
                await self._talk(active=message.active)
            case m.Interrupt():
                ctx.active()
                await self._interruption.pressed()
            case m.Language():
                ctx.active()
                await self._language(message.language)
            case m.Repeat() | m.Person() | m.AskPace() | m.MoreTime() | m.Comfort():
                ctx.active()
                await self._manner.asked(message)
            case m.CardDismiss():
                ctx.active()
                ctx.hide(message.id)
                ctx.questions.dismissed(message.id)
            case m.CardForm():
                ctx.active()
                ctx.questions.answered(message)
            case m.Microphone():
                await self._microphone_changed(message)
            case m.Touch():
                ctx.active()
            case m.End():
                ctx.end(EndReason.VISITOR_LEFT)
            case m.CardTake():
                ctx.active()
                self._taking.asked(message.id)
            case m.Hello() | m.Start() | m.Rest() | m.Report() | m.CommandDone() | m.PageEvent():
                pass  # the socket's own; they never reach a visit

    def _consent(self, message: m.Consent) -> None:
        if self._ctx.machine.state != "consent":
            return
        self._ctx.drop_notice("idle")
        if not message.accepted:
            self._ctx.end(EndReason.DECLINED)
            return
        self._ctx.consented.set()
        self._ctx.to("connecting")

    async def _typed(self, text: str) -> None:
        ctx = self._ctx
        if not ctx.consented.is_set():
            ctx.send(m.Failure(code="not_now", message=ctx.text("error.not_now")))
            return
        await self._interruption.pressed("typing")
        self._tools.visitor_spoke()
        self._typed_lines += 1
        turn_id = f"typed_{self._typed_lines}"
        ctx.book.whole(turn_id, "visitor", text)
        ctx.finish_turn(ctx.book.finish(turn_id))
        line = ctx.line
        if line is None:
            return  # it is part of the history that the next line is told, and answers
        ctx.delay.asked("typing", ctx.clock.monotonic())
        await line.add_text(text)
        await line.respond()
        if ctx.machine.talking and not ctx.held:
            ctx.to("thinking")

    async def _talk(self, *, active: bool) -> None:
        if self._ctx.site.talk == "open" or active == self._talking:
            return
        if not self._ctx.consented.is_set():
            return
        self._talking = active
        line = self._ctx.line
        if line is None:
            return
        manual = self._ctx.services.settings.upstream.turn_detection.type == "none"
        if active:
            await self._interruption.pressed()
            if manual:
                await line.clear_input()
        elif manual:
            await self._flush_audio(line)
            await line.commit()
            await line.respond()
            self._ctx.delay.asked("speech", self._ctx.clock.monotonic())
            if self._ctx.machine.talking and not self._ctx.held:
                self._ctx.to("thinking")
        else:
            await self._trailing_silence(line)

    async def _microphone_changed(self, message: m.Microphone) -> None:
        line = self._ctx.line
        if message.state == "muted" and line is not None:
            await self._trailing_silence(line)

    async def _trailing_silence(self, line: Line) -> None:
        # Turn detection needs silence to hear an end, and a muted microphone sends nothing.
        await self._flush_audio(line)
        for _ in range(5):
            await line.append(bytes(2 * INPUT_RATE // 5))

    async def _language(self, language: str) -> None:
        ctx = self._ctx
        if language == ctx.language:
            return
        if language not in self._ctx.site.languages:
            ctx.send(m.Failure(code="unknown_language", message=ctx.text("error.not_now")))
            return
        await change_language(ctx, language)

    async def listen(self) -> None:
        """Send the microphone's sound upstream until cancelled."""
        while True:
            await self._audio_ready.wait()
            self._audio_ready.clear()
            line = self._ctx.line
            if line is None:
                continue  # what waits is sent, or dropped as the oldest, when there is a line
            try:
                await self._flush_audio(line)
            except UpstreamError:
                continue  # the pump sees the loss too

    async def _flush_audio(self, line: Line) -> None:
        while self._audio:
            await line.append(self._audio.popleft())
