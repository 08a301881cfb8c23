"""Facts are found in instructions by the words that count, and orders are not facts."""

from __future__ import annotations

from kiosk.emulator.mind.facts import find_fact
from tests.unit.emulator.emulating import FACTS


def test_the_sentence_that_fits_best() -> None:
    assert find_fact("How much is a ticket?", FACTS).startswith("A ticket costs twelve euros")


def test_a_heading_helps() -> None:
    text = "## Parking\nBehind the house, two euros an hour.\n\n## Food\nOn the roof, until five."
    assert find_fact("Where can I park?", text) == "Behind the house, two euros an hour."


def test_orders_are_never_an_answer() -> None:
    assert find_fact("Do you make things up?", "Never make things up.") == ""
    assert find_fact("Are you the host?", "You are the host.") == ""


def test_too_little_in_common_is_no_answer() -> None:
    assert find_fact("Which ticket shows dinosaurs from Patagonia?", FACTS) == ""


def test_nothing_gives_nothing() -> None:
    assert find_fact("", FACTS) == ""
    assert find_fact("When do you open?", "") == ""


def test_a_sentence_without_an_end_gets_one() -> None:
    assert find_fact("wifi?", "- Wi-Fi is free") == "Wi-Fi is free."
