"""The words of a text: every script, nothing of a query language, marks where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.storage.words import MOST_WORDS, Query, cut, fold, index


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Wo ist die Führung?", "wo ist die fuhrung"),
        ("博物馆在哪里", "博物 物馆 馆在 在哪 哪里 里"),
        ("がっこう", "がっ っこ こう う"),
        ("مَرْحَبًا بك", "مرحبا بك"),
        ("It's 10:30, ﬁne", "it s 10 30 fine"),
        ("A a Á", "a"),
        ("..., !", ""),
    ],
)
def test_texts_are_cut_and_folded(text: str, words: str) -> None:
    assert index(text) == words


def test_a_search_is_for_words_and_the_beginnings_of_longer_ones() -> None:
    assert Query.of("lift 10 of").fts5 == '"lift"* AND "10" AND "of"'
    assert Query.of("lift 10 of").tsquery == "'lift':* & '10' & 'of'"
    assert Query.of("博物馆").fts5 == '"博物" AND "物馆"'
    assert not Query.of(" ?! ")
    assert len(Query.of(" ".join(f"w{n}" for n in range(40))).words) == MOST_WORDS


def test_what_was_found_is_marked_where_it_stands() -> None:
    assert Query.of("fuhr").marked("Die Führungen sind.") == [
        ("Die ", False), ("Führungen", True), (" sind.", False),
    ]  # fmt: skip
    assert Query.of("物馆").marked("博物馆在") == [("博", False), ("物馆", True), ("在", False)]
    assert Query.of("馆").marked("博物馆在") == [("博物", False), ("馆", True), ("在", False)]
    assert Query.of("lift").marked("") == []


@given(st.text(max_size=80))
def test_any_text_is_found_by_itself_and_marked_whole(text: str) -> None:
    query = Query.of(text)
    kept = set(index(text).split())
    for word, begins in query.terms:
        assert any(found.startswith(word) if begins else found == word for found in kept)
    assert "".join(piece for piece, _ in query.marked(text)) == text
    assert all(0 <= word.begin < word.end <= len(text) for word in cut(text))


@given(st.text(max_size=40))
def test_no_sign_of_a_query_language_is_left(text: str) -> None:
    assert not set(index(text)) & set("\"'*:()&|!<>-^\\\0")
    assert fold(fold(text)) == fold(text)
