"""Forms that the visitor fills in: shown as a card, awaited by the plugin that asked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import structlog
from pydantic import BaseModel

from kiosk.clock import new_id
from kiosk.model import Answers, Card
from kiosk.session.context import VisitContext
from kiosk.signaling import messages as m

log = structlog.get_logger(__name__)

_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+")

MAX_OPEN: Final = 4
"""Questions open at once in one visit; one more is answered with None at once."""

MOST_TIMES: Final = 10
"""How often its time may be begun anew by a touch (WCAG 2.2.1: at least ten times)."""
LOOK_S: Final = 1.0
"""How often it is looked whether the warning still holds."""


class Questions:
    """The open questions of one visit, by the id of their card."""

    def __init__(self, ctx: VisitContext) -> None:
        self._ctx = ctx
        self._open: dict[str, tuple[Card, asyncio.Future[Answers | None]]] = {}

    async def ask(self, card: Card, timeout_s: float, plugin: str = "") -> Answers | None:
        """Show a form and return what was confirmed; None when closed, too late or over.

        `timeout_s` is quiet time: what the visitor touches or says begins it anew, ten times over
        at most, and its end is announced on the screen.
        """
        if len(self._open) >= MAX_OPEN or self._ctx.over.is_set():
            return None
        card_id = card.id or new_id("form")
        card = replace(card, id=card_id)
        # A form with the id of an open one takes its place on the screen: nobody answers that now.
        self.dismissed(card_id)
        answer: asyncio.Future[Answers | None] = asyncio.get_running_loop().create_future()
        self._open[card_id] = (card, answer)
        self._ctx.show(card, plugin)
        try:
            if card_id not in self._ctx.cards:
                return None  # it could not be drawn; the log says why
            return await self._answer(answer, timeout_s)
        finally:
            if self._open.get(card_id, (card, None))[1] is answer:
                del self._open[card_id]
                self._ctx.hide(card_id)

    async def _answer(
        self, answer: asyncio.Future[Answers | None], timeout_s: float
    ) -> Answers | None:
        ctx = self._ctx
        began = ctx.clock.monotonic()
        warning_s = min(ctx.settings.idle_warning_s, timeout_s / 2)
        try:
            while not answer.done():
                quiet_since = max(began, ctx.last_act)
                end = min(quiet_since + timeout_s, began + MOST_TIMES * timeout_s)
                left = end - ctx.clock.monotonic()
                if left <= 0:
                    return None
                if left > warning_s:
                    ctx.drop_notice("form")
                    await self._within(answer, left - warning_s)
                    continue
                if "form" not in ctx.notices:
                    seconds = max(1, round(left))
                    text = ctx.text("notice.form")
                    ctx.notice(m.Notice(code="form", text=text, seconds=seconds))
                await self._within(answer, min(left, LOOK_S))
            return answer.result()
        finally:
            ctx.drop_notice("form")

    async def _within(self, answer: asyncio.Future[Answers | None], seconds: float) -> None:
        waiting = self._ctx.tasks.start(self._ctx.clock.sleep(seconds), name="form/wait")
        try:
            await asyncio.wait({answer, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()

    def answered(self, message: m.CardForm) -> None:
        """Take what the visitor confirmed; what does not fit the form is refused in words."""
        question = self._open.get(message.id)
        if question is None or question[1].done():
            return
        card, answer = question
        wrong = misfit(card, message.values)
        if wrong:
            log.info("a form came back with what it does not have", why=wrong)
            self._ctx.send(m.Failure(code="form", message=self._ctx.text("error.form")))
            return
        answer.set_result(
            {
                name: message.values.get(name, False if item.get("kind") == "check" else "")
                for name, item in _named(card).items()
            }
        )

    def close(self) -> None:
        """Answer every open question with None: the visit is over."""
        for card_id in tuple(self._open):
            self.dismissed(card_id)

    def dismissed(self, card_id: str) -> None:
        """Close the question of a card that the visitor closed."""
        question = self._open.get(card_id)
        if question is not None and not question[1].done():
            question[1].set_result(None)


def misfit(card: Card, values: Mapping[str, str | bool]) -> str:
    """Return why answers do not fit the card's fields, without quoting them; "" when they do."""
    known = _named(card)
    for name in values:
        if name not in known:
            return "an unknown field"
    for name, item in known.items():
        value = values.get(name, False if item.get("kind") == "check" else "")
        kind = item.get("kind", "text")
        if isinstance(value, bool) != (kind == "check"):
            return f"{name} has a wrong type"
        if item.get("required") and not value:
            return f"{name} is missing"
        if isinstance(value, str) and len(value) > int(item.get("maximum", 120)):
            return f"{name} is too long"
        if isinstance(value, str) and value and not _fits(kind, value, item):
            return f"{name} is no {kind}"
    return ""


def _fits(kind: str, value: str, item: Mapping[str, Any]) -> bool:
    if kind == "choice":
        return value in item.get("options", ())
    if kind == "number":
        return _NUMBER.fullmatch(value) is not None
    if kind == "email":
        return _EMAIL.fullmatch(value) is not None
    return True


def _named(card: Card) -> dict[str, Mapping[str, Any]]:
    return {str(item.get("name")): item for item in _fields(card)}


def _fields(card: Card) -> Iterator[Mapping[str, Any]]:
    """Yield the card's fields; a plugin gives them as mappings, or as the model has them."""
    for item in card.data.get("fields", ()):
        if isinstance(item, Mapping):
            yield item
        elif isinstance(item, BaseModel):
            yield item.model_dump()
