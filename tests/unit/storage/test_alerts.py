"""Alerts are kept whole: rows, silences, and the outbox of messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.storage.alerts import Alerts
from kiosk.storage.rows import ChannelState, SilenceRow
from tests.unit.alerts.alerting import row
from tests.unit.storage.keeping import NOON, ManualClock, kept


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def alerts(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Alerts]:
    async with kept(tmp_path, clock) as storage:
        yield storage.alerts


async def test_a_row_comes_back_as_it_was_and_changes_field_by_field(alerts: Alerts) -> None:
    one = row(fired_at=NOON, what="x" * 900)
    await alerts.apply(new=[one, row("east")])
    (east, west) = await alerts.open()
    assert west == replace(one, what="x" * 500)
    assert await alerts.get(one.id) == west
    assert await alerts.get("alert_none") is None
    # Somebody acknowledges it between a round's reading and its writing.
    assert await alerts.acknowledge(one.id, "anna", "on my way")
    await alerts.apply(changes={one.id: {"told_at": NOON}}, dropped=[east.id])
    (west,) = await alerts.open()
    assert (west.state, west.acked_by, west.acked_why) == ("acknowledged", "anna", "on my way")
    assert west.told_at == NOON


async def test_only_what_fires_is_acknowledged_and_once(alerts: Alerts) -> None:
    over = row("over", fired_at=NOON, resolved_at=NOON)
    await alerts.apply(new=[row("pending"), over, row("ill", fired_at=NOON)])
    assert not await alerts.acknowledge(row("pending").id, "anna", "")
    assert not await alerts.acknowledge(over.id, "anna", "")
    assert await alerts.acknowledge(row("ill").id, "anna", "")
    assert not await alerts.acknowledge(row("ill").id, "bert", "")


async def test_what_is_over_is_open_until_it_was_summed_up(alerts: Alerts) -> None:
    over = row(fired_at=NOON, resolved_at=NOON, held=True)
    await alerts.apply(new=[over])
    assert await alerts.open() == [over]
    await alerts.apply(changes={over.id: {"held": False}})
    assert await alerts.open() == []


async def test_history_is_newest_first_in_pages_and_by_site(
    alerts: Alerts, clock: ManualClock
) -> None:
    rows = [
        row(f"k{n}", fired_at=NOON + timedelta(minutes=n // 2), site=("main", "north")[n % 2])
        for n in range(6)
    ]
    await alerts.apply(new=[*rows, row("pending")])
    seen = []
    page = await alerts.history(2)
    while page:
        seen += page
        page = await alerts.history(2, before=page[-1])
    assert [one.kiosk_id for one in seen] == ["k5", "k4", "k3", "k2", "k1", "k0"]
    assert {one.site for one in await alerts.history(9, sites={"north"})} == {"north"}
    assert await alerts.history(9, sites=set()) == []
    assert [one.id for one in await alerts.history(9, kiosk_id="k3")] == [rows[3].id]


async def test_old_history_is_forgotten(alerts: Alerts, clock: ManualClock) -> None:
    over = row("over", fired_at=NOON, resolved_at=NOON)
    held = row("held", fired_at=NOON, resolved_at=NOON, held=True)
    still = row("still", fired_at=NOON)
    await alerts.apply(new=[over, held, still], messages=[("ops", "n1", "{}")])
    (message,) = await alerts.waiting("ops", 9)
    await alerts.failed(message.id, "refused", NOON, dead=True)
    assert await alerts.forget(NOON) == 0
    assert await alerts.forget(NOON + timedelta(seconds=1)) == 1
    assert {one.id for one in await alerts.open()} == {held.id, still.id}
    assert await alerts.channels() == []


async def test_silences_until_they_end(alerts: Alerts, clock: ManualClock) -> None:
    until = NOON + timedelta(hours=1)
    one = SilenceRow("s1", "disk", "main", "", "a new disk comes", "anna", NOON, until)
    two = SilenceRow("s2", "", "", "west", "moved", "bert", NOON + timedelta(seconds=1), until)
    await alerts.silence(one)
    await alerts.silence(two)
    assert await alerts.silences() == [two, one]
    assert await alerts.end_silence("s1")
    assert not await alerts.end_silence("s1")
    assert await alerts.silences() == [two]
    clock.advance(3600)
    assert await alerts.silences() == []
    assert one.covers(row(rule="disk"))
    assert not one.covers(row(rule="clock"))
    assert two.covers(row("west"))
    assert not two.covers(row("east"))


async def test_messages_wait_in_order_until_taken(alerts: Alerts, clock: ManualClock) -> None:
    await alerts.apply(messages=[("ops", "n1", "1"), ("ops", "n2", "2"), ("mail", "n1", "1")])
    await alerts.apply(messages=[("ops", "n1", "again")])  # once is enough
    first, second = await alerts.waiting("ops", 9)
    assert (first.notice, second.notice) == ("1", "2")
    await alerts.taken(first.id)
    later = clock.now() + timedelta(seconds=30)
    await alerts.failed(second.id, "HTTP 503", later, dead=False)
    assert await alerts.waiting("ops", 9) == []
    assert await alerts.channels() == [
        ChannelState("mail", 1, 0, ""),
        ChannelState("ops", 1, 0, "HTTP 503"),
    ]
    clock.advance(30)
    (second,) = await alerts.waiting("ops", 9)
    assert second.attempts == 1
    await alerts.failed(second.id, "HTTP 400", later, dead=True)
    assert await alerts.waiting("ops", 9) == []
    assert (await alerts.channels())[1] == ChannelState("ops", 0, 1, "HTTP 400")


async def test_a_full_outbox_loses_its_oldest(alerts: Alerts) -> None:
    await alerts.apply(messages=[("ops", f"n{n}", str(n)) for n in range(5)])
    assert await alerts.trim("ops", 3) == 2
    assert [one.notice for one in await alerts.waiting("ops", 9)] == ["2", "3", "4"]
    assert await alerts.trim("ops", 3) == 0
