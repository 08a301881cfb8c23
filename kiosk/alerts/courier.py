"""Carries one channel's messages from the outbox: in order, again after failures, not for ever."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import stamina
import structlog
from pydantic import ValidationError

from kiosk.alerts.channels.base import Channel, ChannelError
from kiosk.alerts.notice import Notice
from kiosk.clock import Clock
from kiosk.errors import StorageError
from kiosk.settings.alerts import AlertSettings
from kiosk.storage.alerts import Alerts
from kiosk.storage.rows import NoticeRow
from kiosk.tasks import TaskSet
from kiosk.telemetry import Metrics

log = structlog.get_logger(__name__)

TRIES: Final = 3
"""In a row; after them the message waits in the outbox."""
TRIES_S: Final = 60.0
"""Longest that the tries of one message take."""
FIRST_PAUSE_S: Final = 30.0
LONGEST_PAUSE_S: Final = 900.0
LOOK_S: Final = 30.0
"""How often an outbox is looked at without being told."""
BATCH: Final = 20


def _may_be_taken(error: Exception) -> bool:
    return isinstance(error, ChannelError) and error.again


class Courier:
    """One channel and its outbox. `wake` says that something was put in."""

    def __init__(
        self,
        channel: Channel,
        alerts: Alerts,
        clock: Clock,
        settings: AlertSettings,
        metrics: Metrics,
        *,
        leads: Callable[[], bool],
    ) -> None:
        self.channel = channel
        self._alerts = alerts
        self._clock = clock
        self._settings = settings
        self._metrics = metrics
        self._leads = leads
        self._news = asyncio.Event()
        self._settled = asyncio.Event()

    def wake(self) -> None:
        """Look at the outbox now."""
        self._settled.clear()
        self._news.set()

    async def settle(self) -> None:
        """Wait until nothing is left whose time has come."""
        await self._settled.wait()

    async def run(self, tasks: TaskSet) -> None:
        """Deliver for ever; only the server that leads does anything."""
        while True:
            self._news.clear()
            try:
                if self._leads():
                    await self._alerts.trim(self.channel.name, self._settings.outbox)
                    await self.deliver()
            except StorageError:
                log.warning("the alerts' outbox cannot be read", channel=self.channel.name)
            if not self._news.is_set():
                self._settled.set()
            alarm = tasks.start(self._alarm(), name=f"{self.channel.name}/pause")
            try:
                await self._news.wait()
            finally:
                alarm.cancel()

    async def _alarm(self) -> None:
        await self._clock.sleep(LOOK_S)
        self._news.set()

    async def deliver(self) -> None:
        """Offer every message whose time has come; raises StorageError."""
        while batch := await self._alerts.waiting(self.channel.name, BATCH):
            for row in batch:
                await self._offer(row)

    async def _offer(self, row: NoticeRow) -> None:
        try:
            notice = Notice.model_validate_json(row.notice)
        except ValidationError:
            # Written by another version: it would fail for ever.
            await self._aside(row, "Unreadable", "refused")
            return
        try:
            await self._send(notice)
        except ChannelError as error:
            await self._failed(row, error)
            return
        # Killed here, the message is offered again: at least once, told apart by its id.
        await self._alerts.taken(row.id)
        self._count("sent")

    async def _send(self, notice: Notice) -> None:
        async for attempt in stamina.retry_context(
            on=_may_be_taken, attempts=TRIES, timeout=TRIES_S, wait_initial=0.5, wait_max=5
        ):
            with attempt:
                if attempt.num > 1:
                    self._count("retried")
                await deliver_one(self.channel, notice)

    async def _failed(self, row: NoticeRow, error: ChannelError) -> None:
        now = self._clock.now()
        if not error.again:
            await self._aside(row, str(error), "refused")
        elif now - row.added_at >= timedelta(hours=self._settings.give_up_h):
            await self._aside(row, str(error), "given_up")
        else:
            pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(row.attempts, 10))
            due = now + timedelta(seconds=pause * random.uniform(0.75, 1.0))
            await self._alerts.failed(row.id, str(error), due, dead=False)
            self._count("failed")
            if row.attempts in {0, 4, 9}:
                log.warning(
                    "a channel does not take alerts and is tried again",
                    channel=self.channel.name,
                    attempts=row.attempts + 1,
                )

    async def _aside(self, row: NoticeRow, error: str, outcome: str) -> None:
        await self._alerts.failed(row.id, error, self._clock.now(), dead=True)
        self._count(outcome)
        log.error("a message about alerts is put aside", channel=self.channel.name, why=outcome)

    def _count(self, outcome: str) -> None:
        self._metrics.alert_messages.labels(self.channel.name, outcome).inc()


async def deliver_one(channel: Channel, notice: Notice) -> None:
    """Hand one message to a channel within its deadline; raises ChannelError."""
    seconds = channel.settings.timeout_s
    try:
        # Twice as long for all of it: a mail is several exchanges with a deadline each.
        async with asyncio.timeout(2 * seconds):
            await channel.send(notice)
    except TimeoutError:
        raise ChannelError(f"It did not take the message within {2 * seconds:g} s.") from None
