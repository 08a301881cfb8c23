"""Every picture of the avatar drawn and encoded once, as H.264 that any session can send."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import av
import structlog

from kiosk.emulator.avatar.acting import SPEAKING_STEPS, Sprite
from kiosk.emulator.avatar.art import (
    CANVAS_HEIGHT,
    CANVAS_WIDTH,
    DEFAULT_BACKGROUND,
    parse_color,
)
from kiosk.emulator.avatar.face import MOUTH_OF_VISEME
from kiosk.emulator.avatar.figure import POSES, Figure, Framing, Picture
from kiosk.emulator.speech.worker import EngineBusyError, EngineClosedError, EngineWorker
from kiosk.errors import MediaError

log = structlog.get_logger(__name__)

FRAMES_PER_SECOND = 25

MAX_SPRITE_BYTES = 96 * 1024 * 1024
"""Encoded pictures kept by one process; the least recently used go first and are made again."""

MAX_LOOKS = 4
"""Sizes and backgrounds kept ready; a look in use lives on until its last session ends."""

MAX_DRAWING = 24
"""Pictures that may wait to be drawn; beyond that a session shows its last one a little longer."""

MIN_SIDE, MAX_SIDE = 64, 1920
DEFAULT_WIDTH, DEFAULT_HEIGHT = 1280, 720
_QUALITY = "25"
"""x264's constant rate factor: about 12 kB a picture at 1280x720, 2.4 Mbit/s at 25 a second."""


Encoded = tuple[bytes, bytes]
"""One picture as two H.264 access units that differ in their idr_pic_id only."""


@dataclass(frozen=True, slots=True)
class VideoShape:
    """The picture a session asked for: sizes in pixels, `crop` as left, top, right, bottom."""

    width: int = DEFAULT_WIDTH
    height: int = DEFAULT_HEIGHT
    crop: tuple[int, int, int, int] | None = None
    background: str = DEFAULT_BACKGROUND

    @classmethod
    def from_config(cls, video: Mapping[str, Any] | None) -> VideoShape:
        """Read `session.avatar.video` as the API reference has it.

        `resolution {width, height}`, `crop {top_left: [x, y], bottom_right: [x, y]}` in pixels
        of that resolution, and `background {color: "#RRGGBBAA"}`. Raises MediaError, code
        `invalid_argument`, naming the field.
        """
        video = video or {}
        resolution = video.get("resolution") or {}
        width = _whole(resolution.get("width", DEFAULT_WIDTH), "resolution.width")
        height = _whole(resolution.get("height", DEFAULT_HEIGHT), "resolution.height")
        for name, value in (("width", width), ("height", height)):
            if not MIN_SIDE <= value <= MAX_SIDE:
                raise MediaError(
                    "invalid_argument",
                    f"avatar.video.resolution.{name} must be {MIN_SIDE} to {MAX_SIDE} pixels",
                )
        background = (video.get("background") or {}).get("color") or DEFAULT_BACKGROUND
        try:
            parse_color(str(background))
        except ValueError as error:
            raise MediaError(
                "invalid_argument",
                'avatar.video.background.color must be written "#RRGGBBAA"',
            ) from error
        return cls(width, height, _crop(video.get("crop"), width, height), str(background))

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
        return Framing(x, y, scale, width, height)


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


class SpriteEncoder:
    """Encodes single pictures as complete H.264 access units: SPS, PPS and one IDR picture.

    Constrained baseline, so every WebRTC receiver takes it, and no picture depends on another:
    a lost one costs 40 ms, and a request for a key frame needs no answer.
    """

    def __init__(self, width: int, height: int) -> None:
        codec = av.CodecContext.create("libx264", "w")
        assert isinstance(codec, av.VideoCodecContext)
        codec.width, codec.height = width, height
        codec.pix_fmt = "yuv420p"
        codec.framerate = Fraction(FRAMES_PER_SECOND, 1)
        codec.time_base = Fraction(1, FRAMES_PER_SECOND)
        codec.gop_size = 1
        codec.thread_count = 1
        codec.profile = "Baseline"
        level = "31" if width * height <= 1280 * 720 else "40"
        codec.options = {
            "preset": "superfast",
            "tune": "zerolatency",
            "crf": _QUALITY,
            "level": level,
            "x264-params": "keyint=1:scenecut=0:threads=1:sliced-threads=0"
            ":colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv",
        }
        self._codec = codec

    def encode(self, picture: Picture) -> tuple[bytes, bytes]:
        """Return the picture twice: two IDR pictures in a row must differ in their idr_pic_id."""
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
            format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
        )
        first, second = (b"".join(map(bytes, self._codec.encode(frame))) for _ in range(2))
        return first, second


class SpriteStore:
    """Encoded pictures by shape and sprite, least recently used first out. Safe from any thread."""

    def __init__(self, max_bytes: int = MAX_SPRITE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[VideoShape, Sprite], Encoded] = OrderedDict()

    @property
    def bytes_kept(self) -> int:
        """Bytes kept at this moment; never above the limit."""
        return self._bytes

    def get(self, shape: VideoShape, sprite: Sprite) -> Encoded | None:
        """Return an encoded picture if it is kept."""
        with self._lock:
            ready = self._kept.get((shape, sprite))
            if ready is not None:
                self._kept.move_to_end((shape, sprite))
            return ready

    def put(self, shape: VideoShape, sprite: Sprite, encoded: Encoded) -> None:
        """Keep an encoded picture, dropping the least recently used beyond the limit."""
        with self._lock:
            if (shape, sprite) in self._kept:
                return
            self._kept[shape, sprite] = encoded
            self._bytes += len(encoded[0]) + len(encoded[1])
            while self._bytes > self._max_bytes and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= len(dropped[0]) + len(dropped[1])


_shared_store = SpriteStore()
"""A picture depends on its shape and sprite alone, so every emulator of a process shares them."""


class Look:
    """The avatar at one size on one background; shared by every session that asks for it."""

    def __init__(self, shape: VideoShape, store: SpriteStore) -> None:
        self.shape = shape
        self._store = store
        self._figure: Figure | None = None
        self._encoder: SpriteEncoder | None = None
        self._first: Encoded | None = None

    def get(self, sprite: Sprite) -> Encoded | None:
        """Return the encoded picture if it is there."""
        return self._store.get(self.shape, sprite)

    @property
    def first(self) -> Encoded:
        """The picture everything starts from; there once `AvatarStudio.look` has returned."""
        assert self._first is not None
        return self._first

    def draw(self, sprite: Sprite) -> Encoded:
        """Return one picture, drawn and encoded if need be; only on the studio's thread."""
        ready = self._store.get(self.shape, sprite)
        if ready is None:
            if self._figure is None or self._encoder is None:
                self._figure = Figure(self.shape.framing(), self.shape.background)
                self._encoder = SpriteEncoder(*self.shape.size)
            ready = self._encoder.encode(self._figure.picture(*sprite))
            self._store.put(self.shape, sprite, ready)
        if self._first is None:
            self._first = ready
        return ready


IDLE = Sprite(0, 0, "open", "rest")
"""The picture everything starts from."""

_USUAL = (
    *(IDLE._replace(step=step) for step in range(POSES)),
    *(
        IDLE._replace(step=step, mouth=mouth)
        for step in SPEAKING_STEPS
        for mouth in dict.fromkeys(MOUTH_OF_VISEME)
    ),
)
"""What every session shows sooner or later, in the order in which it is worth drawing."""


class AvatarStudio:
    """Draws for all sessions of one emulator, in one thread.

    What a session asks for comes first; while nobody asks, the usual pictures of the looks in
    use are drawn ahead, so that the mouth of a first sentence finds its shapes ready.
    """

    def __init__(self, store: SpriteStore | None = None) -> None:
        self.store = store or _shared_store
        self.refused = 0
        self._worker = EngineWorker("avatar", max_waiting=MAX_DRAWING)
        self._looks: OrderedDict[VideoShape, Look] = OrderedDict()
        self._asked: set[tuple[VideoShape, Sprite]] = set()
        # The loop and the drawing thread both look at what is to be drawn ahead.
        self._lock = threading.Lock()
        self._ahead: deque[tuple[Look, Sprite]] = deque()

    async def look(self, shape: VideoShape) -> Look:
        """Return a look whose first picture is ready; quick when it was used or warmed before."""
        look = self._looks.get(shape)
        is_new = look is None
        if look is None:
            look = self._looks[shape] = Look(shape, self.store)
            while len(self._looks) > MAX_LOOKS:
                self._looks.popitem(last=False)
        self._looks.move_to_end(shape)
        await self.drawn(look, IDLE)
        if is_new:
            with self._lock:
                kept = [entry for entry in self._ahead if entry[0].shape in self._looks]
                self._ahead = deque([*kept, *((look, sprite) for sprite in _USUAL)])
            self._draw_ahead()
        return look

    async def warm(self, shape: VideoShape | None = None) -> None:
        """Make a look ready before its first session; the rest is drawn behind the scenes."""
        _ = await self.look(shape or VideoShape())

    async def drawn(self, look: Look, sprite: Sprite) -> Encoded:
        """Return an encoded picture, waiting until it is drawn."""
        return await self._worker.run(partial(look.draw, sprite))

    def get(self, look: Look, sprite: Sprite) -> Encoded | None:
        """Return an encoded picture, or None and have it drawn when it is not there yet."""
        ready = look.get(sprite)
        if ready is None:
            self._draw_later(look, sprite)
        return ready

    def _draw_later(self, look: Look, sprite: Sprite) -> None:
        key = (look.shape, sprite)
        if key in self._asked or len(self._asked) >= MAX_DRAWING:
            return
        self._asked.add(key)
        try:
            future = self._worker.submit(partial(look.draw, sprite))
        except (EngineBusyError, EngineClosedError):
            self.refused += 1
            self._asked.discard(key)
            return
        future.add_done_callback(lambda done: self._drawn(key, done))

    def _drawn(self, key: tuple[VideoShape, Sprite], done: Future[Encoded]) -> None:
        self._asked.discard(key)
        if done.cancelled():
            return
        error = done.exception()
        if error is not None:
            log.error("an avatar picture could not be drawn", error=type(error).__name__)
        self._draw_ahead()

    def _draw_ahead(self) -> None:
        """Have the next usual picture drawn, unless somebody waits for another one."""
        while not self._asked:
            with self._lock:
                if not self._ahead:
                    return
                look, sprite = self._ahead.popleft()
            if look.get(sprite) is None:
                self._draw_later(look, sprite)
                return

    async def aclose(self) -> None:
        """End the thread; pictures already drawn stay valid for sessions that still close."""
        with self._lock:
            self._ahead.clear()
        await self._worker.aclose()
        self._looks.clear()
