"""The composition root: the only file that knows every part of the server."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import aiohttp
import structlog
from aiohttp import web
from argon2 import PasswordHasher

from kiosk import events, keys, paths
from kiosk.builtin import cards, goodbye, greeting, redaction
from kiosk.builtin.screen import ScreenTools
from kiosk.builtin.store import StorePlugin
from kiosk.bus.memory import MemoryBus
from kiosk.clock import Clock, SystemClock
from kiosk.errors import SettingsError, StartupError
from kiosk.hooks.facade import Hooks
from kiosk.hooks.manager import PluginSet, load_plugins, metadata_version
from kiosk.hooks.once import blaming
from kiosk.i18n import STANDARD, Texts
from kiosk.model import Kiosk
from kiosk.security.devices import Devices
from kiosk.security.egress import guarded_connector, networks
from kiosk.security.operators import Operators
from kiosk.security.pairing import Pairing
from kiosk.security.passwords import Passwords
from kiosk.session.context import VisitServices
from kiosk.session.registry import SessionRegistry
from kiosk.session.threads import ToolThreads
from kiosk.settings import Settings
from kiosk.storage.database import Storage, open_storage
from kiosk.telemetry import Metrics
from kiosk.transcripts.recorder import Recorder
from kiosk.voicelive.credentials import Credential, open_credential
from kiosk.web import (
    alert_service,
    alerts_page,
    attract,
    dashboard,
    enrol,
    fleet,
    health,
    insight,
    keeping,
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
    sinks_page,
    theme_preview,
    tickets,
    transcripts,
    visit_page,
    worker,
)
from kiosk.web.api import table as api
from kiosk.web.catalogues import Catalogues, site_texts
from kiosk.web.commander import COMMANDER, Commander
from kiosk.web.feed import Feed
from kiosk.web.fleet_feed import FleetFeed
from kiosk.web.fleet_rows import ROWS, Rows
from kiosk.web.health import Readiness
from kiosk.web.lean import lean
from kiosk.web.live import LiveView
from kiosk.web.looks import Looks
from kiosk.web.orders import ORDERS, Orders
from kiosk.web.routes import add_routes
from kiosk.web.service import ServicePanel
from kiosk.web.shell import KEEPER, SHELL, Shell
from kiosk.web.shots import SHOTS, Shots
from kiosk.web.static import StaticFiles
from kiosk.web.templating import Templates

log = structlog.get_logger(__name__)

MOST_PUBLISHED: Final = 65_536
"""Longest event of a plugin as JSON: it is kept for every operator who looks on."""
PLUGIN_HTTP_S: Final = 10.0
"""How long a request of a plugin's may take, unless it says otherwise."""

CREDENTIAL: web.AppKey[Credential] = web.AppKey("credential")

NO_ENDPOINT = (
    "No Voice Live endpoint is set: put upstream.endpoint into kiosk.toml or set "
    "AZURE_VOICELIVE_ENDPOINT; without Azure, run `kiosk demo`."
)


def create_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    plugins: Mapping[str, object] | None = None,
    hasher: PasswordHasher | None = None,
) -> web.Application:
    """Build the application; nothing is opened and nothing global is touched.

    `plugins` are further plugin objects by name, `hasher` makes other hashes of passwords than
    usual. Raises SettingsError or StartupError with one sentence for the terminal. Two
    applications can live in one process.
    """
    if settings.upstream.endpoint is None:
        raise SettingsError(NO_ENDPOINT)
    clock = clock if clock is not None else SystemClock()
    texts = site_texts(settings)
    catalogues = Catalogues()
    for code in settings.site.languages:
        catalogues.url(code, pages.shown_texts(texts, code, settings.site))
    app = web.Application(client_max_size=settings.server.max_body_bytes)
    metrics = Metrics()
    ours = builtins(lambda: app[keys.STORAGE], texts, settings.site.wording)
    loaded = load_plugins(settings, clock, builtins=ours, extra=plugins)
    hooks = Hooks(loaded, settings, clock, metrics)
    kiosks = _kiosks(settings)
    folders = [plugin.templates for plugin in loaded.plugins if plugin.templates is not None]
    looks = Looks(settings)
    static = StaticFiles(
        paths.STATIC,
        *(plugin.static for plugin in loaded.plugins if plugin.static is not None),
        mounted={**looks.mounted, **pages.sign_folders(settings)},
        made={**lean(paths.STATIC), **looks.made},
    )

    app[keys.SETTINGS] = settings
    app[keys.CLOCK] = clock
    app[keys.HASHER] = hasher
    app[keys.METRICS] = metrics
    app[keys.HOOKS] = hooks
    app[keys.BUS] = MemoryBus(clock)
    app[keys.TEMPLATES] = Templates(
        [*_site_templates(settings), *folders[::-1]],
        variables={"static": static.url},
        prepare=hooks.prepare_jinja2_environment,
        card_types=hooks.registered.card_types,
        owners={plugin.templates: plugin.name for plugin in loaded.plugins if plugin.templates},
    )
    _check_card_files(loaded, hooks, static)
    app[keys.READY] = Readiness(clock)
    app[pages.VERSION] = pages.page_version(
        metadata_version(),
        static.version,
        app[keys.TEMPLATES].version,
        catalogues.version,
        pages.shown(settings),
    )
    app[keys.LIVE] = LiveView(
        app[keys.BUS],
        clock,
        kiosks.values(),
        version=app[pages.VERSION],
        configs={name: pages.config_digest(settings, name) for name in kiosks},
        zone=ZoneInfo(settings.site.time_zone),
    )
    app[ROWS] = Rows(app[keys.LIVE], app[keys.TEMPLATES], settings.site.time_zone)
    app[SHOTS] = Shots(app[keys.BUS], clock)
    app[COMMANDER] = Commander(app[keys.BUS], clock, metrics, app[SHOTS])
    app[ORDERS] = Orders(app[COMMANDER], clock, settings.commands)
    app[signaling.KIOSKS] = kiosks
    app[signaling.TEXTS] = texts
    app[signaling.SOCKETS] = signaling.KioskSockets()
    app[revoking.REVOKING] = revoking.made(app)
    app[pages.SIGN_VIDEOS] = {
        kiosk.id: pages.sign_videos(static, settings, kiosk) for kiosk in settings.kiosks
    }
    app[pages.THEMES] = looks
    app[pages.STATIC] = static
    app[pages.LOOKS] = {name: looks.of(name, texts, static.url) for name in kiosks}
    app[pages.CATALOGUES] = catalogues
    app[SHELL] = Shell(
        settings, app[pages.VERSION], bus=app[keys.BUS], clock=clock, metrics=metrics
    )
    kept = worker.Worker(static, app[pages.VERSION], on=settings.screen.service_worker)

    middlewares.install(
        app, error_page=lambda request, status: pages.error_page(request.app, status)
    )
    add_routes(
        app,
        [
            *pages.routes(),
            *signaling.routes(),
            *health.routes(),
            *enrol.routes(),
            *login.routes(),
            *me.routes(),
            *oidc.routes(),
            *people.routes(),
            *dashboard.routes(),
            *fleet.routes(),
            *FleetFeed(app[keys.LIVE], app[ROWS], metrics).routes(),
            *visit_page.routes(),
            *kiosk_page.routes(),
            *orders_page.routes(),
            *screens_page.routes(),
            *tickets.routes(),
            *plugin_page.routes(),
            *sinks_page.routes(),
            *alerts_page.routes(),
            *transcripts.everything(clock),
            *theme_preview.routes(),
            *plugged.routes(hooks),
            *Feed().routes(),
            *ServicePanel(clock).routes(),
            *catalogues.routes(),
            *kept.routes(),
            *static.routes(),
            *api.routes(metadata_version()),
        ],
    )
    # Opened in this order, closed in reverse.
    app.cleanup_ctx.extend((_storage, _live, _shell, _hooks, _transcripts, keeping.running))
    app.cleanup_ctx.extend((_upstream, _visits, alert_service.running, _ready))
    app.on_shutdown.append(_drain)
    return app


def builtins(
    storage: Callable[[], Storage] | None = None,
    texts: Texts | None = None,
    wording: str = STANDARD,
) -> dict[str, object]:
    """Return our own plugins by name; `storage` is asked for once the server runs."""

    def closed() -> Storage:
        raise StartupError("The database is open only while the server runs.")

    return {
        "greeting": greeting,
        "redaction": redaction,
        "goodbye": goodbye,
        "cards": cards,
        "screen": ScreenTools(texts if texts is not None else Texts.load(), wording),
        "store": StorePlugin(storage or closed),
    }


def _check_card_files(loaded: PluginSet, hooks: Hooks, static: StaticFiles) -> None:
    """Raise StartupError for a script or style of a card that is missing or hidden by another."""
    folders = {plugin.name: plugin.static for plugin in loaded.plugins}
    for item in hooks.registered.card_types.values():
        folder = folders[item.plugin]
        for name in filter(None, (item.script, item.style)):
            if not static.has(name):
                lacks = item.lacks(f"static/{name}")
                with blaming(item.plugin):
                    raise StartupError(f"{item.where} names {name}, which is not there; {lacks}.")
            if folder is not None and not static.is_in(name, folder):
                with blaming(item.plugin):
                    raise StartupError(
                        f"{item.where} names {name}, but a file of that name from elsewhere comes "
                        f"first; rename it, to {item.plugin}/{name} for example."
                    )


def _kiosks(settings: Settings) -> dict[str, Kiosk]:
    found = {}
    for item in settings.kiosks:
        first = settings.for_kiosk(item.id).site.languages[0]
        found[item.id] = Kiosk(item.id, item.name, item.place, item.language or first, item.site)
    return found


def _site_templates(settings: Settings) -> list[Path]:
    folder = settings.site.templates
    if folder is None:
        return []
    if not folder.is_dir():
        raise StartupError(f"site.templates: {folder} is no folder; make it or correct the path.")
    return [folder]


async def _storage(app: web.Application) -> AsyncIterator[None]:
    settings, clock = app[keys.SETTINGS], app[keys.CLOCK]
    async with open_storage(settings.storage, clock) as storage:
        app[keys.STORAGE] = storage
        kiosks = app[signaling.KIOSKS]
        await storage.kiosks.sync(kiosks.values())
        devices = await Devices.open(storage, clock, settings.access, list(kiosks))
        app[keys.DEVICES] = devices
        app[pages.PAIRING] = Pairing(storage, clock, settings.access, devices)
        operators = Operators(storage, clock, settings.operators, Passwords(app[keys.HASHER]))
        app[keys.OPERATORS] = operators
        app[keys.READY].add("storage", storage.ping)
        try:
            async with oidc.opened(app):
                yield
        finally:
            await operators.aclose()


async def _live(app: web.Application) -> AsyncIterator[None]:
    await app[keys.LIVE].start()
    await app[SHOTS].start()
    try:
        async with app[revoking.REVOKING].running(app[keys.STORAGE]):
            yield
    finally:
        await app[ORDERS].aclose()
        await app[SHOTS].aclose()
        await app[keys.LIVE].aclose()
        await app[keys.BUS].aclose()


async def _shell(app: web.Application) -> AsyncIterator[None]:
    async with app[SHELL].running(app[keys.STORAGE].plugin(KEEPER)):
        yield


async def _hooks(app: web.Application) -> AsyncIterator[None]:
    hooks, clock, bus = app[keys.HOOKS], app[keys.CLOCK], app[keys.BUS]
    readiness = app[keys.READY]

    async def publish(plugin: str, name: str, data: Mapping[str, Any], kiosk: str) -> None:
        event = events.PluginEvent(
            kiosk_id=kiosk, at=clock.now(), plugin=plugin, name=name, data=dict(data)
        )
        payload = event.model_dump(mode="json")
        if len(event.model_dump_json()) > MOST_PUBLISHED:
            raise ValueError(
                f"an event of a plugin has at most {MOST_PUBLISHED} characters of JSON"
            )
        await insight.count_given(app, data, kiosk)
        await bus.publish(events.EVENTS_TOPIC, payload)

    timeout = aiohttp.ClientTimeout(total=PLUGIN_HTTP_S)
    async with AsyncExitStack() as stack:
        connector = guarded_connector(networks(app[keys.SETTINGS].hooks.reach))
        stack.push_async_callback(connector.close)
        # One for each: a plugin that closes its client, or collects cookies, disturbs no other.
        clients = {
            plugin.name: await stack.enter_async_context(
                aiohttp.ClientSession(timeout=timeout, connector=connector, connector_owner=False)
            )
            for plugin in hooks.plugins
        }
        services = hooks.services
        services.http = clients.__getitem__
        services.store = app[keys.STORAGE].plugin
        services.render = app[keys.TEMPLATES].render
        services.publish = publish
        services.wake = functools.partial(attract.wake, bus)
        for check in hooks.registered.checks:
            readiness.add(
                f"{check.plugin}:{check.name}",
                functools.partial(hooks.check_health, check),
                critical=check.critical,
            )
        async with hooks.running():
            yield


async def _transcripts(app: web.Application) -> AsyncIterator[None]:
    everything = app[keys.SETTINGS]
    settings, retained = everything.storage, everything.retention
    storage = app[keys.STORAGE]
    recorder = Recorder(
        app[keys.HOOKS],
        storage.visits,
        storage.outbox,
        app[keys.CLOCK],
        settings,
        app[keys.METRICS],
        lambda kiosk: retained.of(everything.site_of(kiosk) or ""),
        functools.partial(insight.count, app),
    )
    app[keys.RECORDER] = recorder
    async with recorder.running():
        await recorder.report_orphans()
        yield


async def _upstream(app: web.Application) -> AsyncIterator[None]:
    async with open_credential(app[keys.SETTINGS].upstream) as credential:
        app[CREDENTIAL] = credential
        yield


async def _visits(app: web.Application) -> AsyncIterator[None]:
    app[keys.REGISTRY] = SessionRegistry(
        VisitServices(
            settings=app[keys.SETTINGS],
            clock=app[keys.CLOCK],
            bus=app[keys.BUS],
            hooks=app[keys.HOOKS],
            texts=app[signaling.TEXTS],
            metrics=app[keys.METRICS],
            recorder=app[keys.RECORDER],
            credential=app[CREDENTIAL],
            render_card=app[keys.TEMPLATES].render_card,
            tool_threads=ToolThreads(),
            make_code=functools.partial(keeping.make_code, app),
            backdrops=app[pages.THEMES].backdrops,
        )
    )
    try:
        yield
    finally:
        await app[keys.REGISTRY].drain(0)


async def _ready(app: web.Application) -> AsyncIterator[None]:
    app[keys.READY].state = "ready"
    yield


async def _drain(app: web.Application) -> None:
    """Say goodbye: no new visits, running ones get their time, then every socket closes."""
    app[keys.READY].state = "draining"
    await app[keys.REGISTRY].drain(app[keys.SETTINGS].server.drain_s)
    await app[signaling.SOCKETS].close()
    app[keys.LIVE].end_followers()
    await app[ORDERS].aclose()
