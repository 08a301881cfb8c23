"""Lengths and counts as people say them."""

from __future__ import annotations

from datetime import timedelta

from kiosk.alerts.words import clipped, count, span


def test_a_length_is_said_in_the_unit_that_matters() -> None:
    assert [span(s) for s in (0, 59, 60, 3599, 3600, 3660, 86_400, 172_800)] == [
        "0 s", "59 s", "1 min", "59 min", "1 h", "1 h 1 min", "24 h", "2 days",
    ]  # fmt: skip
    assert span(timedelta(days=9)) == "9 days"
    assert span(-5) == "0 s"


def test_counts_and_cut_texts() -> None:
    assert count(1, "entry", "entries") == "1 entry"
    assert count(2, "alert") == "2 alerts"
    assert clipped("abc", 3) == "abc"
    assert clipped("abcdef", 4) == "abc…"
