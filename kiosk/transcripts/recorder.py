"""Turns and visits on their way to storage and sinks; nothing unredacted gets past here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

import stamina
import structlog

from kiosk.hooks.facade import Hooks
from kiosk.model import TranscriptEntry, VisitSummary
from kiosk.settings.sections import StorageSettings
from kiosk.tasks import TaskSet
from kiosk.telemetry import Metrics
from kiosk.transcripts.sinks import SinkRunner

log = structlog.get_logger(__name__)

BOOKKEEPING_LIMIT: Final = 2000
"""Visit starts and ends waiting for a database that is away; the newest is refused, counted."""

CLOSE_S: Final = 5.0
"""Longest wait for one sink to release what it holds, s."""


class VisitStore(Protocol):
    """The part of storage that visits are written to."""

    async def started(self, visit_id: str, kiosk_id: str, language: str, at: datetime) -> None:
        """Note a visit that began."""
        ...

    async def ended(self, summary: VisitSummary) -> None:
        """Note a visit that is over."""
        ...


class Recorder:
    """One for each application; owns a runner for each sink and the bookkeeping of visits."""

    def __init__(
        self, hooks: Hooks, visits: VisitStore, settings: StorageSettings, metrics: Metrics
    ) -> None:
        self._hooks = hooks
        self._visits = visits
        self._settings = settings
        self._metrics = metrics
        self._tasks = TaskSet("transcripts")
        self._runners: list[SinkRunner] = []
        self._book: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue(BOOKKEEPING_LIMIT)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver while the context is open; on the way out, what is queued gets 10 s."""
        self._runners = [
            SinkRunner(sink, self._settings, self._metrics, self._tasks)
            for sink in self._hooks.sinks
        ]
        self._tasks.spawn(self._keep_book(), name="visits")
        try:
            yield
        finally:
            if not await self.settle(10):
                log.error("transcripts were not all delivered before the server stopped")
            await self._tasks.aclose()
            for runner in self._runners:
                await runner.close_sink(CLOSE_S)

    async def add(self, entry: TranscriptEntry) -> None:
        """Redact one finished turn and queue it for every sink."""
        text = await self._hooks.redact(entry.text, "transcript")
        clean = replace(entry, text=text)
        for runner in self._runners:
            runner.put(clean)

    def visit_started(self, visit_id: str, kiosk_id: str, language: str, at: datetime) -> None:
        """Note a visit that began; written in the background, in order."""
        self._note(lambda: self._visits.started(visit_id, kiosk_id, language, at))

    def visit_ended(self, summary: VisitSummary) -> None:
        """Note a visit that is over; written in the background, in order."""
        self._note(lambda: self._visits.ended(summary))

    def _note(self, write: Callable[[], Awaitable[None]]) -> None:
        try:
            self._book.put_nowait(write)
        except asyncio.QueueFull:
            self._metrics.sink_lost.labels("visits").inc()
            log.error("the database is away too long, a visit's dates are lost")

    async def _keep_book(self) -> None:
        while True:
            write = await self._book.get()
            try:
                async for attempt in stamina.retry_context(
                    on=Exception,
                    attempts=self._settings.sink_attempts,
                    timeout=None,
                    wait_initial=0.1,
                    wait_max=30,
                ):
                    with attempt:
                        await write()
            except Exception as error:  # noqa: BLE001 - whatever the database raises, go on
                self._metrics.sink_lost.labels("visits").inc()
                log.error("a visit's dates could not be written", kind=type(error).__name__)
            finally:
                self._book.task_done()

    async def settle(self, timeout_s: float) -> bool:
        """Wait until all that is queued was delivered; False at the deadline."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._book.join()
                for runner in self._runners:
                    await runner.settle()
        except TimeoutError:
            return False
        return True

    @property
    def sinks(self) -> Sequence[str]:
        """Names of the sinks in use."""
        return [runner.sink.name for runner in self._runners]
