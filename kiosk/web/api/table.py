"""Every address below /api, in one list: a feature adds its own here."""

from __future__ import annotations

from typing import Final

from kiosk.web.api import (
    alerts,
    base,
    commands,
    insight,
    kiosks,
    me,
    openapi,
    pairings,
    people,
    system,
    transcripts,
    visits,
)
from kiosk.web.api.base import ApiRoute
from kiosk.web.routes import Route

TABLE: Final[tuple[ApiRoute, ...]] = (
    *me.ROUTES,
    *people.ROUTES,
    *kiosks.ROUTES,
    *visits.ROUTES,
    *alerts.ROUTES,
    *commands.ROUTES,
    *pairings.ROUTES,
    *transcripts.ROUTES,
    *insight.ROUTES,
    *system.ROUTES,
)


def routes(version: str) -> list[Route]:
    """Return the addresses, and the document that describes them."""
    return [*base.routes(TABLE), openapi.route(TABLE, version=version)]
