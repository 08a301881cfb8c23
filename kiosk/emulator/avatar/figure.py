"""The drawings turned into pictures: parts rasterised once, put together for each pose in numpy."""

from __future__ import annotations

import math
from collections import OrderedDict
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from kiosk.emulator.avatar import art, colours, face
from kiosk.emulator.avatar.characters import HOST, Character
from kiosk.emulator.avatar.pixels import (
    Picture,
    Pixels,
    blend,
    blend_at,
    cover,
    rgba,
    sample,
    to_bytes,
)
from kiosk.emulator.avatar.shape import Framing, Scene

Box = tuple[float, float, float, float]
"""Left, top, width and height on the canvas."""

_BODY_BOX: Box = (492, 440, 936, 700)
_BODY_END = 1094
"""The drawing of the body ends a little lower; below, its last row goes on."""
_HEAD_BOX: Box = (776, 104, 368, 512)
_BACK_HAIR_BOX: Box = (760, 130, 400, 620)
_PIVOT = (960.0, 610.0)
"""Where the head turns: the top of the neck."""

_BASE_EYES = "open"
_BASE_MOUTH = "rest"
_KEPT_BASES = 6
"""Poses whose picture is kept for the next mouth shape: 4 MB each at 1280x720."""

_KEPT_LAYERS = 16
"""Parts kept for the next figure, so that a scene that only moves is there quickly: 4 MB each."""

POSES = 64
"""Steps of the idle movement, a closed loop; see `pose_at`."""

NODS = 3
"""How far a nod has gone: 0 up, 2 down."""


BREATHS = 5
"""Heights of the chest that are drawn, 0 out to 4 in: steps of half a pixel are not seen."""

_BREATH_HEIGHT = 2.4
_NEUTRAL = Scene()


class Pose(NamedTuple):
    """Where everything is, in canvas pixels and degrees; `breath` is one of BREATHS."""

    breath: int
    tilt: float
    head_x: float
    head_y: float
    face_x: float
    face_y: float


def pose_at(step: int, nod: int = 0, scene: Scene = _NEUTRAL) -> Pose:
    """Return the pose of one step of the idle loop: two breaths, and one slow sway of the head.

    The face moves a little further than the head behind it, which reads as turning; a scene's
    pitch and yaw move it the same way, as far as a flat drawing can.
    """
    turn = 2 * math.pi * (step % POSES) / POSES
    breath = (1 - math.cos(2 * turn)) / 2
    much = scene.amplitude
    yaw, pitch = math.sin(scene.rotation_y), math.sin(scene.rotation_x)
    return Pose(
        breath=round(breath * (BREATHS - 1)),
        tilt=much * (0.8 * math.sin(turn) + 0.25 * math.sin(2 * turn + 1.1)),
        head_x=much * 3.2 * math.sin(turn + 0.4) + 22 * yaw,
        head_y=much * (-1.6 * breath + 1.1 * math.sin(turn + 2.0) + 2.0 * nod) + 12 * pitch,
        face_x=much * 2.6 * math.sin(turn + 0.7) + 62 * yaw,
        face_y=much * (0.8 * math.sin(turn + 1.2) + 1.7 * nod) + 48 * pitch,
    )


class Figure:
    """One person at one size, on any background. Made once for a framing; slow, use a thread.

    `image` is a background image and takes the place of the colour.
    """

    def __init__(
        self,
        framing: Framing,
        background: str,
        who: Character = HOST,
        image: Picture | None = None,
    ) -> None:
        self.framing = framing
        scene = framing.scene
        self._who = who
        self._scale = framing.scale * scene.zoom
        self._roll = math.degrees(scene.rotation_z)
        self._origin = _origin(framing)
        self._backdrop = self._made_backdrop(background, image)
        self._label()
        self._body = self._made_body()
        self._back_hair = self._raster("hair-back", _BACK_HAIR_BOX) if who.long_hair else None
        self._head = self._raster("head", _HEAD_BOX)
        self._features = self._raster("features", _HEAD_BOX)
        self._over = [
            self._raster(name, _HEAD_BOX)
            for name, is_there in (("locks", who.long_hair), ("glasses", who.glasses))
            if is_there
        ]
        self._patches: dict[str, Pixels] = {}
        self._bodies: dict[int, Picture] = {}
        self._bases: OrderedDict[tuple[int, int], Picture] = OrderedDict()

    def _made_backdrop(self, background: str, image: Picture | None) -> Pixels:
        framing = self.framing
        if image is not None:
            left = round(framing.frame[0] / 2 - framing.middle[0])
            top = round(framing.frame[1] / 2 - framing.middle[1])
            cut = (left, top, framing.width, framing.height)
            return cover(image, framing.frame, cut).astype(np.float32)
        box = (
            framing.x,
            framing.y,
            framing.width / framing.scale,
            framing.height / framing.scale,
        )
        drawn = rgba(art.document(art.backdrop(background), box), framing.width)
        return drawn[: framing.height, :, :3]

    def _label(self) -> None:
        framing = self.framing
        # The word is set by the picture, not the canvas, so that a crop shows it too.
        size = max(10.0, framing.height / 62)
        width, height = math.ceil(size * 6.8), math.ceil(size * 2.4)
        is_dark = float(self._backdrop[-height:, -width:].mean()) < 105
        drawing = art.label(size * 0.2, size * 0.5, size, on_dark=is_dark)
        label = rgba(art.document(drawing, (0, 0, width, height)), width)
        blend(self._backdrop, label, framing.width - width, framing.height - height)

    def _made_body(self) -> Pixels:
        """Return the body, long enough to reach the end of the picture from anywhere in it."""
        body = self._raster("body", _BODY_BOX)
        end = round((_BODY_END - _BODY_BOX[1]) * self._scale)
        reach = math.ceil(math.hypot(*self.framing.frame)) if self._is_moved else 0
        return np.pad(body[:end], ((0, reach), (0, 0), (0, 0)), mode="edge")

    @property
    def _is_moved(self) -> bool:
        """Whether the scene could show what is below the drawing."""
        scene = self.framing.scene
        return scene.zoom < 1 or scene.position_y < 0 or scene.rotation_z != 0

    def _raster(self, name: str, box: Box) -> Pixels:
        return _raster(name, self._who, box, self._scale)

    def _patch(self, kind: str, name: str) -> Pixels:
        key = f"{kind}/{name}"
        known = self._patches.get(key)
        if known is None:
            drawing, box = (
                (colours.eyes(name, self._who), face.EYES_BOX)
                if kind == "eyes"
                else (colours.mouth(name, self._who), face.MOUTH_BOX)
            )
            known = self._patches[key] = _drawn(drawing, box, self._scale)
        return known

    def _pose(self, step: int, nod: int) -> Pose:
        return pose_at(step, nod, self.framing.scene)

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
            pose = self._pose(step, nod)
            head = self._made_head(pose, eyes, mouth)
            for box in changed:
                self._redo(picture, head, pose, box)
        return picture

    def _base(self, step: int, nod: int) -> Picture:
        """Return the picture of a pose with open eyes and closed mouth; the last few are kept."""
        key = (step, nod)
        known = self._bases.get(key)
        if known is None:
            pose = self._pose(step, nod)
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
            rise = _BREATH_HEIGHT * self.framing.scene.amplitude * breath / (BREATHS - 1)
            if self._back_hair is not None:
                self._lay(canvas, self._back_hair, _BACK_HAIR_BOX[0], _BACK_HAIR_BOX[1])
            self._lay(canvas, self._body, _BODY_BOX[0], _BODY_BOX[1] - rise)
            known = self._bodies[breath] = to_bytes(canvas)
        return known

    def _lay(self, canvas: Pixels, layer: Pixels, x: float, y: float) -> None:
        """Lay a layer, whose corner is at x, y of the drawing, on the picture."""
        if self._roll == 0:
            blend_at(
                canvas, layer, self._origin[0] + x * self._scale, self._origin[1] + y * self._scale
            )
            return
        height, width = canvas.shape[:2]
        turned = self._sampled(layer, (x, y), (0.0, 0.0), (0.0, 0.0), 0.0, (0, 0, width, height))
        blend(canvas, turned, 0, 0)

    def _redo(self, picture: Picture, head: Pixels, pose: Pose, box: Box) -> None:
        """Draw the part of the head inside `box` again, over the body and the backdrop."""
        left, top, width, height = self._extent(pose, box)
        x0, y0 = max(0, left), max(0, top)
        x1 = min(left + width, self.framing.width)
        y1 = min(top + height, self.framing.height)
        if x0 >= x1 or y0 >= y1:
            return
        patch = self._body_picture(pose.breath)[y0:y1, x0:x1].astype(np.float32)
        turned = self._sampled(
            head,
            (_HEAD_BOX[0], _HEAD_BOX[1]),
            _PIVOT,
            (pose.head_x, pose.head_y),
            pose.tilt,
            (x0, y0, x1 - x0, y1 - y0),
        )
        blend(patch, turned, 0, 0)
        picture[y0:y1, x0:x1] = to_bytes(patch)

    def _made_head(self, pose: Pose, eyes: str, mouth: str) -> Pixels:
        scale = self._scale
        head = self._head.copy()
        dx, dy = pose.face_x * scale, pose.face_y * scale
        blend_at(head, self._features, dx, dy)
        for patch, box in (
            (self._patch("eyes", eyes), face.EYES_BOX),
            (self._patch("mouth", mouth), face.MOUTH_BOX),
        ):
            x = (box[0] - _HEAD_BOX[0]) * scale
            y = (box[1] - _HEAD_BOX[1]) * scale
            blend_at(head, patch, x + dx, y + dy)
        for layer in self._over:
            # Locks hang from the head, glasses sit on the nose.
            is_glasses = layer is self._over[-1] and self._who.glasses
            blend_at(head, layer, dx * 1.15 if is_glasses else 0, dy * 1.1 if is_glasses else 0)
        return head

    def _extent(self, pose: Pose, box: Box) -> tuple[int, int, int, int]:
        """Return where a box of the head can be in the picture once the head has turned."""
        angle = math.radians(self._roll + pose.tilt)
        pivot_x, pivot_y = self._at(_PIVOT[0] + pose.head_x, _PIVOT[1] + pose.head_y)
        reach_x, reach_y = abs(pose.face_x) * 1.2, abs(pose.face_y) * 1.2
        if box == _HEAD_BOX:
            reach_x = reach_y = 0.0
        xs, ys = [], []
        for x in (box[0] - reach_x, box[0] + box[2] + reach_x):
            for y in (box[1] - reach_y, box[1] + box[3] + reach_y):
                across, down = (x - _PIVOT[0]) * self._scale, (y - _PIVOT[1]) * self._scale
                xs.append(pivot_x + across * math.cos(angle) - down * math.sin(angle))
                ys.append(pivot_y + across * math.sin(angle) + down * math.cos(angle))
        left, top = math.floor(min(xs)) - 2, math.floor(min(ys)) - 2
        return left, top, math.ceil(max(xs)) + 2 - left, math.ceil(max(ys)) + 2 - top

    def _at(self, x: float, y: float) -> tuple[float, float]:
        """Return where a place of the drawing is in the picture."""
        angle = math.radians(self._roll)
        cos, sin = math.cos(angle), math.sin(angle)
        x, y = x * self._scale, y * self._scale
        return self._origin[0] + x * cos - y * sin, self._origin[1] + x * sin + y * cos

    def _sampled(
        self,
        layer: Pixels,
        corner: tuple[float, float],
        pivot: tuple[float, float],
        moved: tuple[float, float],
        tilt: float,
        area: tuple[int, int, int, int],
    ) -> Pixels:
        """Return the pixels of `area` of the picture (left, top, width, height) from a layer.

        The layer's corner is at `corner` of the drawing; it is turned about `pivot` by `tilt`
        degrees and moved, and then by what the scene does to everything.
        """
        left, top, width, height = area
        pivot_x, pivot_y = self._at(pivot[0] + moved[0], pivot[1] + moved[1])
        angle = math.radians(tilt + self._roll)
        cos, sin = np.float32(math.cos(angle)), np.float32(math.sin(angle))
        across = np.arange(width, dtype=np.float32)[None, :] - np.float32(pivot_x - left)
        down = np.arange(height, dtype=np.float32)[:, None] - np.float32(pivot_y - top)
        scale = self._scale
        from_x = across * cos + down * sin + np.float32((pivot[0] - corner[0]) * scale)
        from_y = down * cos - across * sin + np.float32((pivot[1] - corner[1]) * scale)
        return sample(layer, from_x, from_y)


@lru_cache(maxsize=_KEPT_LAYERS)
def _raster(name: str, who: Character, box: Box, scale: float) -> Pixels:
    """Return a part that keeps its shape; nobody may write to it."""
    layer = _drawn(colours.part(name, who), box, scale)
    layer.flags.writeable = False
    return layer


def _drawn(drawing: str, box: Box, scale: float) -> Pixels:
    return rgba(art.document(drawing, box), max(2, round(box[2] * scale)))


def _origin(framing: Framing) -> tuple[float, float]:
    """Return where the drawing's corner is in the picture that its scene makes."""
    scene = framing.scene
    if scene == _NEUTRAL:
        return -framing.x * framing.scale, -framing.y * framing.scale
    cos, sin = math.cos(scene.rotation_z), math.sin(scene.rotation_z)
    across = -scene.zoom * (framing.x * framing.scale + framing.middle[0])
    down = -scene.zoom * (framing.y * framing.scale + framing.middle[1])
    return (
        framing.middle[0] + scene.position_x * framing.frame[0] + across * cos - down * sin,
        framing.middle[1] + scene.position_y * framing.frame[1] + across * sin + down * cos,
    )
