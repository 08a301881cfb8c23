"""Tells transcripts, operators and plugins what happened, in order, off the visitor's path."""

from __future__ import annotations

import asyncio

from kiosk import events
from kiosk.model import TranscriptEntry
from kiosk.session.context import VisitContext
from kiosk.session.turns import FinishedTurn
from kiosk.tasks import TaskSet


class Scribe:
    """Empties one visit's outbox."""

    def __init__(self, ctx: VisitContext) -> None:
        self._ctx = ctx
        self._tasks = TaskSet(f"scribe/{ctx.id[-8:]}")
        self._telling: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Tell things in order until cancelled."""
        while True:
            item = await self._ctx.outbox.get()
            # The end of the visit cancels this loop; a turn half told must not be lost by it.
            self._telling = self._tasks.start(self.tell(item), name="tell")
            await asyncio.shield(self._telling)

    async def drain(self) -> None:
        """Tell what is still waiting, at the end of the visit; what is being told first."""
        if self._telling is not None:
            await asyncio.wait({self._telling})
        while not self._ctx.outbox.empty():
            await self.tell(self._ctx.outbox.get_nowait())
        await self._tasks.aclose()

    async def tell(self, item: events.DomainEvent | FinishedTurn) -> None:
        """Record a turn, then publish the event and offer it to plugins."""
        if isinstance(item, FinishedTurn):
            item = await self._record(item)
        elif isinstance(item, events.CardShown):
            # A plugin may have put what was said into it; operators read it.
            title = await self._ctx.services.hooks.redact(item.title, "operator")
            item = item.model_copy(update={"title": title})
        elif isinstance(item, events.Whispered):
            text = await self._ctx.services.hooks.redact(item.text, "operator")
            item = item.model_copy(update={"text": text})
        await self._ctx.services.bus.publish(events.EVENTS_TOPIC, item.model_dump(mode="json"))
        hooks = self._ctx.services.hooks
        hooks.session_event(self._ctx.handle, item)
        if item.type in {"turn_completed", "tool_called"} and not self._ctx.over.is_set():
            for plugin, card in await hooks.cards(self._ctx.handle, item):
                if not self._ctx.over.is_set():
                    self._ctx.show(card, plugin)

    async def _record(self, turn: FinishedTurn) -> events.TurnCompleted:
        ctx = self._ctx
        ctx.turn_count += 1
        self._ctx.services.metrics.turns.labels(turn.speaker).inc()
        at = ctx.clock.now()
        await self._ctx.services.recorder.add(
            TranscriptEntry(
                visit_id=ctx.id,
                kiosk_id=ctx.kiosk.id,
                seq=ctx.turn_count,
                speaker=turn.speaker,
                text=turn.text,
                language=ctx.language,
                at=at,
                interrupted=turn.interrupted,
            )
        )
        return events.TurnCompleted(
            visit_id=ctx.id,
            kiosk_id=ctx.kiosk.id,
            at=at,
            seq=ctx.turn_count,
            speaker=turn.speaker,
            text=await self._ctx.services.hooks.redact(turn.text, "operator"),
            language=ctx.language,
            interrupted=turn.interrupted,
        )
