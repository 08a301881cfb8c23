"""Visits and turns: limits of a page, and moments without a time zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.errors import StorageError
from tests.unit.storage.keeping import NOON, kept, said


async def test_a_page_has_at_least_one_row_and_a_bound(tmp_path: Path) -> None:
    async with kept(tmp_path) as storage:
        for number in range(3):
            at = NOON + timedelta(seconds=number)
            await storage.visits.started(f"visit_{number}", "main", "en", at)
        assert len(await storage.visits.recent(0)) == 1
        assert len(await storage.visits.recent(10**9)) == 3


async def test_a_moment_without_a_time_zone_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    async with kept(tmp_path) as storage:
        naive = replace(said(2), at=NOON.replace(tzinfo=None))
        with pytest.raises(StorageError):
            await storage.turns.add([said(1), naive])
        assert await storage.turns.of("visit_1") == ()
