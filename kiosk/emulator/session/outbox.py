"""The way out of one session: a bounded queue and the one task that writes to the socket."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import web
from azure.ai.voicelive import models as sdk

from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.wire.codec import JSON, WireError, build, build_error
from kiosk.emulator.wire.journal import Journal

log = structlog.get_logger(__name__)


class Outbox:
    """Takes events without waiting. A reader too slow for the limits is cut off and logged."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        journal: Journal,
        limits: Limits,
        on_overflow: Callable[[], None],
    ) -> None:
        self._socket = socket
        self._journal = journal
        self._limits = limits
        self._on_overflow = on_overflow
        self._waiting: deque[str] = deque()
        self._waiting_bytes = 0
        self._ready = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._closed = False

    def emit(self, model: type[sdk.ServerEvent], **fields: Any) -> JSON:
        """Build an event from the SDK's model, queue it and return its JSON."""
        event = build(model, fields)
        self._put(event)
        return event

    def error(self, error: WireError, client_event_id: str | None) -> None:
        """Queue the `error` event of a refusal."""
        self._put(build_error(error, client_event_id))

    def _put(self, event: JSON) -> None:
        if self._closed:
            return
        text = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
        too_many = len(self._waiting) >= self._limits.outgoing_events
        if too_many or self._waiting_bytes + len(text) > self._limits.outgoing_bytes:
            self._closed = True
            log.warning("slow reader cut off", waiting=len(self._waiting))
            self._on_overflow()
            return
        self._journal.sent(event)
        self._waiting.append(text)
        self._waiting_bytes += len(text)
        self._empty.clear()
        self._ready.set()

    async def run(self) -> None:
        """Write until cancelled or the socket is gone."""
        while True:
            await self._ready.wait()
            while self._waiting:
                text = self._waiting.popleft()
                self._waiting_bytes -= len(text)
                try:
                    await self._socket.send_str(text)
                except ConnectionError:
                    self._closed = True
                    self._waiting.clear()
            self._ready.clear()
            self._empty.set()

    async def flushed(self, seconds: float) -> None:
        """Wait until everything queued was written, at most `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            log.warning("events left unsent at close", waiting=len(self._waiting))

    def close(self) -> None:
        """Take no more events."""
        self._closed = True
