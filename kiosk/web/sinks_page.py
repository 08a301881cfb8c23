"""The operator's page of transcript sinks: what waits, what was put aside, replay and forget."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from aiohttp import web

from kiosk import keys
from kiosk.errors import StorageError
from kiosk.security.access import Access
from kiosk.storage.outbox import SinkState
from kiosk.web import wording
from kiosk.web.dashboard import render
from kiosk.web.noting import note
from kiosk.web.request import form, refuse
from kiosk.web.routes import Route

_DONE = {
    "replayed": "The dead letters are offered again now, and all that waits.",
    "forgotten": "The entries are deleted.",
}


async def sinks_page(request: web.Request) -> web.Response:
    """List the sinks, how their outboxes stand, and what can be done."""
    rows = [_row(request, state) for state in await sink_states(request)]
    done = _DONE.get(request.query.get("done", ""), "")
    return await render(request, "sinks.html", nav="sinks", sinks=rows, done=done, forget=None)


async def forget_page(request: web.Request) -> web.Response:
    """Ask once more before entries are deleted for good."""
    row = _row(request, await _state(request))
    return await render(request, "sinks.html", nav="sinks", sinks=[], done="", forget=row)


async def replay(request: web.Request) -> web.Response:
    """Offer a sink its dead letters again."""
    await form(request)
    await replay_one(request)
    raise web.HTTPSeeOther("/operator/sinks?done=replayed")


async def replay_one(request: web.Request) -> int:
    """Offer the sink of the address its dead letters again and return how many; audited."""
    name = (await _state(request)).sink
    count = await request.app[keys.RECORDER].replay(name)
    await note(request, "sink.replay", name, f"{count} entries")
    return count


async def forget(request: web.Request) -> web.Response:
    """Delete a sink's dead letters; of a sink that is gone, everything."""
    await form(request)
    await forget_one(request)
    raise web.HTTPSeeOther("/operator/sinks?done=forgotten")


async def forget_one(request: web.Request) -> int:
    """Delete what can be forgotten of the sink of the address; return how many entries; audited."""
    name = (await _state(request)).sink
    count = await request.app[keys.RECORDER].forget_dead(name)
    await note(request, "sink.forget", name, f"{count} entries")
    return count


async def sink_states(request: web.Request) -> list[SinkState]:
    """Return how every sink stands."""
    try:
        return await request.app[keys.RECORDER].states()
    except StorageError as error:
        refuse(503, "storage", str(error))


async def _state(request: web.Request) -> SinkState:
    name = request.match_info["sink"]
    found = next((state for state in await sink_states(request) if state.sink == name), None)
    if found is None:
        refuse(404, "no_sink", "Nothing waits for a sink of this name, and no plugin offers it.")
    return found


def _row(request: web.Request, state: SinkState) -> dict[str, Any]:
    offered = state.sink in request.app[keys.RECORDER].sinks
    return {
        "name": state.sink,
        "address": f"/operator/sinks/{quote(state.sink, safe='')}",
        "offered": offered,
        "waiting": state.waiting,
        "dead": state.dead,
        "age": _age(request.app[keys.CLOCK].now(), state.oldest),
        "error": state.error,
        "forgettable": state.dead if offered else state.dead + state.waiting,
    }


def _age(now: datetime, oldest: datetime | None) -> str:
    return wording.duration(now - oldest) if oldest is not None else ""


def routes() -> list[Route]:
    """Return the addresses of this module."""
    return [
        Route("GET", "/operator/sinks", sinks_page, Access.SYSTEM_VIEW),
        Route("GET", "/operator/sinks/{sink}/forget", forget_page, Access.SYSTEM_MANAGE),
        Route("POST", "/operator/sinks/{sink}/forget", forget, Access.SYSTEM_MANAGE),
        Route("POST", "/operator/sinks/{sink}/replay", replay, Access.SYSTEM_MANAGE),
    ]
