"""Devices and who waits, on both kinds of database: tests/contract/test_storage.py has the rest."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from kiosk.storage.rows import DeviceRow, PairingRow
from tests.unit.storage.keeping import NOON, ManualClock, kept

DEVICE = DeviceRow("d1", "main", "t1", None, NOON, NOON, NOON, "anna", "Chromium", "::1", None)
WAITS = PairingRow(
    "p1", "s1", "ABC-DEF", "", "::1", NOON, NOON + timedelta(minutes=5), "waiting", None, "", None
)


async def test_a_device_through_its_tokens(tmp_path: Path) -> None:
    clock = ManualClock()
    async with kept(tmp_path, clock) as storage:
        devices = storage.devices
        await devices.add(DEVICE)
        assert await devices.find("t1") == DEVICE
        assert await devices.rotate("d1", "t1", "t2")
        assert not await devices.rotate("d1", "t0", "t3")
        for token in ("t1", "t2"):
            found = await devices.find(token)
            assert found is not None
            assert (found.token_hash, found.old_hash) == ("t2", "t1")
        await devices.seen("d1", forget_old=True)
        assert await devices.find("t1") is None
        assert await devices.revoked_since(NOON) == []
        clock.advance(60)
        assert await devices.revoke("d1")
        assert await devices.revoked_since(NOON + timedelta(seconds=60)) == ["d1"]
        assert await devices.active() == ()
        assert await devices.purge(NOON) == 0
        assert await devices.purge(NOON + timedelta(seconds=1)) == 1
        assert await devices.get("d1") is None


async def test_one_of_many_who_decide_at_once_is_first(tmp_path: Path) -> None:
    async with kept(tmp_path, ManualClock()) as storage:
        assert await storage.pairings.add(WAITS, most=5, most_from_address=5)
        until = NOON + timedelta(minutes=9)
        decided = await asyncio.gather(
            *(storage.pairings.decide("p1", "approved", name, "main", until) for name in "abc")
        )
        assert sorted(decided) == [False, False, True]
        assert await storage.pairings.waiting() == ()


async def test_who_waits_is_counted_and_forgotten_in_time(tmp_path: Path) -> None:
    clock = ManualClock()
    async with kept(tmp_path, clock) as storage:
        pairings = storage.pairings
        rows = [replace(WAITS, id=f"p{n}", secret_hash=f"s{n}", code=f"C{n}") for n in range(4)]
        rows[2] = replace(rows[2], address="10.0.0.1")
        limits = {"most": 3, "most_from_address": 2}
        assert [await pairings.add(row, **limits) for row in rows] == [True, True, True, False]
        assert await pairings.find(code="C1") == rows[1]
        assert await pairings.renew("p1", "NEW", NOON + timedelta(hours=1))
        clock.advance(300)
        assert [row.code for row in await pairings.waiting()] == ["NEW"]
        assert await pairings.find(secret_hash="s0") is None
        assert not await pairings.renew("p0", "X", NOON + timedelta(hours=1))
        assert await pairings.add(rows[3], **limits)
