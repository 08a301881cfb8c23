"""One picture in, one shareable H.264 picture out, as fine as the session's bitrate allows."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import structlog
from av.video.frame import PictureType

from kiosk.emulator.avatar.gop import Band, Encoded, read_encoded
from kiosk.emulator.avatar.pixels import Picture, black
from kiosk.emulator.avatar.shape import FRAMES_PER_SECOND

log = structlog.get_logger(__name__)

FINEST, COARSEST = 24, 48
"""x264's constant quantiser: finer than the first is not seen, coarser than the second is mud."""

_MIDDLE = 28
_TRIES = 4
_DOUBLES_EVERY = 7.5
"""Steps of the quantiser in which the size of these pictures halves, nearly (measured)."""
_FILLED = (0.75, 1.0)
"""How much of the bitrate is good enough to look no further for a better quantiser."""

POSES_A_SECOND, MOUTHS_A_SECOND = 8.4, 12
"""Changes of the picture: the idle movement's steps while idle, and mouth shapes in speech."""
_SPEAKING_POSES_A_SECOND = 4
"""Steps and nods while speaking."""


_BAND_ROWS = 32
"""Height of a band in pixels: two rows of macroblocks."""
_KEPT_BANDS = 1_024
"""Bands kept for pictures that have them in common with another; half a kilobyte each."""


class SpriteEncoder:
    """Encodes single pictures as IDR pictures made of bands; see gop.py for what that is good for.

    Constrained baseline, so every WebRTC receiver takes it. A band depends on nothing outside
    itself, so each is encoded as a little picture of its own, and only where it is a new one:
    a mouth or a blink costs a few bands, not the whole picture.
    """

    def __init__(self, width: int, height: int, quantiser: int = _MIDDLE) -> None:
        self.quantiser = quantiser
        self._width, self._columns = width, math.ceil(width / 16)
        self._macroblocks = self._columns * math.ceil(height / 16)
        self._level = _level(self._macroblocks)
        # Its parameter sets are those of the bands too, but for the size.
        self._headers = self._encoded(self._codec(height), black(width, height)).headers
        self._codecs: dict[int, av.VideoCodecContext] = {}
        self._bands: OrderedDict[tuple[int, int], Band] = OrderedDict()

    def _codec(self, height: int) -> av.VideoCodecContext:
        codec = av.CodecContext.create("libx264", "w")
        assert isinstance(codec, av.VideoCodecContext)
        codec.width, codec.height = self._width, height
        codec.pix_fmt = "yuv420p"
        codec.framerate = Fraction(FRAMES_PER_SECOND, 1)
        codec.time_base = Fraction(1, FRAMES_PER_SECOND)
        codec.thread_count = 1
        codec.profile = "Baseline"
        codec.options = {
            "preset": "superfast",
            "tune": "zerolatency",
            # Constant, so that what looks the same in two pictures is encoded to the same bytes.
            "qp": str(self.quantiser),
            "level": self._level,
            "forced-idr": "1",
            "x264-params": "keyint=infinite:scenecut=0:ref=1:aq-mode=0:nal-hrd=none"
            ":threads=1:sliced-threads=0"
            ":colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv",
        }
        return codec

    def _encoded(self, codec: av.VideoCodecContext, picture: Picture) -> Encoded:
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
            format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
        )
        frame.pict_type = PictureType.I
        return read_encoded(b"".join(map(bytes, codec.encode(frame))), self._macroblocks)

    def encode(self, picture: Picture) -> Encoded:
        """Return one picture, encoded."""
        bands = [self._band(picture, top) for top in range(0, picture.shape[0], _BAND_ROWS)]
        return Encoded(self._headers, tuple(bands), self._macroblocks)

    def _band(self, picture: Picture, top: int) -> Band:
        rows = picture[top : top + _BAND_ROWS]
        key = (top, hash(rows.tobytes()))
        known = self._bands.get(key)
        if known is None:
            # As an encoder of the whole picture would, the last rows are repeated to the end of
            # their macroblocks.
            rows = np.pad(rows, ((0, -rows.shape[0] % 16), (0, 0), (0, 0)), mode="edge")
            codec = self._codecs.get(rows.shape[0])
            if codec is None:
                codec = self._codecs[rows.shape[0]] = self._codec(rows.shape[0])
            (band,) = self._encoded(codec, rows).bands
            known = replace(band, first=top // 16 * self._columns)
            self._bands[key] = known
            while len(self._bands) > _KEPT_BANDS:
                self._bands.popitem(last=False)
        self._bands.move_to_end(key)
        return known


def _level(macroblocks: int) -> str:
    """Return the lowest level from 3.1 that allows pictures of this size at 25 a second."""
    for level, most in (("31", 3_600), ("40", 8_192), ("50", 22_080)):
        if macroblocks <= most:
            return level
    return "51"


def bits_a_second(gop_size: int, rest: Encoded, moved: Encoded, spoken: Encoded) -> float:
    """Return what a session sends, from three pictures: at rest, a step later, mouth open.

    The larger of what idling and speaking take; key pictures included.
    """
    keys = FRAMES_PER_SECOND / gop_size
    pose, mouth = moved.changed(rest), spoken.changed(rest)
    idle = POSES_A_SECOND * pose
    speaking = MOUTHS_A_SECOND * mouth + _SPEAKING_POSES_A_SECOND * pose
    return 8 * (keys * rest.size + (1 - 1 / gop_size) * max(idle, speaking))


def fitting_quantiser(
    size: tuple[int, int], bitrate: int, gop_size: int, samples: Sequence[Picture]
) -> int:
    """Return the finest quantiser whose stream has at most `bitrate` bits a second, nearly.

    `samples` are three pictures as `bits_a_second` takes them. A bitrate that is too low for the
    size gets the coarsest, and more bits than it says.
    """
    best = COARSEST
    quantiser = _MIDDLE
    tried: set[int] = set()
    while quantiser not in tried and len(tried) < _TRIES:
        tried.add(quantiser)
        rest, moved, spoken = map(SpriteEncoder(*size, quantiser).encode, samples)
        filled = bits_a_second(gop_size, rest, moved, spoken) / bitrate
        if filled <= 1:
            best = min(best, quantiser)
        if _FILLED[0] <= filled <= _FILLED[1]:
            break
        step = math.ceil(_DOUBLES_EVERY * math.log2(filled))
        quantiser = min(COARSEST, max(FINEST, quantiser + (step or 1)))
    if best == COARSEST:
        log.info("the avatar's bitrate is low for its size", bitrate=bitrate, size=size)
    return best
