"""Background images: fetched once, whatever their format, and refused by name when they cannot."""

from __future__ import annotations

import base64
import zlib
from collections.abc import AsyncIterator
from fractions import Fraction

import av
import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from kiosk.emulator.avatar import background
from kiosk.emulator.avatar.background import FIELD, MAX_BYTES, Backgrounds, decode_image
from kiosk.errors import MediaError

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" '
GREEN = SVG + b'fill="#00ff00"/></svg>'


def encoded(codec: str, pix_fmt: str, *, alpha: int = 255) -> bytes:
    """Return a 32x18 file, orange and as transparent as `alpha` says."""
    pixels = np.full((18, 32, 4), (255, 128, 0, alpha), dtype=np.uint8)
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 32, 18, pix_fmt
    encoder.time_base = Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(format=pix_fmt)
    return b"".join(map(bytes, [*encoder.encode(frame), *encoder.encode(None)]))


FILES = {
    "png": encoded("png", "rgba"),
    "jpeg": encoded("mjpeg", "yuvj444p"),
    "bmp": encoded("bmp", "bgr24"),
}


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    async def serve(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name == "moved":
            raise web.HTTPFound("/png")
        if name == "round":
            raise web.HTTPFound("/round")
        if name == "text":
            return web.Response(text="hello")
        if name == "large":
            return web.Response(body=bytes(MAX_BYTES + 1), content_type="image/png")
        if name not in FILES:
            raise web.HTTPNotFound
        return web.Response(body=FILES[name], content_type=f"image/{name}")

    app = web.Application()
    app.router.add_get("/{name}", serve)
    running = TestServer(app)
    async with running:
        yield running


@pytest.fixture
async def backgrounds() -> AsyncIterator[Backgrounds]:
    made = Backgrounds()
    yield made
    await made.aclose()


@pytest.mark.parametrize("kind", FILES)
def test_every_format(kind: str) -> None:
    picture = decode_image(FILES[kind])
    assert picture.shape == (18, 32, 3)
    assert np.abs(picture[9, 16].astype(int) - (255, 128, 0)).max() < 12


def test_a_transparent_image_lies_over_white() -> None:
    assert decode_image(encoded("png", "rgba", alpha=0))[0, 0].tolist() == [255, 255, 255]


def test_an_svg_is_drawn() -> None:
    picture = decode_image(GREEN)
    assert picture.shape == (1080, 1920, 3)
    assert picture[500, 900].tolist() == [0, 255, 0]


async def test_an_image_is_fetched_once(server: TestServer, backgrounds: Backgrounds) -> None:
    url = str(server.make_url("/moved"))
    first = await backgrounds.get(url)
    assert first.shape == (18, 32, 3)
    assert await backgrounds.get(url) is first
    assert backgrounds.fetched == 1


async def test_only_so_many_are_kept(backgrounds: Backgrounds) -> None:
    body = base64.b64encode(FILES["png"]).decode()
    urls = [f"data:image/png;n={number};base64,{body}" for number in range(background.KEPT + 1)]
    for url in (*urls, urls[-1], urls[0]):
        await backgrounds.get(url)
    assert backgrounds.fetched == len(urls) + 1


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("missing", "answered 404"),
        ("text", "not an image"),
        ("large", "more than"),
        ("round", "cannot be fetched"),
    ],
)
async def test_what_cannot_be_fetched(
    server: TestServer, backgrounds: Backgrounds, name: str, why: str
) -> None:
    with pytest.raises(MediaError, match=why) as caught:
        await backgrounds.get(str(server.make_url(f"/{name}")))
    assert caught.value.code == "invalid_argument"
    assert FIELD in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/none.png",
        "file:///etc/passwd",
        "data:text/plain,hello",
        "data:image/png",
        "data:image/png;base64,!",
        "data:image/png;base64," + base64.b64encode(b"no image").decode(),
        "data:image/gif;base64," + base64.b64encode(b"GIF89a" + bytes(20)).decode(),
    ],
)
async def test_what_is_no_image(backgrounds: Backgrounds, url: str) -> None:
    with pytest.raises(MediaError, match="image_url"):
        await backgrounds.get(url)


def claims(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that says it is larger."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + check

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        claims(30_000, 30_000),
        FILES["png"][:40],
        SVG + b'fill="url(http://example.test/x)"/></svg>',
        SVG + b'/><image href="/etc/hostname"/></svg>',
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + GREEN,
        GREEN.replace(b"0 0 16 9", b"0 0 1 900"),
        GREEN.replace(b' viewBox="0 0 16 9"', b""),
        SVG,
    ],
)
def test_files_that_would_do_harm(data: bytes) -> None:
    with pytest.raises(MediaError, match="image_url"):
        decode_image(data)
