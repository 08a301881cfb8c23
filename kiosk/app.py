"""The composition root: the only file that knows every part of the server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from aiohttp import web

from kiosk import keys, paths
from kiosk.builtin import goodbye, greeting, redaction
from kiosk.builtin.store import StorePlugin
from kiosk.bus.memory import MemoryBus
from kiosk.clock import Clock, SystemClock
from kiosk.errors import SettingsError
from kiosk.hooks.facade import Hooks
from kiosk.hooks.manager import PluginSet, load_plugins, metadata_version
from kiosk.i18n import Texts
from kiosk.model import Kiosk
from kiosk.security.devices import Devices
from kiosk.security.operators import Operators
from kiosk.session.context import VisitServices
from kiosk.session.opening import language_name
from kiosk.session.registry import SessionRegistry
from kiosk.settings import Settings
from kiosk.storage.database import open_storage
from kiosk.telemetry import Metrics
from kiosk.transcripts.recorder import Recorder
from kiosk.voicelive.credentials import Credential, open_credential
from kiosk.web import dashboard, enrol, health, middlewares, pages, signaling
from kiosk.web.feed import Feed
from kiosk.web.health import Readiness
from kiosk.web.live import LiveView
from kiosk.web.routes import add_routes
from kiosk.web.static import StaticFiles
from kiosk.web.templating import Templates

TOOL_THREADS: Final = 8
"""Worker threads for plain-function tools; a call beyond them waits inside its deadline."""

RECORDER = web.AppKey("recorder", Recorder)
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
) -> web.Application:
    """Build the application; nothing is opened and nothing global is touched.

    `plugins` are further plugin objects by name. Raises SettingsError or StartupError with one
    sentence for the terminal. Two applications can live in one process.
    """
    if settings.upstream.endpoint is None:
        raise SettingsError(NO_ENDPOINT)
    clock = clock if clock is not None else SystemClock()
    texts = Texts.load()
    for code in settings.site.languages:
        Texts.describe(code)
        language_name(code)
    app = web.Application(client_max_size=settings.server.max_body_bytes)
    metrics = Metrics()
    loaded = _plugins(app, settings, clock, plugins)
    hooks = Hooks(loaded, settings, clock, metrics)
    kiosks = _kiosks(settings)
    folders = [plugin.templates for plugin in loaded.plugins if plugin.templates is not None]
    static = StaticFiles(
        paths.STATIC, *(plugin.static for plugin in loaded.plugins if plugin.static is not None)
    )

    app[keys.SETTINGS] = settings
    app[keys.CLOCK] = clock
    app[keys.METRICS] = metrics
    app[keys.HOOKS] = hooks
    app[keys.BUS] = MemoryBus(clock)
    app[keys.TEMPLATES] = Templates(folders[::-1], variables={"static": static.url})
    app[keys.READY] = Readiness(clock)
    app[keys.LIVE] = LiveView(app[keys.BUS], clock, kiosks.values())
    app[signaling.KIOSKS] = kiosks
    app[signaling.TEXTS] = texts
    app[signaling.SOCKETS] = signaling.KioskSockets()
    app[pages.VERSION] = f"{metadata_version()}-{static.version}"

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
            *dashboard.routes(),
            *Feed().routes(),
            *static.routes(),
        ],
    )
    # Opened in this order, closed in reverse.
    app.cleanup_ctx.extend((_storage, _live, _hooks, _transcripts, _upstream, _visits, _ready))
    app.on_shutdown.append(_drain)
    return app


def _plugins(
    app: web.Application,
    settings: Settings,
    clock: Clock,
    extra: Mapping[str, object] | None,
) -> PluginSet:
    return load_plugins(
        settings,
        clock,
        builtins={
            "greeting": greeting,
            "redaction": redaction,
            "goodbye": goodbye,
            "store": StorePlugin(lambda: app[keys.STORAGE]),
        },
        extra=extra,
    )


def _kiosks(settings: Settings) -> dict[str, Kiosk]:
    first = settings.site.languages[0]
    return {
        item.id: Kiosk(item.id, item.name, item.place, item.language or first)
        for item in settings.kiosks
    }


async def _storage(app: web.Application) -> AsyncIterator[None]:
    settings, clock = app[keys.SETTINGS], app[keys.CLOCK]
    async with open_storage(settings.storage, clock) as storage:
        app[keys.STORAGE] = storage
        kiosks = app[signaling.KIOSKS]
        await storage.kiosks.sync(kiosks.values())
        app[keys.DEVICES] = await Devices.open(storage, clock, settings.access, list(kiosks))
        operators = Operators(storage, clock, settings.operators)
        app[keys.OPERATORS] = operators
        app[keys.READY].add("storage", storage.ping)
        try:
            yield
        finally:
            await operators.aclose()


async def _live(app: web.Application) -> AsyncIterator[None]:
    await app[keys.LIVE].start()
    try:
        yield
    finally:
        await app[keys.LIVE].aclose()
        await app[keys.BUS].aclose()


async def _hooks(app: web.Application) -> AsyncIterator[None]:
    async with app[keys.HOOKS].running():
        yield


async def _transcripts(app: web.Application) -> AsyncIterator[None]:
    settings = app[keys.SETTINGS].storage
    visits = app[keys.STORAGE].visits
    recorder = Recorder(app[keys.HOOKS], visits, settings, app[keys.METRICS])
    app[RECORDER] = recorder
    async with recorder.running():
        yield


async def _upstream(app: web.Application) -> AsyncIterator[None]:
    async with open_credential(app[keys.SETTINGS].upstream) as credential:
        app[CREDENTIAL] = credential
        yield


async def _visits(app: web.Application) -> AsyncIterator[None]:
    # Not the loop's default pool: aiortc and the database use that one, and a tool that blocks
    # must not starve them.
    pool = ThreadPoolExecutor(TOOL_THREADS, thread_name_prefix="tool")
    app[keys.REGISTRY] = SessionRegistry(
        VisitServices(
            settings=app[keys.SETTINGS],
            clock=app[keys.CLOCK],
            bus=app[keys.BUS],
            hooks=app[keys.HOOKS],
            texts=app[signaling.TEXTS],
            metrics=app[keys.METRICS],
            recorder=app[RECORDER],
            credential=app[CREDENTIAL],
            render_card=app[keys.TEMPLATES].render_card,
            tool_pool=pool,
        )
    )
    try:
        yield
    finally:
        await app[keys.REGISTRY].drain(0)
        pool.shutdown(wait=False, cancel_futures=True)


async def _ready(app: web.Application) -> AsyncIterator[None]:
    app[keys.READY].state = "ready"
    yield


async def _drain(app: web.Application) -> None:
    """Say goodbye: no new visits, running ones get their time, then every socket closes."""
    app[keys.READY].state = "draining"
    await app[keys.REGISTRY].drain(app[keys.SETTINGS].server.drain_s)
    await app[signaling.SOCKETS].close()
    app[keys.LIVE].end_followers()
