"""What counts as a filler, and which sentences sound as if more were to come."""

from __future__ import annotations

import pytest

from kiosk.emulator.hearing.words import (
    ThresholdLevel,
    end_of_utterance,
    is_unfinished,
    only_fillers,
    without_hesitations,
)
from kiosk.emulator.speech.parts import Heard, HeardPhrase, HeardWord


@pytest.mark.parametrize("text", ["Um.", "uh, umm", "Oh yeah.", "Hmm...", "Mm"])
def test_fillers_are_known(text: str) -> None:
    assert only_fillers(text)


@pytest.mark.parametrize("text", ["", "...", "Um, stop.", "No.", "umbrella"])
def test_real_words_and_no_words_are_no_fillers(text: str) -> None:
    assert not only_fillers(text)


def test_hesitations_are_taken_out_of_everything_that_was_heard() -> None:
    words = tuple(
        HeardWord(text, n * 100, n * 100 + 90, -0.1)
        for n, text in enumerate(["Um,", "where", "are,", "uh,", "the", "toilets?"])
    )
    phrases = (
        HeardPhrase("Um, where are, uh, the toilets?", 0, 590, -0.1, words),
        HeardPhrase("Hmm.", 600, 700, -0.1, (HeardWord("Hmm.", 600, 700, -0.1),)),
    )
    heard = without_hesitations(Heard("Um, where are, uh, the toilets? Hmm.", phrases, "en-US"))
    assert heard.text == "where are, the toilets?"
    (phrase,) = heard.phrases
    assert phrase.text == "where are, the toilets?"
    assert [word.text for word in heard.words] == ["where", "are,", "the", "toilets?"]


def test_answers_and_longer_words_stay() -> None:
    for text in ("Yeah, the umbrella is human.", "Oh!"):
        assert without_hesitations(Heard(text)).text == text


@pytest.mark.parametrize(
    ("text", "waiting"),
    [
        ("and the", "low medium high"),
        ("I am looking for the...", "low medium high"),
        ("Give me a ticket and", "low medium high"),
        ("Where is", "medium high"),
        ("I want to go to", "medium high"),
        ("Could you, um", "low medium high"),
        ("I do not know where it is.", "high"),
        ("Where are you from?", "high"),
        ("The dinosaurs", "high"),
        ("Yes.", ""),
        ("Stop, please.", ""),
        ("When do you open?", ""),
        ("", ""),
    ],
)
def test_a_lower_level_takes_more_for_complete(text: str, waiting: str) -> None:
    levels: tuple[ThresholdLevel, ...] = ("low", "medium", "high")
    assert " ".join(level for level in levels if is_unfinished(text, level)) == waiting
    assert is_unfinished(text, "default") == is_unfinished(text, "medium")


def test_end_of_utterance_detection_has_documented_defaults() -> None:
    model = {"model": "semantic_detection_v1"}
    assert end_of_utterance({}) is None
    assert end_of_utterance({"end_of_utterance_detection": None}) is None
    assert end_of_utterance({"end_of_utterance_detection": model}) == ("default", 1_000)
    given = {**model, "threshold_level": "low", "timeout_ms": 0}
    assert end_of_utterance({"end_of_utterance_detection": given}) == ("low", 0)
