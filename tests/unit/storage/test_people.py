"""People: foreign keys hold, and long texts are cut before the database sees them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.errors import StorageError
from kiosk.storage.people import MAX_TARGET
from tests.unit.storage.keeping import NOON, kept


async def test_nobody_logs_in_as_an_operator_who_does_not_exist(tmp_path: Path) -> None:
    async with kept(tmp_path) as storage:
        with pytest.raises(StorageError):
            await storage.logins.create("digest", "ghost", NOON)


async def test_an_audit_target_is_cut(tmp_path: Path) -> None:
    async with kept(tmp_path) as storage:
        await storage.audit.add("anna", "visit.read", "v" * 1000, at=NOON)
        row = (await storage.audit.recent())[0]
        assert (len(row.target), row.at) == (MAX_TARGET, NOON)
