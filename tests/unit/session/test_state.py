"""Tests of the visit's states: the paths a visit takes, and none but those."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.session.state import TransitionError, VisitMachine
from kiosk.signaling.messages import VisitState

STATES: tuple[VisitState, ...] = get_args(VisitState)


def reached(*path: VisitState) -> VisitMachine:
    machine = VisitMachine()
    for state in path:
        assert machine.to(state), f"{state} was there already"
    return machine


@pytest.mark.parametrize(
    "path",
    [
        ("consent", "connecting", "greeting", "speaking", "listening", "thinking", "speaking"),
        ("connecting", "listening", "connecting", "listening"),
        ("consent", "queued", "connecting", "thinking"),
        ("consent", "ending", "attract", "consent"),
        ("connecting", "greeting", "connecting", "ending"),
        ("connecting", "speaking", "thinking", "listening", "speaking", "ending"),
    ],
)
def test_a_visit_may_go_this_way(path: tuple[VisitState, ...]) -> None:
    assert reached(*path).state == path[-1]


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ((), "listening"),
        (("consent",), "thinking"),
        (("consent",), "greeting"),
        (("connecting", "listening"), "greeting"),
        (("connecting", "listening"), "consent"),
        (("connecting", "ending"), "listening"),
        (("connecting",), "offline"),
        (("connecting",), "error"),
    ],
)
def test_it_may_not_go_that_way(path: tuple[VisitState, ...], state: VisitState) -> None:
    machine = reached(*path)
    before = machine.state
    with pytest.raises(TransitionError, match=f"from {before} to {state}"):
        machine.to(state)
    assert machine.state == before


@given(st.lists(st.sampled_from(STATES), max_size=12))
def test_staying_is_no_change_and_what_can_be_done_is_what_is_done(
    states: list[VisitState],
) -> None:
    machine = VisitMachine()
    for state in states:
        before, can = machine.state, machine.can(state)
        if state == before:
            assert machine.to(state) is False
        elif can:
            assert machine.to(state) is True
        else:
            with pytest.raises(TransitionError):
                machine.to(state)
        assert machine.state == (state if can else before)


@pytest.mark.parametrize("state", [s for s in STATES if s not in {"attract", "offline", "error"}])
def test_every_state_of_a_visit_can_end(state: VisitState) -> None:
    machine = VisitMachine()
    machine.state = state
    assert state == "ending" or machine.can("ending")


@pytest.mark.parametrize("state", STATES)
def test_the_conversation_is_these_states(state: VisitState) -> None:
    machine = VisitMachine()
    machine.state = state
    assert machine.talking == (state in {"greeting", "listening", "thinking", "speaking"})
