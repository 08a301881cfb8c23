"""Turns and visits on their way to storage and sinks; nothing unredacted gets past here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

import stamina
import structlog
from typing_extensions import override

from kiosk.clock import Clock, new_id
from kiosk.hooks.facade import Hooks
from kiosk.model import TranscriptEntry, TranscriptSink, VisitSummary
from kiosk.settings.retention import Days, ever
from kiosk.settings.sections import StorageSettings
from kiosk.storage.outbox import Outbox, SinkState
from kiosk.tasks import TaskSet
from kiosk.telemetry import Metrics
from kiosk.transcripts.delivery import Delivery
from kiosk.transcripts.sinks import SinkRunner, close_sink

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


class _IntoOutbox(TranscriptSink):
    """Puts entries into the outbox of every sink that does not keep them itself."""

    name = "outbox"
    keeps_itself = True

    def __init__(self, outbox: Outbox, deliveries: Mapping[str, Delivery]) -> None:
        self._outbox = outbox
        self._deliveries = deliveries

    @override
    async def write(self, batch: Sequence[TranscriptEntry]) -> None:
        """Keep a batch; from here on nothing of it is lost by a crash."""
        await self._outbox.add(list(self._deliveries), batch)
        for delivery in self._deliveries.values():
            delivery.wake()


class Recorder:
    """One for each application; owns a runner for each sink and the bookkeeping of visits."""

    def __init__(
        self,
        hooks: Hooks,
        visits: VisitStore,
        outbox: Outbox,
        clock: Clock,
        settings: StorageSettings,
        metrics: Metrics,
        days: Callable[[str], Days] = ever,
        count: Callable[[VisitSummary], Awaitable[None]] | None = None,
    ) -> None:
        self._hooks = hooks
        self._count = count
        self._days = days
        self._visits = visits
        self._outbox = outbox
        self._clock = clock
        self._owner = new_id("server")
        self._settings = settings
        self._metrics = metrics
        self._tasks = TaskSet("transcripts")
        self._runners: list[SinkRunner] = []
        self._kept: list[SinkRunner] = []
        self._unkept: list[SinkRunner] = []
        self._boxed: list[SinkRunner] = []
        self._deliveries: dict[str, Delivery] = {}
        self._book: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue(BOOKKEEPING_LIMIT)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver while the context is open; on the way out, what is queued gets 10 s.

        What a sink did not take by then waits in the outbox for the next start.
        """
        own = [sink for sink in self._hooks.sinks if sink.keeps_itself]
        others = [sink for sink in self._hooks.sinks if not sink.keeps_itself]
        self._deliveries = {
            sink.name: Delivery(
                sink,
                self._hooks.sink_calls,
                self._outbox,
                self._clock,
                self._settings,
                self._metrics,
                self._tasks,
                self._owner,
                self._days,
            )
            for sink in others
        }
        box = [_IntoOutbox(self._outbox, self._deliveries)] if others else []
        # Whose words may wait in memory only has them handed over from there.
        calls = self._hooks.sink_calls
        self._kept, self._boxed, self._unkept = (
            [SinkRunner(sink, self._settings, self._metrics, self._tasks, by) for sink in sinks]
            for sinks, by in ((own, calls), (box, None), (others, calls))
        )
        self._runners = [*self._kept, *self._boxed, *self._unkept]
        self._tasks.spawn(self._keep_book(), name="visits")
        try:
            yield
        finally:
            if not await self.settle(10):
                log.error("transcripts were not all delivered before the server stopped")
            for name in await self._tasks.aclose(within_s=CLOSE_S):
                log.error("a sink does not let go and is left behind", task=name)
            for runner in self._kept:
                await close_sink(calls, runner.sink, CLOSE_S)
            for delivery in self._deliveries.values():
                await delivery.close(CLOSE_S)

    async def report_orphans(self) -> None:
        """Log what waits for sinks that no plugin offers; raises StorageError."""
        for state in await self.states():
            if state.sink not in self._deliveries:
                # Words that were said are kept for it: somebody should decide, not find out later.
                log.warning(
                    "entries wait for a sink that no plugin offers; the operator's sinks page "
                    "can forget them",
                    sink=state.sink,
                    entries=state.waiting + state.dead,
                )

    async def add(self, entry: TranscriptEntry) -> None:
        """Redact one finished turn and queue it for every sink that the site lets keep it."""
        text = await self._hooks.redact(entry.text, "transcript")
        # Half a character, as text cut by UTF-16 has it, cannot be stored and would cost a batch.
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        clean = replace(entry, text=whole)
        days = self._days(entry.kiosk_id)
        for runner in [
            *(self._kept if days.transcripts else ()),
            *(self._boxed if days.outbox else self._unkept),
        ]:
            runner.put(clean)

    def visit_started(self, visit_id: str, kiosk_id: str, language: str, at: datetime) -> None:
        """Note a visit that began; written in the background, in order."""
        if self._days(kiosk_id).visits:
            self._note(lambda: self._visits.started(visit_id, kiosk_id, language, at))

    def visit_ended(self, summary: VisitSummary) -> None:
        """Note a visit that is over; written in the background, in order."""
        if self._days(summary.kiosk_id).visits:
            self._note(lambda: self._visits.ended(summary))
        elif (count := self._count) is not None:
            # Where no visit is kept, it is counted all the same: counts say nothing about anybody.
            self._note(lambda: count(summary))

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
                for delivery in self._deliveries.values():
                    await delivery.settle()
        except TimeoutError:
            return False
        return True

    @property
    def sinks(self) -> Sequence[str]:
        """Names of the sinks in use."""
        return [sink.name for sink in self._hooks.sinks]

    async def states(self) -> list[SinkState]:
        """Return how the outbox of every sink stands, also of sinks that are gone."""
        known = {state.sink: state for state in await self._outbox.states()}
        empty = {
            name: SinkState(name, 0, 0, None, "") for name in self._deliveries if name not in known
        }
        return sorted((known | empty).values(), key=lambda state: state.sink)

    async def replay(self, sink: str) -> int:
        """Offer a sink its dead letters and all that waits, now; return how many came back."""
        count = await self._outbox.replay(sink)
        delivery = self._deliveries.get(sink)
        if delivery is not None:
            delivery.retry_now()
        return count

    async def forget_dead(self, sink: str) -> int:
        """Delete a sink's dead letters for good; return how many there were.

        Of a sink that no plugin offers any more, all that waits is deleted.
        """
        if sink in self._deliveries:
            return await self._outbox.forget_dead(sink)
        return await self._outbox.forget_all(sink)
