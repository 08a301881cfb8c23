"""Devices that are no longer ours lose their sockets: at once, or within seconds from elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import structlog
from aiohttp import web

from kiosk import keys
from kiosk.bus.base import Bus, Subscription
from kiosk.clock import Clock
from kiosk.errors import StorageError
from kiosk.storage.database import Storage
from kiosk.tasks import TaskSet
from kiosk.telemetry import Metrics
from kiosk.web.signaling import SOCKETS, KioskSockets

log = structlog.get_logger(__name__)

TOPIC: Final = "devices"
LOOK_S: Final = 5.0
"""How often the database is asked: the command line revokes there, and tells nobody."""
OVERLAP: Final = timedelta(seconds=30)
"""Clocks of several machines differ by less than this."""


class Revoking:
    """Closes sockets of revoked devices; `revoke` is for whoever revokes one in this process."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        metrics: Metrics,
        sockets: KioskSockets,
        *,
        look_s: float = LOOK_S,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._metrics = metrics
        self._sockets = sockets
        self._look_s = look_s

    async def revoke(self, storage: Storage, device_id: str) -> bool:
        """Take a device's right away and close its socket; False when it had none."""
        if not await storage.devices.revoke(device_id):
            return False
        await self._bus.publish(TOPIC, {"revoked": device_id})
        await self._close({device_id})
        return True

    @asynccontextmanager
    async def running(self, storage: Storage) -> AsyncIterator[None]:
        """Follow what others revoke while the context is open."""
        tasks = TaskSet("revoking")
        async with self._bus.subscribe(TOPIC) as news:
            tasks.spawn(self._follow(news), name="news")
            tasks.spawn(self._look(storage), name="look")
            try:
                yield
            finally:
                await tasks.aclose()

    async def _follow(self, news: Subscription) -> None:
        async for payload in news:
            await self._close({str(payload.get("revoked"))})

    async def _look(self, storage: Storage) -> None:
        since = self._clock.now() - OVERLAP
        never = asyncio.Event()
        while True:
            try:
                async with asyncio.timeout(self._look_s):
                    await never.wait()
            except TimeoutError:
                pass
            try:
                found = await storage.devices.revoked_since(since)
            except StorageError:
                log.warning("revoked devices could not be looked for")
                continue
            since = self._clock.now() - OVERLAP
            await self._close(set(found))

    async def _close(self, devices: set[str]) -> None:
        closed = await self._sockets.revoke(devices) if devices else 0
        if closed:
            self._metrics.devices_revoked.inc(closed)
            log.info("sockets of revoked devices closed", count=closed)


REVOKING = web.AppKey("revoking", Revoking)


def made(app: web.Application, *, look_s: float = LOOK_S) -> Revoking:
    """Return one for an application."""
    return Revoking(app[keys.BUS], app[keys.CLOCK], app[keys.METRICS], app[SOCKETS], look_s=look_s)
