"""A visit and a site made of plain values, for functions of a plugin that need no server.

`fake_session(language="fr")` remembers what a plugin did with it in `said`, `shown`, `asked`,
`wanted` and `ended`. `fake_site(Settings(...))` has the plugin's settings and a store in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from typing_extensions import override

from kiosk.clock import Clock
from kiosk.hooks.importing import import_plugin
from kiosk.hooks.site import PluginStore, SessionHandle, Site, SiteServices, Turn
from kiosk.model import Answers, Card, Comfort, Kiosk
from kiosk.testing.clock import ManualClock

START: Final = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
"""A Wednesday afternoon."""
UTC_ZONE: Final = ZoneInfo("UTC")
"""Read now, and kept by zoneinfo: on the loop, reading its file would be a blocking call."""


@dataclass
class FakeSession(SessionHandle):
    """A visit that remembers what plugins did with it."""

    language: str = "en"
    place: str = "entrance"
    at: datetime = START
    zone: str = "UTC"
    id: str = "visit_1"
    site_name: str = "Test site"
    turns: Sequence[Turn] = ()
    answers: Answers | None = None
    """What the visitor confirms in every form; None closes it."""
    said: list[str] = field(default_factory=list)
    shown: list[Card] = field(default_factory=list)
    asked: list[Card] = field(default_factory=list)
    wanted: list[tuple[str, str]] = field(default_factory=list)
    """Calls for a person: (state, reason)."""
    kept: dict[str, Any] = field(default_factory=dict)
    ended: bool = False
    comfort: Comfort = Comfort()  # noqa: RUF009 - frozen, so it may be shared
    last_answer: str = ""
    extensions: int = 1

    @property
    @override
    def kiosk(self) -> Kiosk:
        """The screen `lobby` at `place`."""
        return Kiosk("lobby", "Lobby", self.place, self.language)

    @property
    @override
    def notes(self) -> MutableMapping[str, Any]:
        """The plugins' notes."""
        return self.kept

    @override
    def now(self) -> datetime:
        """Return `at` in the site's zone."""
        return self.at.astimezone(ZoneInfo(self.zone))

    @override
    async def say(self, text: str) -> None:
        """Remember what is said."""
        self.said.append(text)

    @override
    async def show(self, card: Card) -> None:
        """Remember what is shown."""
        self.shown.append(card)

    @override
    async def ask(self, card: Card, *, timeout_s: float = 120.0) -> Answers | None:
        """Remember the form and return `answers`."""
        self.asked.append(card)
        return self.answers

    @override
    async def set(self, *, language: str | None = None, **comfort: Any) -> None:
        """Change the language or the comfort."""
        self.language = language or self.language
        given = {name: value for name, value in comfort.items() if value is not None}
        self.comfort = replace(self.comfort, **given)

    @override
    async def more_time(self) -> bool:
        """Use up one of `extensions`."""
        self.extensions -= 1
        return self.extensions >= 0

    @override
    async def transfer(
        self, reason: str = "", *, state: Literal["wanted", "coming", "over"] = "wanted"
    ) -> None:
        """Remember that a person is wanted, or no longer."""
        self.wanted.append((state, reason))

    @override
    async def end(self) -> None:
        """Remember that the visit was ended."""
        self.ended = True


class FakeStore(PluginStore):
    """A plugin's data in memory."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    @override
    async def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key, or `default`."""
        return self.values.get(key, default)

    @override
    async def set(self, key: str, value: Any) -> None:
        """Keep a value."""
        self.values[key] = value

    @override
    async def delete(self, key: str) -> bool:
        """Forget a key; False when it was not there."""
        return self.values.pop(key, self) is not self

    @override
    async def items(self, prefix: str = "", limit: int = 1000) -> list[tuple[str, Any]]:
        """Return keys that begin with `prefix` and their values, in the order of the keys."""
        found = sorted(item for item in self.values.items() if item[0].startswith(prefix))
        return found[:limit]


def fake_session(
    *,
    language: str = "en",
    place: str = "entrance",
    now: datetime = START,
    turns: Sequence[tuple[Literal["visitor", "avatar"], str]] = (),
    answers: Answers | None = None,
) -> FakeSession:
    """Return a visit in `language` at `place`; `now` has a time zone, which is the site's.

    `turns` are (speaker, words), oldest first; `answers` is what the visitor puts into forms.
    """
    said = [Turn(speaker, text) for speaker, text in turns]
    zone = str(now.tzinfo) if isinstance(now.tzinfo, ZoneInfo) else "UTC"
    return FakeSession(
        language=language, place=place, at=now, zone=zone, turns=said, answers=answers
    )


def fake_site(
    settings: BaseModel | None = None,
    *,
    plugin: str = "plugin",
    languages: tuple[str, ...] = ("en", "de"),
    zone: str = "UTC",
    clock: Clock | None = None,
    folder: Path | None = None,
    render: Callable[[str, Mapping[str, Any]], str] | None = None,
) -> FakeSite:
    """Return a site with checked settings and a store in memory; `published` remembers events.

    `site.http` is there only in a running server: use the fixture `kiosk_harness` for it.
    """
    return FakeSite(settings, plugin, languages, zone, clock or ManualClock(START), folder, render)


def load_plugin(path: Path) -> ModuleType:
    """Import a plugin's file as the server does; raises PluginLoadError with file and line."""
    return import_plugin(path.parent.name if path.name == "__init__.py" else path.stem, path)


class FakeSite(Site):
    """A `Site` whose services are in memory."""

    store_data: FakeStore
    published: list[tuple[str, Mapping[str, Any]]]

    def __init__(
        self,
        settings: BaseModel | None,
        plugin: str,
        languages: tuple[str, ...],
        zone: str,
        clock: Clock,
        folder: Path | None,
        render: Callable[[str, Mapping[str, Any]], str] | None,
    ) -> None:
        store, published = FakeStore(), list[tuple[str, Mapping[str, Any]]]()

        async def publish(_plugin: str, name: str, data: Mapping[str, Any], _kiosk: str) -> None:
            published.append((name, data))

        services = SiteServices(store=lambda _plugin: store, render=render, publish=publish)
        super().__init__(
            plugin, "Test site", languages, ZoneInfo(zone), clock, settings, folder, services
        )
        # The handle is frozen for plugins; a test may look inside.
        object.__setattr__(self, "store_data", store)
        object.__setattr__(self, "published", published)
