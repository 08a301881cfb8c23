"""Pictures as arrays: rasterised drawings laid over each other between whole pixels."""

from __future__ import annotations

import math

import av
import numpy as np
import resvg_py
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
"""Height x width x 4: red, green, blue multiplied by alpha, and alpha; all 0 to 255."""

Picture = NDArray[np.uint8]
"""Height x width x 3: red, green, blue."""


def to_bytes(pixels: Pixels) -> Picture:
    """Return the colours, rounded."""
    rounded: Picture = np.clip(pixels + np.float32(0.5), 0, 255).astype(np.uint8)
    return rounded


def rgba(svg: str, width: int) -> Pixels:
    """Rasterise an SVG to premultiplied pixels; its own proportions give the height."""
    png = resvg_py.svg_to_bytes(svg_string=svg, width=width, skip_system_fonts=True)
    decoder = av.CodecContext.create("png", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    frame = decoder.decode(av.Packet(bytes(png)))[0]
    pixels = frame.to_ndarray(format="rgba").astype(np.float32)
    pixels[:, :, :3] *= pixels[:, :, 3:] / np.float32(255)
    return pixels


def blend_at(canvas: Pixels, layer: Pixels, x: float, y: float) -> None:
    """Lay a layer on the canvas at a place between pixels."""
    left, top = math.floor(x), math.floor(y)
    blend(canvas, shifted(layer, x - left, y - top), left, top)


def shifted(layer: Pixels, dx: float, dy: float) -> Pixels:
    """Return the layer moved right and down by less than a pixel, one row and column larger."""
    if dx < 0.02 and dy < 0.02:
        return layer
    padded = np.pad(layer, ((1, 1), (1, 1), (0, 0)))
    right, down = np.float32(dx), np.float32(dy)
    stay_x, stay_y = np.float32(1 - dx), np.float32(1 - dy)
    across: Pixels = padded[:, 1:] * stay_x + padded[:, :-1] * right
    moved: Pixels = across[1:] * stay_y + across[:-1] * down
    return moved


def sample(layer: Pixels, x: Pixels, y: Pixels) -> Pixels:
    """Return the layer's colours at places between its pixels; outside it is transparent."""
    padded: Pixels = np.pad(layer, ((1, 2), (1, 2), (0, 0)))
    height, width = padded.shape[:2]
    x = np.clip(x + np.float32(1), np.float32(0), np.float32(width - 2))
    y = np.clip(y + np.float32(1), np.float32(0), np.float32(height - 2))
    whole_x: Pixels = np.floor(x)
    whole_y: Pixels = np.floor(y)
    fx, fy = (x - whole_x)[..., None], (y - whole_y)[..., None]
    index = whole_y.astype(np.int32) * width + whole_x.astype(np.int32)
    flat: Pixels = padded.reshape(-1, 4)
    upper = flat[index] * (1 - fx) + flat[index + 1] * fx
    lower = flat[index + width] * (1 - fx) + flat[index + width + 1] * fx
    sampled: Pixels = upper * (1 - fy) + lower * fy
    return sampled


def blend(canvas: Pixels, layer: Pixels, left: int, top: int) -> None:
    """Lay premultiplied pixels on the canvas, of 3 or 4 channels, at whole pixels; cut to fit."""
    height, width = canvas.shape[:2]
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(width, left + layer.shape[1]), min(height, top + layer.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = layer[y0 - top : y1 - top, x0 - left : x1 - left]
    target = canvas[y0:y1, x0:x1]
    channels = canvas.shape[2]
    target *= 1 - part[:, :, 3:] / np.float32(255)
    target += part[:, :, :channels]


def cover(image: Picture, size: tuple[int, int], crop: tuple[int, int, int, int]) -> Picture:
    """Return the image scaled to cover `size`, its middle in the middle, cut to `crop`.

    `crop` is left, top, width and height in pixels of `size`.
    """
    scale = max(size[0] / image.shape[1], size[1] / image.shape[0])
    width, height = round(image.shape[1] * scale), round(image.shape[0] * scale)
    frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(width, height)
    left, top = (width - size[0]) // 2 + crop[0], (height - size[1]) // 2 + crop[1]
    scaled: Picture = np.asarray(frame.to_ndarray(), dtype=np.uint8)
    return scaled[top : top + crop[3], left : left + crop[2]]


def black(width: int, height: int) -> Picture:
    """Return a black picture."""
    return np.zeros((height, width, 3), dtype=np.uint8)
