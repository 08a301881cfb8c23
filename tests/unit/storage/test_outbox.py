"""The outbox: order, once per sink, dead letters apart, a lease for one deliverer at a time."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.unit.storage.keeping import NOON, ManualClock, kept, said


async def test_entries_come_back_whole_and_in_order_for_each_sink(tmp_path: Path) -> None:
    entries = [said(3, "Grüße 🌍"), said(1), said(2, visit="visit_2")]
    async with kept(tmp_path) as storage:
        await storage.outbox.add(["a", "b"], entries)
        await storage.outbox.add(["a"], entries)  # there already: left as it is
        waiting = await storage.outbox.waiting("a", 10)
        assert [item.entry for item in waiting] == entries
        assert [item.entry.seq for item in await storage.outbox.waiting("b", 2)] == [3, 1]
        await storage.outbox.taken([item.id for item in waiting])
        assert await storage.outbox.waiting("a", 10) == []
        assert len(await storage.outbox.waiting("b", 10)) == 3


async def test_what_was_added_outlives_the_connection(tmp_path: Path) -> None:
    async with kept(tmp_path) as storage:
        await storage.outbox.add(["a"], [said(1)])
    async with kept(tmp_path) as storage:
        assert [item.entry.seq for item in await storage.outbox.waiting("a", 10)] == [1]


async def test_an_id_is_never_used_again(tmp_path: Path) -> None:
    """Else a deliverer that comes late would delete an entry it never delivered."""
    async with kept(tmp_path) as storage:
        await storage.outbox.add(["a"], [said(1)])
        (late,) = await storage.outbox.waiting("a", 10)
        await storage.outbox.taken([late.id])
        await storage.outbox.add(["a"], [said(2)])
        await storage.outbox.taken([late.id])
        assert [item.entry.seq for item in await storage.outbox.waiting("a", 10)] == [2]


async def test_dead_letters_wait_apart_until_replayed_or_forgotten(tmp_path: Path) -> None:
    clock = ManualClock()
    async with kept(tmp_path, clock) as storage:
        box = storage.outbox
        await box.add(["a"], [said(seq) for seq in range(4)])
        ids = [item.id for item in await box.waiting("a", 10)]
        await box.refused(ids[:1], "OSError", dead=False)
        await box.refused(ids[2:], "EntriesRefused", dead=True)
        assert [(i.entry.seq, i.attempts) for i in await box.waiting("a", 10)] == [(0, 1), (1, 0)]
        (state,) = await box.states()
        assert (state.waiting, state.dead, state.oldest, state.error) == (2, 2, NOON, "OSError")
        clock.advance(60)
        assert await box.replay("a") == 2
        waiting = await box.waiting("a", 10)
        assert [item.entry.seq for item in waiting] == [0, 1, 2, 3], "in their old order"
        assert waiting[2].added_at > waiting[0].added_at, "the time to give up begins again"
        await box.refused(ids[:3], "OSError", dead=True)
        assert await box.forget_dead("a") == 3
        assert await box.forget_all("a") == 1
        assert await box.states() == []


async def test_trimming_keeps_the_newest_of_that_sink(tmp_path: Path) -> None:
    async with kept(tmp_path) as storage:
        await storage.outbox.add(["a", "b"], [said(seq) for seq in range(10)])
        assert await storage.outbox.trim("a", 10) == 0
        assert await storage.outbox.trim("a", 4) == 6
        assert [item.entry.seq for item in await storage.outbox.waiting("a", 50)] == [6, 7, 8, 9]
        assert len(await storage.outbox.waiting("b", 50)) == 10


async def test_one_owner_has_the_lease_until_it_is_over_or_given_back(tmp_path: Path) -> None:
    clock = ManualClock()
    async with kept(tmp_path, clock) as storage:
        box = storage.outbox
        assert await box.lease("a", "first", 40)
        assert await box.lease("b", "second", 40), "another sink is another lease"
        assert not await box.lease("a", "second", 40)
        clock.advance(30)
        assert await box.lease("a", "first", 40), "it may be kept"
        clock.advance(39)
        assert not await box.lease("a", "second", 40)
        clock.advance(2)
        assert await box.lease("a", "second", 40)
        await box.release("a", "first")
        assert not await box.lease("a", "first", 40), "only its owner gives it back"
        await box.release("a", "second")
        assert await box.lease("a", "first", 40)


async def test_an_entry_nobody_can_read_becomes_a_dead_letter(tmp_path: Path) -> None:
    async with kept(tmp_path) as storage:
        await storage.outbox.add(["a"], [said(seq) for seq in range(3)])
        connection = sqlite3.connect(tmp_path / "kiosk.sqlite3")
        connection.execute('UPDATE sink_outbox SET entry = \'{"from": "later"}\' WHERE seq < 2')
        connection.commit()
        connection.close()
        waiting = await storage.outbox.waiting("a", 2)
        assert [item.entry.seq for item in waiting] == [2]
        (state,) = await storage.outbox.states()
        assert (state.waiting, state.dead, state.error) == (1, 2, "Unreadable")
