"""A kiosk's WebSocket: one writer task, a bounded queue, and an end for who cannot keep up."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog
from aiohttp import WSCloseCode, web
from typing_extensions import override

from kiosk.session.context import Screen
from kiosk.signaling import messages as m
from kiosk.tasks import TaskSet
from kiosk.telemetry import Metrics

log = structlog.get_logger(__name__)


class KioskSocket(Screen):
    """The sending half of one kiosk socket; the handler that made it reads."""

    def __init__(
        self, ws: web.WebSocketResponse, *, limit: int, metrics: Metrics, kiosk_id: str
    ) -> None:
        self._ws = ws
        self._queue: asyncio.Queue[str] = asyncio.Queue(limit)
        self._metrics = metrics
        self._kiosk_id = kiosk_id
        self._tasks = TaskSet(f"socket/{kiosk_id}")
        self._cut_off = False
        self.on_visit_over: asyncio.Event = asyncio.Event()

    def start(self) -> None:
        """Begin writing."""
        self._tasks.spawn(self._write(), name="writer")

    def beside(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """Run something as long as this socket lives."""
        self._tasks.spawn(work, name=name)

    @override
    def send(self, message: m.ServerMessage) -> None:
        """Queue a message. A browser that is a whole queue behind is cut off: it reconnects."""
        if self._cut_off:
            return
        try:
            self._queue.put_nowait(m.dump(message))
        except asyncio.QueueFull:
            self._cut_off = True
            self._metrics.slow_sockets.inc()
            log.warning("a kiosk's browser is too slow and is cut off", kiosk=self._kiosk_id)
            self._tasks.spawn(self._close(WSCloseCode.TRY_AGAIN_LATER), name="cut-off")

    @override
    def visit_over(self) -> None:
        """The visit no longer uses this screen."""
        self.on_visit_over.set()

    async def _write(self) -> None:
        while True:
            text = await self._queue.get()
            try:
                await self._ws.send_str(text)
            except (ConnectionError, RuntimeError):
                return  # closed: the reader sees it too

    async def _close(self, code: WSCloseCode) -> None:
        await self._ws.close(code=code)

    async def aclose(self) -> None:
        """Send what is queued, as far as the socket takes it, and end the writer."""
        while not self._queue.empty() and not self._ws.closed and not self._cut_off:
            try:
                async with asyncio.timeout(1):
                    await self._ws.send_str(self._queue.get_nowait())
            except (TimeoutError, ConnectionError, RuntimeError):
                break
        await self._tasks.aclose()
