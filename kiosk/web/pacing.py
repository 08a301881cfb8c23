"""How many requests a minute one screen, one person or one address may make."""

from __future__ import annotations

from typing import Final, Literal, NoReturn

from aiohttp import web

from kiosk import keys
from kiosk.clock import Clock
from kiosk.security.access import Identity
from kiosk.security.devices import OPEN
from kiosk.security.guards import network_of
from kiosk.security.pace import Pace
from kiosk.settings import Settings
from kiosk.telemetry import Metrics
from kiosk.web.request import address_of, device_cookie, refuse
from kiosk.web.routes import Cost, cost_of

Who = Literal["address", "screen", "person", "search"]

_SENTENCES: Final[dict[Who, str]] = {
    "address": "Too many requests from this address",
    "screen": "Too many requests from this screen",
    "person": "Too many requests of yours",
    "search": "Too many searches and exports of yours",
}


class Pacing:
    """Counts requests by whom they prove to come from, and by address where by nobody."""

    def __init__(self, settings: Settings, clock: Clock, metrics: Metrics) -> None:
        people = settings.operators
        self._refused = metrics.requests_refused
        self._paces: dict[Who, Pace] = {
            "address": Pace(clock, settings.server.requests_per_minute),
            "screen": Pace(clock, settings.server.screen_requests_per_minute),
            "person": Pace(clock, people.requests_per_minute),
            "search": Pace(clock, people.searches_per_minute),
        }

    def take(self, who: Who, key: str) -> float:
        """Count a request when it may be made now, else return the seconds to wait."""
        return self._paces[who].take(key)

    def must(self, who: Who, key: str) -> None:
        """Count a request; answers 429 with Retry-After when there were too many."""
        wait = self.take(who, key)
        if wait:
            self.refuse(who, wait)

    def refuse(self, who: Who, wait: float) -> NoReturn:
        """Answer 429."""
        self._refused.labels(who).inc()
        seconds = max(1, round(wait))
        refuse(
            429,
            "too_fast",
            f"{_SENTENCES[who]}; try again in {seconds} seconds.",
            retry_after=seconds,
        )


PACING: Final = web.AppKey("pacing", Pacing)


async def pace(request: web.Request, who: Identity) -> None:
    """Count a request of somebody, or refuse it with 429.

    Screens and people who have proved who they are have a pace of their own: five hundred screens
    may share one address, and with it a visitor's telephone. A token has its own as well.
    """
    cost = cost_of(request)
    if cost is Cost.FREE:
        return
    pacing = request.app[PACING]
    if who.operator is not None:
        if not who.operator.token:
            pacing.must("person", who.operator.name)
        if cost is Cost.SEARCH:
            pacing.must("search", who.operator.name)
        return
    device = who.device
    if device in ("", OPEN):
        wait = pacing.take("address", network_of(address_of(request)))
        if not wait:
            return
        # Public pages do not ask who opens them. Here it matters: is it one of our screens?
        cookie = device_cookie(request)
        screen = await request.app[keys.DEVICES].whose(cookie) if cookie else None
        if screen is None or screen.device == OPEN:
            pacing.refuse("address", wait)
        device = screen.device
    pacing.must("screen", device)
