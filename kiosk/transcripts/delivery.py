"""Delivers one sink's outbox: in order, in batches, again after failures, dead letters at last."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from kiosk.clock import Clock
from kiosk.errors import StorageError
from kiosk.hooks.sink_calls import SinkCalls
from kiosk.model import EntriesRefused, SinkBusy, TranscriptSink
from kiosk.settings.retention import Days, ever
from kiosk.settings.sections import StorageSettings
from kiosk.storage.outbox import Outbox, Waiting
from kiosk.tasks import TaskSet, raise_ours
from kiosk.telemetry import Metrics
from kiosk.transcripts.sinks import CONTAINED, close_sink

log = structlog.get_logger(__name__)

LEASE_S: Final = 40.0
"""How long others wait for a server that vanished while it delivered; longer than a write."""
WRITE_S: Final = 30.0
"""Longest single write of a sink; beyond it the attempt failed."""
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 60.0
LONGEST_ASKED_S: Final = 600.0
"""Longest pause that a sink may ask for by SinkBusy."""
MOST_FAILURES: Final = 20
"""Failures in a row are counted this far; the pause has long reached its longest."""
DENIED_S: Final = 1.0
"""How soon to ask again while another server delivers."""
LOOK_S: Final = 20.0
"""How often an empty outbox is looked at: another server may have left something behind."""
TRIM_EVERY: Final = 100
"""Batches between two looks at the outbox's limit."""


class Delivery:
    """One sink and its outbox. `wake` says that something was put in."""

    def __init__(
        self,
        sink: TranscriptSink,
        calls: SinkCalls,
        outbox: Outbox,
        clock: Clock,
        settings: StorageSettings,
        metrics: Metrics,
        tasks: TaskSet,
        owner: str,
        days: Callable[[str], Days] = ever,
    ) -> None:
        self.sink = sink
        self._calls = calls
        self._days = days
        self._outbox = outbox
        self._clock = clock
        self._settings = settings
        self._metrics = metrics
        self._owner = owner
        self._tasks = tasks
        self._news = asyncio.Event()
        self._news.set()
        self._retry = asyncio.Event()
        self._settled = asyncio.Event()
        self._failures = 0
        self._batches = 0
        self._singly = 0
        self._asked_for = 0.0
        tasks.spawn(self._run(), name=f"sink/{sink.name}")

    def wake(self) -> None:
        """Look at the outbox now; after a failure the pause is kept."""
        if not self._failures:
            self._settled.clear()
        self._news.set()

    def retry_now(self) -> None:
        """Forget the pause after failures: somebody says that the sink is back."""
        self._settled.clear()
        self._news.set()
        self._retry.set()

    async def settle(self) -> None:
        """Wait until the outbox is empty, or the sink does not take what is in it."""
        await self._settled.wait()

    async def _run(self) -> None:
        while True:
            self._news.clear()
            self._retry.clear()
            self._settled.clear()
            try:
                pause = await self._round()
            except StorageError:
                log.warning("the outbox cannot be read", sink=self.sink.name)
                pause = LOOK_S
            if self._failures or not self._news.is_set():
                self._settled.set()
            # After a failure more entries are no reason to hurry; somebody's word is.
            await self._pause(pause, self._retry if self._failures else self._news)

    async def _pause(self, seconds: float, event: asyncio.Event) -> None:
        async def ring() -> None:
            await self._clock.sleep(seconds)
            event.set()

        alarm = self._tasks.start(ring(), name=f"sink/{self.sink.name}/pause")
        try:
            await event.wait()
        finally:
            alarm.cancel()

    async def _round(self) -> float:
        """Deliver if there is something, and if no other server does; return how long to pause."""
        name = self.sink.name
        if not await self._outbox.waiting(name, 1):
            self._failures = 0
            return LOOK_S
        if not await self._outbox.lease(name, self._owner, LEASE_S):
            return DENIED_S
        pause = await self._deliver()
        # Held only while delivering: a server killed in a pause keeps nobody waiting.
        await self._outbox.release(name, self._owner)
        return pause

    async def _deliver(self) -> float:
        while True:
            size = 1 if self._singly else self._settings.sink_batch
            batch = await self._outbox.waiting(self.sink.name, size)
            if not batch:
                self._singly = 0
                return LOOK_S
            if not await self._hand_over(batch):
                jitter = random.uniform(0.5, 1.0)
                backoff = jitter * min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**self._failures)
                return max(backoff, self._asked_for)
            self._recovered()
            if not await self._outbox.lease(self.sink.name, self._owner, LEASE_S):
                return DENIED_S
            self._batches += 1
            if self._batches % TRIM_EVERY == 0:
                await self._trim()

    async def _hand_over(self, batch: list[Waiting]) -> bool:
        name = self.sink.name
        ids = [item.id for item in batch]
        self._asked_for = 0.0
        try:
            await self._calls.write(self.sink, [item.entry for item in batch], WRITE_S)
        except EntriesRefused as error:
            if len(batch) > 1:
                self._singly = len(batch)
            else:
                self._singly = max(0, self._singly - 1)
                await self._bury(batch, type(error).__name__)
            return True
        except CONTAINED as error:
            raise_ours(error)
            if isinstance(error, SinkBusy):
                self._asked_for = min(max(error.seconds, 0.0), LONGEST_ASKED_S)
            await self._failed(batch, type(error).__name__)
            return False
        # Killed here, the batch is offered again: at least once, told apart by visit_id and seq.
        await self._outbox.taken(ids)
        self._singly = max(0, self._singly - 1)
        self._metrics.sink_written.labels(name).inc(len(batch))
        return True

    def _recovered(self) -> None:
        if self._failures:
            log.info("transcript sink takes entries again", sink=self.sink.name)
        self._failures = 0

    async def _failed(self, batch: list[Waiting], kind: str) -> None:
        self._failures = min(self._failures + 1, MOST_FAILURES)
        self._metrics.sink_retries.labels(self.sink.name).inc()
        if self._failures in {1, 5, 10, MOST_FAILURES - 1}:
            log.warning("transcript sink fails and is tried again", sink=self.sink.name, kind=kind)
        oldest = self._clock.now() - timedelta(hours=self._settings.sink_give_up_h)
        old = [item for item in batch if item.added_at < oldest]
        await self._outbox.refused([i.id for i in batch if i not in old], kind, dead=False)
        if old:
            await self._bury(old, kind)
        await self._trim()

    async def _bury(self, batch: list[Waiting], kind: str) -> None:
        ids = [item.id for item in batch if self._days(item.entry.kiosk_id).dead_letters]
        dropped = [item.id for item in batch if item.id not in ids]
        if dropped:
            await self._outbox.taken(dropped)
            self._metrics.sink_lost.labels(self.sink.name).inc(len(dropped))
            log.error(
                "entries a sink refused are dropped: their site keeps no dead letters",
                sink=self.sink.name,
                entries=len(dropped),
                kind=kind,
            )
        if not ids:
            return
        await self._outbox.refused(ids, kind, dead=True)
        self._metrics.sink_dead.labels(self.sink.name).inc(len(ids))
        log.error(
            "transcript entries are put aside as dead letters; see the operator's sinks page",
            sink=self.sink.name,
            entries=len(ids),
            kind=kind,
        )

    async def _trim(self) -> None:
        lost = await self._outbox.trim(self.sink.name, self._settings.sink_outbox)
        if lost:
            self._metrics.sink_lost.labels(self.sink.name).inc(lost)
            log.error("a sink's outbox is full, entries are lost", sink=self.sink.name, lost=lost)

    async def close(self, timeout_s: float) -> None:
        """Let the sink release what it holds and give the lease back."""
        await close_sink(self._calls, self.sink, timeout_s)
        try:
            async with asyncio.timeout(timeout_s):
                await self._outbox.release(self.sink.name, self._owner)
        except (StorageError, TimeoutError):
            log.warning("a sink's lease is left to run out", sink=self.sink.name)
