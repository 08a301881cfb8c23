"""The SessionHandle that plugins get: a few facts and verbs, never the visit itself."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal

from typing_extensions import override

from kiosk import events
from kiosk.errors import UpstreamError
from kiosk.hooks.site import SessionHandle, Turn
from kiosk.model import Answers, Card, Comfort, EndReason, Kiosk
from kiosk.session.comfort import change, extend
from kiosk.session.context import VisitContext


class VisitHandle(SessionHandle):
    """A plugin's view of one visit."""

    def __init__(self, ctx: VisitContext, plugin: str = "") -> None:
        self._ctx = ctx
        self._plugin = plugin

    @property
    @override
    def id(self) -> str:
        """The visit's id."""
        return self._ctx.id

    @property
    @override
    def kiosk(self) -> Kiosk:
        """The screen it happens on."""
        return self._ctx.kiosk

    @property
    @override
    def language(self) -> str:
        """The language of the screen and the conversation now."""
        return self._ctx.language

    @property
    @override
    def turns(self) -> Sequence[Turn]:
        """What was said so far, oldest first."""
        return tuple(Turn(turn.speaker, turn.text) for turn in self._ctx.book.finished)

    @property
    @override
    def site_name(self) -> str:
        """The site's name."""
        return self._ctx.site.name

    @override
    def now(self) -> datetime:
        """Return the time at the site."""
        return self._ctx.now()

    @override
    async def say(self, text: str) -> None:
        """Have the avatar say `text` after what it is saying now; not while a person speaks."""
        line = self._ctx.line
        if line is not None and not self._ctx.over.is_set() and not self._ctx.held:
            with suppress(UpstreamError):  # a line that is lost is no fault of the plugin
                await line.say(text)

    @override
    async def show(self, card: Card) -> None:
        """Show a card, or replace the one with its id."""
        if not self._ctx.over.is_set():
            self._ctx.show(card, self._plugin)

    @override
    async def ask(self, card: Card, *, timeout_s: float = 120.0) -> Answers | None:
        """Show a form and wait for what the visitor confirms."""
        return await self._ctx.questions.ask(card, timeout_s, self._plugin)

    @property
    @override
    def notes(self) -> MutableMapping[str, Any]:
        """The plugins' notes on this visit."""
        return self._ctx.notes

    @property
    @override
    def comfort(self) -> Comfort:
        """How the visitor has the screen and the voice."""
        return self._ctx.comfort

    @property
    @override
    def last_answer(self) -> str:
        """What the avatar said last, in full."""
        return self._ctx.last_answer

    @override
    async def set(self, *, language: str | None = None, **comfort: Any) -> None:
        """Change language or comfort; what the site or no screen has raises ValueError."""
        known = self._ctx.site.languages
        if language is not None and language not in known:
            raise ValueError(f"the site has no language {language!r}; it has {', '.join(known)}")
        if not self._ctx.over.is_set():
            with suppress(UpstreamError):  # a line that is lost is no fault of the plugin
                await change(self._ctx, language=language, **comfort)

    @override
    async def more_time(self) -> bool:
        """Extend the visit, if the site lets it."""
        return not self._ctx.over.is_set() and extend(self._ctx)

    @override
    async def transfer(
        self, reason: str = "", *, state: Literal["wanted", "coming", "over"] = "wanted"
    ) -> None:
        """Tell operators that a person is wanted here, is coming, or is not wanted any more."""
        if not self._ctx.over.is_set():
            stamp = self._ctx.stamp()
            self._ctx.emit(events.StaffWanted(**stamp, state=state, reason=reason[:200]))

    @override
    async def end(self) -> None:
        """End the visit once what is being said has been said; a person in it ends it herself."""
        if not self._ctx.held:
            self._ctx.end_after_speech = EndReason.GOODBYE
