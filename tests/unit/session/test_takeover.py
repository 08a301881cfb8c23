"""Who has a conversation, as rules that hold after any order of what may happen."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kiosk.session.takeover import Takeover

SILENCE_S, ABSENCE_S = 60.0, 10.0
PEOPLE = st.sampled_from(["anna", "bert", "carla"])


def test_it_goes_back_after_silence_or_absence_and_never_before() -> None:
    held = Takeover(silence_s=SILENCE_S, absence_s=ABSENCE_S)
    assert held.take("anna", 0.0, turn=3) == "taken"
    assert held.begun_at_turn == 3
    assert held.lapsed(SILENCE_S) is None
    assert held.lapsed(SILENCE_S + 0.1) == "silent"
    assert held.word("anna", 50.0)
    assert held.lapsed(SILENCE_S + 0.1) is None
    held.seen("anna", 60.0)
    assert held.lapsed(70.0) is None
    assert held.lapsed(70.1) == "absent"
    assert held.give_back() == "anna"
    assert held.lapsed(1000.0) is None


def test_whoever_was_never_seen_is_not_missed() -> None:
    held = Takeover(silence_s=SILENCE_S, absence_s=ABSENCE_S)
    held.take("anna", 0.0)
    held.seen("bert", 0.0)
    assert held.lapsed(ABSENCE_S + 5) is None


class Turns(RuleBasedStateMachine):
    """Anybody may try anything at any time; a plain model says what must come of it."""

    def __init__(self) -> None:
        super().__init__()
        self.held = Takeover(silence_s=SILENCE_S, absence_s=ABSENCE_S)
        self.now = 0.0
        self.by: str | None = None
        self.word_at = 0.0

    @rule(seconds=st.floats(0, 100))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(by=PEOPLE, insist=st.booleans())
    def take(self, by: str, insist: bool) -> None:
        taken = self.held.take(by, self.now, insist=insist)
        if self.by is None:
            assert taken == "taken"
        elif self.by == by:
            assert taken == "again"
        else:
            assert taken == ("replaced" if insist else "held")
        if taken != "held":
            self.by, self.word_at = by, self.now

    @rule(by=PEOPLE)
    def word(self, by: str) -> None:
        assert self.held.word(by, self.now) == (by == self.by)
        if by == self.by:
            self.word_at = self.now

    @rule(by=PEOPLE)
    def seen(self, by: str) -> None:
        self.held.seen(by, self.now)

    @rule()
    def give_back(self) -> None:
        assert self.held.give_back() == self.by
        self.by = None

    @invariant()
    def one_holder_who_is_silent_in_time(self) -> None:
        assert self.held.by == self.by
        lapsed = self.held.lapsed(self.now)
        if self.by is None:
            assert lapsed is None
        elif self.now - self.word_at > SILENCE_S:
            assert lapsed is not None
        elif lapsed is not None:
            assert lapsed == "absent"


TestTurns = Turns.TestCase
