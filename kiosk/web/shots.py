"""Pictures of screens for operators: the newest of each, in memory, for a few minutes."""

from __future__ import annotations

import base64
import binascii
from collections import OrderedDict
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from aiohttp import web

from kiosk.bus.base import Bus, Payload
from kiosk.clock import Clock
from kiosk.signaling.device import MAX_IMAGE_CHARS
from kiosk.tasks import TaskSet

log = structlog.get_logger(__name__)

SHOTS_TOPIC: Final = "screenshots"
KEPT_S: Final = 600.0
"""How long a picture can be looked at; then it is gone for good."""
MOST: Final = 200
"""Pictures kept at once; beyond them the oldest goes."""
_JPEG: Final = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture."""

    jpeg: bytes
    at: datetime
    until: float


class Shots:
    """What every server of the site has of its screens; pictures come over the bus."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._shots: OrderedDict[str, Shot] = OrderedDict()
        self._stack = AsyncExitStack()
        self._tasks = TaskSet("shots")

    async def start(self) -> None:
        """Begin to collect."""
        pictures = await self._stack.enter_async_context(self._bus.subscribe(SHOTS_TOPIC))

        async def collect() -> None:
            async for payload in pictures:
                self.take(payload)

        self._tasks.spawn(collect(), name="collect")

    async def aclose(self) -> None:
        """Forget every picture."""
        self._shots.clear()
        await self._tasks.aclose()
        await self._stack.aclose()

    async def publish(self, kiosk_id: str, image: str) -> bool:
        """Give a picture to every server; False when it is no JPEG."""
        if decoded(image) is None:
            return False
        await self._bus.publish(SHOTS_TOPIC, {"kiosk_id": kiosk_id, "image": image})
        # Here it is known at once: whoever asked for it looks at it next.
        self.take({"kiosk_id": kiosk_id, "image": image})
        return True

    def take(self, payload: Payload) -> None:
        """Keep a picture in place of the screen's older one."""
        jpeg = decoded(str(payload.get("image", "")))
        if jpeg is None:
            log.warning("a screenshot that is no JPEG was dropped")
            return
        kiosk_id = str(payload.get("kiosk_id", ""))
        self._shots.pop(kiosk_id, None)
        until = self._clock.monotonic() + KEPT_S
        self._shots[kiosk_id] = Shot(jpeg, self._clock.now(), until)
        while len(self._shots) > MOST:
            self._shots.popitem(last=False)

    def get(self, kiosk_id: str) -> Shot | None:
        """Return the newest picture of a screen, unless it is too old."""
        now = self._clock.monotonic()
        for old in [key for key, shot in self._shots.items() if shot.until <= now]:
            del self._shots[old]
        return self._shots.get(kiosk_id)


SHOTS = web.AppKey("shots", Shots)


def decoded(image: str) -> bytes | None:
    """Return the JPEG of a base64 text, or None when it is none or too large."""
    if len(image) > MAX_IMAGE_CHARS:
        return None
    try:
        data = base64.b64decode(image, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if data.startswith(_JPEG) else None
