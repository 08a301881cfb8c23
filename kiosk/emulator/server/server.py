"""One emulator: its parts, its routes, and its life from the first session to the last."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import structlog
from aiohttp import web

from kiosk.clock import Clock, SystemClock, new_id
from kiosk.emulator.avatar.holder import NewAvatar
from kiosk.emulator.avatar.peer import Avatars
from kiosk.emulator.mind.choosing import make_mind
from kiosk.emulator.mind.interface import Mind
from kiosk.emulator.scenario.faultbook import ArmedFault, FaultBook
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.scenario.quotas import Quotas
from kiosk.emulator.scenario.replay import Script, load_scripts
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.server.control import Control
from kiosk.emulator.server.handshake import agent_of, refuse, refusing
from kiosk.emulator.server.ice import ice_servers
from kiosk.emulator.server.sessions import Sessions, cut_connection
from kiosk.emulator.server.stun import StunServer
from kiosk.emulator.session.session import EmulatorSession, SessionParts
from kiosk.emulator.speech.engines import Engines, load_engines
from kiosk.emulator.speech.worker import EngineWorker
from kiosk.emulator.wire.record import Recorder
from kiosk.errors import StartupError
from kiosk.tasks import TaskSet

log = structlog.get_logger(__name__)

_AT_HANDSHAKE = frozenset({"refuse", "delay", "abort"})


class EmulatorServer:
    """A Voice Live endpoint: `async with EmulatorServer() as emulator: emulator.endpoint`.

    Engines that are passed in stay the caller's; otherwise they are loaded at the start and closed
    at the end. `new_avatar` makes avatar peers; without it the emulator's own avatar is used.
    Port 0 takes a free one. `control_key` opens the control endpoint to other machines. A
    `recorder` is started and stopped with the emulator.
    """

    def __init__(
        self,
        *,
        scenario: Scenario | None = None,
        engines: Engines | None = None,
        engines_preference: str = "auto",
        host: str = "127.0.0.1",
        port: int = 0,
        limits: Limits | None = None,
        clock: Clock | None = None,
        new_avatar: NewAvatar | None = None,
        recorder: Recorder | None = None,
        control_key: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.scenario = scenario or Scenario()
        self.host, self.port = host, port
        self._engines = engines
        self._owned_engines: Engines | None = None
        self._preference = engines_preference
        self._limits = limits or Limits()
        self._clock = clock or SystemClock()
        self._new_avatar = new_avatar
        self._owned_avatars: Avatars | None = None
        self._recorder = recorder
        self._scripts: tuple[Script, ...] = ()
        self._tasks = TaskSet("emulator")
        self._vad_worker: EngineWorker | None = None
        self._environment = environment or {}
        self._mind: Mind | None = None
        self._stun = StunServer()
        self._runner: web.AppRunner | None = None
        self._handshakes = 0
        self._replays = itertools.count()
        self.faults = FaultBook(self.scenario.faults)
        self.quotas = Quotas(self.scenario.service, self._clock)
        self.sessions = Sessions(self._limits, self._clock)
        self._control = Control(self, self._limits, control_key)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    @property
    def endpoint(self) -> str:
        """The endpoint to give to a Voice Live client, such as "http://127.0.0.1:8765"."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def engines(self) -> Engines:
        """The engines in use; only once started."""
        assert self._engines is not None
        return self._engines

    async def start(self) -> None:
        """Load what is missing and listen; SettingsError or StartupError says why it cannot."""
        try:
            await self._load()
            await self._listen()
        except BaseException:
            await self.aclose()
            raise
        log.info("emulator listens", port=self.port, scenario=self.scenario.name)

    async def _load(self) -> None:
        if self.scenario.replay is not None:
            self._scripts = await asyncio.to_thread(load_scripts, self.scenario.replay)
        # Shared by all sessions, so that a chat endpoint's connections are too.
        self._mind = await asyncio.to_thread(make_mind, self.scenario, self._environment)
        if self._recorder is not None:
            await asyncio.to_thread(self._recorder.start)
        if self._engines is None:
            self._owned_engines = await asyncio.to_thread(load_engines, self._preference)
            self._engines = self._owned_engines
        if self._new_avatar is None:
            self._new_avatar = self._owned_avatars = Avatars(clock=self._clock)
            # Nobody waits for it: a session that comes before it is done draws for itself.
            self._tasks.spawn(self._owned_avatars.warm(), name="warm")
        self._vad_worker = EngineWorker("vad", max_waiting=2 * self._limits.sessions)

    async def _listen(self) -> None:
        app = web.Application()
        app.router.add_get("/voice-live/realtime", self._realtime)
        self._control.add_to(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        try:
            await site.start()
            self.port = self._runner.addresses[0][1]
            await self._stun.start(self.host)
        except OSError as error:
            raise StartupError(
                f"the emulator cannot listen on {self.host} port {self.port}: "
                f"{error.strerror}; choose another port"
            ) from None

    async def aclose(self) -> None:
        """Tell every session that the server goes away, wait for them, and release everything."""
        await self.sessions.close(1001, "going away")
        await self._release()

    async def kill(self) -> None:
        """Vanish: cut every connection without a close frame, as a crash would."""
        self.sessions.cut("killed")
        await self._release()

    async def _release(self) -> None:
        self._stun.close()
        runner, self._runner = self._runner, None
        if runner is not None:
            for site in list(runner.sites):
                await site.stop()
            # Whoever connected between the goodbyes and the stop.
            self.sessions.cut("going away")
            await self.sessions.all_ended()
            await runner.cleanup()
        await self._tasks.aclose()
        if self._mind is not None:
            await self._mind.aclose()
            self._mind = None
        if self._vad_worker is not None:
            await self._vad_worker.aclose()
        if self._owned_avatars is not None:
            await self._owned_avatars.aclose()
            self._new_avatar = self._owned_avatars = None
        if self._owned_engines is not None:
            await self._owned_engines.aclose()
            self._owned_engines = self._engines = None
        if self._recorder is not None:
            await asyncio.to_thread(self._recorder.stop)

    def journal(self) -> list[dict[str, Any]]:
        """Return what `GET /emulator/sessions` shows: one object a session, oldest first."""
        return self.sessions.journal()

    def health(self) -> dict[str, Any]:
        """Return what `GET /emulator/health` shows."""
        shown: dict[str, Any] = {
            "status": "ok",
            "sessions": len(self.sessions),
            "handshakes": self._handshakes,
            "scenario": self.scenario.name,
            "voice": self.engines.voice.name,
            "ears": self.engines.ears.name,
        }
        if self._recorder is not None:
            shown["recording"] = {"written": self._recorder.written, "lost": self._recorder.lost}
        return shown

    async def _realtime(self, request: web.Request) -> web.StreamResponse:
        self._handshakes += 1
        struck = self.faults.at_connect()
        for armed in struck:
            if armed.fault.do == "delay":
                await self._clock.sleep(armed.fault.delay_ms / 1000)
        refused = refusing(struck) or refuse(
            request,
            self.quotas,
            self._clock,
            has_room=len(self.sessions) < self._limits.sessions,
        )
        for armed in struck:
            armed.struck += armed.fault.do in _AT_HANDSHAKE
            if armed.fault.do == "abort":
                cut_connection(request)
                return web.Response()
        if refused is not None:
            log.info("handshake refused", status=refused.status)
            return refused.response()
        socket = web.WebSocketResponse(
            max_msg_size=self._limits.message_bytes,
            autoping=False,
            timeout=self._limits.close_seconds,
            compress=False,
        )
        await socket.prepare(request)
        opening = [armed for armed in struck if armed.fault.do not in _AT_HANDSHAKE]
        await self.sessions.run(self._session(request, socket, opening), request)
        return socket

    def _session(
        self, request: web.Request, socket: web.WebSocketResponse, opening: Sequence[ArmedFault]
    ) -> EmulatorSession:
        session_id = new_id("sess")
        model, agent = request.query.get("model"), agent_of(request)
        if self._recorder is not None:
            self._recorder.opened(session_id, model, request.query.get("agent-name"))
        scripts = self._scripts
        return EmulatorSession(
            socket,
            self._parts(request),
            session_id=session_id,
            journal=self.sessions.open_journal(session_id),
            model=model,
            agent=agent,
            abort=lambda: cut_connection(request),
            opening=opening,
            script=scripts[next(self._replays) % len(scripts)] if scripts else None,
        )

    def _parts(self, request: web.Request) -> SessionParts:
        assert self._vad_worker is not None
        return SessionParts(
            scenario=self.scenario,
            limits=self._limits,
            clock=self._clock,
            voice=self.engines.voice,
            ears=self.engines.ears,
            new_vad=self.engines.new_vad,
            vad_worker=self._vad_worker,
            new_avatar=self._new_avatar,
            ice_servers=ice_servers(
                request, self.scenario, host=self.host, stun_port=self._stun.port
            ),
            mind=self._mind,
            faults=self.faults,
            quotas=self.quotas,
            recorder=self._recorder,
        )
