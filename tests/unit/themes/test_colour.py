"""Colours: contrast as WCAG says, and the nearest colour that passes really does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.themes import colour

few = settings(deadline=None, max_examples=80, database=None)
colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),  # the well-known grey that is not quite enough
        ("#0000ff", "#ffffff", 8.59),
        ("#14316b", "#ffffff", 12.48),
    ],
)
def test_contrast_is_what_wcag_measures(one: str, other: str, ratio: float) -> None:
    assert colour.contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert colour.contrast(other, one) == colour.contrast(one, other)


@few
@given(colours)
def test_a_colour_survives_being_taken_apart(text: str) -> None:
    again = colour.parse(colour.from_oklch(colour.to_oklch(text)))
    assert again == pytest.approx(colour.parse(text), abs=0.02)


@few
@given(colours, colours, st.sampled_from([3.0, 4.5]))
def test_the_nearest_colour_passes_wherever_one_can(text: str, ground: str, ratio: float) -> None:
    found = colour.passing(text, (ground,), ratio)
    # Black or white has at least 4.58:1 on everything.
    assert colour.contrast(found, ground) >= ratio
    if colour.contrast(text, ground) >= ratio:
        assert found == text


def test_a_shade_keeps_its_hue() -> None:
    red = colour.to_oklch("#e2001a")
    found = colour.to_oklch(colour.passing("#e2001a", ("#fdf9f8", "#ebe0df"), 4.5))
    assert abs(found.hue - red.hue) < 0.06
    assert found.chroma > 0.15


def test_where_no_shade_is_enough_it_says_the_best_there_is() -> None:
    assert colour.passing("#808080", ("#777777",), 20) in {"#000000", "#ffffff"}
    assert colour.readable_on("#ffd400") == "#000000"
    assert colour.readable_on("#14316b") == "#ffffff"
    assert colour.mixed("#000000", "#ffffff", 0.5) == "#808080"


@pytest.mark.parametrize("text", ["", "red", "#12345", "#12345g", "123456", "#1234567"])
def test_what_is_no_colour_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ValueError, match="#rrggbb"):
        colour.parse(text)
