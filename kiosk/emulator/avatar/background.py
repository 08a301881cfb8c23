"""Background images: fetched within bounds, decoded off the loop, kept for every session."""

from __future__ import annotations

import base64
import binascii
import re
from collections import OrderedDict
from functools import partial
from urllib.parse import unquote_to_bytes, urlsplit

import aiohttp
import av
import numpy as np
import resvg_py
import structlog

from kiosk.emulator.avatar.pixels import Picture
from kiosk.emulator.speech.worker import EngineBusyError, EngineWorker
from kiosk.errors import MediaError

log = structlog.get_logger(__name__)

MAX_BYTES = 10 * 1024 * 1024
"""Largest image file; a larger one is refused."""
MAX_PIXELS = 33_177_600
"""Most pixels of an image (7680x4320); more are refused before they are decoded."""
MAX_SVG_BYTES = 512 * 1024
"""Largest SVG; drawing time grows with it."""
FETCH_SECONDS = 10.0
MAX_REDIRECTS = 3
KEPT = 8
"""Images kept for further sessions; the least recently used goes first and is fetched again."""
KEPT_SIDE = 1920
"""Longest side of what is kept, in pixels: no picture of the avatar is larger."""

FIELD = "avatar.video.background.image_url"
SCHEMES = frozenset({"http", "https", "data"})

_CODECS = (
    (re.compile(rb"\x89PNG"), "png"),
    (re.compile(rb"\xff\xd8\xff"), "mjpeg"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "webp"),
    (re.compile(rb"BM"), "bmp"),
)
_SVG = b"<svg"
_VIEW_BOX = re.compile(
    rb"<svg[^>]*\bviewBox\s*=\s*[\"']\s*\S+[\s,]+\S+[\s,]+([\d.]+)[\s,]+([\d.]+)"
)
_MAX_RATIO = 8
# An SVG may name other files, and this machine's are not for everybody to see.
_OUTSIDE = re.compile(rb"<!DOCTYPE|<!ENTITY|href\s*=\s*[\"'](?!#|data:)|url\(\s*[\"']?(?!#)", re.I)
_MAX_WAITING = 8


class Backgrounds:
    """Fetches and keeps background images; one emulator has one.

    Any address is fetched, private ones too: the emulator is a developer's tool on the
    developer's own machine, where an image is most often served from.
    """

    def __init__(self) -> None:
        self.fetched = 0
        """Images fetched so far; each once, as long as it is kept."""
        self._worker = EngineWorker("background", max_waiting=_MAX_WAITING)
        self._kept: OrderedDict[str, Picture] = OrderedDict()

    async def get(self, url: str) -> Picture:
        """Return the image as red, green and blue; transparency is laid over white.

        Raises MediaError, code `invalid_argument`, saying what is wrong with it.
        """
        known = self._kept.get(url)
        if known is None:
            self.fetched += 1
            data = _from_data_url(url) if url.startswith("data:") else await _fetch(url)
            try:
                known = await self._worker.run(partial(decode_image, data))
            except EngineBusyError:
                raise _refused("too many images are being decoded; try again") from None
            self._kept[url] = known
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(url)
        return known

    async def aclose(self) -> None:
        """End the decoding thread."""
        await self._worker.aclose()
        self._kept.clear()


def _refused(why: str) -> MediaError:
    return MediaError("invalid_argument", f"{FIELD}: {why}")


def _from_data_url(url: str) -> bytes:
    head, separator, body = url.removeprefix("data:").partition(",")
    if not separator or not head.startswith("image/"):
        raise _refused("a data URL must be of an image, such as data:image/png;base64,...")
    if len(body) > 3 * MAX_BYTES:
        raise _refused(f"the image has more than {MAX_BYTES} bytes")
    data = unquote_to_bytes(body)
    if head.endswith(";base64"):
        try:
            data = base64.b64decode(data, validate=True)
        except binascii.Error:
            raise _refused("the data URL is not valid base64") from None
    if len(data) > MAX_BYTES:
        raise _refused(f"the image has more than {MAX_BYTES} bytes")
    return data


async def _fetch(url: str) -> bytes:
    if urlsplit(url).scheme not in SCHEMES:
        raise _refused("only http, https and data URLs are fetched")
    data = bytearray()
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=FETCH_SECONDS)) as http,
            http.get(url, max_redirects=MAX_REDIRECTS) as response,
        ):
            if response.status != 200:
                raise _refused(f"the image's server answered {response.status}")
            if not response.content_type.startswith(("image/", "application/octet-stream")):
                raise _refused("what is there is not an image")
            async for chunk in response.content.iter_chunked(64 * 1024):
                data += chunk
                if len(data) > MAX_BYTES:
                    raise _refused(f"the image has more than {MAX_BYTES} bytes")
    except TimeoutError:
        raise _refused(f"the image did not come within {FETCH_SECONDS:.0f} seconds") from None
    except (aiohttp.ClientError, ValueError) as error:
        # The reason may quote the address, which may carry a signature.
        log.info("background image cannot be fetched", error=type(error).__name__)
        raise _refused("the image cannot be fetched") from None
    return bytes(data)


def decode_image(data: bytes) -> Picture:
    """Return a PNG, JPEG, WebP, BMP or SVG file as red, green and blue; slow."""
    if _SVG in data[:4096].lower():
        data = _drawn_svg(data)
    kind = next((codec for magic, codec in _CODECS if magic.match(data)), None)
    if kind is None:
        raise _refused("the image is neither PNG, JPEG, WebP, BMP nor SVG")
    decoder = av.CodecContext.create(kind, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    # A small file may claim to be a huge picture.
    decoder.options = {"max_pixels": str(MAX_PIXELS)}
    try:
        frame = [*decoder.decode(av.Packet(data)), *decoder.decode(None)][0]
        shrink = min(1.0, KEPT_SIDE / max(1, min(frame.width, frame.height)))
        size = max(1, round(frame.width * shrink)), max(1, round(frame.height * shrink))
        pixels = frame.reformat(*size, format="rgba").to_ndarray().astype(np.float32)
    except (av.FFmpegError, IndexError, ValueError):
        raise _refused(
            f"the image cannot be decoded, or it has more than {MAX_PIXELS} pixels"
        ) from None
    share = pixels[:, :, 3:] / 255
    over_white: Picture = (pixels[:, :, :3] * share + 255 * (1 - share) + 0.5).astype(np.uint8)
    return over_white


def _drawn_svg(data: bytes) -> bytes:
    if len(data) > MAX_SVG_BYTES:
        raise _refused(f"the SVG has more than {MAX_SVG_BYTES} bytes")
    if _OUTSIDE.search(data):
        raise _refused("an SVG must not refer to anything outside itself")
    box = _VIEW_BOX.search(data)
    if box is None or not 1 / _MAX_RATIO < float(box[1]) / (float(box[2]) or 1e-9) < _MAX_RATIO:
        raise _refused(f"an SVG must have a viewBox whose sides differ by {_MAX_RATIO} at most")
    try:
        drawn = resvg_py.svg_to_bytes(
            svg_string=data.decode("utf-8"), width=KEPT_SIDE, skip_system_fonts=True
        )
    except (ValueError, UnicodeDecodeError):
        raise _refused("the SVG cannot be drawn") from None
    return bytes(drawn)
