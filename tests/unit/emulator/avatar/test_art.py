"""The drawings are complete, colours are read or refused, the backdrop ends in its plain colour."""

from __future__ import annotations

import pytest

from kiosk.emulator.avatar import art


@pytest.mark.parametrize("name", ["body", "head", "features", "glasses"])
def test_every_part_is_there_and_refers_to_nothing_that_is_not(name: str) -> None:
    drawing = art.part(name)
    used = {piece.split(")")[0] for piece in drawing.split("url(#")[1:]}
    assert used
    assert all(f'id="{reference}"' in drawing for reference in used)
    assert "href" not in drawing


def test_colours() -> None:
    assert art.parse_color("#10203040") == (16, 32, 48, 64)
    assert art.parse_color("#FFffFF") == (255, 255, 255, 255)


@pytest.mark.parametrize("text", ["", "white", "#12345", "#1234567", "#GGGGGG", "123456"])
def test_what_is_no_colour(text: str) -> None:
    with pytest.raises(ValueError, match="#RRGGBB"):
        art.parse_color(text)


def test_alpha_is_laid_over_white() -> None:
    assert 'fill="#ffffff"' in art.backdrop("#00000000")
    assert 'fill="#7f7f7f"' in art.backdrop("#00000080")
