"""Time that stands still until a test moves it, so that no test waits for a clock."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta
from typing import Final

from typing_extensions import override

from kiosk.clock import Clock

START: Final = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
"""A Monday morning."""

TURNS: Final = 20
"""Loop turns given to whoever was woken, before time goes on."""


class ManualClock(Clock):
    """Implements `kiosk.clock.Clock`. `advance` moves time and wakes sleepers in their order.

    What waits by asyncio's own deadlines (a socket's, a tool's) is not moved by it.
    """

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._passed = 0.0
        self._numbers = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._changed = asyncio.Condition()

    @override
    def monotonic(self) -> float:
        """Seconds since an arbitrary start."""
        return 1000.0 + self._passed

    @override
    def now(self) -> datetime:
        """Return the wall clock in UTC, with its time zone."""
        return self._start + timedelta(seconds=self._passed)

    @override
    async def sleep(self, seconds: float) -> None:
        """Wait until `advance` has gone past `seconds` from now."""
        if seconds <= 0:
            await _turn()
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (self._passed + seconds, next(self._numbers), woken)
        heapq.heappush(self._sleepers, entry)
        try:
            async with self._changed:
                self._changed.notify_all()
            await woken
        finally:
            if entry in self._sleepers:
                self._sleepers.remove(entry)
                heapq.heapify(self._sleepers)

    @property
    def sleepers(self) -> int:
        """How many wait for time to pass."""
        return len(self._sleepers)

    async def until_asleep(self, count: int = 1, *, within: float = 5.0) -> None:
        """Wait, in real time, until at least `count` tasks sleep; raises AssertionError."""
        try:
            async with asyncio.timeout(within), self._changed:
                await self._changed.wait_for(lambda: len(self._sleepers) >= count)
        except TimeoutError:
            raise AssertionError(
                f"within {within:g} s only {len(self._sleepers)} of {count} tasks slept"
            ) from None

    async def advance(self, seconds: float) -> None:
        """Let `seconds` go by: each sleeper wakes at its own moment and gets to run.

        A task that sleeps again is woken again if its next moment comes within `seconds`.
        """
        end = self._passed + seconds
        await _turns()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, woken = heapq.heappop(self._sleepers)
            self._passed = max(self._passed, due)
            if not woken.done():
                woken.set_result(None)
            await _turns()
        self._passed = end


async def _turn() -> None:
    await asyncio.sleep(0)  # noqa: TID251 - gives others a turn of the loop; no time passes


async def _turns() -> None:
    for _ in range(TURNS):
        await _turn()
