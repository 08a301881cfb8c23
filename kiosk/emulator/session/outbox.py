"""The way out of one session: a bounded queue and the one task that writes to the socket."""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from aiohttp import web
from azure.ai.voicelive import models as sdk

from kiosk.clock import Clock
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.wire.codec import JSON, WireError, build, build_error
from kiosk.emulator.wire.journal import Journal

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Frame:
    """One WebSocket message: text, or bytes for a binary one. `event` is None for broken text."""

    data: str | bytes
    event: JSON | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is written for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Act:
    """Something else happens when everything before it was written; `last`: nothing follows."""

    do: Callable[[], None]
    last: bool = False


Step = Frame | Pause | Act


def frame(event: JSON) -> Frame:
    """Return the text frame of an event."""
    return Frame(json.dumps(event, separators=(",", ":"), ensure_ascii=False), event)


@dataclass(slots=True)
class Pace:
    """What a fault does to the speed of the writing."""

    jitter_s: tuple[float, float] | None = None
    bytes_per_second: int | None = None
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """Not set: nothing at all is written."""

    def __post_init__(self) -> None:
        self.open.set()


class Meddler(Protocol):
    """Decides what really goes out in the place of an event."""

    def steps(self, event: JSON) -> Iterable[Step] | None:
        """Return what is done instead of sending `event`; None to send it as it is."""
        ...


class SentSink(Protocol):
    """Keeps what was written."""

    def sent(self, session_id: str, data: str | bytes) -> None:
        """Note one message as it went over the wire."""
        ...


class Outbox:
    """Takes events without waiting. A reader too slow for the limits is cut off and logged.

    `observe` hears of every event that the session means to send, whatever faults make of it.
    """

    def __init__(
        self,
        socket: web.WebSocketResponse,
        journal: Journal,
        limits: Limits,
        on_overflow: Callable[[], None],
        *,
        clock: Clock,
        recorder: SentSink | None = None,
    ) -> None:
        self._socket = socket
        self._journal = journal
        self._limits = limits
        self._on_overflow = on_overflow
        self._clock = clock
        self._recorder = recorder
        self.works = True
        """False once nothing is written any more, whatever is queued."""
        self.pace = Pace()
        self.meddler: Meddler | None = None
        self._observers: list[Callable[[JSON], None]] = []
        self._waiting: deque[Step] = deque()
        self._waiting_bytes = 0
        self._ready = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._closed = False

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait for the reader."""
        return self._waiting_bytes

    def observe(self, observer: Callable[[JSON], None]) -> None:
        """Call `observer` with every event from now on."""
        self._observers.append(observer)

    def emit(self, model: type[sdk.ServerEvent], **fields: Any) -> JSON:
        """Build an event from the SDK's model, queue it and return its JSON."""
        event = build(model, fields)
        self.send(event)
        return event

    def error(self, error: WireError, client_event_id: str | None) -> None:
        """Queue the `error` event of a refusal."""
        self.send(build_error(error, client_event_id))

    def send(self, event: JSON) -> None:
        """Queue an event that is built already."""
        meddled = self.meddler.steps(event) if self.meddler is not None else None
        self.put((frame(event),) if meddled is None else meddled)
        for observer in self._observers:
            observer(event)

    def put(self, steps: Iterable[Step]) -> None:
        """Queue what is to be done, in order."""
        for step in steps:
            if self._closed:
                return
            size = len(step.data) if isinstance(step, Frame) else 0
            too_many = len(self._waiting) >= self._limits.outgoing_events
            if too_many or self._waiting_bytes + size > self._limits.outgoing_bytes:
                self._closed = True
                log.warning("slow reader cut off", waiting=len(self._waiting))
                self._on_overflow()
                return
            if isinstance(step, Frame):
                self._journal.sent(step.event if step.event is not None else {})
            self._waiting.append(step)
            self._waiting_bytes += size
            self._empty.clear()
            self._ready.set()

    async def run(self) -> None:
        """Write until cancelled or the socket is gone."""
        try:
            while True:
                await self._ready.wait()
                while self._waiting:
                    await self._take(self._waiting.popleft())
                self._ready.clear()
                self._empty.set()
        finally:
            self.works = False
            self._empty.set()

    async def _take(self, step: Step) -> None:
        match step:
            case Frame():
                self._waiting_bytes -= len(step.data)
                await self._write(step)
            case Pause():
                await self._clock.sleep(step.seconds)
            case Act():
                if step.last:
                    self._stop()
                step.do()

    async def _write(self, step: Frame) -> None:
        await self.pace.open.wait()
        if self.pace.jitter_s is not None:
            await self._clock.sleep(random.uniform(*self.pace.jitter_s))
        try:
            if isinstance(step.data, str):
                await self._socket.send_str(step.data)
            else:
                await self._socket.send_bytes(step.data)
        except ConnectionError:
            self._stop()
            return
        if self._recorder is not None:
            self._recorder.sent(self._journal.session_id, step.data)
        if self.pace.bytes_per_second is not None:
            await self._clock.sleep(len(step.data) / self.pace.bytes_per_second)

    def _stop(self) -> None:
        self._closed = True
        self._waiting.clear()
        self._waiting_bytes = 0

    async def flushed(self, seconds: float) -> None:
        """Wait until everything queued was written, at most `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            log.warning("events left unsent at close", waiting=len(self._waiting))

    def close(self) -> None:
        """Take no more events, and drop those that wait: there is nobody to read them."""
        self._stop()
        self._empty.set()
