"""What goes on now: kiosks, running visits and what happened in them, from the events of the bus.

Everything in it is bounded. Followers get each change with a number, so that a dashboard that
lost its socket can go on where it was.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, tzinfo
from typing import Final, Protocol, TypeVar

import structlog
from pydantic import ValidationError
from typing_extensions import override

from kiosk.bus.base import Bus, Subscription
from kiosk.clock import Clock, new_id
from kiosk.events import (
    EVENT_ADAPTER,
    EVENTS_TOPIC,
    AlertChanged,
    AnswerBegan,
    BargedIn,
    CardShown,
    DomainEvent,
    KioskCommanded,
    KioskConnected,
    KioskDisconnected,
    KioskReported,
    LanguageChanged,
    MediaChanged,
    OperatorJoined,
    OperatorLeft,
    PluginEvent,
    SaidByOperator,
    ScreenRests,
    StaffWanted,
    StateChanged,
    ToolCalled,
    TurnCompleted,
    UpstreamLost,
    UpstreamRestored,
    VisitEnded,
    VisitStarted,
    Whispered,
    wordless,
)
from kiosk.model import Kiosk
from kiosk.signaling.device import Report
from kiosk.tasks import TaskSet
from kiosk.web.day import Day
from kiosk.web.live_items import MAX_TIMELINE, MAX_TURNS, Change, LiveKiosk, LiveVisit, Number

__all__ = [
    "FOLLOWER_QUEUE",
    "JOURNAL",
    "MAX_ENDED",
    "MAX_TIMELINE",
    "NOT_OF_A_VISIT",
    "Change",
    "Follower",
    "Listener",
    "LiveKiosk",
    "LiveView",
    "LiveVisit",
]

log = structlog.get_logger(__name__)

MAX_KIOSKS: Final = 2000
MAX_ENDED: Final = 50
"""Visits that are over and still kept with their timeline."""
MAX_RUNNING: Final = 4000
"""Running visits kept; an end that was never heard of must not fill the memory."""
JOURNAL: Final = 2000
"""Changes a dashboard may have missed and still catch up on."""
FOLLOWER_QUEUE: Final = 1000
"""Changes waiting for one slow dashboard; at the limit it is cut off and starts afresh."""

NOT_OF_A_VISIT: Final = (
    KioskConnected,
    KioskDisconnected,
    ScreenRests,
    KioskReported,
    KioskCommanded,
    PluginEvent,
    AlertChanged,
)

_ELSEWHERE: Final = (StateChanged, KioskReported, AlertChanged)


class Listener(Protocol):
    """Whoever is told of every change; it must not wait, and holds a bounded amount."""

    def put(self, change: Change) -> bool:
        """Take a change; False when there is no more room and it is to be let go."""
        ...

    def end(self) -> None:
        """There will be no more changes."""
        ...


AnyListener = TypeVar("AnyListener", bound=Listener)


class Follower(Listener):
    """One reader of changes. They end when the view closes or the reader was too slow."""

    def __init__(self) -> None:
        self.slow = False
        self._queue: asyncio.Queue[Change | None] = asyncio.Queue(FOLLOWER_QUEUE + 1)

    @override
    def put(self, change: Change) -> bool:
        """Add a change; False when the reader is too far behind and has been ended."""
        if self._queue.qsize() >= FOLLOWER_QUEUE:
            self.slow = True
            while not self._queue.empty():
                self._queue.get_nowait()
            self.end()
            return False
        self._queue.put_nowait(change)
        return True

    @override
    def end(self) -> None:
        """Let the reader come to its end."""
        self._queue.put_nowait(None)

    async def next(self) -> Change | None:
        """Return the next change, or None at the end."""
        return await self._queue.get()


class LiveView:
    """The picture itself. `start` it before anything is published; close it once."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        kiosks: Iterable[Kiosk],
        *,
        version: str = "",
        configs: Mapping[str, str] | None = None,
        zone: tzinfo = UTC,
    ) -> None:
        self.version = version
        """Of the page that this server gives to screens."""
        self.configs = configs or {}
        """Of each screen, a digest of the settings it is given."""
        self.day = Day(clock, zone)
        self.epoch = new_id("live")
        self.seq: Number = 0
        self.kiosks: dict[str, LiveKiosk] = {
            kiosk.id: LiveKiosk(kiosk.id, kiosk.name, kiosk.place, kiosk.site) for kiosk in kiosks
        }
        self.running: OrderedDict[str, LiveVisit] = OrderedDict()
        self.ended: OrderedDict[str, LiveVisit] = OrderedDict()
        self.started_at = clock.now()
        self.clock = clock
        self._bus = bus
        self._journal: deque[Change] = deque(maxlen=JOURNAL)
        self._followers: set[Listener] = set()
        self._tasks = TaskSet("live")
        self._stack = AsyncExitStack()
        self._subscription: Subscription | None = None
        self._closed = False

    @property
    def missed(self) -> int:
        """Events that were lost on the way here, because this server was too busy."""
        return self._subscription.dropped if self._subscription is not None else 0

    async def start(self) -> None:
        """Begin to listen; returns when nothing published from now on can be missed."""
        subscription = await self._stack.enter_async_context(self._bus.subscribe(EVENTS_TOPIC))
        self._subscription = subscription
        self._tasks.spawn(self._listen(subscription), name="listen")

    async def aclose(self) -> None:
        """End every follower, then stop listening."""
        self.end_followers()
        await self._tasks.aclose()
        await self._stack.aclose()

    def end_followers(self) -> None:
        """Let every dashboard's socket close, as the server must before it can stop."""
        self._closed = True
        for follower in self._followers:
            follower.end()
        self._followers.clear()

    def visit(self, visit_id: str) -> LiveVisit | None:
        """Return a visit that runs or has just ended."""
        return self.running.get(visit_id) or self.ended.get(visit_id)

    def since(self, epoch: str, seq: Number) -> list[Change] | None:
        """Return the changes after `seq`, or None when they are no longer all known."""
        if epoch != self.epoch or seq > self.seq:
            return None
        if seq == self.seq:
            return []
        if not self._journal or self._journal[0].seq > seq + 1:
            return None
        return [change for change in self._journal if change.seq > seq]

    @contextmanager
    def follow(self) -> Iterator[Follower]:
        """Get every change from this moment on."""
        with self.tell(Follower()) as follower:
            yield follower

    @contextmanager
    def tell(self, listener: AnyListener) -> Iterator[AnyListener]:
        """Tell a listener of every change from this moment on."""
        if self._closed:
            listener.end()
        else:
            self._followers.add(listener)
        try:
            yield listener
        finally:
            self._followers.discard(listener)

    def forget(self, visits: Collection[str]) -> None:
        """Forget what was said in visits that were erased, here and in what may be caught up on."""
        for visit in self.ended.keys() & set(visits):
            del self.ended[visit]
        for at, change in enumerate(self._journal):
            # The number stays: a gap would send every dashboard back to the start.
            self._journal[at] = Change(change.seq, wordless(change.event, visits))
        for kiosk in self.kiosks.values():
            kiosk.last = wordless(kiosk.last, visits) if kiosk.last is not None else None

    def apply(self, event: DomainEvent) -> None:
        """Take one event into the picture and tell every follower."""
        kiosk = self._kiosk(event.kiosk_id)
        visit = self._visit(event)
        self.seq += 1
        change = Change(self.seq, event)
        if visit is not None:
            if len(visit.timeline) == visit.timeline.maxlen:
                visit.forgotten += 1
            visit.timeline.append(change)
        self._take(event, kiosk, visit)
        if kiosk is not None:
            kiosk.changed = self.seq
            if isinstance(event, VisitStarted):
                self.day.count(event.kiosk_id, event.at)
        if kiosk is not None and not isinstance(event, _ELSEWHERE):
            # These have their own places; the last event says something more.
            kiosk.last = event
        self._journal.append(change)
        for follower in tuple(self._followers):
            if not follower.put(change):
                self._followers.discard(follower)
                log.warning("slow dashboard cut off")

    async def _listen(self, subscription: Subscription) -> None:
        async for payload in subscription:
            event = _parse(payload)
            if event is not None:
                self.apply(event)

    def _kiosk(self, kiosk_id: str) -> LiveKiosk | None:
        if not kiosk_id:
            return None  # a plugin's event that is about no screen
        known = self.kiosks.get(kiosk_id)
        if known is None and len(self.kiosks) < MAX_KIOSKS:
            known = self.kiosks[kiosk_id] = LiveKiosk(kiosk_id, kiosk_id)
        return known

    def _visit(self, event: DomainEvent) -> LiveVisit | None:
        if isinstance(event, NOT_OF_A_VISIT):
            return None
        visit = self.visit(event.visit_id)
        if visit is None and not isinstance(event, VisitEnded):
            # Also without VisitStarted: that one may have been lost, and the visit is real.
            language = event.language if isinstance(event, VisitStarted) else ""
            visit = LiveVisit(event.visit_id, event.kiosk_id, language, event.at)
            self.running[event.visit_id] = visit
            if len(self.running) > MAX_RUNNING:
                self.running.popitem(last=False)
        return visit

    def _take(self, event: DomainEvent, kiosk: LiveKiosk | None, visit: LiveVisit | None) -> None:
        if isinstance(event, KioskConnected | KioskDisconnected):
            if kiosk is not None:
                step = 1 if isinstance(event, KioskConnected) else -1
                before, kiosk.sockets = kiosk.connected, max(0, kiosk.sockets + step)
                if before != kiosk.connected:
                    kiosk.changed_at = event.at
                    kiosk.resting = False  # a new page says it again
            return
        if isinstance(event, ScreenRests):
            if kiosk is not None:
                kiosk.resting = event.dark
            return
        if isinstance(event, KioskReported | KioskCommanded):
            if kiosk is not None:
                _note(event, kiosk)
            return
        if visit is None:
            return
        if kiosk is not None and self._leads(event, kiosk, visit):
            kiosk.visit_id = visit.id
        match event:
            case VisitStarted() | LanguageChanged():
                visit.language = event.language
            case StateChanged():
                visit.state = event.state
                if event.media is not None and event.media != visit.media:
                    visit.media, visit.media_at = event.media, event.at
            case MediaChanged():
                visit.media, visit.media_at = event.rung, event.at
                visit.media_detail = event.detail
            case TurnCompleted():
                visit.turns.append(event)
                if event.speaker != "visitor" and visit.answer_ms is not None:
                    visit.waited[event.seq] = visit.answer_ms
                    visit.answer_ms = None
                    if len(visit.waited) > MAX_TURNS:
                        visit.waited.popitem(last=False)
                if not visit.language:
                    visit.language = event.language
            case UpstreamLost():
                visit.lost_at = event.at
                if kiosk is not None:
                    kiosk.errors.append((event.at, f"upstream: {event.code}"))
            case UpstreamRestored():
                visit.lost_at = None
            case StaffWanted():
                visit.wanted = event if event.state != "over" else None
            case OperatorJoined():
                visit.taken_by, visit.taken_at = event.by, event.at
                visit.wanted = None  # a person is there
            case OperatorLeft():
                visit.taken_by, visit.taken_at = "", None
            case AnswerBegan():
                visit.answer_ms = event.after_ms
            case VisitEnded():
                self._end(event, kiosk, visit)
            case BargedIn() | ToolCalled() | CardShown() | PluginEvent() | AlertChanged():
                pass
            case SaidByOperator() | Whispered():
                pass

    def _leads(self, event: DomainEvent, kiosk: LiveKiosk, visit: LiveVisit) -> bool:
        # What an older visit still says must not push the newer one aside.
        if visit.ended is not None or isinstance(event, VisitEnded):
            return False
        return isinstance(event, VisitStarted) or kiosk.visit_id not in self.running

    def _end(self, event: VisitEnded, kiosk: LiveKiosk | None, visit: LiveVisit) -> None:
        visit.ended = event
        visit.lost_at = None
        visit.taken_by, visit.taken_at = "", None
        self.running.pop(visit.id, None)
        self.ended[visit.id] = visit
        if len(self.ended) > MAX_ENDED:
            self.ended.popitem(last=False)
        if kiosk is not None and kiosk.visit_id == visit.id:
            kiosk.visit_id = None


def _note(event: KioskReported | KioskCommanded, kiosk: LiveKiosk) -> None:
    if isinstance(event, KioskCommanded):
        kiosk.commands.append(event)
        return
    try:
        report = Report.model_validate(event.facts)
    except ValidationError:
        # From a page or a server of another version: its next one may fit.
        log.warning("report of an unknown shape ignored", kiosk=kiosk.id)
        return
    kiosk.reported(report, event.at)


def _parse(payload: Mapping[str, object]) -> DomainEvent | None:
    try:
        return EVENT_ADAPTER.validate_python(payload)
    except ValidationError:
        # A server of another version shares the bus; what it says more is not for us.
        log.warning("event of an unknown shape ignored")
        return None
