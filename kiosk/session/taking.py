"""Taking a card along: what may be done with a card, and the code that a plugin makes of it."""

from __future__ import annotations

from collections import deque
from typing import Final, Literal

from kiosk.model import Card
from kiosk.session.context import VisitContext
from kiosk.signaling import messages as m

Offer = Literal["take", "print"]

PER_MINUTE: Final = 6
"""Codes in one minute of one visit; beyond it the visitor is asked for a moment."""
STAYS: Final = frozenset({"form", "qr"})
"""Kinds that end with the visit: a form is answered here, a code is itself the way to take."""


def offers(card: Card, *, takes: bool, prints: bool) -> tuple[Offer, ...]:
    """Return what the visitor may do with a card besides reading it."""
    if card.kind in STAYS:
        return ()
    found: list[Offer] = []
    if takes:
        found.append("take")
    if prints:
        found.append("print")
    return tuple(found)


class Taking:
    """Answers the control "take along" of one visit's cards."""

    def __init__(self, ctx: VisitContext) -> None:
        self._ctx = ctx
        self._asked: deque[float] = deque(maxlen=PER_MINUTE)

    def asked(self, card_id: str) -> None:
        """The visitor touched it; the code comes a moment later, as a card of its own."""
        ctx = self._ctx
        card = ctx.shown.get(card_id)
        if card is None:
            return  # it was taken off the screen meanwhile
        now = ctx.clock.monotonic()
        if len(self._asked) == PER_MINUTE and now - self._asked[0] < 60:
            self._refuse("take_often")
            return
        self._asked.append(now)
        ctx.tasks.spawn(self._make(card), name="take-along")

    async def _make(self, card: Card) -> None:
        ctx = self._ctx
        code = await ctx.services.hooks.take_along(ctx.handle, card)
        if code is None:
            self._refuse("take")
            return
        ctx.services.metrics.cards_taken.labels("offered").inc()
        if not ctx.over.is_set():
            ctx.show(code)

    def _refuse(self, code: str) -> None:
        self._ctx.services.metrics.cards_taken.labels(code).inc()
        self._ctx.send(m.Failure(code=code, message=self._ctx.text(f"error.{code}")))
