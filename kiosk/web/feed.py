"""/operator/feed: a snapshot, then every change, over one WebSocket for each open dashboard."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Final

import structlog
from aiohttp import WSCloseCode, web

from kiosk import keys
from kiosk.errors import StorageError
from kiosk.events import AlertChanged, DomainEvent, KioskReported, TurnCompleted, VisitEnded
from kiosk.security.access import Access
from kiosk.tasks import TaskSet
from kiosk.web import board
from kiosk.web.device_board import device
from kiosk.web.live import NOT_OF_A_VISIT, Change, Follower, LiveView
from kiosk.web.middlewares import login_of
from kiosk.web.request import operator, refuse
from kiosk.web.routes import Route
from kiosk.web.watching import Watching

log = structlog.get_logger(__name__)

MAX_FEEDS: Final = 200
"""Dashboards open at once on this server; one more is told to try later."""
RECHECK_S: Final = 30.0
"""How often an open feed asks whether its login still holds."""
SEND_S: Final = 10.0
"""A browser that takes longer for one message is cut off."""
MAX_INCOMING: Final = 1024
"""Bytes of a message from the browser, which has nothing to say here."""
HEARTBEAT_S: Final = 20.0

LOGIN_OVER: Final = 4401
SLOW: Final = 4408


@dataclass(frozen=True, slots=True)
class Watch:
    """What one dashboard shows besides the list of screens: a visit, or a screen as a device."""

    visit: str | None = None
    kiosk: str | None = None
    sites: frozenset[str] | None = None
    """The houses this person may see; None for all."""


NOTHING: Final = Watch()


class Feed:
    """The open dashboards of one application; `open` counts them."""

    def __init__(self, *, recheck_s: float = RECHECK_S) -> None:
        self._recheck_s = recheck_s
        self.open = 0
        self._summaries: dict[frozenset[str] | None, dict[str, Any]] = {}
        self._summary_at = ("", -1)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one dashboard until it leaves, lags, or its login is over."""
        who = operator(request)
        if self.open >= MAX_FEEDS:
            refuse(503, "too_many", "Too many dashboards are open; close one or try again later.")
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, max_msg_size=MAX_INCOMING, autoping=True
        )
        if not socket.can_prepare(request):
            refuse(426, "upgrade_required", "This address is a WebSocket; open the dashboard.")
        visit_id = request.query.get("visit") or None
        if visit_id is not None:
            site = _site(request.app[keys.LIVE], visit_id)
            if site is None or not who.may(Access.VISIT_FOLLOW, site):
                visit_id = None  # the list goes on; the words of a visit are not for everybody
            else:
                audit = request.app[keys.STORAGE].audit
                await audit.add(who.actor[:64], "visit.watch", visit_id, site=site)
        self.open += 1
        tasks = TaskSet("feed")
        try:
            await socket.prepare(request)
            watch = Watch(
                visit_id, request.query.get("kiosk") or None, who.sites(Access.FLEET_VIEW)
            )
            writing = tasks.start(self._write(request, socket, watch), name="write")
            async for _ in socket:
                # Nothing is expected; reading is how pings and the close arrive.
                if writing.done():
                    break
        finally:
            self.open -= 1
            await tasks.aclose()
        return socket

    async def _write(
        self, request: web.Request, socket: web.WebSocketResponse, watch: Watch
    ) -> None:
        live = request.app[keys.LIVE]
        code: int = WSCloseCode.INTERNAL_ERROR
        try:
            with live.follow() as follower:
                await self._begin(request, socket, live, watch)
                code = await self._changes(request, socket, live, follower, watch)
        except TimeoutError:
            code = SLOW
        except (ConnectionError, StorageError):
            # The browser is gone, or the login cannot be checked: it comes back by itself.
            pass
        finally:
            await socket.close(code=code)

    async def _begin(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        live: LiveView,
        watch: Watch,
    ) -> None:
        # From follow() to here nothing was awaited: the snapshot and what follows it fit.
        epoch, _, number = request.query.get("after", "").partition(".")
        missed = live.since(epoch, int(number)) if number.isdecimal() else None
        if missed is None:
            await _send(socket, snapshot(live, watch))
            return
        await _send(socket, {"type": "resumed", "seq": live.seq})
        for change in missed:
            if _seen(live, change, watch):
                await _send(socket, self._message(live, change, watch))

    async def _changes(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        live: LiveView,
        follower: Follower,
        watch: Watch,
    ) -> int:
        clock = request.app[keys.CLOCK]
        checked = clock.monotonic()
        needs: Any = None
        watching = Watching(request, watch.visit or "", operator(request).name)
        while True:
            await watching.tell()
            try:
                async with asyncio.timeout(min(self._recheck_s, watching.every_s)):
                    change = await follower.next()
            except TimeoutError:
                pass
            else:
                if change is None:
                    return SLOW if follower.slow else WSCloseCode.GOING_AWAY
                if not _seen(live, change, watch):
                    continue
                message = self._message(live, change, watch)
                # Two hundred screens report all the time; a page that shows none of it is spared.
                quiet = isinstance(change.event, KioskReported) and "device" not in message
                if not quiet or message["attention"] != needs:
                    await _send(socket, message)
                needs = message["attention"]
            if clock.monotonic() - checked >= self._recheck_s:
                checked = clock.monotonic()
                # Whose rights have changed sees what they may now on a fresh page.
                if (await login_of(request)).operator != operator(request):
                    return LOGIN_OVER

    def _message(self, live: LiveView, change: Change, watch: Watch) -> dict[str, Any]:
        # It looks at every screen, and is the same for all dashboards until the next change.
        if self._summary_at != (live.epoch, live.seq):
            self._summary_at = (live.epoch, live.seq)
            self._summaries = {}
        summary = self._summaries.get(watch.sites)
        if summary is None:
            summary = self._summaries[watch.sites] = _summary(live, watch.sites)
        return change_message(live, change, watch, summary)

    def routes(self) -> list[Route]:
        """Return the address of the feed."""
        return [Route("GET", "/operator/feed", self.handle, Access.FLEET_VIEW, socket=True)]


def snapshot(live: LiveView, watch: Watch = NOTHING) -> dict[str, Any]:
    """Return all that a page shows; words only of the visit that was asked for."""
    message: dict[str, Any] = {
        "type": "snapshot",
        "epoch": live.epoch,
        "seq": live.seq,
        "kiosks": board.kiosks(live, watch.sites),
    } | _summary(live, watch.sites)
    screen = live.kiosks.get(watch.kiosk) if watch.kiosk is not None else None
    if screen is not None and (watch.sites is None or screen.site in watch.sites):
        message["device"] = device(live, screen)
    item = live.visit(watch.visit) if watch.visit is not None else None
    if item is not None:
        message["visit"] = board.visit(live, item)
        message["turns"] = [board.turn(said, item.waited.get(said.seq)) for said in item.turns]
        message["timeline"] = [board.entry(change) for change in item.timeline]
    return message


def change_message(
    live: LiveView,
    change: Change,
    watch: Watch = NOTHING,
    summary: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what one change makes of the page; `summary` saves looking at every screen again."""
    event = change.event
    message = {"type": "change", "seq": change.seq} | (summary or _summary(live, watch.sites))
    screen = live.kiosks.get(event.kiosk_id)
    if screen is not None:
        message["kiosk"] = board.kiosk(live, screen)
        if screen.id == watch.kiosk:
            message["device"] = device(live, screen)
    if isinstance(event, VisitEnded):
        message["past"] = True
    if isinstance(event, AlertChanged):
        message["alert"] = event.alert_id
    if watch.visit is not None and _visit_of(event) == watch.visit:
        item = live.visit(watch.visit)
        if item is not None:
            message["visit"] = board.visit(live, item)
        message["entry"] = board.entry(change)
        if isinstance(event, TurnCompleted):
            waited = item.waited.get(event.seq) if item is not None else None
            message["turn"] = board.turn(event, waited)
    return message


def _summary(live: LiveView, sites: frozenset[str] | None) -> dict[str, Any]:
    return {"attention": board.attention(live, sites), "headline": board.headline(live, sites)}


def _site(live: LiveView, visit_id: str) -> str | None:
    visit = live.visit(visit_id)
    screen = live.kiosks.get(visit.kiosk_id) if visit is not None else None
    return screen.site if screen is not None else None


def _seen(live: LiveView, change: Change, watch: Watch) -> bool:
    """Whether a change is of a house that the dashboard may show."""
    screen = live.kiosks.get(change.event.kiosk_id)
    return watch.sites is None or (screen is not None and screen.site in watch.sites)


def _visit_of(event: DomainEvent) -> str | None:
    return None if isinstance(event, NOT_OF_A_VISIT) else event.visit_id


async def _send(socket: web.WebSocketResponse, message: dict[str, Any]) -> None:
    async with asyncio.timeout(SEND_S):
        await socket.send_str(json.dumps(message, ensure_ascii=False))
