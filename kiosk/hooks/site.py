"""The narrow handles that hooks receive: the site, and one visit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar
from zoneinfo import ZoneInfo

import aiohttp
from pydantic import BaseModel

from kiosk.clock import Clock
from kiosk.model import Answers, Card, Comfort, Kiosk, Speaker

M = TypeVar("M", bound=BaseModel)


class PluginStore(Protocol):
    """A plugin's own data in the server's database: JSON values by key.

    Keys have 200 characters at most, values 64 KiB as JSON, a plugin 10,000 keys. Beyond that,
    and when the database fails, StorageError is raised and nothing has changed.
    """

    async def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key, or `default`."""
        ...

    async def set(self, key: str, value: Any) -> None:
        """Keep a JSON value under a key, replacing what was there."""
        ...

    async def delete(self, key: str) -> bool:
        """Forget a key; False when it was not there."""
        ...

    async def items(self, prefix: str = "", limit: int = 1000) -> list[tuple[str, Any]]:
        """Return keys that begin with `prefix` and their values, in the order of the keys."""
        ...


@dataclass(slots=True)
class SiteServices:
    """What the running server lends to plugins; filled in before the first lifespan is entered."""

    http: Callable[[str], aiohttp.ClientSession] | None = None
    store: Callable[[str], PluginStore] | None = None
    render: Callable[[str, Mapping[str, Any]], str] | None = None
    publish: Callable[[str, str, Mapping[str, Any], str], Awaitable[None]] | None = None
    wake: Callable[[str], Awaitable[bool]] | None = None


class NotRunningError(RuntimeError):
    """A plugin asked for something that is there only while the server runs."""


@dataclass(frozen=True, slots=True)
class Site:
    """What a plugin knows of the site; each plugin has its own, with its own settings."""

    plugin: str
    name: str
    languages: tuple[str, ...]
    zone: ZoneInfo
    clock: Clock
    section: BaseModel | None = None
    folder: Path | None = None
    """The plugin's own folder, for the files it brings along; None for one that is no file."""
    services: SiteServices = field(default_factory=SiteServices)
    state: dict[str, Any] = field(default_factory=dict, compare=False)
    """The plugin's own objects while the server runs, such as what its lifespan opened: in memory,
    shared by its hooks, one for each application."""
    required: bool = False
    """Whether the site declared that no visit may open while this plugin fails."""

    @property
    def http(self) -> aiohttp.ClientSession:
        """The plugin's own HTTP client: 10 s for a whole request unless you say otherwise.

        Connections are shared with the other plugins, cookies are not. Do not close it.
        """
        if self.services.http is None:
            raise self._not_running("http")
        return self.services.http(self.plugin)

    @property
    def store(self) -> PluginStore:
        """The plugin's own data, in the server's database."""
        if self.services.store is None:
            raise self._not_running("store")
        return self.services.store(self.plugin)

    def render(self, template: str, **context: Any) -> str:
        """Return a template rendered to HTML, escaped; names as in the templates folders."""
        if self.services.render is None:
            raise self._not_running("render")
        return self.services.render(template, context)

    async def publish(self, name: str, *, kiosk: str = "", **data: Any) -> None:
        """Tell operators and other plugins: a `plugin_event` with this name and JSON data.

        Without personal data: it is shown and logged as it is. At most 64 KiB as JSON.
        """
        if self.services.publish is None:
            raise self._not_running("publish")
        await self.services.publish(self.plugin, name, data, kiosk)

    async def wake(self, kiosk_id: str) -> bool:
        """Have a waiting screen invite whoever is in front of it; a visit is not disturbed.

        False when the screen is not connected or has a visitor. Works from any server of the site.
        """
        if self.services.wake is None:
            raise self._not_running("wake")
        return await self.services.wake(kiosk_id)

    def _not_running(self, what: str) -> NotRunningError:
        return NotRunningError(
            f"{self.plugin}: site.{what} is there only while the server runs; use it in lifespan "
            "and in the hooks of a visit, not while registering"
        )

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

    async def ask(self, card: Card, *, timeout_s: float = 120.0) -> Answers | None:
        """Show a form card and return what the visitor confirmed, by field name.

        None when it was closed, nobody answered in time, or the visit ended. Answers are
        personal: they are in no log, event or transcript unless you put them there.
        """
        ...

    @property
    def notes(self) -> MutableMapping[str, Any]:
        """The plugins' own notes on this visit, in memory, gone with it.

        Shared by all plugins: begin your keys with your plugin's name.
        """
        ...

    @property
    def comfort(self) -> Comfort:
        """How the visitor has the screen and the voice now: text size, contrast, volume, pace."""
        ...

    @property
    def last_answer(self) -> str:
        """What the avatar said last, in full; warnings and the like do not count."""
        ...

    async def set(
        self,
        *,
        language: str | None = None,
        text_size: Literal["normal", "large", "largest"] | None = None,
        contrast: Literal["normal", "more", "dark"] | None = None,
        volume: int | None = None,
        pace: Literal["normal", "slow"] | None = None,
        captions: bool | None = None,
        reach: Literal["standard", "seated"] | None = None,
        motion: Literal["full", "reduced"] | None = None,
        sign: bool | None = None,
    ) -> None:
        """Change the visit's language, or how screen and voice are, as the visitor's touch would.

        Only what is given changes; the next visitor finds everything as the site has it.
        """
        ...

    async def more_time(self) -> bool:
        """Extend the visit by the site's `visit.extend_s`; False when it had all there is."""
        ...

    async def transfer(
        self, reason: str = "", *, state: Literal["wanted", "coming", "over"] = "wanted"
    ) -> None:
        """Tell operators that a person is wanted here; the visit goes on meanwhile.

        `reason` is shown to operators as it is: no personal data. Say `coming` when somebody
        took it, `over` when nobody is wanted any more.
        """
        ...

    async def end(self) -> None:
        """End the visit politely, as if the visitor had said goodbye."""
        ...
