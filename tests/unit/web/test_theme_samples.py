"""What the preview of themes shows is there in every language of the screen, as the real thing."""

from __future__ import annotations

from kiosk.i18n import Texts
from kiosk.web.theme_samples import sample


def test_every_language_of_the_screen_has_its_own_words() -> None:
    languages = Texts.load().languages
    assert len(languages) == 9
    samples = {language: sample(language) for language in languages}
    for part in ("asked", "answered", "title", "entries"):
        assert len({getattr(one, part) for one in samples.values()}) == len(samples), part


def test_a_region_has_its_languages_words_and_an_unknown_one_english() -> None:
    assert sample("pt-BR") == sample("pt")
    assert sample("cy") == sample("en")


def test_the_card_is_one_of_the_product() -> None:
    card = sample("ja").card()
    assert (card.kind, card.title) == ("list", "本日の催し")
    assert card.data["items"][0] == {"title": "港めぐり", "text": "11:00、受付に集合"}
