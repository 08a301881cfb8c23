"""The SessionHandle that plugins get: a few facts and verbs, never the visit itself."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from typing_extensions import override

from kiosk.errors import UpstreamError
from kiosk.hooks.site import SessionHandle, Turn
from kiosk.model import Card, EndReason, Kiosk
from kiosk.session.context import VisitContext


class VisitHandle(SessionHandle):
    """A plugin's view of one visit."""

    def __init__(self, ctx: VisitContext) -> None:
        self._ctx = ctx

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
        return self._ctx.services.settings.site.name

    @override
    def now(self) -> datetime:
        """Return the time at the site."""
        return self._ctx.now()

    @override
    async def say(self, text: str) -> None:
        """Have the avatar say `text` after what it is saying now."""
        line = self._ctx.line
        if line is not None and not self._ctx.over.is_set():
            with suppress(UpstreamError):  # a line that is lost is no fault of the plugin
                await line.say(text)

    @override
    async def show(self, card: Card) -> None:
        """Show a card, or replace the one with its id."""
        if not self._ctx.over.is_set():
            self._ctx.show(card)

    @override
    async def end(self) -> None:
        """End the visit once what is being said has been said."""
        self._ctx.end_after_speech = EndReason.GOODBYE
