"""/api/me and /api/audit: who is asking, and who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web
from pydantic import AwareDatetime, Field

from kiosk import keys
from kiosk.security.access import RIGHTS, Access
from kiosk.web.api.base import ApiRoute, Given, Model
from kiosk.web.request import operator


class Right(Model):
    """A right and where it holds."""

    right: str
    sites: list[str] | None = Field(description="Short names of sites; null: every site.")


class Me(Model):
    """The person or token that asks."""

    name: str
    rights: list[Right]


class AuditQuery(Model):
    """Which page of the audit."""

    before: int | None = Field(None, ge=0, le=2**53, description="The `id` of the last row seen.")
    limit: int = Field(100, ge=1, le=500)


class AuditEntry(Model):
    """One row: who did what to whom, and why."""

    id: int
    at: AwareDatetime | datetime
    actor: str
    action: str
    target: str
    detail: str
    before: str
    after: str
    site: str
    request: str


class AuditPage(Model):
    """Rows, newest first."""

    entries: list[AuditEntry]
    before: int | None = Field(description="Ask with this for the next page; null: no more.")


async def me(request: web.Request, given: Given[Any, Any]) -> Me:
    """Say who asks and what they may."""
    del given
    who = operator(request)
    rights = []
    for right in sorted(RIGHTS, key=lambda item: item.value):
        sites = who.sites(right)
        if sites is None or sites:
            rights.append(Right(right=right.value, sites=None if sites is None else sorted(sites)))
    return Me(name=who.name, rights=rights)


async def audit(request: web.Request, given: Given[AuditQuery, Any]) -> AuditPage:
    """List who did what; of a person's sites, and what concerns none."""
    asked = given.query
    rows = await request.app[keys.STORAGE].audit.recent(
        asked.limit + 1,
        before=asked.before,
        sites=operator(request).sites(Access.AUDIT_READ),
    )
    more = len(rows) > asked.limit
    rows = rows[: asked.limit]
    entries = [
        AuditEntry(**{name: getattr(row, name) for name in AuditEntry.model_fields}) for row in rows
    ]
    return AuditPage(entries=entries, before=rows[-1].id if more else None)


ROUTES = [
    ApiRoute("GET", "/api/me", me, Access.PERSON, "Who am I, and what may I?", answer=Me),
    ApiRoute(
        "GET",
        "/api/audit",
        audit,
        Access.AUDIT_READ,
        "Who did what, newest first.",
        query=AuditQuery,
        answer=AuditPage,
    ),
]
