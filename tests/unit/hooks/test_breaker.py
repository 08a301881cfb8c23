"""Tests of leaving out what keeps failing, as a state machine too."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kiosk.hooks.breaker import Breakers
from tests.unit.hooks.hooking import ManualClock

LIMIT, PAUSE_S = 3, 60.0


def breakers() -> tuple[Breakers, ManualClock]:
    clock = ManualClock()
    return Breakers(clock, failures=LIMIT, pause_s=PAUSE_S), clock


def test_failures_in_a_row_open_it_and_only_for_their_hook() -> None:
    made, clock = breakers()
    for _ in range(LIMIT):
        assert made.lets("gate", "cards")
        made.failed("gate", "cards")
    assert not made.lets("gate", "cards")
    assert made.lets("gate", "greeting")
    assert made.lets("other", "cards")
    (left_out,) = made.open
    assert (left_out.plugin, left_out.hook, left_out.failures) == ("gate", "cards", LIMIT)
    assert left_out.since == clock.now()


def test_one_success_begins_the_count_anew() -> None:
    made, _ = breakers()
    for _ in range(LIMIT - 1):
        made.failed("gate", "cards")
    made.succeeded("gate", "cards")
    made.failed("gate", "cards")
    assert made.lets("gate", "cards")


def test_after_the_pause_one_call_tries_it() -> None:
    made, clock = breakers()
    for _ in range(LIMIT):
        made.failed("gate", "cards")
    since = made.open[0].since
    clock.advance(PAUSE_S)
    assert [made.lets("gate", "cards"), made.lets("gate", "cards")] == [True, False]
    made.failed("gate", "cards")
    assert not made.lets("gate", "cards")
    assert made.open[0].since == since  # left out all the time, for the operator
    clock.advance(PAUSE_S)
    assert made.lets("gate", "cards")
    made.succeeded("gate", "cards")
    assert made.open == ()


def test_a_try_without_a_verdict_is_taken_back() -> None:
    made, clock = breakers()
    for _ in range(LIMIT):
        made.failed("gate", "cards")
    clock.advance(PAUSE_S)
    assert made.lets("gate", "cards")
    made.given_up("gate", "cards")
    assert made.lets("gate", "cards")


def test_what_pauses_is_told_without_beginning_a_try() -> None:
    made, clock = breakers()
    for _ in range(LIMIT):
        made.failed("p", "greeting")
    made.failed("p", "cards")
    assert list(made.pausing) == [("p", "greeting")]
    clock.advance(PAUSE_S + 1)
    assert list(made.pausing) == [], "the next call may try it"
    assert made.lets("p", "greeting")
    assert list(made.pausing) == [("p", "greeting")], (
        "somebody tries; a second call would be left out"
    )
    made.succeeded("p", "greeting")
    assert list(made.pausing) == []


def test_what_held_everybody_is_left_out_at_once_and_tried_after_the_pause() -> None:
    made, clock = breakers()
    made.leave_out("p", "greeting", "held the loop 5000 ms")
    # It has answered all the same; that opens nothing again.
    made.succeeded("p", "greeting")
    assert not made.lets("p", "greeting")
    assert [one.hook for one in made.open] == ["greeting"]
    clock.advance(PAUSE_S)
    assert made.lets("p", "greeting")
    made.leave_out("p", "greeting", "held the loop 5000 ms")
    made.succeeded("p", "greeting")
    assert not made.lets("p", "greeting")
    clock.advance(PAUSE_S)
    assert made.lets("p", "greeting")
    made.succeeded("p", "greeting")
    assert made.open == ()


def test_an_operator_closes_all_of_a_plugin() -> None:
    made, _ = breakers()
    for hook in ("cards", "greeting"):
        for _ in range(LIMIT):
            made.failed("gate", hook)
    made.failed("gate", "redact")
    made.failed("other", "cards")
    assert made.reset("gate") == 2
    assert made.open == ()
    assert made.reset("gate") == 0


class Machine(RuleBasedStateMachine):
    """Calls in any order: what is open never lets more than one try through for each pause."""

    def __init__(self) -> None:
        super().__init__()
        self.made, self.clock = breakers()
        self.under_way = 0
        self.row = 0

    @rule(seconds=st.floats(0, PAUSE_S * 2))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule()
    def calls(self) -> None:
        opened = bool(self.made.open)
        if self.made.lets("gate", "cards"):
            assert not (opened and self.under_way)
            self.under_way += 1

    @precondition(lambda self: self.under_way)
    @rule()
    def succeeds(self) -> None:
        self.made.succeeded("gate", "cards")
        self.under_way -= 1
        self.row = 0
        assert self.made.open == ()

    @precondition(lambda self: self.under_way == 1)
    @rule()
    def fails(self) -> None:
        self.made.failed("gate", "cards")
        self.under_way -= 1
        self.row += 1
        assert not self.row >= LIMIT or not self.made.lets("gate", "cards")

    @invariant()
    def it_is_open_after_so_many_failures(self) -> None:
        if self.row >= LIMIT:
            assert self.made.open


Machine.TestCase.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)
TestMachine = Machine.TestCase
