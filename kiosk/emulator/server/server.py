"""The emulator's HTTP side: the handshake, the journal, and the life of all its sessions."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import structlog
from aiohttp import web

from kiosk.clock import Clock, SystemClock, new_id
from kiosk.emulator.avatar.holder import NewAvatar
from kiosk.emulator.avatar.peer import Avatars
from kiosk.emulator.scenario.faults import refusal
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.server.stun import StunServer
from kiosk.emulator.session.session import EmulatorSession, SessionParts
from kiosk.emulator.speech.engines import Engines, load_engines
from kiosk.emulator.speech.worker import EngineWorker
from kiosk.emulator.wire.codec import JSON
from kiosk.emulator.wire.journal import Journal
from kiosk.errors import StartupError
from kiosk.tasks import TaskSet

if TYPE_CHECKING:
    from collections.abc import Mapping

log = structlog.get_logger(__name__)

_HEARTBEAT_SECONDS = 30.0
_AGENT_KEYS = {
    "agent-name": "name",
    "agent-project-name": "project",
    "agent-version": "version",
    "conversation-id": "thread_id",
}


class EmulatorServer:
    """A Voice Live endpoint: `async with EmulatorServer() as emulator: emulator.endpoint`.

    Engines that are passed in stay the caller's; otherwise they are loaded at the start and closed
    at the end. `new_avatar` makes avatar peers; without it the emulator's own avatar is used.
    Port 0 takes a free one.
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
        self._tasks = TaskSet("emulator")
        self._vad_worker: EngineWorker | None = None
        self._stun = StunServer()
        self._runner: web.AppRunner | None = None
        self._sessions: dict[EmulatorSession, web.Request] = {}
        self._none_open = asyncio.Event()
        self._none_open.set()
        self._journals: OrderedDict[str, Journal] = OrderedDict()
        self._handshakes = 0

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
        """Load what is missing and listen, or raise StartupError saying what stands in the way."""
        if self._engines is None:
            self._owned_engines = await asyncio.to_thread(load_engines, self._preference)
            self._engines = self._owned_engines
        if self._new_avatar is None:
            self._new_avatar = self._owned_avatars = Avatars(clock=self._clock)
            # Nobody waits for it: a session that comes before it is done draws for itself.
            self._tasks.spawn(self._owned_avatars.warm(), name="warm")
        self._vad_worker = EngineWorker("vad", max_waiting=2 * self._limits.sessions)
        app = web.Application()
        app.router.add_get("/voice-live/realtime", self._realtime)
        app.router.add_get("/emulator/sessions", self._show_sessions)
        app.router.add_get("/emulator/health", self._show_health)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        try:
            await site.start()
            self.port = self._runner.addresses[0][1]
            await self._stun.start(self.host)
        except OSError as error:
            await self.aclose()
            raise StartupError(
                f"the emulator cannot listen on {self.host} port {self.port}: "
                f"{error.strerror}; choose another port"
            ) from None
        log.info("emulator listens", port=self.port, scenario=self.scenario.name)

    async def aclose(self) -> None:
        """Tell every session that the server goes away, wait for them, and release everything."""
        for session in list(self._sessions):
            await session.close(1001, "going away")
        await self._release()

    async def kill(self) -> None:
        """Vanish: cut every connection without a close frame, as a crash would."""
        for request in list(self._sessions.values()):
            _cut(request)
        await self._release()

    async def _release(self) -> None:
        self._stun.close()
        runner, self._runner = self._runner, None
        if runner is not None:
            for site in list(runner.sites):
                await site.stop()
            # Whoever connected between the goodbyes and the stop.
            for request in list(self._sessions.values()):
                _cut(request)
            await self._none_open.wait()
            await runner.cleanup()
        await self._tasks.aclose()
        if self._vad_worker is not None:
            await self._vad_worker.aclose()
        if self._owned_avatars is not None:
            await self._owned_avatars.aclose()
            self._new_avatar = self._owned_avatars = None
        if self._owned_engines is not None:
            await self._owned_engines.aclose()
            self._owned_engines = self._engines = None

    def journal(self) -> list[dict[str, Any]]:
        """Return what `GET /emulator/sessions` shows: one object a session, oldest first."""
        return [journal.as_json() for journal in self._journals.values()]

    async def _show_sessions(self, request: web.Request) -> web.Response:
        return web.json_response({"sessions": self.journal()})

    async def _show_health(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "status": "ok",
                "sessions": len(self._sessions),
                "handshakes": self._handshakes,
                "scenario": self.scenario.name,
                "voice": self.engines.voice.name,
                "ears": self.engines.ears.name,
            }
        )

    async def _realtime(self, request: web.Request) -> web.StreamResponse:
        self._handshakes += 1
        refused = self._refuse(request)
        if refused is not None:
            log.info("handshake refused", status=refused.status)
            return refused
        socket = web.WebSocketResponse(
            max_msg_size=self._limits.message_bytes,
            heartbeat=_HEARTBEAT_SECONDS,
            timeout=self._limits.close_seconds,
            compress=False,
        )
        await socket.prepare(request)
        query = request.query
        agent = None
        if "agent-name" in query:
            agent = {name: query[key] for key, name in _AGENT_KEYS.items() if key in query}
            agent = {"type": "agent", "agent_id": query["agent-name"], **agent}
        session_id = new_id("sess")
        journal = self._open_journal(session_id)
        session = EmulatorSession(
            socket,
            self._parts(request),
            session_id=session_id,
            journal=journal,
            model=query.get("model"),
            agent=agent,
            abort=lambda: _cut(request),
        )
        self._sessions[session] = request
        self._none_open.clear()
        try:
            await session.run()
        finally:
            del self._sessions[session]
            if not self._sessions:
                self._none_open.set()
        return socket

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
            ice_servers=self._ice_servers(request),
        )

    def _ice_servers(self, request: web.Request) -> list[JSON]:
        if self.scenario.ice_servers is not None:
            return [s.model_dump(mode="json", exclude_none=True) for s in self.scenario.ice_servers]
        transport = request.transport
        address = transport.get_extra_info("sockname")[0] if transport is not None else self.host
        host = f"[{address}]" if ":" in address else address
        # The service sends TURN credentials; these are made up, of the same shape, and new for
        # every session, so that whoever handles them carelessly is found out.
        return [
            {
                "urls": [f"stun:{host}:{self._stun.port}"],
                "username": new_id("user"),
                "credential": new_id("credential"),
            }
        ]

    def _open_journal(self, session_id: str) -> Journal:
        journal = Journal(session_id, self._clock, self._limits.journal_entries)
        self._journals[session_id] = journal
        while len(self._journals) > self._limits.journal_sessions + len(self._sessions):
            self._journals.popitem(last=False)
        return journal

    def _refuse(self, request: web.Request) -> web.Response | None:
        """Return the refusal of a handshake (its body is an SDK ErrorResponse), None to go on."""
        fault = refusal(self.scenario.faults, self._handshakes)
        if fault is not None:
            wait = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
            return _refusal(fault.status, fault.code, fault.message, wait)
        denied = self._denied(request)
        if denied is not None:
            return denied
        if len(self._sessions) >= self._limits.sessions:
            return _refusal(
                429,
                "too_many_sessions",
                "The emulator has no room for another session.",
                {"Retry-After": "1"},
            )
        query = request.query
        if not query.get("api-version"):
            return _refusal(400, "missing_api_version", "Give the query parameter 'api-version'.")
        if bool(query.get("agent-name")) != bool(query.get("agent-project-name")):
            return _refusal(
                400, "missing_agent", "Give both 'agent-name' and 'agent-project-name', or neither."
            )
        if not query.get("model") and not query.get("agent-name"):
            return _refusal(
                400, "missing_model", "Give the query parameter 'model', or name an agent."
            )
        if not web.WebSocketResponse().can_prepare(request):
            return _refusal(
                426, "upgrade_required", "Connect with a WebSocket.", {"Upgrade": "websocket"}
            )
        return None

    def _denied(self, request: web.Request) -> web.Response | None:
        """Check the credentials: header or query, as the API reference allows."""
        key = request.headers.get("api-key") or request.query.get("api-key")
        bearer = request.headers.get("Authorization") or request.query.get("Authorization") or ""
        has_bearer = bearer.startswith("Bearer ") and bool(bearer.removeprefix("Bearer ").strip())
        demanded = self.scenario.api_key
        if not key and not has_bearer:
            return _refusal(401, "unauthorized", "Send an api-key or a bearer token.")
        if demanded is None or key == demanded:
            return None
        if key:
            return _refusal(401, "unauthorized", "The api-key is not the one that is demanded.")
        return _refusal(403, "forbidden", "This emulator takes an api-key, not a bearer token.")


def _refusal(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> web.Response:
    body = {"error": {"code": code, "message": message}}
    return web.json_response(body, status=status, headers=headers)


def _cut(request: web.Request) -> None:
    """Drop a connection without a close frame."""
    if request.transport is not None:
        request.transport.abort()
