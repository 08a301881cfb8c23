"""The figures of one visit: how far it came, what it used, and no word of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from kiosk import events
from kiosk.session.tally import MOST_LABELS, Tally, answer_class
from kiosk.session.turns import FinishedTurn

STAMP: dict[str, Any] = {
    "visit_id": "v", "kiosk_id": "k", "at": datetime(2026, 3, 1, tzinfo=UTC),
}  # fmt: skip


def state(name: str) -> events.StateChanged:
    return events.StateChanged(**STAMP, state=name)


def test_it_notes_how_far_a_visit_came() -> None:
    tally = Tally()
    for name in ("consent", "connecting", "greeting", "listening"):
        tally.see(state(name))
    assert tally.figures()["step"] == {"consent": 1, "greeting": 1}
    tally.see(FinishedTurn("t1", "visitor", "my name is Ada", interrupted=False))
    tally.see(FinishedTurn("t2", "visitor", "and again", interrupted=False))
    tally.see(events.ToolCalled(**STAMP, tool="map", outcome="ok", ms=40))
    figures = tally.figures()
    assert figures["step"] == {"consent": 1, "greeting": 1, "asked": 1, "tool": 1}
    assert figures["tool"] == {"map ok": 1}
    assert figures["tool_ms"] == {"map": 40}
    assert "Ada" not in str(figures)


def test_the_delays_of_answers_are_counted_by_class_and_added_up() -> None:
    tally = Tally()
    for ms in (300, 800, 900):
        tally.see(events.AnswerBegan(**STAMP, after_ms=ms))
    assert tally.figures()["answer"] == {"count": 3, "ms": 2000}
    assert tally.figures()["answer_ms"] == {"500": 1, "1000": 2}


@pytest.mark.parametrize(("ms", "label"), [(0, "500"), (500, "500"), (501, "1000"), (99e3, "more")])
def test_delays_have_classes(ms: float, label: str) -> None:
    assert answer_class(ms) == label


def test_tokens_are_as_the_service_counts_them() -> None:
    tally = Tally()
    tally.usage({"usage": {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120}})
    tally.usage({"usage": {"input_tokens": 5}})
    for odd in ({}, None, {"usage": None}, {"usage": {"input_tokens": "many"}}, "text"):
        tally.usage(odd)
    assert tally.figures()["tokens"] == {"input": 105, "output": 20}


def test_labels_are_bounded() -> None:
    tally = Tally()
    for number in range(MOST_LABELS + 10):
        tally.add("tool", f"t{number}")
    counted = tally.figures()["tool"]
    assert len(counted) == MOST_LABELS + 1
    assert counted["other"] == 10
