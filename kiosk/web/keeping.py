"""The operator's pages of what is kept: erase or hold one visit, retention and its runs."""

from __future__ import annotations

import functools
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NoReturn
from zoneinfo import ZoneInfo

from aiohttp import web

from kiosk import keys
from kiosk.security.access import Access
from kiosk.security.visit_codes import CODES_KEY, VisitCodes
from kiosk.settings.retention import Days
from kiosk.storage.keeping import Hold, Run
from kiosk.transcripts.erasing import By, Eraser, KeepError
from kiosk.transcripts.retention import CLASSES, Retention
from kiosk.web import wording
from kiosk.web.asking import day
from kiosk.web.dashboard import render
from kiosk.web.request import REQUEST_ID, form, operator, refuse
from kiosk.web.routes import Route

MAX_WHY: Final = 300
HOME: Final = "/operator/retention"
CODES: Final = web.AppKey("visit_codes", VisitCodes)
STATUS: Final = {"no_visit": 404, "running": 409, "held": 409, "not_held": 409}
"""The answer to each refusal; what is not named here is a wrong value."""

_DONE: Final = {
    "held": "The visit is held: neither its age nor a request erases it.",
    "lifted": "The hold is lifted; the visit is kept as long as others.",
    "running": "What is too old is being deleted; this page shows the run when it is over.",
    "busy": "A run is going on already; this page shows it when it is over.",
}
NAMES: Final = {
    "transcripts": "Spoken words",
    "visits": "Visits",
    "outbox": "Waiting for sinks",
    "dead_letters": "Dead letters",
    "audit": "Audit",
}


def by(request: web.Request, why: str) -> By:
    """Return who asks, for the audit."""
    return By(operator(request).actor, why.strip()[:MAX_WHY], request.get(REQUEST_ID, ""))


def refused(error: KeepError) -> NoReturn:
    """Answer with why a visit is not erased or held."""
    refuse(STATUS.get(error.code, 422), error.code, str(error))


def until_of(request: web.Request, text: str) -> datetime | None:
    """Return the end of the last day of a hold; None when none is named."""
    first = day(text, ZoneInfo(request.app[keys.SETTINGS].site.time_zone))
    return (first + timedelta(days=1)).astimezone(UTC) if first is not None else None


def hold_fields(hold: Hold) -> dict[str, Any]:
    """Return a hold as pages show it."""
    return {
        "visit": hold.visit_id,
        "at": hold.at.isoformat(),
        "actor": hold.actor,
        "why": hold.why,
        "until": hold.until.isoformat() if hold.until is not None else "",
    }


async def keep_page(request: web.Request) -> web.Response:
    """Show what keeps a visit, and ask before it is erased."""
    return await _keep(request, done=_DONE.get(request.query.get("done", ""), ""))


async def _keep(
    request: web.Request, *, done: str = "", problem: str = "", status: int = 200
) -> web.Response:
    visit_id = request.match_info["visit"]
    storage, settings = request.app[keys.STORAGE], request.app[keys.SETTINGS]
    row = await storage.visits.get(visit_id)
    if row is None:
        refuse(404, "no_visit", "There is no such visit; it may have been erased already.")
    held = await storage.keeping.held(visit_id)
    known = request.app[keys.LIVE].kiosks.get(row.kiosk_id)
    days = settings.retention.of(row.site)
    return await render(
        request,
        "keep.html",
        status=status,
        nav="visits",
        visit=visit_id,
        kiosk=known.name if known is not None else row.kiosk_id,
        since=row.started_at.isoformat(),
        turns=row.turns,
        held=hold_fields(held) if held is not None else None,
        words_until=(row.started_at + timedelta(days=days.transcripts)).isoformat(),
        visit_until=(row.started_at + timedelta(days=days.visits)).isoformat(),
        done=done,
        problem=problem,
    )


async def erase(request: web.Request) -> web.Response:
    """Erase a visit everywhere."""
    fields = await form(request)
    try:
        erased = await request.app[keys.ERASER].erase(
            request.match_info["visit"], by(request, fields.get("why", ""))
        )
    except KeepError as error:
        return await _keep(request, problem=str(error), status=STATUS.get(error.code, 422))
    return await render(
        request, "erased.html", nav="transcripts", said=erased.sentence, failed=erased.failed
    )


async def hold(request: web.Request) -> web.Response:
    """Put a visit under a legal hold."""
    fields = await form(request)
    visit_id = request.match_info["visit"]
    try:
        await request.app[keys.ERASER].hold(
            visit_id, by(request, fields.get("why", "")), until_of(request, fields.get("until", ""))
        )
    except KeepError as error:
        return await _keep(request, problem=str(error), status=STATUS.get(error.code, 422))
    raise web.HTTPSeeOther(f"/operator/visits/{visit_id}/keep?done=held")


async def release(request: web.Request) -> web.Response:
    """Lift a legal hold."""
    fields = await form(request)
    visit_id = request.match_info["visit"]
    try:
        await request.app[keys.ERASER].release(visit_id, by(request, fields.get("why", "")))
    except KeepError as error:
        return await _keep(request, problem=str(error), status=STATUS.get(error.code, 422))
    raise web.HTTPSeeOther(f"/operator/visits/{visit_id}/keep?done=lifted")


async def retention_page(request: web.Request) -> web.Response:
    """Show how long what is kept, what is held, and what the last runs deleted."""
    done = _DONE.get(request.query.get("done", ""), "")
    return await _retention(request, done=done)


async def _retention(request: web.Request, *, done: str = "", problem: str = "") -> web.Response:
    app = request.app
    settings = app[keys.SETTINGS]
    keeping = app[keys.STORAGE].keeping
    sites = operator(request).sites(Access.TRANSCRIPT_ERASE)
    names = settings.site_names()
    shown = [site for site in names if sites is None or site in sites]
    return await render(
        request,
        "retention.html",
        nav="retention",
        done=done,
        problem=problem,
        sites=[(names[site], days_fields(settings.retention.of(site))) for site in shown],
        audit=wording.count(settings.retention.audit_days, "day"),
        next_run=app[keys.RETENTION].next_run(app[keys.CLOCK].now()).isoformat(),
        busy=app[keys.RETENTION].busy,
        runs=[run_fields(run) for run in await keeping.runs()],
        names=[NAMES[name] for name in CLASSES],
        holds=[hold_fields(item) for item in await keeping.holds(sites=sites)],
        codes=settings.retention.visitor_code,
        whole=sites is None,
    )


def days_fields(days: Days) -> list[str]:
    """Return how long a site keeps each class, in words."""
    kept = (days.transcripts, days.visits, days.outbox, days.dead_letters)
    return [wording.count(value, "day") if value else "never stored" for value in kept]


def run_fields(run: Run) -> dict[str, Any]:
    """Return a run as pages show it."""
    return {
        "at": run.began_at.isoformat(),
        "took": wording.duration(run.ended_at - run.began_at),
        "actor": run.actor,
        "removed": [run.removed.get(name, 0) for name in CLASSES],
        "error": run.error,
    }


async def run_now(request: web.Request) -> web.Response:
    """Delete what is too old now; for who may at every site."""
    await form(request)
    who = operator(request)
    if who.sites(Access.TRANSCRIPT_ERASE) is not None:
        refuse(403, "forbidden", "A run is for all sites; you may erase at some of them only.")
    begun = await request.app[keys.RETENTION].begin(who.actor)
    raise web.HTTPSeeOther(f"{HOME}?done={'running' if begun else 'busy'}")


async def by_code(request: web.Request) -> web.Response:
    """Find the visit of a code that a visitor brought along."""
    fields = await form(request)
    sought = request.app[CODES].hash_of(fields.get("code", "")[:64])
    storage = request.app[keys.STORAGE]
    visit_id = await storage.keeping.visit_of_code(sought) if sought is not None else None
    row = await storage.visits.get(visit_id) if visit_id is not None else None
    if row is None or not operator(request).may(Access.TRANSCRIPT_ERASE, row.site):
        problem = "No visit has this code; it may have been erased or grown too old already."
        return await _retention(request, problem=problem)
    raise web.HTTPSeeOther(f"/operator/visits/{row.id}/keep")


def make_code(app: web.Application, kiosk_id: str) -> tuple[str, str]:
    """Return a visitor's code and the hash to keep; empty where the site shows none."""
    settings = app[keys.SETTINGS]
    kept = settings.retention.of(settings.site_of(kiosk_id) or "").visits
    # Without the visit's row there is nothing that a code could be found by.
    return app[CODES].make() if settings.retention.visitor_code and kept else ("", "")


async def running(app: web.Application) -> AsyncIterator[None]:
    """Forget what is asked for or too old, while the server runs."""
    storage, clock, bus = app[keys.STORAGE], app[keys.CLOCK], app[keys.BUS]
    metrics = app[keys.METRICS]
    key = await storage.secrets.get_or_create(CODES_KEY, lambda: secrets.token_hex(32))
    app[CODES] = VisitCodes(key)
    # Counts hold no words: they are taken before the visits they are made of go.
    count = functools.partial(storage.insight.roll, ZoneInfo(app[keys.SETTINGS].site.time_zone))
    eraser = app[keys.ERASER] = Eraser(
        storage,
        clock,
        bus=bus,
        hooks=app[keys.HOOKS],
        metrics=metrics,
        forget=[app[keys.LIVE].forget],
        before=count,
    )
    retention = app[keys.RETENTION] = Retention(
        app[keys.SETTINGS], storage, eraser, clock, bus=bus, metrics=metrics, before=count
    )
    async with eraser.running(), retention.running():
        yield


def routes() -> list[Route]:
    """Return the addresses of this module."""
    right = Access.TRANSCRIPT_ERASE
    return [
        Route("GET", "/operator/visits/{visit}/keep", keep_page, right),
        Route("POST", "/operator/visits/{visit}/erase", erase, right),
        Route("POST", "/operator/visits/{visit}/hold", hold, right),
        Route("POST", "/operator/visits/{visit}/release", release, right),
        Route("GET", HOME, retention_page, right),
        Route("POST", f"{HOME}/run", run_now, right),
        Route("POST", f"{HOME}/code", by_code, right),
    ]
