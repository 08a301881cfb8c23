"""/api/kiosks: every screen as the fleet page has it, and what stands above the list."""

from __future__ import annotations

from typing import Any, Literal

from aiohttp import web
from pydantic import Field

from kiosk import keys
from kiosk.security.access import Access
from kiosk.web import board, fleet_board
from kiosk.web.api.base import ApiRoute, Given, Model
from kiosk.web.fleet_board import Choice
from kiosk.web.fleet_rows import ROWS
from kiosk.web.kiosk_page import screenshot
from kiosk.web.request import operator, refuse


class FleetQuery(Model):
    """Which screens, in what order; all of them as in the settings when nothing is said."""

    q: str = Field("", max_length=80, description="Words that a row must have.")
    show: Literal["all", "trouble", "visit", "off", "older"] = "all"
    sort: Literal["place", "trouble", "name", "visit", "today"] = "place"
    site: str = Field("", max_length=64, description="Short name of a site.")


class Screen(Model):
    """One screen; what it has nothing to say about is empty."""

    id: str
    site: str
    name: str
    place: str
    tone: str = Field(description="`calm`, `busy` with a visit, `trouble` or `off`.")
    state: str
    language: str
    since: str = Field(description="When its visit began.")
    visit: str
    media: str
    why: str = Field(description="Why the picture comes the way it does.")
    quality: str
    picture: str = Field(description="Whether the avatar's picture moves, by the newest report.")
    picture_at: str = Field(description="When it last showed one; empty before the first.")
    need: str = Field(description="What needs a person.")
    page: str = Field(description="What is to be said of its version, when it is not the newest.")
    page_has: str = Field(description="The version of its page, by its newest report.")
    page_wanted: str = Field(description="The version this server gives to screens.")
    config: str
    config_has: str = Field(description="The digest of the settings its page was made with.")
    config_wanted: str = Field(description="The digest of its settings here.")
    today: int = Field(
        description="Visits begun today, also those in which the notice was not accepted."
    )
    hours: list[int] = Field(description="The same hour by hour, from midnight at the site.")
    error: str = Field(description="What the page told of, or how its line to Voice Live broke.")
    error_at: str
    last: str
    last_at: str


class Fleet(Model):
    """The screens and a line on all of them."""

    headline: str
    seq: int = Field(description="The number of the last change that is in it.")
    kiosks: list[Screen]


async def kiosks(request: web.Request, given: Given[FleetQuery, Any]) -> Fleet:
    """List screens."""
    live = request.app[keys.LIVE]
    sites = operator(request).sites(Access.FLEET_VIEW)
    await live.day.refresh(request.app[keys.STORAGE].visits)
    rows = [request.app[ROWS].fields(item) for item in board.of_sites(live, sites)]
    asked = given.query
    choice = Choice(q=asked.q, show=asked.show, sort=asked.sort, site=asked.site)
    shown = fleet_board.chosen(rows, choice)
    found = [_screen(request, fields) for fields in shown]
    return Fleet(headline=board.headline(live, sites), seq=live.seq, kiosks=found)


async def kiosk(request: web.Request, given: Given[Any, Any]) -> Screen:
    """Return one screen."""
    live = request.app[keys.LIVE]
    item = live.kiosks.get(given.path["kiosk"])
    if item is None:
        refuse(404, "no_kiosk", "There is no such screen; it may have been taken out.")
    await live.day.refresh(request.app[keys.STORAGE].visits)
    return _screen(request, request.app[ROWS].fields(item))


async def picture(request: web.Request, given: Given[Any, Any]) -> web.StreamResponse:
    """Return the newest picture of a screen."""
    del given
    return await screenshot(request)


def _screen(request: web.Request, fields: dict[str, Any]) -> Screen:
    live = request.app[keys.LIVE]
    item = live.kiosks[fields["id"]]
    report, pictured = item.report, item.pictured_at
    more: dict[str, Any] = {
        "hours": list(live.day.of(item.id)),
        # Not in the row itself, which would be another one with every report.
        "picture_at": pictured.isoformat(timespec="seconds") if pictured is not None else "",
        "page_has": report.page if report is not None else "",
        "page_wanted": live.version,
        "config_has": report.config if report is not None else "",
        "config_wanted": live.configs.get(item.id, ""),
    }
    known = {name: fields[name] for name in Screen.model_fields if name not in more}
    return Screen(**known, **more)


ROUTES = [
    ApiRoute(
        "GET",
        "/api/kiosks",
        kiosks,
        Access.FLEET_VIEW,
        "Every screen, what it does and what is wrong with it.",
        query=FleetQuery,
        answer=Fleet,
        tag="kiosks",
    ),
    ApiRoute(
        "GET",
        "/api/kiosks/{kiosk}",
        kiosk,
        Access.FLEET_VIEW,
        "One screen.",
        answer=Screen,
        tag="kiosks",
    ),
    ApiRoute(
        "GET",
        "/api/kiosks/{kiosk}/screenshot",
        picture,
        Access.KIOSK_COMMAND,
        "The newest picture of a screen, minutes old at most; the command `screenshot` takes one.",
        media="image/jpeg",
        tag="kiosks",
    ),
]
