"""/ws/kiosk: feeds one kiosk's socket to the protocol and the visits."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Collection
from typing import Final

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from kiosk import events, keys
from kiosk.errors import SignalingError
from kiosk.i18n import Texts
from kiosk.model import Kiosk
from kiosk.security.access import Access
from kiosk.session.session import Session
from kiosk.signaling import messages as m
from kiosk.signaling.protocol import KioskProtocol, Phase
from kiosk.web import attract, insight
from kiosk.web.agent import DeviceAgent
from kiosk.web.request import identity
from kiosk.web.routes import Route
from kiosk.web.shell import SHELL
from kiosk.web.sockets import KioskSocket
from kiosk.web.tickets import PROTOCOL, use_ticket

log = structlog.get_logger(__name__)

HELLO_S = 10.0
"""A socket that does not say hello in this time is closed."""
REVOKED = 4403
"""A socket whose device is no longer ours is closed with this; its page loads itself anew."""
MAX_REFUSED = 100
"""Refused messages after which a socket is closed: nothing of ours sends them."""


class KioskSockets:
    """Every open kiosk socket of this server, so that a stop can say goodbye."""

    def __init__(self) -> None:
        self._open: weakref.WeakKeyDictionary[web.WebSocketResponse, str] = (
            weakref.WeakKeyDictionary()
        )

    def add(self, ws: web.WebSocketResponse, device: str) -> None:
        """Remember an open socket and whose it is."""
        self._open[ws] = device

    async def revoke(self, devices: Collection[str]) -> int:
        """Close the sockets of devices that are no longer ours; returns how many there were."""
        theirs = [ws for ws, device in tuple(self._open.items()) if device in devices]
        for ws in theirs:
            self._open.pop(ws, None)
        await asyncio.gather(*(ws.close(code=REVOKED) for ws in theirs), return_exceptions=True)
        return len(theirs)

    async def close(self) -> None:
        """Close every socket; the pages reconnect to whoever listens then."""
        # At once: a browser that is gone keeps its socket's close waiting until the deadline.
        await asyncio.gather(
            *(ws.close(code=WSCloseCode.SERVICE_RESTART) for ws in tuple(self._open)),
            return_exceptions=True,
        )


NOTICED_GAP_S: Final = 2.0
"""Between two visitors noticed by one screen, for the count of them."""
SOCKETS = web.AppKey("kiosk_sockets", KioskSockets)
KIOSKS = web.AppKey("kiosks", dict[str, Kiosk])
TEXTS = web.AppKey("texts", Texts)


class _Conversation:
    """One socket from hello to close."""

    def __init__(self, app: web.Application, kiosk: Kiosk, socket: KioskSocket) -> None:
        self._app = app
        self._kiosk = kiosk
        self._socket = socket
        self._settings = app[keys.SETTINGS].for_kiosk(kiosk.id)
        self._resting = attract.Resting(app[keys.BUS], app[keys.CLOCK], kiosk.id)
        self._protocol = KioskProtocol()
        self._session: Session | None = None
        self._agent = DeviceAgent(
            app[keys.BUS], app[keys.CLOCK], app[keys.METRICS], kiosk.id, socket.send
        )
        self._shell = app[SHELL]
        self._page_events = 0
        self._noticed_at = -NOTICED_GAP_S
        self._detach: Callable[[], None] | None = None

    @property
    def said_hello(self) -> bool:
        """Whether the page has introduced itself."""
        return self._protocol.phase is not Phase.NEW

    async def text(self, data: str) -> bool:
        """Handle a text frame; False when the socket must close."""
        self._settle()
        try:
            message = self._protocol.receive_text(data)
            await self._handle(message)
        except SignalingError as error:
            return self._refuse(error)
        return True

    def audio(self, data: bytes) -> bool:
        """Handle a binary frame; False when the socket must close."""
        self._settle()
        try:
            pcm = self._protocol.receive_microphone(data)
        except SignalingError as error:
            # The last frames of a visit may arrive after its end; that is no mistake.
            return True if error.code == "not_now" else self._refuse(error)
        if self._session is not None:
            self._session.visitor.audio(pcm)
        return True

    def _refuse(self, error: SignalingError) -> bool:
        self._app[keys.METRICS].signaling_refused.labels(error.code).inc()
        self._socket.send(m.Failure(code=error.code, message=str(error), fatal=error.fatal))
        return not error.fatal and self._protocol.refused < MAX_REFUSED

    def _settle(self) -> None:
        if self._session is not None and self._socket.on_visit_over.is_set():
            self._socket.on_visit_over.clear()
            self._session = None
            self._protocol.visit_ended()

    async def _handle(self, message: m.ClientMessage) -> None:
        if isinstance(message, m.Hello):
            self._hello(message)
        elif isinstance(message, m.Start):
            await self._start(message)
        elif isinstance(message, m.Rest):
            await self._resting.report(message)
        elif isinstance(message, m.Report):
            await self._agent.report(message)
        elif isinstance(message, m.CommandDone):
            await self._agent.done(message)
        elif isinstance(message, m.PageEvent):
            self._page_events += 1
            self._shell.heard(self._kiosk.id, message, self._page_events)
            if message.event == "noticed":
                await self._noticed()
        elif self._session is not None:
            self._session.visitor.message(message)

    def _hello(self, hello: m.Hello) -> None:
        site = self._settings.site
        registry = self._app[keys.REGISTRY]
        running = registry.on_kiosk(self._kiosk.id) if hello.resume is not None else None
        resumes = (
            running is not None
            and not running.ctx.over.is_set()
            and hello.resume == running.ctx.resume
        )
        names = [Texts.describe(code) for code in site.languages]
        language = running.ctx.language if running is not None and resumes else None
        self._socket.send(
            m.Welcome(
                kiosk_id=self._kiosk.id,
                kiosk_name=self._kiosk.name,
                language=language or self._kiosk.language,
                languages=tuple(m.LanguageChoice(code=n.code, name=n.name) for n in names),
                consent=site.consent,
                talk=site.talk,
                resumed=resumes,
                report_s=self._settings.server.report_s,
                **self._shell.facts(self._kiosk.id),
            )
        )
        self._socket.beside(
            attract.keep_told(self._settings, self._app[keys.CLOCK], self._socket.send),
            name="attract",
        )
        self._agent.listen()
        self._detach = self._shell.attach(self._kiosk.id, self._socket.send)
        if hello.resume is not None and resumes:
            session = registry.resume(
                self._kiosk, hello.resume, self._socket, playing=hello.playing
            )
            if session is not None:
                self._session = session
                self._protocol.phase = Phase.VISITING

    @property
    def is_visiting(self) -> bool:
        """Whether a visitor is at this screen."""
        self._settle()
        return self._session is not None

    async def _start(self, start: m.Start) -> None:
        attract = self._settings.attract
        may = {"touch": True, "voice": attract.speak_starts != "off"}
        if not may.get(start.by, attract.presence_starts):
            raise SignalingError("not_now", f"This screen does not start by {start.by}.")
        language = start.language or self._kiosk.language
        if language not in self._settings.site.languages:
            known = ", ".join(self._settings.site.languages)
            raise SignalingError("unknown_language", f"This site speaks {known}.")
        self._shell.may_start(self._kiosk.id)
        self._session = await self._app[keys.REGISTRY].start(self._kiosk, self._socket, language)
        self._protocol.visit_began()
        self._app[keys.METRICS].starts.labels(start.by).inc()

    async def _noticed(self) -> None:
        # A page waits far longer between two; this bounds what one that does not may have written.
        now = self._app[keys.CLOCK].monotonic()
        if now - self._noticed_at >= NOTICED_GAP_S:
            self._noticed_at = now
            await insight.count_noticed(self._app, self._kiosk.id)

    def gone(self) -> None:
        """The socket is closed."""
        self._protocol.closed()
        self._agent.close()
        if self._detach is not None:
            self._detach()
        if self._session is not None:
            self._session.detach(self._socket)


async def kiosk_socket(request: web.Request) -> web.StreamResponse:
    """Serve one kiosk's socket until it closes."""
    app = request.app
    settings = app[keys.SETTINGS].server
    who = identity(request)
    kiosk_id = who.kiosk_id
    assert kiosk_id is not None, "the access check lets enrolled screens through only"
    kiosk = app[KIOSKS][kiosk_id]
    ws = web.WebSocketResponse(
        heartbeat=settings.heartbeat_s,
        max_msg_size=settings.max_socket_bytes,
        timeout=2.0,
        protocols=(PROTOCOL,),
    )
    if ws.can_prepare(request):
        await use_ticket(request)
    await ws.prepare(request)
    app[SOCKETS].add(ws, who.device)
    metrics, bus, clock = app[keys.METRICS], app[keys.BUS], app[keys.CLOCK]
    socket = KioskSocket(ws, limit=settings.socket_queue, metrics=metrics, kiosk_id=kiosk_id)
    socket.start()
    talk = _Conversation(app, kiosk, socket)
    metrics.sockets.inc()
    connected = events.KioskConnected(kiosk_id=kiosk_id, at=clock.now())
    await bus.publish(events.EVENTS_TOPIC, connected.model_dump(mode="json"))
    deaf = bus.handle(
        attract.wake_target(kiosk_id), attract.waker(lambda: talk.is_visiting, socket.send)
    )
    try:
        await _read(ws, talk)
    finally:
        deaf()
        metrics.sockets.dec()
        talk.gone()
        await socket.aclose()
        gone = events.KioskDisconnected(kiosk_id=kiosk_id, at=clock.now())
        await bus.publish(events.EVENTS_TOPIC, gone.model_dump(mode="json"))
        await ws.close()
    return ws


async def _read(ws: web.WebSocketResponse, talk: _Conversation) -> None:
    while True:
        try:
            async with asyncio.timeout(None if talk.said_hello else HELLO_S):
                frame = await ws.receive()
        except TimeoutError:
            log.info("a kiosk socket said nothing and is closed")
            return
        if frame.type is WSMsgType.TEXT:
            if not await talk.text(frame.data):
                return
        elif frame.type is WSMsgType.BINARY:
            if not talk.audio(frame.data):
                return
        else:
            return


def routes() -> list[Route]:
    """Return the addresses of this module."""
    return [Route("GET", "/ws/kiosk", kiosk_socket, Access.KIOSK, socket=True)]
