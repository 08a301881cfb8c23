"""Faults strike when they are due, once."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from kiosk.emulator.scenario.faults import Fault, FaultPlan, refusal


def test_the_nth_event_of_a_type() -> None:
    fault = Fault(on="response.create", nth=2, do="error")
    plan = FaultPlan((fault,))
    kinds = ["response.create", "session.update", "response.create", "response.create"]
    assert [plan.strike(kind) for kind in kinds] == [None, None, fault, None]


def test_the_nth_event_of_any_type() -> None:
    fault = Fault(on="*", nth=3, do="close")
    plan = FaultPlan((fault,))
    assert [plan.strike(kind) is fault for kind in ("a", "b", "c", "d")] == [
        False,
        False,
        True,
        False,
    ]


def test_a_refusal_is_for_a_handshake() -> None:
    fault = Fault(on="connect", nth=2, do="refuse", status=429, retry_after=7)
    assert refusal((fault,), 1) is None
    assert refusal((fault,), 2) is fault
    assert FaultPlan((fault,)).strike("connect") is None


@pytest.mark.parametrize(("on", "do"), [("connect", "close"), ("session.update", "refuse")])
def test_what_does_not_go_together(on: str, do: str) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate({"on": on, "do": do})
