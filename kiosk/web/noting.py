"""Write into the audit what a person asked for: who, at which house, in which request."""

from __future__ import annotations

from aiohttp import web

from kiosk import keys
from kiosk.web.middlewares import site_of
from kiosk.web.request import REQUEST_ID, operator


async def note(
    request: web.Request,
    action: str,
    target: str = "",
    detail: str = "",
    *,
    before: str = "",
    after: str = "",
    site: str | None = None,
) -> None:
    """Add a row for the person who is logged in; the house is found by the address."""
    if site is None:
        site = await site_of(request)
    await request.app[keys.STORAGE].audit.add(
        operator(request).actor,
        action,
        target,
        detail,
        before=before,
        after=after,
        site=site or "",
        request=request.get(REQUEST_ID, ""),
    )
