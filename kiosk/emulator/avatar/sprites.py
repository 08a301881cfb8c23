"""Every picture of the avatar drawn and encoded once, as H.264 that any session can send."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

import structlog

from kiosk.emulator.avatar.acting import BLACK, SPEAKING_STEPS, Sprite
from kiosk.emulator.avatar.background import Backgrounds
from kiosk.emulator.avatar.encoder import SpriteEncoder, fitting_quantiser
from kiosk.emulator.avatar.face import MOUTH_OF_VISEME
from kiosk.emulator.avatar.figure import POSES, Figure
from kiosk.emulator.avatar.gop import Encoded
from kiosk.emulator.avatar.pixels import Picture, black
from kiosk.emulator.avatar.shape import Scene, VideoShape
from kiosk.emulator.speech.worker import EngineBusyError, EngineClosedError, EngineWorker
from kiosk.errors import MediaError

log = structlog.get_logger(__name__)

MAX_SPRITE_BYTES = 96 * 1024 * 1024
"""Encoded pictures kept by one process; the least recently used go first and are made again."""

MAX_QUANTISERS = 256
"""Shapes whose quantiser is remembered; the oldest goes first and is found again."""

MAX_LOOKS = 4
"""Sizes and backgrounds kept ready; a look in use lives on until its last session ends."""

MAX_DRAWING = 24
"""Pictures that may wait to be drawn; beyond that a session shows its last one a little longer."""

MAX_AWAITED = 64
"""Sessions that may wait for their first picture beside them; beyond that one is refused."""


class SpriteStore:
    """Encoded pictures by shape and sprite, least recently used first out. Safe from any thread."""

    def __init__(self, max_bytes: int = MAX_SPRITE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[VideoShape, Sprite], Encoded] = OrderedDict()
        self._quantisers: OrderedDict[VideoShape, int] = OrderedDict()

    @property
    def bytes_kept(self) -> int:
        """Bytes kept at this moment; never above the limit."""
        return self._bytes

    def quantiser(self, shape: VideoShape, fit: Callable[[], int]) -> int:
        """Return the quantiser of a shape, found by `fit` when it is not known yet.

        All scenes of a shape have the same, that of the first: moving one is quick then, and needs
        no new parameter sets in the stream.
        """
        shape = replace(shape, scene=Scene())
        with self._lock:
            known = self._quantisers.get(shape)
        if known is None:
            known = fit()
            with self._lock:
                self._quantisers[shape] = known
                while len(self._quantisers) > MAX_QUANTISERS:
                    self._quantisers.popitem(last=False)
        return known

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
            self._bytes += encoded.size
            while self._bytes > self._max_bytes and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= dropped.size


_shared_store = SpriteStore()
"""A picture depends on its shape and sprite alone, so every emulator of a process shares them."""


class Look:
    """The avatar in one shape; shared by every session that asks for it."""

    def __init__(self, shape: VideoShape, store: SpriteStore, image: Picture | None = None) -> None:
        self.shape = shape
        self._store = store
        self._image = image
        self._figure: Figure | None = None
        self._encoder: SpriteEncoder | None = None
        self._first: Encoded | None = None

    def get(self, sprite: Sprite) -> Encoded | None:
        """Return the encoded picture if it is there, or can be put together of two that are."""
        ready = self._store.get(self.shape, sprite)
        return ready if ready is not None else self._joined(sprite)

    def missing(self, sprite: Sprite) -> list[Sprite]:
        """Return what has to be drawn for a picture that is not there."""
        parts = _parts(sprite)
        left = [part for part in parts if self._store.get(self.shape, part) is None]
        # All there and yet no picture: eyes and mouth are in one band at this size.
        return left or [sprite]

    def _joined(self, sprite: Sprite) -> Encoded | None:
        """Return the bands of the eyes from one picture and those of the mouth from another.

        So the pictures to draw are as many as eyes and mouths, not as their combinations.
        """
        parts = _parts(sprite)
        if len(parts) < 3:
            return None
        rest, eyes, mouth = (self._store.get(self.shape, part) for part in parts)
        if rest is None or eyes is None or mouth is None:
            return None
        return rest.joined(eyes, mouth)

    @property
    def is_ready(self) -> bool:
        """Whether there is a first picture."""
        return self._first is not None

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
                self._figure, self._encoder = self._equipped()
            picture = black(*self.shape.size) if sprite == BLACK else self._figure.picture(*sprite)
            ready = self._encoder.encode(picture)
            self._store.put(self.shape, sprite, ready)
        if self._first is None:
            self._first = ready
        return ready

    def _equipped(self) -> tuple[Figure, SpriteEncoder]:
        shape = self.shape
        figure = Figure(shape.framing(), shape.background, shape.character, self._image)

        def fit() -> int:
            samples = [figure.picture(*sprite) for sprite in _SAMPLES]
            return fitting_quantiser(shape.size, shape.bitrate, shape.gop_size, samples)

        return figure, SpriteEncoder(*shape.size, self._store.quantiser(shape, fit))


def _parts(sprite: Sprite) -> tuple[Sprite, ...]:
    """Return the pictures that one is made of: at rest, with its eyes, with its mouth."""
    if sprite == BLACK or sprite.eyes == "open" or sprite.mouth == "rest":
        return (sprite,)
    rest = sprite._replace(eyes="open", mouth="rest")
    return rest, rest._replace(eyes=sprite.eyes), rest._replace(mouth=sprite.mouth)


IDLE = Sprite(0, 0, "open", "rest")
"""The picture everything starts from."""

_SAMPLES = (IDLE, IDLE._replace(step=1), IDLE._replace(mouth="open"))
"""What tells how many bits a look takes: at rest, one step of the movement later, mouth open."""

_USUAL = (
    *(IDLE._replace(mouth=mouth) for mouth in dict.fromkeys(MOUTH_OF_VISEME)),
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
        self._backgrounds = Backgrounds()
        self._worker = EngineWorker("avatar", max_waiting=MAX_DRAWING + MAX_AWAITED)
        self._looks: OrderedDict[VideoShape, Look] = OrderedDict()
        self._asked: set[tuple[VideoShape, Sprite]] = set()
        # The loop and the drawing thread both look at what is to be drawn ahead.
        self._lock = threading.Lock()
        self._ahead: deque[tuple[Look, Sprite]] = deque()

    async def look(self, shape: VideoShape) -> Look:
        """Return a look whose first picture is ready; quick when it was used or warmed before.

        Raises MediaError: `invalid_argument` when its background image cannot be had, `busy` when
        too many wait for theirs.
        """
        image = await self._backgrounds.get(shape.image) if shape.image is not None else None
        look = self._looks.get(shape)
        is_new = look is None
        if look is None:
            look = self._looks[shape] = Look(shape, self.store, image)
            while len(self._looks) > MAX_LOOKS:
                self._looks.popitem(last=False)
        self._looks.move_to_end(shape)
        if not look.is_ready:
            try:
                await self.drawn(look, IDLE)
            except EngineBusyError:
                raise MediaError("busy", "too many avatars are being drawn; try again") from None
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
            for part in look.missing(sprite):
                self._draw_later(look, part)
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
        await self._backgrounds.aclose()
        self._looks.clear()
