"""The operator's pages: past visits, the audit."""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import Any, Final

from aiohttp import web

from kiosk import keys
from kiosk.hooks.values import PageView
from kiosk.security.access import Access
from kiosk.storage.rows import VisitRow
from kiosk.web import board, wording
from kiosk.web.alert_board import banner
from kiosk.web.navigation import groups
from kiosk.web.request import identity, operator
from kiosk.web.routes import Route
from kiosk.web.when import When

HOME: Final = "/operator/"
PAGE: Final = 50
"""Past visits on one page."""
AUDIT_PAGE: Final = 100
MAX_WHY: Final = 200


async def render(
    request: web.Request, template: str, *, status: int = 200, **context: Any
) -> web.Response:
    """Answer with an operator's page; `nav` marks where in the site it is."""
    settings = request.app[keys.SETTINGS]
    base = {
        "site_name": settings.site.name,
        "when": When(settings.site.time_zone),
        "now": request.app[keys.CLOCK].now(),
        "operator": identity(request).operator,
        "may": functools.partial(_may, request),
        "nav": "",
        "places": groups(functools.partial(_may, request), context.get("nav", "")),
        "feed": "",
        "alerts_now": banner(request),
        "extra": await _extra(request, f"operator/{template}"),
    }
    html = request.app[keys.TEMPLATES].render(f"operator/{template}", base | context)
    return web.Response(status=status, text=html, content_type="text/html")


def _may(request: web.Request, right: Access | str) -> bool:
    who = identity(request).operator
    return who is not None and who.may(Access(right))


async def _extra(request: web.Request, template: str) -> dict[str, Any]:
    who = identity(request).operator
    view = PageView(template, operator=who.name if who is not None else None)
    return await request.app[keys.HOOKS].extra_template_vars(view)


async def to_home(request: web.Request) -> web.Response:
    """Send `/operator` to the dashboard."""
    del request
    raise web.HTTPSeeOther(HOME)


async def visits_page(request: web.Request) -> web.Response:
    """List past visits, newest first."""
    before = request.query.get("before") or None
    sites = operator(request).sites(Access.TRANSCRIPT_READ)
    rows = await request.app[keys.STORAGE].visits.recent(PAGE + 1, before=before, sites=sites)
    return await render(
        request,
        "visits.html",
        nav="visits",
        visits=[past(request, row) for row in rows[:PAGE]],
        older=rows[PAGE - 1].id if len(rows) > PAGE else "",
        newest=before is None,
    )


async def audit_page(request: web.Request) -> web.Response:
    """List who did what, newest first."""
    before = request.query.get("before", "")
    rows = await request.app[keys.STORAGE].audit.recent(
        AUDIT_PAGE + 1,
        before=int(before) if before.isdecimal() and len(before) < 16 else None,
        sites=operator(request).sites(Access.AUDIT_READ),
    )
    older = rows[AUDIT_PAGE - 1].id if len(rows) > AUDIT_PAGE else ""
    shown = rows[:AUDIT_PAGE]
    links = await _readable(request, {it.target for it in shown if it.action.startswith("visit.")})
    return await render(request, "audit.html", nav="audit", rows=shown, older=older, links=links)


async def _readable(request: web.Request, visits: Collection[str]) -> set[str]:
    """Return the visits that are still there and that the person may read: others lead nowhere."""
    app, who = request.app, operator(request)
    sites = await app[keys.STORAGE].visits.sites_of(visits)
    found = {visit for visit, site in sites.items() if who.may(Access.TRANSCRIPT_READ, site)}
    for visit in visits:
        item = app[keys.LIVE].visit(visit)
        if item is None:
            continue
        running = item.ended is None
        right = Access.VISIT_FOLLOW if running else Access.TRANSCRIPT_READ
        site = app[keys.SETTINGS].site_of(item.kiosk_id) or sites.get(visit)
        (found.add if who.may(right, site) else found.discard)(visit)
    return found


def routes() -> list[Route]:
    """Return the addresses of the operator's pages."""
    return [
        Route("GET", "/operator", to_home, Access.PUBLIC),
        Route("GET", "/operator/visits", visits_page, Access.TRANSCRIPT_READ),
        Route("GET", "/operator/audit", audit_page, Access.AUDIT_READ),
    ]


def past(request: web.Request, row: VisitRow) -> board.Fields:
    """Return a visit of storage as a line of a list."""
    known = request.app[keys.LIVE].kiosks.get(row.kiosk_id)
    if row.ended_at is not None and row.reason is not None:
        length = wording.duration(row.ended_at - row.started_at)
        how = wording.reason(row.reason)
    else:
        length, how = "", "no end on record: the server stopped during the visit"
    if row.id in request.app[keys.LIVE].running:
        how = "still running"
    return {
        "id": row.id,
        "kiosk": known.name if known is not None else row.kiosk_id,
        "language": wording.language(row.language),
        "since": row.started_at.isoformat(),
        "length": length,
        "turns": row.turns,
        "how": how,
        "ended": f"Ended after {length}: {how}" if length else how.capitalize(),
        "tools": ", ".join(row.tools),
    }
