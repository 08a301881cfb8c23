"""Operators in a running visit: whisper, have words said, take the conversation, give it back."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Final, Literal

import structlog

from kiosk import events
from kiosk.bus.base import Payload
from kiosk.errors import UpstreamError
from kiosk.model import EndReason
from kiosk.session import orders
from kiosk.session.context import VisitContext
from kiosk.session.interruption import Interruption
from kiosk.session.line import Line
from kiosk.session.opening import tell_settings
from kiosk.settings.sections import in_language
from kiosk.signaling import messages as m

log = structlog.get_logger(__name__)

MINUTE_S: Final = 60.0
MAX_QUEUED: Final = 4
"""Things an operator said that may wait for the voice; one more is refused, not dropped."""
NOTE_TURN: Final = 400
"""Characters of one turn in what the model is told of a conversation that it had no part in."""
WHISPER: Final = (
    "The staff tell you this, for your next answer only. Follow it without reading it out or "
    "mentioning it.\n{text}"
)
NOTE: Final = (
    "A member of staff talked with the visitor in your place, by your voice. You are the assistant "
    "again; go on from there and do not repeat it. {said}"
)

Why = Literal["handed_back", "silent", "absent"]


class _RefusedError(Exception):
    """An order that cannot be followed now; the sentence says what to do."""

    def __init__(self, code: str, detail: str, **more: str) -> None:
        super().__init__(detail)
        self.answer = {"ok": False, "code": code, "detail": detail, **more}


class Steering:
    """Follows operators' orders one after the other, and takes back what they left behind."""

    def __init__(self, ctx: VisitContext, interruption: Interruption) -> None:
        self._ctx = ctx
        self._interruption = interruption
        self._one_at_a_time = asyncio.Lock()
        self._held = asyncio.Event()
        people = ctx.services.settings.operators
        self._people = people
        self._words: deque[float] = deque(maxlen=people.words_per_minute)
        self._whispers: deque[float] = deque(maxlen=people.whispers_per_minute)

    async def command(self, payload: Payload) -> Payload:
        """Answer an operator's order from the bus: `ok`, or `code` and a sentence."""
        order = orders.parsed(payload)
        if order is None:
            return {"ok": False, "code": "unknown", "detail": "This server does not know that."}
        if isinstance(order, orders.Present):
            self._ctx.takeover.seen(order.by, self._ctx.clock.monotonic())
            return {"ok": True}
        if isinstance(order, orders.End):
            self._ctx.end(EndReason.OPERATOR)
            return {"ok": True}
        async with self._one_at_a_time:
            try:
                await self._follow(order)
            except _RefusedError as refused:
                return refused.answer
            except UpstreamError:
                # The pump sees the loss too; whoever has the conversation keeps it.
                return _no_line().answer
        return {"ok": True}

    async def _follow(self, order: orders.Order) -> None:
        match order:
            case orders.Whisper():
                await self._whisper(order)
            case orders.Say():
                await self._say(order)
            case orders.TakeOver():
                await self._take(order)
            case orders.Type():
                await self._type(order)
            case orders.HandBack():
                self._check_holder(order.by)
                await self._give_back("handed_back")
            case orders.Present() | orders.End():
                pass  # answered before

    async def run(self) -> None:
        """Give conversations back that an operator left or forgot, until cancelled."""
        ctx = self._ctx
        tick_s = min(1.0, self._people.absence_s / 4, self._people.silence_s / 4)
        while True:
            await self._held.wait()
            while ctx.held:
                await ctx.clock.sleep(tick_s)
                async with self._one_at_a_time:
                    why = ctx.takeover.lapsed(ctx.clock.monotonic())
                    if why is not None:
                        log.info("a conversation goes back to the model", why=why, visit=ctx.id)
                        await self._give_back(why)
            self._held.clear()

    # ── a word to the model, a sentence to the visitor ───────────────────────────────────

    async def _whisper(self, order: orders.Whisper) -> None:
        line = self._line()
        self._limit(self._whispers, "The model was told much already; wait a moment.")
        await line.add_text(WHISPER.format(text=order.text), "system")
        ctx = self._ctx
        ctx.emit(events.Whispered(**ctx.stamp(), by=order.by, text=order.text))

    async def _say(self, order: orders.Say) -> None:
        holder = self._ctx.takeover.by
        if holder not in {None, order.by}:
            raise _held_by(holder or "")
        text = order.text or self._sentence(order.sentence)
        await self._speak(text, order.by, order.sentence)

    def _sentence(self, sentence_id: str) -> str:
        for sentence in self._people.sentences:
            if sentence.id == sentence_id:
                found = in_language(sentence.text, self._ctx.language)
                return found or next(iter(sentence.text.values()))
        raise _RefusedError(
            "no_sentence", "There is no such sentence; `operators.sentences` lists them."
        )

    async def _type(self, order: orders.Type) -> None:
        self._check_holder(order.by)
        await self._speak(order.text, order.by, "")

    async def _speak(self, text: str, by: str, sentence: str) -> None:
        ctx, line = self._ctx, self._line()
        if line.gate.waiting >= MAX_QUEUED:
            raise _RefusedError("wait", "What was ordered before is still being said; wait for it.")
        self._limit(self._words, "Too much was ordered to be said; wait a moment.")
        ctx.takeover.word(by, ctx.clock.monotonic())
        ctx.emit(events.SaidByOperator(**ctx.stamp(), by=by, sentence=sentence))
        await line.say(text, person=True)

    def _line(self) -> Line:
        ctx = self._ctx
        if not ctx.consented.is_set() or ctx.machine.state == "ending":
            raise _not_now()
        if ctx.line is None or not ctx.machine.talking:
            raise _no_line()
        return ctx.line

    def _limit(self, made: deque[float], detail: str) -> None:
        now = self._ctx.clock.monotonic()
        if len(made) == made.maxlen and now - made[0] < MINUTE_S:
            self._ctx.services.metrics.steering_refused.inc()
            raise _RefusedError("too_fast", detail)
        made.append(now)

    # ── the conversation itself ──────────────────────────────────────────────────────────

    async def _take(self, order: orders.TakeOver) -> None:
        ctx = self._ctx
        if not ctx.consented.is_set() or ctx.machine.state == "ending":
            raise _not_now()
        before = ctx.takeover.by
        turn = len(ctx.book.finished) + ctx.book.forgotten
        now = ctx.clock.monotonic()
        taken = ctx.takeover.take(order.by, now, turn=turn, insist=order.insist)
        if taken == "held":
            raise _held_by(before or "")
        if taken == "again":
            return
        stamp = ctx.stamp()
        ctx.emit(events.OperatorJoined(**stamp, by=order.by, instead_of=before or ""))
        if taken == "replaced":
            return  # to the visitor it is still a person
        self._held.set()
        ctx.services.metrics.takeovers.inc()
        ctx.end_after_speech = None
        ctx.delay.called_off()
        ctx.active()
        ctx.send(m.Joined(active=True))
        line = ctx.line
        if line is not None:
            line.muted = True
        with suppress(UpstreamError):  # a lost line is seen by the pump; the next begins with this
            await self._interruption.by_staff()
            if ctx.machine.state == "thinking":
                ctx.to("listening")
            if line is not None:
                await tell_settings(ctx, line)
                await announce(ctx)

    def _check_holder(self, by: str) -> None:
        holder = self._ctx.takeover.by
        if holder is None:
            raise _RefusedError("not_taken", "The assistant has the conversation; take it first.")
        if holder != by:
            raise _held_by(holder)

    async def _give_back(self, why: Why) -> None:
        ctx = self._ctx
        said = self._said_meanwhile()
        by = ctx.takeover.give_back() or ""
        ctx.send(m.Joined(active=False))
        ctx.emit(events.OperatorLeft(**ctx.stamp(), by=by, why=why))
        ctx.active()
        line = ctx.line
        if line is None:
            return
        line.muted = False
        question = "" if self._interruption.in_the_way else self._unanswered()
        with suppress(UpstreamError):  # the next line is told what was said, and by whom
            await tell_settings(ctx, line)
            await line.add_text(NOTE.format(said=said), "system")
            if ctx.machine.talking:
                await ctx.aside(ctx.text("person.left"))
            if question:
                # Said again for this response: what was just said to the visitor came after it.
                content = [{"type": "input_text", "text": question}]
                asked = {"type": "message", "role": "user", "content": content}
                await line.respond({"append_input_items": [asked]})

    def _unanswered(self) -> str:
        said: list[str] = []
        for turn in reversed(self._ctx.book.finished):
            if turn.speaker != "visitor":
                break
            said.insert(0, turn.text)
        return " ".join(said)

    def _said_meanwhile(self) -> str:
        book = self._ctx.book
        begun = max(0, self._ctx.takeover.begun_at_turn - book.forgotten)
        turns = book.finished[begun:][-self._ctx.settings.history_turns :]
        who = {"visitor": "Visitor", "operator": "Staff", "avatar": "You"}
        lines = [f"{who[turn.speaker]}: {turn.text[:NOTE_TURN]}" for turn in turns]
        return "What was said meanwhile:\n" + "\n".join(lines) if lines else "Nothing was said."


async def announce(ctx: VisitContext) -> None:
    """Tell the visitor that a person joined, once there is a voice. Raises UpstreamError."""
    if ctx.held and not ctx.takeover.announced and ctx.line is not None and ctx.machine.talking:
        ctx.takeover.announced = True
        await ctx.aside(ctx.text("person.joined"))


def _no_line() -> _RefusedError:
    return _RefusedError(
        "no_line", "The visit has no line to speak on at this moment; try again shortly."
    )


def _not_now() -> _RefusedError:
    return _RefusedError(
        "not_now", "The visitor has not agreed to the notice yet, or the visit is over."
    )


def _held_by(name: str) -> _RefusedError:
    return _RefusedError("held", f"{name} has this conversation now.", holder=name)
