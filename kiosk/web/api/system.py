"""/api/plugins, /api/sinks and /api/themes: what a server is made of, and what helps it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web
from pydantic import AwareDatetime, Field

from kiosk import keys
from kiosk.security.access import Access
from kiosk.web import plugin_page, sinks_page
from kiosk.web.api.base import ApiRoute, Given, Model, Nothing
from kiosk.web.pages import THEMES


class LeftOut(Model):
    """A hook that is not called for now because it kept failing."""

    hook: str
    since: AwareDatetime | datetime
    failures: int


class Failure(Model):
    """One failure, without its text, which may hold anything."""

    hook: str
    kind: str
    at: AwareDatetime | datetime
    frames: list[str] = Field(description="Places in the plugin.")


class Check(Model):
    """A check of the plugin's own."""

    name: str
    ok: bool
    message: str


class Plugin(Model):
    """One plugin."""

    name: str
    origin: str
    version: str
    hooks: list[str]
    required: bool = Field(description="No visit opens while it fails.")
    tools: list[str]
    cards: list[str]
    addresses: list[str]
    running: dict[str, int] = Field(description="Tasks that still run, by hook.")
    left_out: list[LeftOut]
    lost: int = Field(description="Events it never heard of, because it was too slow for them.")
    skipped: int = Field(description="Calls that were not made while a hook of it was left out.")
    failed: int = Field(description="Failures since the server started.")
    failures: list[Failure] = Field(description="The last of them, newest first.")
    checks: list[Check]


class PluginList(Model):
    """The plugins of this server."""

    plugins: list[Plugin]


class Sink(Model):
    """How the entries for one transcript sink stand."""

    name: str
    offered: bool = Field(description="Whether a plugin offers it now.")
    waiting: int
    dead: int = Field(description="Put aside; they are offered again by replay only.")
    oldest: AwareDatetime | datetime | None
    error: str = Field(description="Kind of its last failure.")


class SinkList(Model):
    """The sinks."""

    sinks: list[Sink]


class Entries(Model):
    """How many entries it was."""

    entries: int


class Theme(Model):
    """A theme of the screens."""

    id: str
    error: str = Field(description="Why it does not load; empty when it does.")


class ThemeList(Model):
    """The themes of this server."""

    themes: list[Theme]


async def plugins(request: web.Request, given: Given[Any, Any]) -> PluginList:
    """List the plugins."""
    del given
    return PluginList(plugins=[_plugin(row) for row in await plugin_page.plugin_rows(request)])


async def again(request: web.Request, given: Given[Any, Any]) -> Nothing:
    """Try a plugin again."""
    del given
    await plugin_page.again(request)
    return Nothing()


async def sinks(request: web.Request, given: Given[Any, Any]) -> SinkList:
    """List the sinks."""
    del given
    offered = request.app[keys.RECORDER].sinks
    return SinkList(
        sinks=[
            Sink(
                name=state.sink,
                offered=state.sink in offered,
                waiting=state.waiting,
                dead=state.dead,
                oldest=state.oldest,
                error=state.error,
            )
            for state in await sinks_page.sink_states(request)
        ]
    )


async def replay(request: web.Request, given: Given[Any, Any]) -> Entries:
    """Offer a sink its dead letters again."""
    del given
    return Entries(entries=await sinks_page.replay_one(request))


async def forget(request: web.Request, given: Given[Any, Any]) -> Entries:
    """Delete a sink's dead letters."""
    del given
    return Entries(entries=await sinks_page.forget_one(request))


async def themes(request: web.Request, given: Given[Any, Any]) -> ThemeList:
    """List the themes."""
    del given
    looks = request.app[THEMES]
    found = {**dict.fromkeys(looks.themes, ""), **looks.broken}
    return ThemeList(themes=[Theme(id=id, error=error) for id, error in sorted(found.items())])


def _plugin(row: dict[str, Any]) -> Plugin:
    left_out = [
        LeftOut(hook=item.hook, since=item.since, failures=item.failures)
        for item in row["left_out"]
    ]
    return Plugin(**{**row, "left_out": left_out})


_SEE, _DO = Access.SYSTEM_VIEW, Access.SYSTEM_MANAGE
ROUTES = [
    ApiRoute("GET", "/api/plugins", plugins, _SEE, "Every plugin.", answer=PluginList),
    ApiRoute(
        "POST", "/api/plugins/{plugin}/again", again, _DO,
        "Call a plugin's left-out hooks again from now on.", status=204,
    ),
    ApiRoute("GET", "/api/sinks", sinks, _SEE, "How transcript sinks stand.", answer=SinkList),
    ApiRoute(
        "POST", "/api/sinks/{sink}/replay", replay, _DO, "Offer a sink its dead letters again.",
        answer=Entries,
    ),
    ApiRoute(
        "POST", "/api/sinks/{sink}/forget", forget, _DO,
        "Delete a sink's dead letters; of one that is gone, everything.", answer=Entries,
    ),
    ApiRoute(
        "GET", "/api/themes", themes, Access.CONTENT_EDIT, "The themes, and why one does not load.",
        answer=ThemeList,
    ),
]  # fmt: skip
