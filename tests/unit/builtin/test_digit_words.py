"""Digits said one by one are found in every language of the screen, and words are left alone."""

from __future__ import annotations

import pytest

from kiosk.builtin.digit_words import spoken

SAID = {
    "en": "zero one two three four five six seven eight nine oh",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zwo",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "pt": "zero um dois três quatro cinco seis sete oito nove meia",
    "uk": "нуль один два три чотири п'ять шість сім вісім дев'ять",
    "ar": "صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة",
}
TOGETHER = (
    "零一二三四五六七八九",
    "ゼロいちにさんよんごろくななはちきゅう",
    "〇九〇、一二三四、五六七八",
)


@pytest.mark.parametrize("language", SAID)
def test_words_apart_are_found_from_the_least_on(language: str) -> None:
    words = SAID[language].split()
    apart, _ = spoken(len(words))
    for between in (" ", ", ", "-"):
        text = between.join(words)
        found = apart.search(f"({text})")
        assert found is not None
        assert found.group() == text
    assert apart.search(" ".join(words[1:])) is None
    assert apart.search(" ".join(words).upper()) is not None


@pytest.mark.parametrize("text", TOGETHER)
def test_signs_without_spaces_are_found(text: str) -> None:
    _, together = spoken(7)
    found = together.search(f"番号は{text}です")
    assert found is not None
    assert found.group() == text


@pytest.mark.parametrize("text", ["one of the two seven dwarfs", "二十三号", "にしのくに"])
def test_what_is_no_row_of_digits_is_left(text: str) -> None:
    assert all(pattern.search(text) is None for pattern in spoken(7))
