"""What an open page is told of its version and its service, and what it tells of itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, get_args

import structlog
from aiohttp import web

from kiosk.bus.base import Bus, Payload, Subscription
from kiosk.clock import Clock
from kiosk.errors import SignalingError, StorageError
from kiosk.settings import Settings
from kiosk.signaling import messages as m
from kiosk.signaling.shell import RestReason
from kiosk.storage.plugins import PluginData
from kiosk.tasks import TaskSet
from kiosk.telemetry import Metrics

log = structlog.get_logger(__name__)

TOPIC: Final = "service"
KEEPER: Final = "kiosk.service"
"""The name under which an operator's word is kept over a restart."""
IN_SERVICE: Final = "in_service"
WORDS: Final = (IN_SERVICE, *get_args(RestReason), "as_set")
"""What a screen may be told to be; `as_set` is what its settings say."""
MAX_EVENTS: Final = 60
"""Events of one socket that are logged; all are counted."""

Send = Callable[[m.ServerMessage], None]


def service_target(kiosk_id: str) -> str:
    """Return the bus target that takes `{"state": one of WORDS}` for a screen."""
    return f"service:{kiosk_id}"


class Shell:
    """The version of the page, and which screens are out of service; one for each server."""

    def __init__(
        self, settings: Settings, version: str, *, bus: Bus, clock: Clock, metrics: Metrics
    ) -> None:
        self.version = version
        self._set = {kiosk.id: kiosk.maintenance for kiosk in settings.kiosks}
        self._told: dict[str, str] = {}
        self._bus = bus
        self._clock = clock
        self._metrics = metrics
        self._pages: dict[str, set[Send]] = {kiosk: set() for kiosk in self._set}

    @asynccontextmanager
    async def running(self, kept: PluginData) -> AsyncIterator[None]:
        """Know what operators said before, and take their word from now on."""
        for kiosk, word in await kept.items():
            if kiosk in self._set and word in WORDS:
                self._told[kiosk] = word
        tasks = TaskSet("service")
        stops = [
            self._bus.handle(service_target(kiosk), self._taker(kiosk, kept)) for kiosk in self._set
        ]
        async with self._bus.subscribe(TOPIC) as news:
            tasks.spawn(self._follow(news), name="news")
            try:
                yield
            finally:
                for stop in stops:
                    stop()
                await tasks.aclose()

    def facts(self, kiosk_id: str) -> dict[str, Any]:
        """Return what `welcome` says of the server and of a screen's service."""
        now = round(self._clock.now().timestamp() * 1000)
        return {"page": self.version, "now": now, "service": self.reason(kiosk_id)}

    def reason(self, kiosk_id: str) -> RestReason | None:
        """Return why a screen is out of service; None when it is not."""
        word = self._told.get(kiosk_id, "as_set")
        if word == "as_set":
            word = self._set.get(kiosk_id, IN_SERVICE)
        return None if word == IN_SERVICE else word  # type: ignore[return-value]  # of WORDS

    def attach(self, kiosk_id: str, send: Send) -> Callable[[], None]:
        """Tell a page that was welcomed of every change; returns the end of it."""
        pages = self._pages[kiosk_id]
        pages.add(send)
        return lambda: pages.discard(send)

    def may_start(self, kiosk_id: str) -> None:
        """Raise SignalingError where no visit may begin."""
        if self.reason(kiosk_id) is not None:
            self._metrics.visits_refused.labels("out_of_service").inc()
            raise SignalingError(
                "out_of_service", "This screen is out of service; an operator ends that."
            )

    def heard(self, kiosk_id: str, event: m.PageEvent, nth: int) -> None:
        """Count and log what a page says happened to it."""
        self._metrics.page_events.labels(event.event, event.reason or "").inc()
        if nth <= MAX_EVENTS:
            log.info(
                "a page told of itself",
                kiosk=kiosk_id,
                what=event.event,
                reason=event.reason,
                count=event.count,
                seconds=event.seconds,
            )

    def _taker(self, kiosk_id: str, kept: PluginData) -> Callable[[Payload], Any]:
        async def take(payload: Payload) -> Payload:
            word = str(payload.get("state"))
            if word not in WORDS:
                return {"ok": False, "detail": f"A screen is one of {', '.join(WORDS)}."}
            try:
                if word == "as_set":
                    await kept.delete(kiosk_id)
                else:
                    await kept.set(kiosk_id, word)
            except StorageError as error:
                return {"ok": False, "detail": str(error)}
            self._apply(kiosk_id, word)
            await self._bus.publish(TOPIC, {"kiosk": kiosk_id, "state": word})
            return {"ok": True, "detail": ""}

        return take

    async def _follow(self, news: Subscription) -> None:
        async for payload in news:
            kiosk, word = str(payload.get("kiosk")), str(payload.get("state"))
            # Another server's word may be of another version; what is unknown changes nothing.
            if kiosk in self._set and word in WORDS:
                self._apply(kiosk, word)

    def _apply(self, kiosk_id: str, word: str) -> None:
        before = self.reason(kiosk_id)
        self._told[kiosk_id] = word
        reason = self.reason(kiosk_id)
        if reason == before:
            return
        log.info("a screen's service changed", kiosk=kiosk_id, reason=reason)
        for send in tuple(self._pages[kiosk_id]):
            send(m.Service(reason=reason))


SHELL = web.AppKey("shell", Shell)
