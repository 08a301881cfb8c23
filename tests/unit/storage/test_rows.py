"""Rows are values: equal by content and fixed once read."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from kiosk.storage.rows import AuditRow
from tests.unit.storage.keeping import NOON


def test_a_row_cannot_be_changed() -> None:
    row = AuditRow(1, NOON, "anna", "visit.end", "visit_1", "")
    assert row == AuditRow(1, NOON, "anna", "visit.end", "visit_1", "")
    with pytest.raises(FrozenInstanceError):
        row.actor = "someone else"  # type: ignore[misc]  # the point of the test
