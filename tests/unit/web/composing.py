"""A small application of the operator's parts: real storage, real bus, real sockets on port 0."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from aiohttp import web
from argon2 import PasswordHasher

from kiosk import events as ev
from kiosk import keys, paths
from kiosk.alerts.engine import Engine
from kiosk.alerts.facts import Facts
from kiosk.alerts.opening import open_channels
from kiosk.bus.memory import MemoryBus
from kiosk.events import EVENTS_TOPIC, DomainEvent
from kiosk.hooks.facade import Hooks
from kiosk.hooks.manager import load_plugins
from kiosk.i18n import Texts
from kiosk.model import Kiosk
from kiosk.security.devices import Devices
from kiosk.security.operators import Operators
from kiosk.security.pairing import Pairing
from kiosk.security.passwords import Passwords
from kiosk.settings import Settings
from kiosk.storage.database import Storage
from kiosk.storage.rows import Grant
from kiosk.telemetry import Metrics
from kiosk.web import (
    dashboard,
    enrol,
    fleet,
    health,
    kiosk_page,
    login,
    me,
    middlewares,
    oidc,
    orders_page,
    pages,
    people,
    plugged,
    plugin_page,
    revoking,
    screens_page,
    signaling,
    tickets,
    visit_page,
)
from kiosk.web.alert_service import ENGINE
from kiosk.web.commander import COMMANDER, Commander
from kiosk.web.feed import Feed
from kiosk.web.fleet_feed import FleetFeed
from kiosk.web.fleet_rows import ROWS, Rows
from kiosk.web.live import LiveView
from kiosk.web.middlewares import ErrorPage
from kiosk.web.orders import ORDERS, Orders
from kiosk.web.routes import Route, add_routes
from kiosk.web.shell import KEEPER, SHELL, Shell
from kiosk.web.shots import SHOTS, Shots
from kiosk.web.signaling import TEXTS
from kiosk.web.static import StaticFiles
from kiosk.web.templating import Templates
from tests.unit.storage.keeping import NOON, ManualClock, kept

PASSWORD = "a-good-long-password"
KIOSKS = (Kiosk("main", "Main entrance", "Ground floor"), Kiosk("west", "Lobby West"))
PAGE = {"Accept": "text/html"}


@cache
def _pages() -> tuple[StaticFiles, Templates]:
    # Both only read the disk and are never changed: once for all tests of a process.
    static = StaticFiles(paths.STATIC)
    return static, Templates(variables={"static": static.url})


class Site:
    """The running application and a client that is nobody until it logs in."""

    def __init__(self, app: web.Application, address: str, clock: ManualClock) -> None:
        self.app = app
        self.address = address
        self.clock = clock
        self.client = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    @property
    def storage(self) -> Storage:
        return self.app[keys.STORAGE]

    @property
    def live(self) -> LiveView:
        return self.app[keys.LIVE]

    async def get(self, path: str, **headers: str) -> tuple[int, str, Mapping[str, str]]:
        async with self.client.get(
            self.address + path, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, await answer.text(), answer.headers

    async def page(self, path: str) -> str:
        """Get a page a person may see."""
        status, text, _ = await self.get(path, **PAGE)
        assert status == 200, f"{path}: {status}"
        return words(text)

    async def post(
        self, path: str, data: dict[str, str] | bytes | None = None, **headers: str
    ) -> tuple[int, str, Mapping[str, str]]:
        headers.setdefault("Origin", self.address)
        async with self.client.post(
            self.address + path, data=data or {}, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, await answer.text(), answer.headers

    async def log_in(self, name: str = "anna") -> None:
        status, _, headers = await self.post(
            "/operator/login", {"name": name, "password": PASSWORD}
        )
        assert (status, headers["Location"]) == (303, "/operator/")

    async def publish(self, *events: DomainEvent) -> None:
        """Put events on the bus and wait until the live view has them."""
        target = self.live.seq + len(events)
        for event in events:
            await self.app[keys.BUS].publish(EVENTS_TOPIC, event.model_dump(mode="json"))
        async with asyncio.timeout(20):
            with self.live.follow() as follower:
                while self.live.seq < target:
                    await follower.next()

    def at(self, seconds: float = 0) -> datetime:
        return NOON + timedelta(seconds=seconds)

    async def visit(self, visit_id: str = "visit_1", kiosk: str = "main") -> None:
        """Begin a visit as the session would."""
        await self.storage.visits.started(visit_id, kiosk, "de", self.at())
        stamp: dict[str, Any] = {"kiosk_id": kiosk, "visit_id": visit_id, "at": self.at()}
        await self.publish(
            ev.KioskConnected(kiosk_id=kiosk, at=self.at()),
            ev.VisitStarted(**stamp, language="de"),
            ev.StateChanged(**stamp, state="listening", media="direct"),
        )

    async def said(
        self, seq: int, text: str, visit_id: str = "visit_1", kiosk: str = "main"
    ) -> None:
        """Let the visitor say something."""
        await self.publish(
            ev.TurnCompleted(
                kiosk_id=kiosk,
                visit_id=visit_id,
                at=self.at(seq),
                seq=seq,
                speaker="visitor",
                text=text,
                language="de",
            )
        )


def words(html: str) -> str:
    """Return a page's text, its white space made even; tags are gone."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


async def message(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """Return the next message of a feed."""
    received: dict[str, Any] = json.loads(await socket.receive_str(timeout=5))
    return received


def _hooks(
    settings: Settings, clock: ManualClock, metrics: Metrics, plugins: Mapping[str, object] | None
) -> Hooks:
    loaded = load_plugins(settings, clock, builtins={}, extra=plugins)
    return Hooks(loaded, settings, clock, metrics)


async def _nothing() -> Facts:
    raise AssertionError("nobody watches here")


@asynccontextmanager
async def site(
    folder: Path,
    *,
    routes: Sequence[Route] = (),
    server: dict[str, Any] | None = None,
    access: dict[str, Any] | None = None,
    feed: Feed | None = None,
    fleet_feed: Callable[[LiveView, Rows, Metrics], FleetFeed] | None = None,
    error_page: ErrorPage | None = None,
    plugins: Mapping[str, object] | None = None,
    houses: Mapping[str, str] | None = None,
    alerts: Mapping[str, Any] | None = None,
    operators: dict[str, Any] | None = None,
    contexts: Sequence[Callable[[web.Application], AsyncIterator[None]]] = (),
    sections: Mapping[str, Any] | None = None,
) -> AsyncIterator[Site]:
    """Run the application in `folder`, with two screens and the operators anna and bert.

    `houses` says in which house a screen stands; without it all are in one. `alerts` are settings
    of alerts, which nobody watches here: what a test puts there stays. `contexts` are open while
    it runs, `sections` are further settings.
    """
    houses = houses or {}
    clock = ManualClock()
    settings = await asyncio.to_thread(
        Settings.model_validate,
        {
            "server": server or {},
            "access": access or {},
            "operators": operators or {},
            "site": {"name": "Museum", "time_zone": "Europe/Lisbon"},
            "hooks": {"off": True},
            "alerts": alerts or {},
            "kiosks": [
                {"id": item.id, "name": item.name, "site": houses.get(item.id, "main")}
                for item in KIOSKS
            ],
            **(sections or {}),
        },
    )
    static, templates = await asyncio.to_thread(_pages)
    async with kept(folder, clock) as storage, aiohttp.ClientSession() as http:
        metrics = Metrics()
        # A server loads its plugins before its loop runs; here it runs already, so in a thread.
        hooks = await asyncio.to_thread(_hooks, settings, clock, metrics, plugins)
        bus = MemoryBus(clock)
        screens = [replace(item, site=houses.get(item.id, "main")) for item in KIOSKS]
        await storage.kiosks.sync(screens)
        live = LiveView(bus, clock, screens, zone=ZoneInfo("Europe/Lisbon"))
        await live.start()
        cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        people_known = Operators(storage, clock, settings.operators, cheap)
        await people_known.add("anna", PASSWORD, grants=[Grant("administrator")])
        await people_known.add("bert", PASSWORD, grants=[Grant("operator")])
        ready = health.Readiness(clock)
        ready.add("storage", storage.ping)
        ready.state = "ready"
        app = web.Application(client_max_size=settings.server.max_body_bytes)
        app[keys.SETTINGS] = settings
        app[keys.CLOCK] = clock
        app[keys.BUS] = bus
        app[keys.STORAGE] = storage
        app[keys.TEMPLATES] = templates
        app[keys.LIVE] = live
        app[ROWS] = Rows(live, templates, "Europe/Lisbon", summary_s=0)
        app[ENGINE] = Engine(
            settings.alerts,
            storage.alerts,
            bus,
            clock,
            metrics,
            open_channels(settings.alerts, ZoneInfo("UTC"), http, clock),
            gather=_nothing,
            zone=ZoneInfo("UTC"),
            site_name=lambda site: site,
        )
        app[SHOTS] = Shots(bus, clock)
        await app[SHOTS].start()
        app[TEXTS] = Texts.load()
        app[SHELL] = Shell(settings, "1", bus=bus, clock=clock, metrics=metrics)
        app[COMMANDER] = Commander(bus, clock, metrics, app[SHOTS])
        app[ORDERS] = Orders(app[COMMANDER], clock, settings.commands)
        app[keys.OPERATORS] = people_known
        app[keys.DEVICES] = await Devices.open(
            storage, clock, settings.access, [item.id for item in KIOSKS]
        )
        app[keys.METRICS] = metrics
        app[pages.PAIRING] = Pairing(storage, clock, settings.access, app[keys.DEVICES])
        app[signaling.SOCKETS] = signaling.KioskSockets()
        app[revoking.REVOKING] = revoking.made(app)
        app[keys.HOOKS] = hooks
        app[keys.READY] = ready
        middlewares.install(app, error_page=error_page)
        add_routes(
            app,
            [
                *health.routes(),
                *login.routes(),
                *me.routes(),
                *oidc.routes(),
                *people.routes(),
                *dashboard.routes(),
                *fleet.routes(),
                *(fleet_feed or FleetFeed)(live, app[ROWS], metrics).routes(),
                *visit_page.routes(),
                *kiosk_page.routes(),
                *orders_page.routes(),
                *screens_page.routes(),
                *tickets.routes(),
                *plugin_page.routes(),
                *plugged.routes(hooks),
                *(feed or Feed()).routes(),
                *enrol.routes(),
                *static.routes(),
                *routes,
            ],
        )
        app.cleanup_ctx.extend(contexts)
        runner = web.AppRunner(app, access_log=None)
        async with hooks.running(), app[SHELL].running(storage.plugin(KEEPER)), oidc.opened(app):
            await runner.setup()
            tcp = web.TCPSite(runner, "127.0.0.1", 0)
            await tcp.start()
            host, port = runner.addresses[0][:2]
            running = Site(app, f"http://{host}:{port}", clock)
            try:
                yield running
            finally:
                live.end_followers()
                await app[ORDERS].aclose()
                await running.client.close()
                await runner.cleanup()
                await live.aclose()
                await app[SHOTS].aclose()
                await people_known.aclose()
                await bus.aclose()
