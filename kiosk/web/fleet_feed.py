"""/operator/fleet/feed: the rows of the fleet page, kept up to date over one socket a dashboard.

A dashboard that is slow gets fewer messages, never a backlog: what waits for it is the set of
screens that changed, and each is sent as it is by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

import structlog
from aiohttp import WSCloseCode, web
from typing_extensions import override

from kiosk import keys
from kiosk.errors import StorageError
from kiosk.events import AlertChanged, VisitEnded
from kiosk.security.access import Access
from kiosk.tasks import TaskSet
from kiosk.telemetry import Metrics
from kiosk.web.board import of_sites
from kiosk.web.feed import HEARTBEAT_S, LOGIN_OVER, MAX_FEEDS, MAX_INCOMING, SEND_S, SLOW
from kiosk.web.fleet_board import Sites
from kiosk.web.fleet_rows import SUMMARY_S, Rows
from kiosk.web.live import Change, Listener, LiveKiosk, LiveView
from kiosk.web.middlewares import login_of
from kiosk.web.request import operator, refuse
from kiosk.web.routes import Route

log = structlog.get_logger(__name__)

GAP_S: Final = 0.25
"""Shortest time between two messages to one dashboard; what happens meanwhile goes together."""
TICK_S: Final = 10.0
"""How often a quiet feed looks for what changes by itself: a report that does not come."""
RECHECK_S: Final = 30.0


class Marks(Listener):
    """Which screens changed since a dashboard was last told; at most as many as there are."""

    def __init__(self, sees: Callable[[str], bool], metrics: Metrics) -> None:
        self._sees = sees
        self._metrics = metrics
        self._changed: dict[str, None] = {}
        self._past = False
        self._alert = False
        self.news = asyncio.Event()
        self.ended = asyncio.Event()

    @override
    def put(self, change: Change) -> bool:
        """Mark the screen of a change; never full."""
        kiosk_id = change.event.kiosk_id
        alert = isinstance(change.event, AlertChanged)
        if alert and not kiosk_id:
            self._alert = True  # of no screen; the page asks what of it is for this person
            self.news.set()
        if self._sees(kiosk_id):
            self._alert = self._alert or alert
            if kiosk_id in self._changed:
                self._metrics.feed_joined.inc()
            self._changed[kiosk_id] = None
            self._past = self._past or isinstance(change.event, VisitEnded)
            self.news.set()
        return True

    @override
    def end(self) -> None:
        """Let the dashboard go."""
        self.ended.set()
        self.news.set()

    def take_alert(self) -> bool:
        """Return whether an alert changed, and forget it."""
        alert, self._alert = self._alert, False
        return alert

    def take(self) -> tuple[list[str], bool]:
        """Return the marked screens, and whether a visit ended, and forget both."""
        found = list(self._changed), self._past
        self._changed.clear()
        self._past = False
        if not self.ended.is_set():
            self.news.clear()
        return found


class _Dashboard:
    """One open page: what it was sent, and what is still to come."""

    def __init__(self, live: LiveView, rows: Rows, sites: Sites, marks: Marks) -> None:
        self._live = live
        self._rows = rows
        self._sites = sites
        self._marks = marks
        self._sent: dict[str, str] = {}
        self._summary = ""
        self.due = False

    def snapshot(self) -> str:
        """Return everything."""
        self._marks.take()
        texts = self._new(of_sites(self._live, self._sites))
        return self._message("snapshot", texts, epoch=True)

    def resumed(self, missed: Iterable[Change]) -> str:
        """Return what changed after the last number the page had."""
        self._marks.take()
        changed = set()
        alert = False
        for change in missed:
            changed.add(change.event.kiosk_id)
            alert = alert or isinstance(change.event, AlertChanged)
        items = of_sites(self._live, self._sites)
        for item in items:
            if item.id not in changed:
                self._sent[item.id] = self._rows.text(item)
        return self._message("change", self._new(items), alert=alert)

    def difference(self, *, all_of_them: bool) -> str | None:
        """Return the rows that are others than those sent, or None when there are none."""
        alert = self._marks.take_alert()
        changed, past = self._marks.take()
        items = (
            of_sites(self._live, self._sites)
            if all_of_them
            else [self._live.kiosks[name] for name in changed if name in self._live.kiosks]
        )
        before = self._summary
        texts = self._new(items)
        text = self._message("change", texts, past=past, alert=alert)
        return text if texts or past or alert or self._summary is not before else None

    def _new(self, items: Iterable[LiveKiosk]) -> list[str]:
        texts = []
        for item in items:
            text = self._rows.text(item)
            if self._sent.get(item.id) is not text:
                self._sent[item.id] = text
                texts.append(text)
        return texts

    def _message(
        self,
        kind: str,
        texts: list[str],
        *,
        epoch: bool = False,
        past: bool = False,
        alert: bool = False,
    ) -> str:
        before = self._summary
        self._summary, self.due = self._rows.summary(self._sites)
        parts = [f'"type":"{kind}","seq":{self._live.seq},"rows":[{",".join(texts)}]']
        if epoch:
            parts.append(f'"epoch":"{self._live.epoch}"')
        if past:
            parts.append('"past":true')
        if alert:
            parts.append('"alert":true')
        if self._summary is not before:
            parts.append(f'"summary":{self._summary}')
        return "{" + ",".join(parts) + "}"


class FleetFeed:
    """The open fleet pages of one application; `open` counts them."""

    def __init__(
        self,
        live: LiveView,
        rows: Rows,
        metrics: Metrics,
        *,
        gap_s: float = GAP_S,
        tick_s: float = TICK_S,
        recheck_s: float = RECHECK_S,
    ) -> None:
        self._live = live
        self._metrics = metrics
        self._gap_s = gap_s
        self._tick_s = tick_s
        self._recheck_s = recheck_s
        self._rows = rows
        self.open = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one dashboard until it leaves, lags, or its login is over."""
        sites = operator(request).sites(Access.FLEET_VIEW)
        if self.open >= MAX_FEEDS:
            refuse(503, "too_many", "Too many dashboards are open; close one or try again later.")
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, max_msg_size=MAX_INCOMING, autoping=True
        )
        if not socket.can_prepare(request):
            refuse(426, "upgrade_required", "This address is a WebSocket; open the dashboard.")
        self.open += 1
        tasks = TaskSet("fleet")
        try:
            await socket.prepare(request)
            writing = tasks.start(self._write(request, socket, sites), name="write")
            async for _ in socket:
                # Nothing is expected; reading is how pings and the close arrive.
                if writing.done():
                    break
        finally:
            self.open -= 1
            await tasks.aclose()
        return socket

    async def _write(
        self, request: web.Request, socket: web.WebSocketResponse, sites: Sites
    ) -> None:
        code: int = WSCloseCode.INTERNAL_ERROR
        ids = {item.id for item in of_sites(self._live, sites)}
        marks = Marks(ids.__contains__, self._metrics)
        try:
            with self._live.tell(marks):
                page = _Dashboard(self._live, self._rows, sites, marks)
                # From here to the first message nothing is awaited: it and what follows it fit.
                epoch, _, number = request.query.get("after", "").partition(".")
                missed = self._live.since(epoch, int(number)) if number.isdecimal() else None
                await _send(socket, page.snapshot() if missed is None else page.resumed(missed))
                code = await self._follow(request, socket, page, marks, sites)
        except TimeoutError:
            self._metrics.slow_dashboards.inc()
            log.warning("slow dashboard cut off")
            code = SLOW
        except (ConnectionError, StorageError):
            # The browser is gone, or the login cannot be checked: it comes back by itself.
            pass
        finally:
            await socket.close(code=code)

    async def _follow(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        page: _Dashboard,
        marks: Marks,
        sites: Sites,
    ) -> int:
        clock = request.app[keys.CLOCK]
        checked = clock.monotonic()
        while True:
            came = await _set_within(marks.news, SUMMARY_S if page.due else self._tick_s)
            if marks.ended.is_set():
                return WSCloseCode.GOING_AWAY
            message = page.difference(all_of_them=not came)
            if message is not None:
                await _send(socket, message)
                # A stop must not wait for the gap; news may, they are joined.
                await _set_within(marks.ended, self._gap_s)
            if clock.monotonic() - checked >= self._recheck_s:
                checked = clock.monotonic()
                who = (await login_of(request)).operator
                # Other rights are another page: whoever looks on opens it again.
                if who is None or who.sites(Access.FLEET_VIEW) != sites:
                    return LOGIN_OVER

    def routes(self) -> list[Route]:
        """Return the address of the feed."""
        return [Route("GET", "/operator/fleet/feed", self.handle, Access.FLEET_VIEW, socket=True)]


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def _send(socket: web.WebSocketResponse, text: str) -> None:
    async with asyncio.timeout(SEND_S):
        await socket.send_str(text)
