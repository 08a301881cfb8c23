"""/operator/: every screen at a glance, as a list or as a wall, and what needs a person."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from kiosk import keys
from kiosk.security.access import Access
from kiosk.web import board, fleet_board
from kiosk.web.commander import RULES
from kiosk.web.dashboard import HOME, past, render
from kiosk.web.fleet_board import SHOWN, SORTS, Choice
from kiosk.web.fleet_rows import ROWS
from kiosk.web.orders_page import WORDS
from kiosk.web.request import operator
from kiosk.web.routes import Route

RECENT: Final = 8
"""Past visits under the list."""
TURN: Final = 20
"""Rows made in one go before others get their turn."""


async def fleet_page(request: web.Request) -> web.Response:
    """Show every screen and what needs a person."""
    live = request.app[keys.LIVE]
    who = operator(request)
    sites = who.sites(Access.FLEET_VIEW)
    choice = Choice.of(request.query)
    await live.day.refresh(request.app[keys.STORAGE].visits)
    recent = await _recent(request)
    panels = await request.app[keys.HOOKS].dashboard_panels(who.name)
    # The number comes first: what changes while rows are made is sent by the feed.
    seq = live.seq
    items = board.of_sites(live, sites)
    rows = request.app[ROWS]
    shown = fleet_board.chosen([rows.fields(item) for item in items], choice)
    html = []
    for at, fields in enumerate(shown):
        html.append(rows.html(live.kiosks[fields["id"]]))
        if at % TURN == TURN - 1:
            # Hundreds of rows made anew take a while, and visits go on meanwhile.
            await request.app[keys.CLOCK].sleep(0)
    names = request.app[keys.SETTINGS].site_names()
    return await render(
        request,
        "fleet.html",
        nav="now",
        feed="/operator/fleet/feed",
        epoch=live.epoch,
        seq=seq,
        summary=fleet_board.summary(live, sites),
        groups=fleet_board.groups(shown, html, names),
        sites=[(site, names.get(site, site)) for site in dict.fromkeys(i.site for i in items)],
        choice=choice,
        sorts=SORTS,
        shows=SHOWN,
        total=len(items),
        shown=len(shown),
        visits=recent,
        panels=panels,
        commands=[(key, words) for key, words in WORDS.items() if who.may(RULES[key].access)],
    )


async def recent(request: web.Request) -> web.Response:
    """Show the latest visits alone: the page fetches them anew when one has ended."""
    return await render(request, "recent.html", visits=await _recent(request))


def routes() -> list[Route]:
    """Return the addresses of this module."""
    return [
        Route("GET", HOME, fleet_page, Access.FLEET_VIEW),
        Route("GET", "/operator/fleet/recent", recent, Access.FLEET_VIEW),
    ]


async def _recent(request: web.Request) -> list[dict[str, Any]]:
    sites = operator(request).sites(Access.FLEET_VIEW)
    rows = await request.app[keys.STORAGE].visits.recent(RECENT, sites=sites)
    running = request.app[keys.LIVE].running
    return [past(request, row) for row in rows if row.id not in running]
