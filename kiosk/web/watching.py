"""Tells a visit that the operator who has its conversation still looks on."""

from __future__ import annotations

import math
from typing import Final

from aiohttp import web

from kiosk import keys
from kiosk.bus.base import NoHandlerError
from kiosk.session import orders
from kiosk.web.live import LiveView

TELL_S: Final = 2.0
"""How long a visit may take to hear it; the next time comes soon."""


class Watching:
    """One open dashboard on one visit, or on none (`""`).

    Asked often, it tells seldom: four times in what would count as an absence.
    """

    def __init__(self, request: web.Request, visit_id: str, name: str) -> None:
        app = request.app
        self._bus, self._clock = app[keys.BUS], app[keys.CLOCK]
        self._live: LiveView = app[keys.LIVE]
        self._visit_id = visit_id
        self._name = name
        self.every_s = app[keys.SETTINGS].operators.absence_s / 4 if visit_id else math.inf
        self._told_at: float | None = None

    async def tell(self) -> None:
        """Tell it, when this person has the conversation and it is time to."""
        visit = self._live.running.get(self._visit_id)
        if visit is None or visit.taken_by != self._name:
            self._told_at = None
            return
        now = self._clock.monotonic()
        if self._told_at is not None and now - self._told_at < self.every_s:
            return
        self._told_at = now
        order = orders.Present(by=self._name).model_dump(mode="json")
        try:
            await self._bus.command(f"visit:{self._visit_id}", order, timeout_s=TELL_S)
        except (NoHandlerError, TimeoutError):
            pass  # over by now, or busy: then it counts as an absence
