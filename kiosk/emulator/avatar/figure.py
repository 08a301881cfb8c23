"""The drawings turned into pictures: parts rasterised once, put together for each pose in numpy."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import av
import numpy as np
import resvg_py
from numpy.typing import NDArray

from kiosk.emulator.avatar import art, face

Pixels = NDArray[np.float32]
"""Height x width x 4: red, green, blue multiplied by alpha, and alpha; all 0 to 255."""

Picture = NDArray[np.uint8]
"""Height x width x 3: red, green, blue."""

_BODY_BOX = (492, 440, 936, 700)
_HEAD_BOX = (776, 104, 368, 512)
_PIVOT = (960.0, 610.0)
"""Where the head turns: the top of the neck."""

_BASE_EYES = "open"
_BASE_MOUTH = "rest"
_KEPT_BASES = 6
"""Poses whose picture is kept for the next mouth shape: 4 MB each at 1280x720."""

POSES = 64
"""Steps of the idle movement, a closed loop; see `pose_at`."""

NODS = 3
"""How far a nod has gone: 0 up, 2 down."""


BREATHS = 5
"""Heights of the chest that are drawn, 0 out to 4 in: steps of half a pixel are not seen."""

_BREATH_HEIGHT = 2.4


class Pose(NamedTuple):
    """Where everything is, in canvas pixels and degrees; `breath` is one of BREATHS."""

    breath: int
    tilt: float
    head_x: float
    head_y: float
    face_x: float
    face_y: float


def pose_at(step: int, nod: int = 0) -> Pose:
    """Return the pose of one step of the idle loop: two breaths, and one slow sway of the head.

    The face moves a little further than the head behind it, which reads as turning.
    """
    turn = 2 * math.pi * (step % POSES) / POSES
    breath = (1 - math.cos(2 * turn)) / 2
    return Pose(
        breath=round(breath * (BREATHS - 1)),
        tilt=0.8 * math.sin(turn) + 0.25 * math.sin(2 * turn + 1.1),
        head_x=3.2 * math.sin(turn + 0.4),
        head_y=-1.6 * breath + 1.1 * math.sin(turn + 2.0) + 2.0 * nod,
        face_x=2.6 * math.sin(turn + 0.7),
        face_y=0.8 * math.sin(turn + 1.2) + 1.7 * nod,
    )


@dataclass(frozen=True, slots=True)
class Framing:
    """Which part of the canvas a picture shows, and how large: width and height in pixels, even."""

    x: float
    y: float
    scale: float
    width: int
    height: int


class Figure:
    """The person at one size, on any background. Made once for a framing; slow, use a thread."""

    def __init__(self, framing: Framing, background: str) -> None:
        self.framing = framing
        self._backdrop = self._picture_of(
            art.backdrop(background), (framing.x, framing.y), framing.width, framing.height
        )[:, :, :3]
        self._label(background)
        self._body = self._raster(art.part("body"), _BODY_BOX)
        self._head = self._raster(art.part("head"), _HEAD_BOX)
        self._features = self._raster(art.part("features"), _HEAD_BOX)
        self._glasses = self._raster(art.part("glasses"), _HEAD_BOX)
        self._patches: dict[str, Pixels] = {}
        self._bodies: dict[int, Picture] = {}
        self._bases: OrderedDict[tuple[int, int], Picture] = OrderedDict()

    def _label(self, background: str) -> None:
        red, green, blue, _ = art.parse_color(background)
        framing = self.framing
        # The word is set by the picture, not the canvas, so that a crop shows it too.
        size = max(10.0, framing.height / 62)
        width, height = math.ceil(size * 6.8), math.ceil(size * 2.4)
        drawing = art.label(size * 0.2, size * 0.5, size, on_dark=red + green + blue < 300)
        label = _rgba(art.document(drawing, (0, 0, width, height)), width)
        _blend(self._backdrop, label, framing.width - width, framing.height - height)

    def _raster(self, drawing: str, box: tuple[float, float, float, float]) -> Pixels:
        scale = self.framing.scale
        return _rgba(art.document(drawing, box), max(2, round(box[2] * scale)))

    def _picture_of(
        self, drawing: str, origin: tuple[float, float], width: int, height: int
    ) -> Pixels:
        scale = self.framing.scale
        box = (*origin, width / scale, height / scale)
        return _rgba(art.document(drawing, box), width)[:height]

    def _patch(self, kind: str, name: str) -> Pixels:
        key = f"{kind}/{name}"
        known = self._patches.get(key)
        if known is None:
            drawing, box = (
                (face.eyes(name), face.EYES_BOX)
                if kind == "eyes"
                else (face.mouth(name), face.MOUTH_BOX)
            )
            known = self._patches[key] = self._raster(drawing, box)
        return known

    def picture(self, step: int, nod: int, eyes: str, mouth: str) -> Picture:
        """Return one picture; `eyes` and `mouth` are names of `face`."""
        base = self._base(step % POSES, nod)
        picture = base.copy()
        changed = [
            box
            for box, is_changed in (
                (face.EYES_BOX, eyes != _BASE_EYES),
                (face.MOUTH_BOX, mouth != _BASE_MOUTH),
            )
            if is_changed
        ]
        if changed:
            pose = pose_at(step, nod)
            head = self._made_head(pose, eyes, mouth)
            for box in changed:
                self._redo(picture, head, pose, box)
        return picture

    def _base(self, step: int, nod: int) -> Picture:
        """Return the picture of a pose with open eyes and closed mouth; the last few are kept."""
        key = (step, nod)
        known = self._bases.get(key)
        if known is None:
            pose = pose_at(step, nod)
            known = self._body_picture(pose.breath).copy()
            head = self._made_head(pose, _BASE_EYES, _BASE_MOUTH)
            self._redo(known, head, pose, _HEAD_BOX)
            self._bases[key] = known
            while len(self._bases) > _KEPT_BASES:
                self._bases.popitem(last=False)
        self._bases.move_to_end(key)
        return known

    def _body_picture(self, breath: int) -> Picture:
        """Return the picture without a head."""
        known = self._bodies.get(breath)
        if known is None:
            canvas = self._backdrop.copy()
            framing = self.framing
            rise = _BREATH_HEIGHT * breath / (BREATHS - 1)
            x = (_BODY_BOX[0] - framing.x) * framing.scale
            y = (_BODY_BOX[1] - rise - framing.y) * framing.scale
            _blend_at(canvas, self._body, x, y)
            known = self._bodies[breath] = _to_bytes(canvas)
        return known

    def _redo(
        self, picture: Picture, head: Pixels, pose: Pose, box: tuple[float, float, float, float]
    ) -> None:
        """Draw the part of the head inside `box` again, over the body and the backdrop."""
        left, top, width, height = self._extent(pose, box)
        x0, y0 = max(0, left), max(0, top)
        x1 = min(left + width, self.framing.width)
        y1 = min(top + height, self.framing.height)
        if x0 >= x1 or y0 >= y1:
            return
        patch = self._body_picture(pose.breath)[y0:y1, x0:x1].astype(np.float32)
        _blend(patch, self._turned(head, pose, (x0, y0, x1 - x0, y1 - y0)), 0, 0)
        picture[y0:y1, x0:x1] = _to_bytes(patch)

    def _made_head(self, pose: Pose, eyes: str, mouth: str) -> Pixels:
        scale = self.framing.scale
        head = self._head.copy()
        dx, dy = pose.face_x * scale, pose.face_y * scale
        _blend_at(head, self._features, dx, dy)
        for patch, box in (
            (self._patch("eyes", eyes), face.EYES_BOX),
            (self._patch("mouth", mouth), face.MOUTH_BOX),
        ):
            x = (box[0] - _HEAD_BOX[0]) * scale
            y = (box[1] - _HEAD_BOX[1]) * scale
            _blend_at(head, patch, x + dx, y + dy)
        _blend_at(head, self._glasses, dx * 1.15, dy * 1.1)
        return head

    def _extent(
        self, pose: Pose, box: tuple[float, float, float, float]
    ) -> tuple[int, int, int, int]:
        """Return where a box of the head can be in the picture once the head has turned."""
        framing = self.framing
        # The farthest point of the head from the neck moves this far with one degree of tilt.
        margin = math.ceil(14 * framing.scale) + 2
        left = math.floor((box[0] + pose.head_x - framing.x) * framing.scale) - margin
        top = math.floor((box[1] + pose.head_y - framing.y) * framing.scale) - margin
        width = math.ceil(box[2] * framing.scale) + 2 * margin
        height = math.ceil(box[3] * framing.scale) + 2 * margin
        return left, top, width, height

    def _turned(self, head: Pixels, pose: Pose, area: tuple[int, int, int, int]) -> Pixels:
        """Return the pixels of `area` of the picture (left, top, width, height) from the head.

        The head is turned about the neck by the pose's tilt.
        """
        framing = self.framing
        scale = framing.scale
        left, top, width, height = area
        pivot_x = (_PIVOT[0] + pose.head_x - framing.x) * scale - left
        pivot_y = (_PIVOT[1] + pose.head_y - framing.y) * scale - top
        angle = math.radians(pose.tilt)
        cos, sin = np.float32(math.cos(angle)), np.float32(math.sin(angle))
        across = np.arange(width, dtype=np.float32)[None, :] - np.float32(pivot_x)
        down = np.arange(height, dtype=np.float32)[:, None] - np.float32(pivot_y)
        from_x = across * cos + down * sin + np.float32((_PIVOT[0] - _HEAD_BOX[0]) * scale)
        from_y = down * cos - across * sin + np.float32((_PIVOT[1] - _HEAD_BOX[1]) * scale)
        return _sample(head, from_x, from_y)


def _to_bytes(pixels: Pixels) -> Picture:
    rounded: Picture = np.clip(pixels + np.float32(0.5), 0, 255).astype(np.uint8)
    return rounded


def _rgba(svg: str, width: int) -> Pixels:
    """Rasterise an SVG to premultiplied pixels; its own proportions give the height."""
    png = resvg_py.svg_to_bytes(svg_string=svg, width=width, skip_system_fonts=True)
    decoder = av.CodecContext.create("png", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    frame = decoder.decode(av.Packet(bytes(png)))[0]
    pixels = frame.to_ndarray(format="rgba").astype(np.float32)
    pixels[:, :, :3] *= pixels[:, :, 3:] / np.float32(255)
    return pixels


def _blend_at(canvas: Pixels, layer: Pixels, x: float, y: float) -> None:
    """Lay a layer on the canvas at a place between pixels."""
    left, top = math.floor(x), math.floor(y)
    _blend(canvas, _shifted(layer, x - left, y - top), left, top)


def _shifted(layer: Pixels, dx: float, dy: float) -> Pixels:
    """Return the layer moved right and down by less than a pixel, one row and column larger."""
    if dx < 0.02 and dy < 0.02:
        return layer
    padded = np.pad(layer, ((1, 1), (1, 1), (0, 0)))
    right, down = np.float32(dx), np.float32(dy)
    stay_x, stay_y = np.float32(1 - dx), np.float32(1 - dy)
    across: Pixels = padded[:, 1:] * stay_x + padded[:, :-1] * right
    moved: Pixels = across[1:] * stay_y + across[:-1] * down
    return moved


def _sample(layer: Pixels, x: Pixels, y: Pixels) -> Pixels:
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


def _blend(canvas: Pixels, layer: Pixels, left: int, top: int) -> None:
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
