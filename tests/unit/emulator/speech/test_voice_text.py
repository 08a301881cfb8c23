"""Text that people wrote for screens becomes text a voice can say, in pieces of a good length."""

from __future__ import annotations

from kiosk.emulator.speech.voice_text import (
    EARLY_FIRST_CHARS,
    MAX_PIECE_CHARS,
    speakable,
    split_for_speech,
    word_marks,
)


def test_markup_is_not_spoken() -> None:
    text = "**Welcome** to [Gallery 2](https://example.org/g2)! <break time='1s'/> `Open` \u263a"
    assert speakable(text) == "Welcome to Gallery 2! Open"


def test_a_list_becomes_one_sentence_a_line() -> None:
    assert split_for_speech(speakable("We have:\n- a cafe\n2. a shop")) == [
        "We have:",
        "a cafe",
        "a shop",
    ]


def test_signs_are_words() -> None:
    assert speakable("Art & craft, 20% off") == "Art and craft, 20 percent off"


def test_hyphens_and_products_inside_words_stay() -> None:
    assert speakable("A walk-up kiosk, 3*4 and snake_case") == "A walk-up kiosk, 3*4 and snake_case"


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    assert split_for_speech("Dr. Smith opens at nine a.m. on Monday. Good.") == [
        "Dr. Smith opens at nine a.m. on Monday.",
        "Good.",
    ]


def test_a_long_first_sentence_starts_with_its_first_clause() -> None:
    text = (
        "The cafe is on the second floor, twenty metres past the lifts on your left,"
        " and it stays open until five every day of the week."
    )
    first, rest = split_for_speech(text)
    assert first == "The cafe is on the second floor,"
    assert len(text) > EARLY_FIRST_CHARS
    assert rest.startswith("twenty metres")


def test_no_piece_is_too_long_and_nothing_is_lost() -> None:
    text = "word " * 400
    pieces = split_for_speech(text)
    assert max(map(len, pieces)) <= MAX_PIECE_CHARS
    assert " ".join(pieces).split() == text.split()


def test_nothing_to_say_gives_no_piece() -> None:
    assert split_for_speech(speakable(" ... \n --- ")) == []


def test_a_word_without_a_time_shares_the_stretch_it_lies_in() -> None:
    marks = word_marks("on the way", [(0, 100.0), (7, 400.0)], 700.0)
    assert [(mark.text, mark.start_ms, mark.end_ms) for mark in marks] == [
        ("on", 100, 220),
        ("the", 220, 400),
        ("way", 400, 700),
    ]


def test_times_never_go_back() -> None:
    marks = word_marks("a b c", [(0, 50.0), (2, 20.0), (4, 90.0)], 60.0)
    starts = [mark.start_ms for mark in marks]
    assert starts == sorted(starts)
    assert all(mark.end_ms >= mark.start_ms for mark in marks)
