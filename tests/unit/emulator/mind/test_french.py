"""French words mean what they mean, and its questions are about what they are about."""

from __future__ import annotations

import pytest

from kiosk.emulator.mind.french import FRENCH
from kiosk.emulator.mind.tools import noun_phrase
from kiosk.emulator.mind.words import meanings, numbers, plain


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Où sont les toilettes ?", "toilet where"),
        ("Comment aller à l'ascenseur ?", "lift where"),
        ("Combien coûte un billet pour enfants ?", "ticket child"),
        ("Quand fermez-vous ?", "open"),
        ("Y a-t-il le wifi ?", "wifi"),
    ],
)
def test_meanings(said: str, meant: str) -> None:
    assert set(meanings(said, "fr")) == set(meant.split())


@pytest.mark.parametrize(
    ("said", "thing"),
    [
        ("Où se trouve l'ascenseur ?", "ascenseur"),
        ("Je cherche les pièces romaines s'il vous plaît", "pièces romaines"),
        ("Montrez-moi le café", "café"),
    ],
)
def test_what_a_question_is_about(said: str, thing: str) -> None:
    assert noun_phrase(said, "fr") == thing


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Au revoir !", "bye"),
        ("Merci beaucoup", "thanks"),
        ("Êtes-vous un robot ?", "self"),
        ("Comment allez-vous ?", "how"),
        ("Que savez-vous faire ?", "offer"),
        ("Comment je m'appelle ?", "my_name"),
        ("Qu'est-ce que j'ai demandé ?", "asked"),
        ("Répétez", "again"),
    ],
)
def test_small_talk(said: str, kind: str) -> None:
    kinds = [kind for pattern, kind in FRENCH.small_talk if pattern.search(plain(said))]
    assert kinds[0] == kind


def test_greetings_names_and_numbers() -> None:
    assert FRENCH.hello.search(plain("Bonjour !"))
    given = FRENCH.name_given.search("Je m'appelle Zoé")
    assert given is not None
    assert given[1] == "Zoé"
    assert numbers("deux billets et trois", "fr") == [2.0, 3.0]
