"""Runs one transcript sink: its own bounded queue, batches, retries, an end within a deadline."""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from typing import Final

import stamina
import structlog

from kiosk.hooks.sink_calls import SinkCalls
from kiosk.model import TranscriptEntry, TranscriptSink
from kiosk.settings.sections import StorageSettings
from kiosk.tasks import TaskSet, raise_ours
from kiosk.telemetry import Metrics

log = structlog.get_logger(__name__)

CONTAINED: Final = BaseException
"""What a sink may raise: anything; `raise_ours` has what is not its own."""


async def close_sink(calls: SinkCalls, sink: TranscriptSink, timeout_s: float) -> None:
    """Let a sink release what it holds; one that cannot does not keep the others open."""
    try:
        await calls.close(sink, timeout_s)
    except CONTAINED as error:
        raise_ours(error)
        log.error("transcript sink did not close", sink=sink.name, kind=type(error).__name__)


class SinkRunner:
    """Delivers entries to one sink in order. A full queue loses its oldest, counted and logged.

    Without `calls` the sink is ours and no plugin's.
    """

    def __init__(
        self,
        sink: TranscriptSink,
        settings: StorageSettings,
        metrics: Metrics,
        tasks: TaskSet,
        calls: SinkCalls | None,
    ) -> None:
        self.sink = sink
        self._write = functools.partial(calls.write, sink) if calls is not None else sink.write
        self._settings = settings
        self._metrics = metrics
        self._waiting: deque[TranscriptEntry] = deque()
        self._changed = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        tasks.spawn(self._run(), name=f"sink/{sink.name}")

    def put(self, entry: TranscriptEntry) -> None:
        """Queue one entry; never waits."""
        if len(self._waiting) >= self._settings.sink_queue:
            self._waiting.popleft()
            self._metrics.sink_lost.labels(self.sink.name).inc()
            log.error("transcript sink is too slow, an entry is lost", sink=self.sink.name)
        self._waiting.append(entry)
        self._idle.clear()
        self._changed.set()

    async def _run(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            while self._waiting:
                size = min(self._settings.sink_batch, len(self._waiting))
                await self._deliver([self._waiting.popleft() for _ in range(size)])
            self._idle.set()

    async def _deliver(self, batch: list[TranscriptEntry]) -> None:
        name = self.sink.name
        try:
            async for attempt in stamina.retry_context(
                on=Exception,
                attempts=self._settings.sink_attempts,
                timeout=None,
                wait_initial=0.1,
                wait_max=30,
            ):
                with attempt:
                    if attempt.num > 1:
                        self._metrics.sink_retries.labels(name).inc()
                    await self._write(batch)
        except CONTAINED as error:
            raise_ours(error)
            self._metrics.sink_lost.labels(name).inc(len(batch))
            log.error(
                "transcript sink failed for good, entries are lost",
                sink=name,
                entries=len(batch),
                kind=type(error).__name__,
            )
        else:
            self._metrics.sink_written.labels(name).inc(len(batch))

    async def settle(self) -> None:
        """Wait until everything queued was delivered or given up."""
        await self._idle.wait()
