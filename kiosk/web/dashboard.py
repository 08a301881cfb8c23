"""The operator's pages: log in, what goes on now, one visit, past visits, the audit, screens."""

from __future__ import annotations

import functools
from typing import Any, Final

from aiohttp import web

from kiosk import keys
from kiosk.bus.base import NoHandlerError
from kiosk.hooks.values import PageView
from kiosk.security.access import Access
from kiosk.security.operators import LoginError
from kiosk.storage.rows import VisitRow
from kiosk.web import board, wording
from kiosk.web.middlewares import login_of, site_of
from kiosk.web.noting import note
from kiosk.web.request import (
    address_of,
    form,
    identity,
    operator,
    operator_cookie,
    refuse,
    set_operator_cookie,
)
from kiosk.web.routes import Route
from kiosk.web.when import When

HOME: Final = "/operator/"
PAGE: Final = 50
"""Past visits on one page."""
AUDIT_PAGE: Final = 100
END_WAIT_S: Final = 5.0
"""How long a visit may take to answer that it is ending."""
MAX_WHY: Final = 200

_OUTCOMES: Final = {
    "ending": "The visit is ending; its screen says goodbye and is wiped.",
    "over": "The visit was over already.",
    "silent": "The visit did not answer; try again, or restart the screen.",
}


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
        "feed": "",
        "extra": await _extra(request, f"operator/{template}"),
    }
    html = request.app[keys.TEMPLATES].render(f"operator/{template}", base | context)
    return web.Response(status=status, text=html, content_type="text/html")


def _may(request: web.Request, right: str) -> bool:
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


async def login_page(request: web.Request) -> web.Response:
    """Show the form, or go on when the browser is logged in already."""
    target = _local_path(request.query.get("next", ""))
    if (await login_of(request)).operator is not None:
        raise web.HTTPSeeOther(target)
    return await render(request, "login.html", next=target, message="", name="")


async def login(request: web.Request) -> web.Response:
    """Take the form; a wrong one comes back with the name filled in and a sentence."""
    fields = await form(request)
    target = _local_path(fields.get("next", ""))
    name = fields.get("name", "")
    operators = request.app[keys.OPERATORS]
    try:
        entered = await operators.login(name, fields.get("password", ""), address_of(request))
    except LoginError as error:
        status = 401 if error.code == "wrong" else 429
        page = await render(
            request, "login.html", status=status, next=target, message=str(error), name=name[:64]
        )
        if error.retry_after > 0:
            page.headers["Retry-After"] = str(max(1, round(error.retry_after)))
        return page
    await request.app[keys.STORAGE].audit.add(entered.operator.name, "operator.login")
    response = web.HTTPSeeOther(target)
    set_operator_cookie(request, response, entered.token)
    raise response


async def logout(request: web.Request) -> web.Response:
    """End the session here and in the browser."""
    await request.app[keys.OPERATORS].logout(operator_cookie(request) or "")
    await note(request, "operator.logout")
    response = web.HTTPSeeOther("/operator/login")
    set_operator_cookie(request, response, "")
    raise response


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


async def visit_page(request: web.Request) -> web.Response:
    """Show one visit: live while it runs, its transcript from storage afterwards."""
    who = operator(request)
    visit_id = request.match_info["visit"]
    storage = request.app[keys.STORAGE]
    live = request.app[keys.LIVE]
    row = await storage.visits.get(visit_id)
    item = live.visit(visit_id)
    if row is None and item is None:
        refuse(404, "no_visit", "There is no such visit; it may have been forgotten by now.")
    site = await site_of(request)
    running = item is not None and item.ended is None
    if not who.may(Access.VISIT_FOLLOW if running else Access.TRANSCRIPT_READ, site):
        refuse(403, "forbidden", "What was said is not for you to read; ask an administrator.")
    await note(request, "visit.read", visit_id)
    # Storage lags a moment behind the conversation and the live view forgets the oldest turns:
    # together they are whole.
    turns = {entry.seq: board.turn(entry) for entry in await storage.turns.of(visit_id)}
    if item is not None:
        turns |= {said.seq: board.turn(said) for said in item.turns}
        head = board.visit(live, item)
    else:
        assert row is not None
        head = past(request, row)
        head |= {"running": False, "tone": "calm", "language": f"in {head['language']}"}
    return await render(
        request,
        "visit.html",
        nav="visits",
        feed=f"/operator/feed?visit={visit_id}" if head["running"] else "",
        visit=head,
        turns=[turns[seq] for seq in sorted(turns)],
        timeline=[board.entry(change) for change in item.timeline] if item is not None else [],
        forgotten=item.forgotten if item is not None else 0,
        kept=item is not None,
        outcome=_outcome(request.query.get("done", ""), running=bool(head["running"])),
        failed=request.query.get("done") == "silent",
    )


async def end_page(request: web.Request) -> web.Response:
    """Ask once, naming what will happen to whom."""
    visit_id = request.match_info["visit"]
    live = request.app[keys.LIVE]
    item = live.running.get(visit_id)
    if item is None:
        raise web.HTTPSeeOther(f"/operator/visits/{visit_id}?done=over")
    return await render(request, "end.html", nav="visits", visit=board.visit(live, item))


async def end(request: web.Request) -> web.Response:
    """End a visit; written into the audit before it is done."""
    visit_id = request.match_info["visit"]
    fields = await form(request)
    if request.app[keys.LIVE].visit(visit_id) is None:
        known = await request.app[keys.STORAGE].visits.get(visit_id)
        if known is None:
            refuse(404, "no_visit", "There is no such visit; it may have been forgotten by now.")
    await note(request, "visit.end", visit_id, fields.get("why", "").strip()[:MAX_WHY])
    done = "ending"
    try:
        answer = await request.app[keys.BUS].command(
            f"visit:{visit_id}", {"command": "end"}, timeout_s=END_WAIT_S
        )
        if answer.get("ok") is False:
            done = "silent"
    except NoHandlerError:
        done = "over"
    except TimeoutError:
        done = "silent"
    if done != "ending":
        await note(request, "visit.end.undone", visit_id, _OUTCOMES[done])
    raise web.HTTPSeeOther(f"/operator/visits/{visit_id}?done={done}")


async def audit_page(request: web.Request) -> web.Response:
    """List who did what, newest first."""
    before = request.query.get("before", "")
    rows = await request.app[keys.STORAGE].audit.recent(
        AUDIT_PAGE + 1,
        before=int(before) if before.isdecimal() and len(before) < 16 else None,
        sites=operator(request).sites(Access.AUDIT_READ),
    )
    older = rows[AUDIT_PAGE - 1].id if len(rows) > AUDIT_PAGE else ""
    return await render(request, "audit.html", nav="audit", rows=rows[:AUDIT_PAGE], older=older)


async def screens_page(request: web.Request) -> web.Response:
    """List the screens, with a button each that makes an enrolment code."""
    return await render(request, "screens.html", nav="screens", **_screens(request))


async def make_code(request: web.Request) -> web.Response:
    """Make a code for one screen and show it once."""
    kiosk_id = request.match_info["kiosk"]
    await form(request)
    if kiosk_id not in {kiosk.id for kiosk in request.app[keys.SETTINGS].kiosks}:
        refuse(404, "no_kiosk", "There is no such screen in the settings.")
    await note(request, "kiosk.code", kiosk_id)
    code = await request.app[keys.DEVICES].make_code(kiosk_id)
    screens = _screens(request) | {"code": code, "code_for": kiosk_id}
    return await render(request, "screens.html", nav="screens", **screens)


def routes() -> list[Route]:
    """Return the addresses of the operator's pages."""
    return [
        Route("GET", "/operator", to_home, Access.PUBLIC),
        Route("GET", "/operator/login", login_page, Access.PUBLIC),
        Route("POST", "/operator/login", login, Access.PUBLIC),
        Route("POST", "/operator/logout", logout, Access.PERSON),
        Route("GET", "/operator/visits", visits_page, Access.TRANSCRIPT_READ),
        Route("GET", "/operator/visits/{visit}", visit_page, Access.FLEET_VIEW),
        Route("GET", "/operator/visits/{visit}/end", end_page, Access.VISIT_STEER),
        Route("POST", "/operator/visits/{visit}/end", end, Access.VISIT_STEER),
        Route("GET", "/operator/audit", audit_page, Access.AUDIT_READ),
        Route("GET", "/operator/screens", screens_page, Access.KIOSK_ENROL),
        Route("POST", "/operator/screens/{kiosk}/code", make_code, Access.KIOSK_ENROL),
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


def _outcome(done: str, *, running: bool) -> str:
    # Once it is over the page says so itself.
    return "" if done == "ending" and not running else _OUTCOMES.get(done, "")


def _screens(request: web.Request) -> dict[str, Any]:
    settings = request.app[keys.SETTINGS]
    sites = operator(request).sites(Access.KIOSK_ENROL)
    return {
        "screens": [k for k in settings.kiosks if sites is None or k.site in sites],
        "minutes": settings.access.code_minutes,
        "open_kiosk": request.app[keys.DEVICES].open_kiosk,
        "code": "",
        "code_for": "",
    }


def _local_path(text: str) -> str:
    # Only our own operator pages: a login form must not send people anywhere else.
    ours = text.startswith(HOME) and not text.startswith("/operator/log") and "\\" not in text
    return text if ours and text.isprintable() and "//" not in text else HOME
