"""Phonemes become the mouth shapes that Azure's table names."""

from __future__ import annotations

import pytest

from kiosk.emulator.speech.parts import MouthMark
from kiosk.emulator.speech.visemes import MIN_PAUSE_MS, MIN_SHAPE_MS, mouth_marks, viseme_of


@pytest.mark.parametrize(
    ("phoneme", "viseme"),
    [
        ("p", 21), ("m", 21), ("f", 18), ("\u00f0", 17), ("s", 15), ("\u0283", 16), ("l", 14),
        ("\u0279", 13), ("h", 12), ("a\u026a", 11), ("\u0254\u026a", 10), ("a\u028a", 9),
        ("o\u028a", 8), ("w", 7), ("i\u02d0", 6), ("\u025d", 5), ("\u025b", 4), ("\u0254\u02d0", 3),
        ("\u0251\u02d0", 2), ("\u02c8\u00e6", 1), ("d\u0292", 16), ("k", 20), ("t", 19),
        (".", 0), (" ", 0),
    ],
)  # fmt: skip
def test_azures_table(phoneme: str, viseme: int) -> None:
    assert viseme_of(phoneme) == viseme


@pytest.mark.parametrize("mark", ["\u02c8", "\u02d0"])
def test_a_stress_mark_alone_is_no_shape(mark: str) -> None:
    assert viseme_of(mark) is None


def test_a_diphthong_in_two_signs_is_one_shape() -> None:
    assert mouth_marks([("a", 0.0), ("\u026a", 80.0)], 200.0) == (
        MouthMark(11, 0),
        MouthMark(0, 200),
    )


def test_a_flicker_is_left_out_but_closed_lips_are_not() -> None:
    short = MIN_SHAPE_MS - 5
    marks = mouth_marks([("a", 0.0), ("t", 100.0), ("o", 100.0 + short)], 300.0)
    assert [mark.viseme for mark in marks] == [1, 8, 0]
    marks = mouth_marks([("a", 0.0), ("m", 100.0), ("o", 100.0 + short)], 300.0)
    assert [mark.viseme for mark in marks] == [1, 21, 8, 0]


def test_only_a_real_pause_closes_the_mouth() -> None:
    marks = mouth_marks([("a", 0.0), (" ", 100.0), ("o", 99.0 + MIN_PAUSE_MS)], 400.0)
    assert [mark.viseme for mark in marks] == [1, 8, 0]
    marks = mouth_marks([("a", 0.0), (" ", 100.0), ("o", 101.0 + MIN_PAUSE_MS)], 400.0)
    assert [mark.viseme for mark in marks] == [1, 0, 8, 0]


def test_it_ends_closed_even_without_phonemes() -> None:
    assert mouth_marks([], 250.0) == (MouthMark(0, 250),)
