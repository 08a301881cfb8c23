"""Addresses as data: method, path, handler and who may. A route without access does not start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from aiohttp import web

from kiosk import keys
from kiosk.errors import StartupError
from kiosk.security.access import Access

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Cost(Enum):
    """What a request counts as, where somebody makes too many of them."""

    FREE = "free"
    """Not counted: the files of pages, and whether the server lives."""
    USUAL = "usual"
    SEARCH = "search"
    """It goes through everything that is kept, and is counted by itself as well."""


COSTS: Final = web.AppKey("costs", dict[web.AbstractRoute, Cost])


@dataclass(frozen=True, slots=True)
class Route:
    """One address. A GET answers HEAD too, except where it opens a WebSocket (`socket`)."""

    method: str
    path: str
    handler: Handler
    access: Access | None = None
    socket: bool = False
    cost: Cost = Cost.USUAL


def add_routes(app: web.Application, routes: Iterable[Route]) -> None:
    """Put addresses into the application; raises StartupError for one that nobody thought through.

    The middleware answers 403 on any address that did not come through here.
    """
    table = app.setdefault(keys.ACCESS, {})
    costs = app.setdefault(COSTS, {})
    for route in routes:
        if not isinstance(route.access, Access):
            raise StartupError(
                f"The route {route.method} {route.path} says nobody who may use it; give it an "
                "Access, such as Access.FLEET_VIEW."
            )
        try:
            resource = app.router.add_resource(route.path)
            head = ("HEAD",) if route.method == "GET" and not route.socket else ()
            for method in (route.method, *head):
                added = resource.add_route(method, route.handler)
                table[added] = route.access
                costs[added] = route.cost
        except (RuntimeError, ValueError) as error:
            raise StartupError(
                f"The route {route.method} {route.path} cannot be used: {error}."
            ) from None


def access_of(request: web.Request) -> Access | None:
    """Return who may use the requested address; None for one that is not in the table."""
    return request.app[keys.ACCESS].get(request.match_info.route)


def cost_of(request: web.Request) -> Cost:
    """Return what a request of this address counts as."""
    return request.app[COSTS].get(request.match_info.route, Cost.USUAL)
