"""The operator's page of insight: counts of some days as charts and tables, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from kiosk import keys
from kiosk.errors import StorageError
from kiosk.model import VisitSummary
from kiosk.security.access import Access
from kiosk.transcripts.export import harmless
from kiosk.web import charts
from kiosk.web.dashboard import render
from kiosk.web.figures import LEARN_DAYS, NOTICED, Section, given, sections
from kiosk.web.request import operator, refuse
from kiosk.web.routes import Route

log = structlog.get_logger(__name__)

HERE: Final = "/operator/insight"
USUAL_DAYS: Final = 28
MOST_DAYS: Final = 366
MAIN: Final = "main"
"""The site of what belongs to no screen of the settings."""


@dataclass(frozen=True, slots=True)
class Range:
    """Which days, at which site; both days are included."""

    first: date
    last: date
    site: str = ""


def range_of(request: web.Request, since: str, until: str, site: str) -> Range:
    """Return the days that are asked for: four weeks to today, unless it is said otherwise."""
    zone = ZoneInfo(request.app[keys.SETTINGS].site.time_zone)
    today = request.app[keys.CLOCK].now().astimezone(zone).date()
    try:
        last = date.fromisoformat(until) if until else today
        first = date.fromisoformat(since) if since else last - timedelta(days=USUAL_DAYS - 1)
    except (ValueError, OverflowError):
        refuse(422, "bad_day", "Write days as 2026-11-30.")
    if first > last:
        refuse(422, "bad_range", "The last day is before the first; exchange them.")
    if (last - first).days >= MOST_DAYS:
        refuse(422, "long_range", f"Look at {MOST_DAYS} days at most.")
    return Range(first, last, site[:64])


async def report(request: web.Request, asked: Range) -> list[Section]:
    """Return the sections of some days, of the sites that the person may look at."""
    app = request.app
    settings, insight = app[keys.SETTINGS], app[keys.STORAGE].insight
    sites = operator(request).sites(Access.INSIGHT_VIEW)
    if asked.site:
        sites = frozenset({asked.site}) & (sites if sites is not None else {asked.site})
    # What has happened since the night is in it, too.
    await insight.roll(ZoneInfo(settings.site.time_zone))
    counts = await insight.between(asked.first, asked.last, sites)
    live = app[keys.LIVE].kiosks
    return sections(
        counts,
        asked.first,
        asked.last,
        kiosk_name=lambda kiosk: live[kiosk].name if kiosk in live else kiosk,
        starts_per_minute=settings.alerts.avatar_starts_per_minute,
    )


async def count(app: web.Application, summary: VisitSummary) -> None:
    """Count a visit of which no row is kept."""
    settings = app[keys.SETTINGS]
    site = settings.site_of(summary.kiosk_id) or MAIN
    zone = ZoneInfo(settings.site.time_zone)
    await app[keys.STORAGE].insight.add_visit(summary, site, zone)


async def count_noticed(app: web.Application, kiosk: str) -> None:
    """Count that somebody came close to a waiting screen."""
    settings = app[keys.SETTINGS]
    zone = ZoneInfo(settings.site.time_zone)
    site = settings.site_of(kiosk) or MAIN
    figures = {"step": {NOTICED: 1}}
    try:
        await app[keys.STORAGE].insight.add(app[keys.CLOCK].now(), site, figures, zone)
    except StorageError:
        log.warning("somebody who was noticed is not counted: the database is away")


async def count_given(app: web.Application, data: Mapping[str, Any], kiosk: str) -> None:
    """Count what a plugin's event asks to have counted; raises ValueError for anything else."""
    figures = given(data)
    if figures:
        settings = app[keys.SETTINGS]
        zone = ZoneInfo(settings.site.time_zone)
        site = settings.site_of(kiosk) or MAIN
        try:
            await app[keys.STORAGE].insight.add(app[keys.CLOCK].now(), site, figures, zone)
        except StorageError:
            # An event is worth more than its count, and a tool must not fail because of it.
            log.warning("a plugin's count is lost: the database is away")


async def insight_page(request: web.Request) -> web.Response:
    """Show the counts."""
    query = request.query
    asked = range_of(request, query.get("since", ""), query.get("until", ""), query.get("site", ""))
    found = await report(request, asked)
    settings = request.app[keys.SETTINGS]
    sites = operator(request).sites(Access.INSIGHT_VIEW)
    names = settings.site_names()
    return await render(
        request,
        "insight.html",
        nav="insight",
        asked=asked,
        sections=[(section, _drawn(section)) for section in found],
        sites=[(key, names[key]) for key in names if sites is None or key in sites],
        learn=LEARN_DAYS,
        query=f"since={asked.first}&until={asked.last}&site={asked.site}",
    )


def _drawn(section: Section) -> str:
    if section.kind == "none" or not any(value for _, value in section.bars):
        return ""
    if section.kind == "columns":
        return charts.columns(section.title, section.bars, key=section.key)
    return charts.rows(section.title, section.bars, key=section.key, of=section.of)


async def insight_csv(request: web.Request) -> web.Response:
    """Answer with one table as CSV."""
    query = request.query
    asked = range_of(request, query.get("since", ""), query.get("until", ""), query.get("site", ""))
    section = next(
        (it for it in await report(request, asked) if it.key == request.match_info["table"]), None
    )
    if section is None:
        refuse(404, "no_table", "There is no such table; the page of insight links to each.")
    name = f"insight_{section.key}_{asked.first}_{asked.last}.csv"
    return web.Response(
        body=csv_of(section),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def csv_of(section: Section) -> bytes:
    """Return a table as CSV."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([name or "what" for name in section.head])
    writer.writerows([[harmless(cell) for cell in row] for row in section.rows])
    return b"\xef\xbb\xbf" + file.getvalue().encode()


def fields(section: Section) -> dict[str, Any]:
    """Return a section as the interface for programs has it."""
    return {
        "key": section.key,
        "title": section.title,
        "note": section.note,
        "columns": [name or "what" for name in section.head],
        "rows": [list(row) for row in section.rows],
    }


def routes() -> list[Route]:
    """Return the addresses of this module."""
    return [
        Route("GET", HERE, insight_page, Access.INSIGHT_VIEW),
        Route("GET", f"{HERE}/{{table}}.csv", insight_csv, Access.INSIGHT_VIEW),
    ]
