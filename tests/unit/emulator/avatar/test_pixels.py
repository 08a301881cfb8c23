"""Layers lie where they are put, between pixels too, and images cover what they should."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.emulator.avatar.pixels import black, blend, blend_at, cover, rgba, sample, to_bytes

SQUARE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 4">'
    '<rect width="4" height="4" fill="#ff0000" fill-opacity="0.5"/></svg>'
)


def test_a_drawing_is_rasterised_with_premultiplied_alpha() -> None:
    pixels = rgba(SQUARE, 16)
    assert pixels.shape == (8, 16, 4)
    assert pixels[4, 2] == pytest.approx([127.5, 0, 0, 127.5], abs=1)
    assert not pixels[4, 12].any()


def test_layers_are_laid_over_and_cut_to_fit() -> None:
    canvas = np.full((6, 6, 3), 200, dtype=np.float32)
    blend(canvas, rgba(SQUARE, 8), -2, 4)
    assert canvas[5, 0] == pytest.approx([227.5, 100, 100], abs=1)
    assert canvas[0, 0] == pytest.approx([200, 200, 200])
    blend(canvas, rgba(SQUARE, 8), 20, 20)


def test_between_pixels_is_half_of_each() -> None:
    canvas = np.zeros((5, 5, 3), dtype=np.float32)
    layer = np.full((1, 1, 4), 255, dtype=np.float32)
    blend_at(canvas, layer, 1.5, 2.0)
    assert canvas[2, 1, 0] == pytest.approx(127.5)
    assert canvas[2, 2, 0] == pytest.approx(127.5)
    half = sample(layer, np.array([[0.5]], np.float32), np.array([[0.0]], np.float32))
    assert half[0, 0, 0] == pytest.approx(127.5)


def test_colours_are_rounded() -> None:
    assert to_bytes(np.array([[[-4, 0.6, 300]]], np.float32)).tolist() == [[[0, 1, 255]]]
    assert black(4, 2).shape == (2, 4, 3)


@pytest.mark.parametrize("size", [(80, 40), (40, 80), (64, 64)])
def test_an_image_covers_from_its_middle(size: tuple[int, int]) -> None:
    image = np.zeros((60, 120, 3), dtype=np.uint8)
    image[28:32, 58:62] = 255
    covered = cover(image, size, (0, 0, *size))
    assert covered.shape == (size[1], size[0], 3)
    rows, columns = np.nonzero(covered[:, :, 0] > 128)
    assert rows.mean() == pytest.approx(size[1] / 2 - 0.5, abs=1)
    assert columns.mean() == pytest.approx(size[0] / 2 - 0.5, abs=1)
    cut = cover(image, size, (10, 6, 20, 12))
    assert (cut == covered[6:18, 10:30]).all()
