"""The way in of one session: reads the socket no faster than allowed, and keeps it alive."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog
from aiohttp import WSMsgType, web

from kiosk.clock import Clock
from kiosk.emulator.scenario.limits import Limits

log = structlog.get_logger(__name__)

PING_SECONDS = 20.0
"""Between two pings; a client from which nothing came for twice as long is cut off."""


class Gate(Protocol):
    """Whether faults let the session read and speak."""

    @property
    def half_open(self) -> bool:
        """Whether not even a ping or pong may go out."""
        ...

    async def may_read(self) -> None:
        """Wait while the session may not read."""
        ...


class ReceivedSink(Protocol):
    """Keeps what was read."""

    def received(self, session_id: str, data: str | bytes) -> None:
        """Note one message as it came over the wire."""
        ...


class Inbox:
    """Hands each message on, one at a time. `run()` returns when the socket is closed.

    Pings are answered and sent here and not by aiohttp, so that a half-open connection can be
    played without a sign of life.
    """

    def __init__(
        self,
        socket: web.WebSocketResponse,
        gate: Gate,
        limits: Limits,
        clock: Clock,
        *,
        session_id: str,
        take: Callable[[str | bytes], Awaitable[None]],
        cut: Callable[[str], None],
        recorder: ReceivedSink | None = None,
    ) -> None:
        self._socket = socket
        self._gate = gate
        self._clock = clock
        self._session_id = session_id
        self._take = take
        self._cut = cut
        self._recorder = recorder
        self._rate = float(limits.incoming_per_second)
        self._allowed = self._rate
        self._refilled = clock.monotonic()
        self._waits = 0
        self._reading = False
        self._heard_at = clock.monotonic()

    async def run(self) -> None:
        """Read until the socket is closed."""
        while True:
            self._reading = True
            message = await self._socket.receive()
            self._reading = False
            self._heard_at = self._clock.monotonic()
            await self._gate.may_read()
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                await self._slow_down()
                if self._recorder is not None:
                    self._recorder.received(self._session_id, message.data)
                await self._take(message.data)
            elif message.type is WSMsgType.PING:
                await self._answer(message.data)
            elif message.type is not WSMsgType.PONG:
                return

    async def _answer(self, data: bytes) -> None:
        try:
            await self._socket.pong(data)
        except ConnectionError:
            pass  # The next receive says that the socket is closed.

    async def _slow_down(self) -> None:
        """Take one message from the allowance; wait for it when there is none left."""
        now = self._clock.monotonic()
        self._allowed = min(self._rate, self._allowed + (now - self._refilled) * self._rate)
        self._refilled = now
        self._allowed -= 1
        if self._allowed < 0:
            self._waits += 1
            if self._waits == 1:
                log.warning("client sends too fast; reading waits", per_second=self._rate)
            await self._clock.sleep(-self._allowed / self._rate)

    async def keep_alive(self) -> None:
        """Ping until cancelled; cut off a client that is gone without a word."""
        while True:
            await self._clock.sleep(PING_SECONDS)
            if not self._reading:
                # What the client sent waits for us, so its silence says nothing.
                self._heard_at = self._clock.monotonic()
            elif self._clock.monotonic() - self._heard_at > 2 * PING_SECONDS:
                self._cut("no pong")
                return
            if not self._gate.half_open:
                try:
                    await self._socket.ping()
                except ConnectionError:
                    return
