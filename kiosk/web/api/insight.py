"""/api/insight: the counts of some days, as the page has them."""

from __future__ import annotations

from datetime import date
from typing import Any

from aiohttp import web
from pydantic import Field

from kiosk.security.access import Access
from kiosk.web import insight
from kiosk.web.api.base import ApiRoute, Day, Given, Model


class InsightQuery(Model):
    """Which days, both included; four weeks to today unless said otherwise."""

    since: Day | None = Field(None, description="First day, by the site's calendar.")
    until: Day | None = Field(None, description="Last day.")
    site: str = Field("", max_length=64)


class Table(Model):
    """One table."""

    key: str
    title: str
    note: str
    columns: list[str]
    rows: list[list[str | int | float]]


class Insight(Model):
    """Every table of these days."""

    since: date
    until: date
    tables: list[Table]


async def tables(request: web.Request, given: Given[InsightQuery, Any]) -> Insight:
    """Return the counts."""
    asked = given.query
    days = insight.range_of(
        request,
        asked.since.isoformat() if asked.since is not None else "",
        asked.until.isoformat() if asked.until is not None else "",
        asked.site,
    )
    found = await insight.report(request, days)
    return Insight(
        since=days.first, until=days.last, tables=[Table(**insight.fields(it)) for it in found]
    )


ROUTES = [
    ApiRoute(
        "GET",
        "/api/insight",
        tables,
        Access.INSIGHT_VIEW,
        "Counts of some days: visits, how they ended, tools, delays, media, cost.",
        query=InsightQuery,
        answer=Insight,
    )
]
