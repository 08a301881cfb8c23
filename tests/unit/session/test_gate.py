"""Tests of the response gate: scripts of events, and never two responses asked for at once."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kiosk.session.gate import MAX_WAITING, Ask, PersonsWords, ResponseGate


def ask(number: int) -> Ask:
    return {"number": number}


def busy(gate: ResponseGate) -> bool:
    return gate.busy


def test_the_first_goes_out_at_once_and_the_next_waits_for_its_end() -> None:
    gate = ResponseGate()
    assert gate.ask(ask(1))
    gate.sent("e1", ask(1))
    assert busy(gate)
    assert not gate.ask(ask(2))
    assert not gate.created("r1")
    assert not gate.ask(ask(3))
    assert gate.done("r1") == ask(2)
    gate.sent("e2", ask(2))
    gate.created("r2")
    assert gate.done("r2") == ask(3)
    assert not busy(gate)
    assert gate.done("r2") is None


def test_a_response_of_the_services_own_holds_ours_back() -> None:
    gate = ResponseGate()
    gate.created("theirs")
    assert not gate.ask(ask(1))
    assert gate.done("theirs") == ask(1)


def test_an_ask_that_overlapped_is_asked_again_first() -> None:
    gate = ResponseGate()
    gate.ask(ask(1))
    gate.sent("e1", ask(1))
    gate.ask(ask(2))
    assert gate.refused("e1", overlap=True)
    gate.created("theirs")
    assert gate.done("theirs") == ask(1)


def test_an_ask_is_asked_again_when_the_services_own_response_was_announced_first() -> None:
    gate = ResponseGate()
    gate.ask(ask(1))
    gate.sent("e1", ask(1))
    assert not gate.created("theirs")
    assert gate.refused("e1", overlap=True)
    assert busy(gate)
    assert gate.done("theirs") == ask(1)


def test_what_was_given_up_leaves_the_gate_open() -> None:
    gate = ResponseGate()
    gate.created("r1")
    gate.ask(ask(1))
    gate.give_up()
    assert gate.ask(ask(2))
    assert gate.done("r1") is None


def test_an_ask_refused_for_another_reason_is_given_up() -> None:
    gate = ResponseGate()
    gate.ask(ask(1))
    gate.sent("e1", ask(1))
    assert gate.refused("e1", overlap=False)
    assert not busy(gate)
    assert gate.done("any") is None


def test_an_error_about_something_else_is_not_ours() -> None:
    gate = ResponseGate()
    gate.ask(ask(1))
    gate.sent("e1", ask(1))
    assert not gate.refused("other", overlap=True)
    assert not gate.refused("", overlap=False)
    assert busy(gate)


def test_the_end_of_another_response_does_not_open_the_gate() -> None:
    gate = ResponseGate()
    gate.created("r2")
    gate.ask(ask(1))
    assert gate.done("r1") is None
    assert busy(gate)


def test_at_the_limit_the_oldest_goes_and_is_counted() -> None:
    gate = ResponseGate()
    gate.created("r0")
    for number in range(MAX_WAITING + 2):
        gate.ask(ask(number))
    assert gate.dropped == 2
    assert gate.done("r0") == ask(2)


def test_an_interruption_drops_what_waits() -> None:
    gate = ResponseGate()
    gate.created("r1")
    gate.ask(ask(1))
    gate.interrupted()
    assert gate.done("r1") is None


def test_a_response_interrupted_before_it_began_is_to_be_cancelled_once() -> None:
    gate = ResponseGate()
    gate.ask(ask(1))
    gate.sent("e1", ask(1))
    gate.interrupted()
    assert gate.created("r1")
    gate.done("r1")
    assert not gate.created("r2")


def test_an_interruption_of_an_active_response_does_not_cancel_the_next() -> None:
    gate = ResponseGate()
    gate.created("r1")
    gate.interrupted()
    gate.done("r1")
    assert not gate.created("r2")


def test_an_interrupted_ask_that_overlapped_is_not_asked_again() -> None:
    gate = ResponseGate()
    gate.sent("event_1", {})
    gate.interrupted()
    assert gate.refused("event_1", overlap=True)
    assert gate.done("theirs") is None


def test_it_knows_when_a_persons_words_are_spoken() -> None:
    gate = ResponseGate()
    gate.sent("event_1", PersonsWords(text="hello"))
    seen = [gate.asked]
    gate.created("r1")
    seen.append(gate.persons)
    gate.done("r1")
    gate.created("r2")
    assert [*seen, gate.persons, gate.asked] == [True, True, False, False]


def test_a_refused_ask_leaves_no_cancellation_behind() -> None:
    gate = ResponseGate()
    gate.ask(ask(1))
    gate.sent("e1", ask(1))
    gate.interrupted()
    gate.refused("e1", overlap=False)
    assert not gate.created("r1")


class GateAgainstService(RuleBasedStateMachine):
    """The gate beside a model of the service, which takes one response at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = ResponseGate()
        self.number = 0
        self.in_flight: tuple[str, Ask] | None = None
        self.active: str | None = None
        self.answered: list[int] = []

    def out(self, what: Ask) -> None:
        assert self.in_flight is None, "a second response was asked for while one was asked for"
        self.number += 1
        self.in_flight = (f"e{self.number}", what)
        self.gate.sent(*self.in_flight)

    @rule()
    def we_ask(self) -> None:
        self.number += 1
        if self.gate.ask(ask(self.number)):
            assert self.active is None
            self.out(ask(self.number))

    @precondition(lambda self: self.active is None)
    @rule(announced_first=st.booleans())
    def the_service_answers_by_itself(self, announced_first: bool) -> None:
        self.number += 1
        self.active = f"r{self.number}"
        refused, self.in_flight = self.in_flight, None
        if announced_first:
            self.gate.created(self.active)
        if refused is not None:
            # Our ask was under way: the service's own response came first.
            assert self.gate.refused(refused[0], overlap=True)
        if not announced_first:
            self.gate.created(self.active)

    @precondition(lambda self: self.in_flight is not None and self.active is None)
    @rule()
    def the_service_takes_ours(self) -> None:
        assert self.in_flight is not None
        self.answered.append(self.in_flight[1]["number"])
        self.in_flight = None
        self.number += 1
        self.active = f"r{self.number}"
        self.gate.created(self.active)

    @precondition(lambda self: self.active is not None)
    @rule()
    def a_response_ends(self) -> None:
        assert self.active is not None
        ended, self.active = self.active, None
        following = self.gate.done(ended)
        if following is not None:
            self.out(following)

    @rule(late=st.booleans())
    def something_else_ends(self, late: bool) -> None:
        following = self.gate.done("r-1" if late else "")
        if following is not None:
            assert self.active is None
            self.out(following)

    @rule()
    def the_visitor_interrupts(self) -> None:
        self.gate.interrupted()

    @invariant()
    def it_knows_whether_something_is_under_way(self) -> None:
        assert self.gate.busy == (self.active is not None or self.in_flight is not None)

    @invariant()
    def nothing_is_answered_twice(self) -> None:
        assert len(set(self.answered)) == len(self.answered)


TestGateAgainstService = GateAgainstService.TestCase
TestGateAgainstService.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
