"""Messages on their way: taken, tried again, put aside; none is lost by a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import stamina
from pydantic import SecretStr
from typing_extensions import override

from kiosk.alerts.channels.base import Channel, ChannelError
from kiosk.alerts.channels.teams import TeamsChannel
from kiosk.alerts.courier import Courier, deliver_one
from kiosk.alerts.notice import Notice
from kiosk.settings.alerts import AlertSettings, TeamsSettings
from kiosk.storage.alerts import Alerts
from kiosk.tasks import TaskSet
from kiosk.telemetry import Metrics
from kiosk.testing.clock import START, ManualClock
from tests.unit.alerts.alerting import notice
from tests.unit.alerts.receiving import Far, far
from tests.unit.alerts.test_notice import ZONE
from tests.unit.storage.keeping import kept


@pytest.fixture(autouse=True)
def without_pauses() -> Iterator[None]:
    """The tries in a row come at once; those later are on the clock."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


class Round:
    """A courier to a receiver, over a real outbox."""

    def __init__(self, alerts: Alerts, clock: ManualClock, channel: Channel) -> None:
        self.alerts = alerts
        self.clock = clock
        self.metrics = Metrics()
        self.leads = True
        self.courier = Courier(
            channel,
            alerts,
            clock,
            AlertSettings(give_up_h=2),
            self.metrics,
            leads=lambda: self.leads,
        )

    async def put(self, *ids: str) -> None:
        await self.alerts.apply(
            messages=[("chat", one, notice(id=one).model_dump_json()) for one in ids]
        )

    def counted(self, outcome: str) -> float:
        labels = {"channel": "chat", "outcome": outcome}
        return self.metrics.registry.get_sample_value("kiosk_alert_messages_total", labels) or 0


@asynccontextmanager
async def rounds(folder: Path, receiver: Far) -> AsyncIterator[Round]:
    clock = ManualClock()
    async with kept(folder, clock) as storage, aiohttp.ClientSession() as http:
        settings = TeamsSettings(type="teams", url=SecretStr(receiver.url), timeout_s=5)
        yield Round(storage.alerts, clock, TeamsChannel("chat", settings, http, ZONE))


async def test_what_is_taken_is_gone_and_what_is_not_waits(tmp_path: Path) -> None:
    async with far(500, 500, 200, 500, 500, 500) as receiver, rounds(tmp_path, receiver) as one:
        await one.put("n1", "n2")
        await one.courier.deliver()
        assert len(receiver.got) == 6
        assert (one.counted("sent"), one.counted("retried"), one.counted("failed")) == (1, 4, 1)
        (state,) = await one.alerts.channels()
        assert (state.waiting, state.error) == (1, "It answered HTTP 500.")
        await one.courier.deliver()  # its time has not come
        assert len(receiver.got) == 6
        await one.clock.advance(31)
        await one.courier.deliver()
        assert one.counted("sent") == 2
        assert await one.alerts.channels() == []


async def test_what_is_refused_is_put_aside_and_the_next_one_goes(tmp_path: Path) -> None:
    async with far(400, 200) as receiver, rounds(tmp_path, receiver) as one:
        await one.alerts.apply(messages=[("chat", "n0", "not one of ours")])
        await one.put("n1", "n2")
        await one.courier.deliver()
        assert (one.counted("refused"), one.counted("sent")) == (2, 1)
        (state,) = await one.alerts.channels()
        assert (state.waiting, state.dead) == (0, 2)


async def test_a_channel_that_stays_away_is_given_up_after_hours(tmp_path: Path) -> None:
    async with far(*[503] * 900) as receiver, rounds(tmp_path, receiver) as one:
        await one.put("n1")
        for _ in range(30):
            await one.courier.deliver()
            await one.clock.advance(900)
        assert one.counted("given_up") == 1
        # Growing pauses: not one try a second for two hours.
        assert 3 * 5 <= len(receiver.got) <= 3 * 20


async def test_only_the_server_that_leads_delivers_and_a_restart_loses_nothing(
    tmp_path: Path,
) -> None:
    async with far() as receiver:
        async with rounds(tmp_path, receiver) as one:
            one.leads = False
            await one.put("n1")
            tasks = TaskSet("test")
            tasks.spawn(one.courier.run(tasks), name="courier")
            await asyncio.wait_for(one.courier.settle(), 5)
            assert receiver.got == []
            await tasks.aclose()
        async with rounds(tmp_path, receiver) as again:
            tasks = TaskSet("test")
            tasks.spawn(again.courier.run(tasks), name="courier")
            await asyncio.wait_for(receiver.came.wait(), 5)
            await asyncio.wait_for(again.courier.settle(), 5)
            assert await again.alerts.channels() == []
            # Woken for another one, and by itself after a while.
            again.courier.wake()
            await again.put("n2")
            again.courier.wake()
            await asyncio.wait_for(again.courier.settle(), 5)
            assert len(receiver.got) == 2
            await again.put("n3")
            receiver.came.clear()
            await again.clock.until_asleep()
            await again.clock.advance(31)
            await asyncio.wait_for(receiver.came.wait(), 5)
            await asyncio.wait_for(again.courier.settle(), 5)
            await tasks.aclose()
    assert len(receiver.got) == 3
    assert again.clock.now() > START


async def test_one_delivery_ends_within_its_deadline() -> None:
    class Stuck(Channel):
        name = "stuck"
        settings = TeamsSettings(type="teams", url=SecretStr("https://x.example"), timeout_s=0.01)

        @override
        async def send(self, notice: Notice) -> None:
            await asyncio.Event().wait()

    with pytest.raises(ChannelError, match=r"within 0\.02 s"):
        await deliver_one(Stuck(), notice())
