"""Tests of the wait for an answer: counted once, from the last word to the first sound."""

from __future__ import annotations

from kiosk.session.delay import Delay, Waited


def test_the_first_sound_after_a_question_counts_once() -> None:
    delay = Delay()
    assert delay.heard(1.0) is None
    delay.asked("speech", 2.0)
    assert delay.heard(2.85) == Waited(850, "speech")
    assert delay.heard(3.0) is None


def test_the_last_of_several_questions_counts() -> None:
    delay = Delay()
    delay.asked("speech", 1.0)
    delay.asked("typing", 5.0)
    assert delay.heard(5.25) == Waited(250, "typing")


def test_a_visitor_who_speaks_on_has_not_been_answered() -> None:
    delay = Delay()
    delay.asked("speech", 1.0)
    delay.called_off()
    assert delay.heard(2.0) is None
