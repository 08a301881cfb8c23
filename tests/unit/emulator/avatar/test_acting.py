"""The avatar lives while idle, speaks with its whole face, and smiles when it has finished."""

from __future__ import annotations

from kiosk.emulator.avatar.acting import LEAD_MS, SMILE_S, STEP_S, Performer, Sprite, viseme_at
from kiosk.emulator.speech.parts import MouthMark

FRAME = 0.04


def play(performer: Performer, start: float, seconds: float, viseme: int | None) -> list[Sprite]:
    return [
        performer.picture(start + index * FRAME, viseme) for index in range(int(seconds / FRAME))
    ]


def test_idle_breathes_blinks_and_looks_around_with_a_closed_mouth() -> None:
    shown = play(Performer(1), 100.0, 60.0, None)
    assert {sprite.mouth for sprite in shown} == {"rest"}
    assert {"open", "half", "closed"} <= {sprite.eyes for sprite in shown}
    assert {"left", "right"} & {sprite.eyes for sprite in shown}
    assert len({sprite.step for sprite in shown}) > 30
    closed = sum(sprite.eyes == "closed" for sprite in shown)
    assert 10 <= closed <= 80
    assert {sprite.nod for sprite in shown} == {0}


def test_speaking_moves_mouth_brows_and_head() -> None:
    shown = play(Performer(2), 100.0, 30.0, 2)
    assert {sprite.mouth for sprite in shown} == {"open"}
    assert {0, 1, 2} == {sprite.nod for sprite in shown}
    assert "wide" in {sprite.eyes for sprite in shown}
    assert shown[0].nod > 0, "he nods as he begins"


def test_after_the_last_word_he_smiles_for_a_moment() -> None:
    performer = Performer(3)
    play(performer, 0.0, 2.0, 4)
    after = play(performer, 2.0, SMILE_S - FRAME, None)
    assert {sprite.mouth for sprite in after} == {"smile"}
    later = play(performer, 2.0 + SMILE_S + FRAME, 1.0, None)
    assert {sprite.mouth for sprite in later} == {"rest"}


def test_sessions_share_the_pose_but_not_the_blinks() -> None:
    one, other = play(Performer(4), 50.0, 30.0, None), play(Performer(5), 50.0, 30.0, None)
    assert [sprite.step for sprite in one] == [sprite.step for sprite in other]
    assert [sprite.eyes for sprite in one] != [sprite.eyes for sprite in other]


def test_looking_ahead_is_right_about_pose_and_mouth() -> None:
    performer = Performer(6)
    now = performer.picture(10.0, 6)
    guess = now.later(10.0 + 2 * STEP_S, 7)
    assert guess.mouth == "oo"
    assert guess.step == performer.picture(10.0 + 2 * STEP_S, 7).step


def test_the_mouth_leads_the_sound_a_little() -> None:
    marks = (MouthMark(0, 0), MouthMark(21, 200), MouthMark(2, 300))
    assert viseme_at(marks, 0) == 0
    assert viseme_at(marks, 200 - LEAD_MS) == 21
    assert viseme_at(marks, 199 - LEAD_MS) == 0
    assert viseme_at(marks, 10_000) == 2
    assert viseme_at((), 50) == 0
