"""The site's orders are told from the visitor's questions."""

from __future__ import annotations

import pytest

from kiosk.emulator.mind.orders import asks_for_greeting, find_order, follow, greeting
from kiosk.emulator.mind.thought import Context, Said
from kiosk.emulator.mind.tongues import TONGUES
from kiosk.emulator.scenario.scenario import Scenario

PLAIN = Scenario()


def test_who_asks() -> None:
    assert find_order(Context()) == "greet"
    assert find_order(Context(turns=(Said("user", "Hello"),))) is None
    assert find_order(Context(turns=(Said("system", "Say goodbye."),))) == "Say goodbye."
    assert find_order(Context(turns=(Said("assistant", "Hello"),))) == "still there"
    visitor = (Said("user", "When?"),)
    assert find_order(Context(turns=visitor, extra="Be brief.")) is None
    assert find_order(Context(turns=visitor, extra="Greet them.")) == "Greet them."


@pytest.mark.parametrize(
    ("order", "language", "words"),
    [
        ("Greet the visitor.", "de", "Hallo und herzlich willkommen!"),
        ("Begrüße die Besucher.", "de", "Hallo und herzlich willkommen!"),
        ("Accueille le visiteur.", "fr", "Bonjour et bienvenue !"),
        ("Say goodbye.", "es", "Adiós"),
        ("Ask whether they are still there.", "fr", "Êtes-vous toujours là ?"),
        ("Say „Guten Morgen“ now.", "en", "Guten Morgen"),
        ("Dis « Bonne nuit » maintenant.", "fr", "Bonne nuit"),
        ("Tell the visitor that the lift is broken.", "en", "The lift is broken."),
    ],
)
def test_orders_are_followed_in_every_language(order: str, language: str, words: str) -> None:
    assert follow(order, Context(), PLAIN, TONGUES[language]).startswith(words)


def test_the_greeting_is_the_scenarios_if_it_has_one() -> None:
    scenario = Scenario(greeting={"en": "Good day.", "de": "Grüß Gott."})
    assert greeting(Context(), scenario, TONGUES["de"]) == "Grüß Gott."
    assert greeting(Context(), scenario, TONGUES["fr"]) == "Good day."
    context = Context(instructions="You are at the City Library.")
    assert "City Library" in greeting(context, PLAIN, TONGUES["de"])
    german = Context(instructions="Das Museum ist geöffnet.")
    assert "Museum" not in greeting(german, PLAIN, TONGUES["de"])


def test_a_quotation_is_no_greeting() -> None:
    assert asks_for_greeting("Greet them warmly.")
    assert not asks_for_greeting('Greet them with "Ahoy!"')
    assert not asks_for_greeting("Say goodbye.")
