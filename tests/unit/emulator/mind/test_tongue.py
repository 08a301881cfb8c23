"""Tables of words are read as they are written."""

from __future__ import annotations

from dataclasses import replace

from kiosk.emulator.mind.german import GERMAN
from kiosk.emulator.mind.tongue import any_case, counted, senses, word_set


def test_tables() -> None:
    table = senses("toilet: klo* wc\n\nlift: aufzug*\n".replace("\n\n", "\n"))
    assert table == {"klo*": "toilet", "wc": "toilet", "aufzug*": "lift"}
    assert counted("null eins zwei") == {"null": "0", "eins": "1", "zwei": "2"}
    assert word_set("a b  a") == {"a", "b"}
    assert any_case("abc").search("xABC")


def test_the_longest_stem_wins_and_whole_words_come_first() -> None:
    tongue = replace(GERMAN, meanings={"park*": "car", "parkett*": "floor", "parken": "rest"})
    assert tongue.sense("parkplatz") == "car"
    assert tongue.sense("parkettboden") == "floor"
    assert tongue.sense("parken") == "rest"
    assert tongue.sense("unbekannt") == ""
