"""A Voice Live service that does what a test says, for what the emulator would never do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web
from azure.core.credentials import AzureKeyCredential

from kiosk.settings.upstream import UpstreamSettings
from kiosk.voicelive.connection import Connection

KEY = AzureKeyCredential("a key")
WITHIN_S = 20.0
ICE = [{"urls": ["turn:relay.example:3478"], "username": "user", "credential": "secret"}]

Answer = Callable[[dict[str, Any]], "list[dict[str, Any]]"]


class ServedLine:
    """One accepted socket: what came over it, and the means to answer."""

    def __init__(self, request: web.Request, ws: web.WebSocketResponse) -> None:
        self.request = request
        self.received: list[dict[str, Any]] = []
        self.closed = asyncio.Event()
        self._ws = ws
        self._changed = asyncio.Condition()
        self._taken = 0

    async def read(self, answer: Answer) -> None:
        """Note every event; answer it at once as the test wants."""
        async for frame in self._ws:
            if frame.type is not WSMsgType.TEXT:
                continue
            event = json.loads(frame.data)
            async with self._changed:
                self.received.append(event)
                self._changed.notify_all()
            for reply in answer(event):
                await self.send(**reply)
        self.closed.set()

    async def next(self, kind: str) -> dict[str, Any]:
        """Return the next event of a type, passing over others; each is returned once."""

        def found() -> int | None:
            for place in range(self._taken, len(self.received)):
                if self.received[place]["type"] == kind:
                    return place
            return None

        try:
            async with asyncio.timeout(WITHIN_S), self._changed:
                await self._changed.wait_for(lambda: found() is not None)
        except TimeoutError:
            raise AssertionError(f"no {kind} came; there were {self.kinds}") from None
        place = found()
        assert place is not None
        self._taken = place + 1
        return self.received[place]

    @property
    def kinds(self) -> list[str]:
        """Types of all that came, in order."""
        return [str(event["type"]) for event in self.received]

    async def send(self, kind: str = "", **fields: Any) -> None:
        """Send an event of type `kind` (or with a `type` among the fields)."""
        await self._ws.send_str(json.dumps({"type": kind, **fields} if kind else fields))

    async def send_text(self, text: str) -> None:
        """Send any text frame, JSON or not."""
        await self._ws.send_str(text)

    async def close(self, code: int, reason: str = "") -> None:
        """Close as the service does."""
        await self._ws.close(code=code, message=reason.encode())

    def reset(self) -> None:
        """Drop the TCP connection without a goodbye."""
        assert self.request.transport is not None
        self.request.transport.abort()


def confirm(event: dict[str, Any]) -> list[dict[str, Any]]:
    """Answer as a service does that likes everything: session.updated with ICE servers."""
    if event["type"] != "session.update":
        return []
    session = dict(event["session"])
    if "avatar" in session:
        session["avatar"] = {**session["avatar"], "ice_servers": ICE}
    return [{"type": "session.updated", "session": session}]


def silent(event: dict[str, Any]) -> list[dict[str, Any]]:
    """Answer nothing."""
    del event
    return []


class Service:
    """The server. `refusals` are answered first, one for each handshake."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.refusals: list[web.Response] = []
        self.hang = False
        self.handshakes = 0
        self.lines: asyncio.Queue[ServedLine] = asyncio.Queue()
        self.endpoint = ""
        self._open: set[web.WebSocketResponse] = set()
        self._release = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one handshake and the socket after it."""
        self.handshakes += 1
        if self.hang:
            await self._release.wait()
            return web.Response(status=503)
        if self.refusals:
            return self.refusals.pop(0)
        ws = web.WebSocketResponse(timeout=1)
        await ws.prepare(request)
        self._open.add(ws)
        line = ServedLine(request, ws)
        self.lines.put_nowait(line)
        try:
            await line.read(self.answer)
        finally:
            self._open.discard(ws)
        return ws

    async def line(self) -> ServedLine:
        """Return the next line that was opened."""
        async with asyncio.timeout(WITHIN_S):
            return await self.lines.get()

    async def stop(self) -> None:
        """Let go of whoever waits."""
        self._release.set()
        for ws in tuple(self._open):
            await ws.close(code=WSCloseCode.GOING_AWAY)


@asynccontextmanager
async def serving(answer: Answer = confirm) -> AsyncIterator[Service]:
    """Run a service on a free port."""
    service = Service(answer)
    app = web.Application()
    app.router.add_get("/voice-live/realtime", service.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield service
    finally:
        await service.stop()
        await runner.cleanup()


def upstream(endpoint: str, **values: Any) -> UpstreamSettings:
    """Return settings for an endpoint, with a key and short deadlines."""
    short: Mapping[str, Any] = {"handshake_timeout_s": 3, "update_timeout_s": 3}
    return UpstreamSettings(endpoint=endpoint, api_key="a key", **{**short, **values})


@asynccontextmanager
async def connected(
    service: Service, **values: Any
) -> AsyncIterator[tuple[Connection, ServedLine]]:
    """Open a connection to the service; gives both ends."""
    connection = await Connection.open(upstream(service.endpoint, **values), KEY)
    try:
        yield connection, await service.line()
    finally:
        await connection.aclose()
