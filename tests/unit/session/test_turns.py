"""Tests of the turn book: what is shown, what is kept, and what of an answer was really heard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.session.turns import MS_PER_CHARACTER, FinishedTurn, OpenTurn, TurnBook, heard_text

WORDS = st.lists(st.text("abcdefgß,.é", min_size=1, max_size=8), min_size=1, max_size=12)


def shown(turn: OpenTurn | None) -> str:
    assert turn is not None
    return turn.text


def test_deltas_add_up_and_a_finished_turn_is_kept_once() -> None:
    book = TurnBook(10)
    assert shown(book.delta("a", "avatar", "Hello ")) == "Hello "
    assert shown(book.delta("a", "avatar", "there.")) == "Hello there."
    assert book.finish("a") == FinishedTurn("a", "avatar", "Hello there.")
    assert book.finish("a") is None
    assert [turn.text for turn in book.finished] == ["Hello there."]


def test_the_whole_text_replaces_the_deltas_and_says_that_generation_is_over() -> None:
    book = TurnBook(10)
    book.delta("a", "avatar", "Helo")
    turn = book.whole("a", "avatar", "Hello")
    assert turn is not None
    assert (turn.text, turn.complete) == ("Hello", True)
    assert book.current("avatar") is turn


@pytest.mark.parametrize("text", ["", "  ", "\n\t"])
def test_nothing_said_is_no_turn(text: str) -> None:
    book = TurnBook(10)
    book.delta("a", "visitor", text)
    assert book.finish("a") is None
    assert book.finished == []


def test_the_newest_open_turn_of_a_speaker_is_the_current_one() -> None:
    book = TurnBook(10)
    book.delta("a", "avatar", "one")
    book.delta("b", "avatar", "two")
    book.delta("v", "visitor", "three")
    assert shown(book.current("avatar")) == "two"
    book.finish("b")
    assert shown(book.current("avatar")) == "one"
    assert book.current("operator") is None


def test_spaces_are_tidied_in_what_is_kept() -> None:
    book = TurnBook(10)
    book.delta("a", "visitor", "  two \n words ")
    finished = book.finish("a")
    assert finished is not None
    assert finished.text == "two words"


def test_an_interrupted_turn_ends_at_the_last_whole_word_that_was_heard() -> None:
    book = TurnBook(10)
    book.whole("a", "avatar", "The museum opens at ten")
    for number, word in enumerate(["The", "museum", "opens", "at", "ten"], 1):
        book.word("a", word, number * 300)
    assert book.interrupt("a", 950) == FinishedTurn("a", "avatar", "The museum opens", True)


def test_without_word_times_the_pace_of_speech_decides() -> None:
    book = TurnBook(10)
    book.whole("a", "avatar", "The museum opens at ten")
    finished = book.interrupt("a", 12 * MS_PER_CHARACTER)
    assert finished is not None
    assert finished.text == "The museum"


def test_what_was_interrupted_before_a_word_was_heard_was_not_said() -> None:
    book = TurnBook(10)
    book.whole("a", "avatar", "Welcome")
    assert book.interrupt("a", 0) is None
    assert book.finished == []
    assert book.interrupt("unknown", 500) is None


def test_what_arrives_for_a_closed_turn_does_not_open_it_again() -> None:
    """Deltas that were under way when the answer was cancelled still arrive after it."""
    book = TurnBook(10)
    book.delta("a", "avatar", "The museum is open until six today")
    finished = book.interrupt("a", 1000)
    assert finished is not None
    assert book.delta("a", "avatar", " and until nine on Thursdays") is None
    book.whole("a", "avatar", "The museum is open until six today and until nine on Thursdays")
    book.word("a", "nine", 4000)
    assert book.current("avatar") is None
    assert book.finish("a") is None
    assert book.finished == [finished]


def test_word_times_of_an_unknown_turn_are_ignored() -> None:
    book = TurnBook(10)
    book.word("nobody", "word", 100)
    assert book.current("avatar") is None


def test_at_the_limits_the_oldest_goes_and_is_counted() -> None:
    book = TurnBook(2)
    for name in "abc":
        book.delta(name, "visitor", name)
    assert book.forgotten == 1
    assert book.finish("a") is None
    for name in "bcd":
        book.delta(name, "visitor", name)
        book.finish(name)
    assert [turn.text for turn in book.finished] == ["cc", "d"]
    assert book.forgotten == 2


def test_an_answer_is_awaited_when_the_visitor_spoke_last() -> None:
    book = TurnBook(10)
    awaited = [book.awaiting_answer]
    for name, speaker in (("v", "visitor"), ("a", "avatar")):
        book.whole(name, "visitor" if speaker == "visitor" else "avatar", "Hello?")
        book.finish(name)
        awaited.append(book.awaiting_answer)
    assert awaited == [False, True, False]


@given(WORDS, st.lists(st.integers(1, 900), min_size=12, max_size=12), st.integers(0, 12_000))
def test_what_was_heard_is_the_beginning_of_what_was_said(
    words: list[str], lengths: list[int], heard_ms: int
) -> None:
    text = " ".join(words)
    turn = OpenTurn("a", "avatar", text)
    heard = heard_text(turn, heard_ms)
    assert text.startswith(heard)
    assert heard == "" or heard.split() == words[: len(heard.split())]
    end = 0
    for word, length in zip(words, lengths, strict=False):
        end += length
        turn.words.append((word, end))
    timed = heard_text(turn, heard_ms)
    assert text.startswith(timed)
    assert (timed == text) == (heard_ms >= end)


@given(WORDS, st.lists(st.integers(0, 6_000), min_size=2, max_size=2).map(sorted))
def test_who_listens_longer_never_hears_less(words: list[str], moments: list[int]) -> None:
    turn = OpenTurn("a", "avatar", " ".join(words))
    early, late = (heard_text(turn, moment) for moment in moments)
    assert late.startswith(early)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["delta", "whole", "finish", "interrupt"]),
            st.sampled_from("abc"),
            st.integers(0, 3000),
        ),
        max_size=30,
    )
)
def test_no_turn_is_kept_twice_and_the_limit_holds(steps: list[tuple[str, str, int]]) -> None:
    book = TurnBook(5)
    for what, turn_id, number in steps:
        if what == "delta":
            book.delta(turn_id, "avatar", f"word{number} ")
        elif what == "whole":
            book.whole(turn_id, "avatar", f"word{number} again")
        elif what == "finish":
            book.finish(turn_id)
        else:
            book.interrupt(turn_id, number)
    ids = [turn.id for turn in book.finished]
    assert len(ids) == len(set(ids)) <= 5
    assert all(turn.text == " ".join(turn.text.split()) != "" for turn in book.finished)


def test_turns_said_in_one_breath_are_cut_one_after_the_other() -> None:
    book = TurnBook(10)
    book.whole("a", "avatar", "Let me look.")
    book.whole("b", "avatar", "The lift is behind you.")
    first_ms = len("Let me look.") * MS_PER_CHARACTER
    kept, heard_ms = book.cut("avatar", first_ms + 8 * MS_PER_CHARACTER)
    assert [(turn.text, turn.interrupted) for turn in kept] == [
        ("Let me look.", False),
        ("The", True),
    ]
    assert heard_ms == 8 * MS_PER_CHARACTER
    assert book.complete("avatar") == ()


def test_of_what_comes_after_the_cut_nothing_is_kept() -> None:
    book = TurnBook(10)
    book.whole("a", "avatar", "Let me look.")
    book.whole("b", "avatar", "The lift is behind you.")
    kept, heard_ms = book.cut("avatar", 7 * MS_PER_CHARACTER)
    assert [(turn.text, turn.interrupted) for turn in kept] == [("Let me", True)]
    assert heard_ms == 0


def test_halves_of_a_letter_that_came_apart_are_put_together() -> None:
    book = TurnBook(10)
    book.delta("a", "avatar", "Hello \ud83d")
    book.delta("a", "avatar", "\ude00 and \ud800")
    finished = book.finish("a")
    assert finished is not None
    assert finished.text == "Hello \U0001f600 and \ufffd"


def test_what_an_operator_had_said_is_spoken_by_the_avatars_voice() -> None:
    book = TurnBook(10)
    book.whole("i1", "operator", "I will come to you.")
    assert [turn.id for turn in book.complete("avatar")] == ["i1"]
    kept, _ = book.cut("avatar", 0)
    assert kept == []
    book.whole("i2", "operator", "One moment, please.")
    kept, _ = book.cut("avatar", 5 * MS_PER_CHARACTER)
    assert [(turn.speaker, turn.text, turn.interrupted) for turn in kept] == [
        ("operator", "One", True)
    ]
