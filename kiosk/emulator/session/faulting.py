"""Carries out the faults of one session: what is sent instead, what is held up, what is cut."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

import structlog

from kiosk.clock import Clock, new_id
from kiosk.emulator.scenario.faultbook import ArmedFault, FaultBook, Watcher
from kiosk.emulator.scenario.faults import ENDING, LASTING, MEDIA, Fault
from kiosk.emulator.session.outbox import Act, Frame, Outbox, Pause, Step, frame
from kiosk.emulator.wire.codec import JSON, WireError, build_error
from kiosk.emulator.wire.journal import Journal
from kiosk.tasks import TaskSet

log = structlog.get_logger(__name__)

_OVERSIZE = 4 * 1024 * 1024 + 512 * 1024  # the Python SDK takes 4 MiB (measured)
_BINARY = 16


class FaultHost(Protocol):
    """What faults need of their session."""

    id: str
    clock: Clock

    async def close(self, code: int, reason: str) -> None:
        """Close the connection with a close frame."""
        ...

    def cut(self, reason: str) -> None:
        """Cut the connection without one."""
        ...

    def suffer(self, faults: frozenset[str]) -> None:
        """Let the avatar's media have these faults, and no others, from now on."""
        ...


class FaultDesk:
    """Asks the book at each event of a session, and does what strikes. Ended by `close()`."""

    def __init__(
        self,
        host: FaultHost,
        book: FaultBook,
        *,
        outbox: Outbox,
        journal: Journal,
        tasks: TaskSet,
    ) -> None:
        self._host = host
        self._book = book
        self._outbox = outbox
        self._journal = journal
        self._tasks = tasks
        self._lasting: dict[str, ArmedFault] = {}
        self._reading = asyncio.Event()
        self._reading.set()
        self._watcher = Watcher(self._schedule, self._end)
        outbox.meddler = self
        book.watch(self._watcher)

    @property
    def half_open(self) -> bool:
        """Whether the connection is to look alive and say nothing."""
        return not self._outbox.pace.open.is_set()

    def begin(self, opening: Iterable[ArmedFault]) -> None:
        """Do what strikes at the connect, and set the clock for what waits for a time."""
        for armed in opening:
            self._outbox.put(self._strike(armed, None))
        for armed in self._book.timed(self._host.id):
            self._schedule(armed)

    async def may_read(self) -> None:
        """Wait while a fault keeps the session from reading."""
        await self._reading.wait()

    async def at_client_event(
        self, kind: str, event_id: str | None, handle: Callable[[], Awaitable[None]]
    ) -> None:
        """Handle a client's event, or what strikes before, after or instead of it."""
        struck = self._book.at_event(kind, self._host.id)
        for armed in struck:
            if armed.fault.moment != "after":
                await self._at_client(armed, event_id)
        if not any(armed.fault.moment == "instead" for armed in struck):
            try:
                await handle()
            except WireError as error:
                self._outbox.error(error, event_id)
        for armed in struck:
            if armed.fault.moment == "after":
                await self._at_client(armed, event_id)

    async def _at_client(self, armed: ArmedFault, event_id: str | None) -> None:
        steps = self._strike(armed, event_id)
        if armed.fault.do == "delay":
            await self._host.clock.sleep(armed.fault.delay_ms / 1000)
        else:
            self._outbox.put(steps)

    def steps(self, event: JSON) -> list[Step] | None:
        """Return what goes out in the place of an event of ours; None: the event itself."""
        struck = self._book.at_event(str(event["type"]), self._host.id)
        if not struck:
            return None
        before: list[Step] = []
        after: list[Step] = []
        middle: list[Step] = [frame(event)]
        if any(armed.fault.moment == "instead" for armed in struck):
            middle = []
        for armed in struck:
            steps = self._strike(armed, None)
            (after if armed.fault.moment == "after" else before).extend(steps)
            if armed.fault.do == "duplicate":
                middle = middle * 2
        return [*before, *middle, *after]

    # What faults do.

    def _strike(self, armed: ArmedFault, event_id: str | None) -> list[Step]:
        """Note a strike and return what it means for what goes out."""
        fault = armed.fault
        armed.struck += 1
        log.info("fault strikes", on=fault.on, do=fault.do, fault=armed.id)
        self._journal.struck(armed.id, fault.on, fault.do)
        if fault.do in LASTING:
            return [Act(lambda: self._last(armed))]
        if fault.do in ENDING:
            return [Act(lambda: self._finish(fault), last=True)]
        if fault.do == "delay":
            return [Pause(fault.delay_ms / 1000)]
        return _frames(fault, event_id)

    def _finish(self, fault: Fault) -> None:
        if fault.do == "abort":
            self._host.cut("fault")
        else:
            self._tasks.spawn(self._host.close(fault.close_code, fault.reason), name="fault close")

    def _last(self, armed: ArmedFault) -> None:
        self._lasting[armed.id] = armed
        armed.active.add(self._host.id)
        self._apply()
        if armed.fault.duration_ms is not None:
            self._tasks.spawn(self._run_out(armed), name="fault end")

    async def _run_out(self, armed: ArmedFault) -> None:
        await self._host.clock.sleep((armed.fault.duration_ms or 0) / 1000)
        self._end(armed.id)

    def _end(self, fault_id: str) -> None:
        armed = self._lasting.pop(fault_id, None)
        if armed is not None:
            armed.active.discard(self._host.id)
            self._apply()

    def _apply(self) -> None:
        """Let what lasts be what happens; of two of a kind, the later one counts."""
        by_action = {armed.fault.do: armed.fault for armed in self._lasting.values()}
        pace = self._outbox.pace
        jitter, slow = by_action.get("jitter"), by_action.get("slow")
        pace.jitter_s = (jitter.min_ms / 1000, jitter.max_ms / 1000) if jitter else None
        pace.bytes_per_second = slow.bytes_per_second if slow else None
        _switch(pace.open, on="half_open" not in by_action)
        _switch(self._reading, on=not by_action.keys() & {"half_open", "stop_reading"})
        self._host.suffer(frozenset(by_action.keys() & MEDIA))

    def _schedule(self, armed: ArmedFault) -> None:
        """Set the clock for a fault at a time; others wait for their event."""
        if armed.fault.on == "time" and armed.concerns(self._host.id):
            self._tasks.spawn(self._strike_later(armed), name="fault clock")

    async def _strike_later(self, armed: ArmedFault) -> None:
        await self._host.clock.sleep(armed.fault.at_ms / 1000)
        # Removed in the meantime, or counted for all sessions and struck in another one.
        if armed in self._book.timed(self._host.id) and armed.meets(self._host.id):
            self._outbox.put(self._strike(armed, None))

    def let_go(self) -> None:
        """End what holds the session up, so that it can be closed."""
        for armed in self._lasting.values():
            armed.active.discard(self._host.id)
        self._lasting.clear()
        self._outbox.pace.open.set()
        self._reading.set()

    def close(self) -> None:
        """Stop hearing of faults."""
        self.let_go()
        self._book.unwatch(self._watcher, self._host.id)


def _switch(event: asyncio.Event, *, on: bool) -> None:
    event.set() if on else event.clear()


def _frames(fault: Fault, event_id: str | None) -> list[Step]:
    """Return the messages that a fault sends."""
    if fault.do == "error":
        error = WireError(fault.code, fault.message, fault.param, kind=fault.error_type)
        return [frame(build_error(error, event_id))]
    if fault.do == "bad_json":
        return [Frame(fault.text)]
    if fault.do == "binary":
        return [Frame(bytes(fault.size_bytes or _BINARY))]
    if fault.do == "unknown_event":
        return [frame(_event(fault.event_type, fault.fields))]
    if fault.do == "oversize":
        # A real event that is only too long: a client that drops it for its size is right, one
        # that breaks over it is not.
        event = _event("response.text.delta", {"response_id": new_id("resp"), "delta": ""})
        event |= {"item_id": new_id("item"), "output_index": 0, "content_index": 0}
        size = (fault.size_bytes or _OVERSIZE) - len(json.dumps(event))
        event["delta"] = "x" * max(0, size)
        return [frame(event)]
    return []


def _event(kind: str, fields: dict[str, Any]) -> JSON:
    return {"type": kind, "event_id": new_id("event"), **fields}
