"""The real server, the real emulator, storage in a temporary folder; a visit in four lines."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

import aiohttp
from aiohttp import web
from argon2 import PasswordHasher
from yarl import URL

from kiosk import keys
from kiosk.app import create_app
from kiosk.clock import Clock, SystemClock
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.server.server import EmulatorServer
from kiosk.emulator.speech.engines import Engines, load_engines
from kiosk.hooks.failures import PluginFailure
from kiosk.model import TranscriptEntry
from kiosk.security.devices import COOKIE
from kiosk.security.guards import cookie_name
from kiosk.settings import Settings, load_settings
from kiosk.signaling import messages as m
from kiosk.storage.database import Storage
from kiosk.telemetry import Metrics
from kiosk.testing.databases import fresh_database, url_of
from kiosk.testing.notes import NOTES, ToolNotes
from kiosk.testing.visit import Visit
from kiosk.web.tickets import PREFIX, PROTOCOL

DATABASE: Final = "kiosk.sqlite3"
CHEAP: Final = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""Nobody guesses passwords here; a real hash is a fifth of a second of two cores."""
DEFAULTS: dict[str, Any] = {
    "site": {"name": "Test site", "languages": ["en", "de"], "time_zone": "UTC"},
    "kiosks": [{"id": "lobby", "name": "Lobby", "place": "entrance"}],
    "access": {"open": True},
    "server": {"port": 0, "drain_s": 0},
    # The smallest picture that is still a face: tests share two cores.
    "upstream": {
        "avatar": {"width": 512, "height": 288},
        "api_key": "key-of-the-harness",
        "reconnect_for_s": 20,
    },
    # Nothing is watched unless a test wants it: it would be one more sleeper on its clock.
    "alerts": {"on": False},
    # The emulator's engines share this process, and hold Python's lock longer than a plugin may.
    "hooks": {
        "dir": None,
        "off": False,
        "installed": False,
        "slow_ms": 2000,
        # What plugins post to in a test runs on this machine.
        "reach": ["127.0.0.1", "::1"],
    },
}


class KioskHarness:
    """One server with its own emulator. Use it as an async context manager.

    `plugins` are plugin objects or modules by name, `settings` nested values over DEFAULTS.
    """

    def __init__(
        self,
        *,
        plugins: Mapping[str, object] | None = None,
        settings: Mapping[str, Any] | None = None,
        scenario: Scenario | None = None,
        engines: Engines | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._plugins = plugins
        self._overrides = settings or {}
        self._scenario = scenario
        self._given_engines = engines
        self.clock: Clock = clock or SystemClock()
        self._stack = AsyncExitStack()
        self.visits: list[Visit] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        """Start everything on free ports."""
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def _start(self) -> None:
        stack = self._stack
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="kiosk-test-"))
        self.folder = Path(folder)
        if self._given_engines is None:
            self.engines = load_engines("light")
            stack.push_async_callback(self.engines.aclose)
        else:
            self.engines = self._given_engines
        self.emulator = await stack.enter_async_context(
            EmulatorServer(scenario=self._scenario, engines=self.engines)
        )
        self.settings = self._settings()
        await fresh_database(self.folder / DATABASE)
        self._notes = ToolNotes()
        plugins = {**(self._plugins or {}), NOTES: self._notes}
        self.app = create_app(self.settings, clock=self.clock, plugins=plugins, hasher=CHEAP)
        runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=1)
        # Also when the start fails half-way: what is open by then is closed again.
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self.http = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        )

    def _settings(self) -> Settings:
        values = merge(DEFAULTS, self._overrides)
        values["storage"] = {"url": url_of(self.folder / DATABASE), **values.get("storage", {})}
        values["upstream"] = {"endpoint": self.emulator.endpoint, **values["upstream"]}
        if values["hooks"].get("dir") is None:
            empty = self.folder / "plugins"
            empty.mkdir(exist_ok=True)
            values["hooks"] = {**values["hooks"], "dir": str(empty)}
        return load_settings(overrides=values, read_file=False)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Hang up every visit and stop everything."""
        for visit in self.visits:
            await visit.aclose()
        await self._stack.aclose()

    # ── visiting ─────────────────────────────────────────────────────────────────────────

    async def connect(
        self,
        *,
        media: bool = True,
        resume: str | None = None,
        hello: bool = True,
        first_report: Literal["playing", "sound_blocked"] = "playing",
    ) -> Visit:
        """Open a kiosk socket as an enrolled screen; nobody has touched it yet."""
        async with self.http.get(f"{self.url}/") as page:
            page.raise_for_status()
        socket = await self.http.ws_connect(
            f"{self.url}/ws/kiosk",
            headers={"Origin": self.url},
            protocols=await self.ticket(),
            max_msg_size=0,
        )
        visit = Visit(
            socket,
            self.clock,
            self.engines,
            media=media,
            first_report=first_report,
            tool_calls=self._notes.of,
        )
        self.visits.append(visit)
        visit.start()
        if hello:
            await visit.send(m.Hello(protocol=m.PROTOCOL, resume=resume))
        return visit

    async def enrol(self, kiosk_id: str) -> None:
        """Make the next sockets this kiosk's."""
        cookie = cookie_name(COOKIE, https=False)
        _, token = await self.app[keys.DEVICES].enrol(kiosk_id, by="test")
        self.http.cookie_jar.clear()
        self.http.cookie_jar.update_cookies({cookie: token}, URL(self.url))

    async def ticket(self) -> tuple[str, str]:
        """Return the protocols that open one socket of the screen this harness is."""
        async with self.http.post(
            f"{self.url}/kiosk/ticket", headers={"Origin": self.url}
        ) as answer:
            answer.raise_for_status()
            return PROTOCOL, f"{PREFIX}{(await answer.json())['ticket']}"

    async def visit(
        self, *, language: str | None = None, media: bool = True, microphone: bool = True
    ) -> Visit:
        """Begin a visit: touched, notice accepted, media negotiated as soon as it can be."""
        visit = await self.connect(media=media)
        await visit.begin(language, microphone=microphone)
        return visit

    # ── breaking things ──────────────────────────────────────────────────────────────────

    async def lose_upstream(self) -> None:
        """Kill the emulator: its sockets break without a goodbye, and nobody listens."""
        await self.emulator.kill()

    async def restore_upstream(self) -> None:
        """Start another emulator at the same address."""
        self.emulator = await self._stack.enter_async_context(
            EmulatorServer(
                scenario=self._scenario,
                engines=self.engines,
                host=self.emulator.host,
                port=self.emulator.port,
            )
        )

    # ── looking on ───────────────────────────────────────────────────────────────────────

    @property
    def storage(self) -> Storage:
        """The server's database."""
        return self.app[keys.STORAGE]

    @property
    def failures(self) -> Sequence[PluginFailure]:
        """Contained plugin failures so far, the last of each plugin."""
        return self.app[keys.HOOKS].failures

    def app_metrics(self) -> Metrics:
        """The server's figures."""
        return self.app[keys.METRICS]

    async def transcript(self, visit_id: str) -> Sequence[TranscriptEntry]:
        """Return what is stored of a visit, once all that is queued was written."""
        if any(visit.id == visit_id and visit.ended is not None for visit in self.visits):
            # The screen hears of the end a moment before the records do.
            async with asyncio.timeout(10):
                await self.app[keys.REGISTRY].until_over(visit_id)
        await self.app[keys.RECORDER].settle(10)
        return await self.storage.turns.of(visit_id)

    def hook_calls(self, plugin: str) -> Mapping[str, int]:
        """Return how often each hook of a plugin was called while the server ran."""
        calls: dict[str, int] = {}
        for family in self.app_metrics().hook_calls.collect():
            for sample in family.samples:
                if sample.name.endswith("_total") and sample.labels["plugin"] == plugin:
                    calls[sample.labels["hook"]] = int(sample.value)
        return calls

    def upstream_events(self) -> list[str]:
        """Return the event types the emulator received from the server, in order."""
        return [
            str(entry["type"])
            for session in self.emulator.journal()
            for entry in session["entries"]
            if entry["direction"] == "in"
        ]


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested `base` with `over` laid on it."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[key] = merge(old, value)
        else:
            merged[key] = value
    return merged


@asynccontextmanager
async def running_harness(**options: Any) -> AsyncIterator[KioskHarness]:
    """Run a harness; what the fixture of the same kind uses."""
    async with KioskHarness(**options) as harness:
        yield harness
