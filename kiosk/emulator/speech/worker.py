"""One thread for one engine: calls run in order, off the loop, and only so many may wait."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import structlog

from kiosk.errors import KioskError

log = structlog.get_logger(__name__)

T = TypeVar("T")

MAX_WAITING = 64
"""Calls that may wait for one engine's thread; the next is refused with EngineBusyError."""


class EngineBusyError(KioskError):
    """So much work waits for this engine that more would only come too late. Retry later."""

    code = "engine_busy"


class EngineClosedError(KioskError):
    """The engine was closed; nothing can be asked of it any more."""

    code = "engine_closed"


class EngineWorker:
    """A single named thread that outlives event loops: sessions and tests may share it."""

    def __init__(self, name: str, *, max_waiting: int = MAX_WAITING) -> None:
        self.name = name
        self.refused = 0
        self._max_waiting = max_waiting
        self._waiting = 0
        self._lock = threading.Lock()
        self._closed = False
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"kiosk-{name}")

    @property
    def waiting(self) -> int:
        """Calls running or waiting at this moment."""
        return self._waiting

    async def run(self, call: Callable[[], T]) -> T:
        """Run `call` on the thread and return its result.

        Raises EngineBusyError beyond the limit and EngineClosedError after `aclose()`. A call
        that already runs cannot be stopped; cancelling only stops waiting for it.
        """
        return await asyncio.wrap_future(self.submit(call))

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Like `run`, for callers that go on without the result. Any thread may call it."""
        with self._lock:
            if self._closed:
                raise EngineClosedError(f"the {self.name} engine is closed")
            if self._waiting >= self._max_waiting:
                self.refused += 1
                log.warning("engine is busy, work refused", engine=self.name, refused=self.refused)
                raise EngineBusyError(
                    f"the {self.name} engine has {self._waiting} calls waiting; try again later"
                )
            self._waiting += 1
            future = self._pool.submit(self._counted(call))
        future.add_done_callback(lambda done: self._leave() if done.cancelled() else None)
        return future

    def _counted(self, call: Callable[[], T]) -> Callable[[], T]:
        def run() -> T:
            with contextlib.ExitStack() as stack:
                stack.callback(self._leave)
                return call()

        return run

    def _leave(self) -> None:
        with self._lock:
            self._waiting -= 1

    async def aclose(self) -> None:
        """Refuse new work, drop what waits, and return when the thread has ended."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)
