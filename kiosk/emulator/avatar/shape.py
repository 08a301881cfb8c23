"""What a session asked its avatar's picture to be: sizes, background, person, framing, rate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from kiosk.emulator.avatar.art import (
    CANVAS_HEIGHT,
    CANVAS_WIDTH,
    DEFAULT_BACKGROUND,
    parse_color,
)
from kiosk.emulator.avatar.characters import HOST, Character, character_of
from kiosk.emulator.avatar.gop import DEFAULT_GOP
from kiosk.errors import MediaError

FRAMES_PER_SECOND = 25

MIN_SIDE, MAX_SIDE = 64, 1920
DEFAULT_WIDTH, DEFAULT_HEIGHT = 1280, 720
DEFAULT_BITRATE = 2_000_000
"""Bits a second when a session does not say (seen on the service)."""

_ZOOMS = (0.2, 5.0)
_TURN = 0.4
"""Radians of pitch and yaw that a flat drawing can show; a face turned further looks no different.
"""
_PHOTO = "photo-avatar"


@dataclass(frozen=True, slots=True)
class Scene:
    """How a photo avatar stands in its picture (SDK model `Scene`): the neutral one by default.

    `zoom` is relative, positions are parts of the picture's width and height, rotations radians,
    `amplitude` is the share of the full movement.
    """

    zoom: float = 1.0
    position_x: float = 0.0
    position_y: float = 0.0
    rotation_x: float = 0.0
    rotation_y: float = 0.0
    rotation_z: float = 0.0
    amplitude: float = 1.0

    @classmethod
    def from_config(cls, scene: Mapping[str, Any] | None) -> Scene:
        """Read `session.avatar.scene`, in steps too small to see so that pictures are shared."""
        given = {name: float(value) for name, value in (scene or {}).items() if value is not None}

        def near(name: str, low: float, high: float, step: float, usual: float) -> float:
            value = min(high, max(low, given.get(name, usual)))
            return round(round(value / step) * step, 6)

        return cls(
            zoom=near("zoom", *_ZOOMS, 0.01, 1.0),
            position_x=near("position_x", -1, 1, 0.0025, 0.0),
            position_y=near("position_y", -1, 1, 0.0025, 0.0),
            rotation_x=near("rotation_x", -_TURN, _TURN, 0.01, 0.0),
            rotation_y=near("rotation_y", -_TURN, _TURN, 0.01, 0.0),
            rotation_z=near("rotation_z", -math.pi, math.pi, 0.005, 0.0),
            amplitude=near("amplitude", 0.0, 1, 0.05, 1.0),
        )


@dataclass(frozen=True, slots=True)
class Framing:
    """Which part of the canvas a picture shows, and how large: width and height in pixels, even.

    The scene moves the person in the picture, not the background; `middle` is what it zooms and
    turns about, `frame` what its positions are parts of, both in pixels.
    """

    x: float
    y: float
    scale: float
    width: int
    height: int
    scene: Scene = Scene()
    middle: tuple[float, float] = (0.0, 0.0)
    frame: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class VideoShape:
    """The picture a session asked for: sizes in pixels, `crop` as left, top, right, bottom.

    Sessions of equal shape share every picture. `image` is the URL of a background image and
    takes the place of the colour; `bitrate` is bits a second, `gop_size` pictures.
    """

    width: int = DEFAULT_WIDTH
    height: int = DEFAULT_HEIGHT
    crop: tuple[int, int, int, int] | None = None
    background: str = DEFAULT_BACKGROUND
    image: str | None = None
    character: Character = HOST
    scene: Scene = Scene()
    bitrate: int = DEFAULT_BITRATE
    gop_size: int = DEFAULT_GOP

    @classmethod
    def of(cls, avatar: Mapping[str, Any] | None) -> VideoShape:
        """Read `session.avatar` as the API reference has it; config/avatar.py has checked it.

        Raises MediaError, code `invalid_argument`, naming the field, for what may be right and
        yet cannot be drawn here.
        """
        avatar = avatar or {}
        video = avatar.get("video") or {}
        resolution = video.get("resolution") or {}
        width = _whole(resolution.get("width", DEFAULT_WIDTH), "resolution.width")
        height = _whole(resolution.get("height", DEFAULT_HEIGHT), "resolution.height")
        for name, value in (("width", width), ("height", height)):
            if not MIN_SIDE <= value <= MAX_SIDE:
                raise MediaError(
                    "invalid_argument",
                    f"avatar.video.resolution.{name} must be {MIN_SIDE} to {MAX_SIDE} pixels",
                )
        background = video.get("background") or {}
        color = background.get("color") or DEFAULT_BACKGROUND
        try:
            parse_color(str(color))
        except ValueError as error:
            raise MediaError(
                "invalid_argument",
                'avatar.video.background.color must be written "#RRGGBBAA"',
            ) from error
        shape = cls(
            width,
            height,
            _crop(video.get("crop"), width, height),
            str(color),
            background.get("image_url"),
            character_of(
                str(avatar.get("character") or ""),
                avatar.get("style"),
                customized=bool(avatar.get("customized")),
            ),
            bitrate=video.get("bitrate") or DEFAULT_BITRATE,
            gop_size=video.get("gop_size") or DEFAULT_GOP,
        )
        return shape.in_scene(avatar)

    def in_scene(self, avatar: Mapping[str, Any]) -> VideoShape:
        """Return this shape with the scene of another `session.avatar`; photo avatars only."""
        if avatar.get("type") != _PHOTO:
            return self
        return replace(self, scene=Scene.from_config(avatar.get("scene")))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures sent: even, as H.264 wants them."""
        left, top, right, bottom = self.crop or (0, 0, self.width, self.height)
        return (right - left) // 2 * 2, (bottom - top) // 2 * 2

    def framing(self) -> Framing:
        """Return where on the drawing's canvas the picture is.

        The canvas is scaled to cover the resolution, its middle in the middle, then cropped.
        """
        scale = max(self.width / CANVAS_WIDTH, self.height / CANVAS_HEIGHT)
        left, top = (self.crop or (0, 0, 0, 0))[:2]
        x = (CANVAS_WIDTH - self.width / scale) / 2 + left / scale
        y = (CANVAS_HEIGHT - self.height / scale) / 2 + top / scale
        width, height = self.size
        middle = (self.width / 2 - left, self.height / 2 - top)
        frame = (self.width, self.height)
        return Framing(x, y, scale, width, height, self.scene, middle, frame)


def _whole(value: object, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise MediaError("invalid_argument", f"avatar.video.{field} must be a whole number")
    return value


def _crop(crop: Any, width: int, height: int) -> tuple[int, int, int, int] | None:
    if crop is None:
        return None
    try:
        left, top = crop["top_left"]
        right, bottom = crop["bottom_right"]
    except (KeyError, TypeError, ValueError) as error:
        raise MediaError(
            "invalid_argument",
            "avatar.video.crop must have top_left and bottom_right, each [x, y]",
        ) from error
    box = tuple(_whole(value, "crop") for value in (left, top, right, bottom))
    left, top, right, bottom = box
    inside = left >= 0 and top >= 0 and right <= width and bottom <= height
    if not inside or right - left < MIN_SIDE or bottom - top < MIN_SIDE:
        raise MediaError(
            "invalid_argument",
            f"avatar.video.crop must lie inside {width}x{height}"
            f" and be at least {MIN_SIDE} pixels each way",
        )
    return left, top, right, bottom
