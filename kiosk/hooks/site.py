"""The narrow handles that hooks receive: the site, and one visit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from kiosk.clock import Clock
from kiosk.model import Card, Kiosk, Speaker

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Site:
    """What a plugin knows of the site; each plugin has its own, with its own settings."""

    plugin: str
    name: str
    languages: tuple[str, ...]
    zone: ZoneInfo
    clock: Clock
    section: BaseModel | None = None

    def now(self) -> datetime:
        """Return the time at the site, with its time zone."""
        return self.clock.now().astimezone(self.zone)

    def settings(self, model: type[M]) -> M:
        """Return the plugin's own checked settings: the model it registered."""
        if not isinstance(self.section, model):
            raise TypeError(
                f"{self.plugin} registered no settings of type {model.__name__}; "
                "call register(...) with it in register_settings"
            )
        return self.section


@dataclass(frozen=True, slots=True)
class Turn:
    """One finished turn of the conversation, as it was said."""

    speaker: Speaker
    text: str


class SessionHandle(Protocol):
    """One visit, as far as a plugin may reach it."""

    @property
    def id(self) -> str:
        """The visit's id."""
        ...

    @property
    def kiosk(self) -> Kiosk:
        """The screen it happens on."""
        ...

    @property
    def language(self) -> str:
        """The language of the screen and the conversation now."""
        ...

    @property
    def turns(self) -> Sequence[Turn]:
        """What was said so far, oldest first."""
        ...

    @property
    def site_name(self) -> str:
        """The site's name."""
        ...

    def now(self) -> datetime:
        """Return the time at the site, with its time zone."""
        ...

    async def say(self, text: str) -> None:
        """Have the avatar say `text` word for word, after what it is saying now."""
        ...

    async def show(self, card: Card) -> None:
        """Show a card, or replace the one with its id."""
        ...

    async def end(self) -> None:
        """End the visit politely, as if the visitor had said goodbye."""
        ...
