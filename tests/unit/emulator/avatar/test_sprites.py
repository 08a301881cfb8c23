"""Shapes are read or refused; pictures are encoded once, decode alone and stay within bounds."""

from __future__ import annotations

import asyncio
from typing import Any

import av
import numpy as np
import pytest

from kiosk.emulator.avatar.acting import SPEAKING_STEPS
from kiosk.emulator.avatar.figure import POSES
from kiosk.emulator.avatar.sprites import (
    IDLE,
    MAX_LOOKS,
    AvatarStudio,
    SpriteEncoder,
    SpriteStore,
    VideoShape,
)
from kiosk.errors import MediaError

SMALL = VideoShape(320, 180)


def test_a_session_that_asks_for_nothing() -> None:
    shape = VideoShape.from_config(None)
    assert shape == VideoShape.from_config({})
    assert shape.size == (1280, 720)


def test_resolution_crop_and_background() -> None:
    shape = VideoShape.from_config(
        {
            "codec": "h264",
            "bitrate": 2_000_000,
            "resolution": {"width": 1920, "height": 1080},
            "crop": {"top_left": [560, 0], "bottom_right": [1360, 1080]},
            "background": {"color": "#00FF00FF"},
        }
    )
    assert shape.size == (800, 1080)
    framing = shape.framing()
    assert (framing.x, framing.y, framing.scale) == (560, 0, 1)
    assert shape.background == "#00FF00FF"


def test_a_tall_picture_shows_the_middle() -> None:
    framing = VideoShape(1080, 1920).framing()
    assert framing.x + framing.width / framing.scale / 2 == pytest.approx(960)
    assert framing.y == pytest.approx(0)


@pytest.mark.parametrize(
    ("video", "named"),
    [
        ({"resolution": {"width": 99_999, "height": 720}}, "resolution.width"),
        ({"resolution": {"width": 1280, "height": 3}}, "resolution.height"),
        ({"resolution": {"width": "wide"}}, "resolution.width"),
        ({"resolution": {"width": True}}, "resolution.width"),
        ({"crop": {"top_left": [0, 0]}}, "crop must have"),
        ({"crop": {"top_left": [0], "bottom_right": [1, 2]}}, "crop must have"),
        ({"crop": {"top_left": [0, 0], "bottom_right": [1281, 720]}}, "inside 1280x720"),
        ({"crop": {"top_left": [700, 0], "bottom_right": [600, 720]}}, "inside 1280x720"),
        ({"crop": {"top_left": [0.5, 0], "bottom_right": [600, 720]}}, "crop must be a whole"),
        ({"background": {"color": "green"}}, "background.color"),
    ],
)
def test_what_cannot_be_made_is_named(video: dict[str, Any], named: str) -> None:
    with pytest.raises(MediaError, match=named) as caught:
        VideoShape.from_config(video)
    assert caught.value.code == "invalid_argument"


def decode(data: bytes) -> av.VideoFrame:
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    frames = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    assert len(frames) == 1
    return frames[0]


def test_each_encoding_decodes_alone_to_the_picture() -> None:
    picture = np.zeros((180, 320, 3), dtype=np.uint8)
    picture[:, :160] = (200, 60, 40)
    picture[:, 160:] = (220, 227, 232)
    encoder = SpriteEncoder(320, 180)
    first, second = encoder.encode(picture)
    assert first != second
    for data in (first, second):
        frame = decode(data)
        assert frame.key_frame
        got = frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray().astype(int)
        assert np.abs(got[90, 60] - (200, 60, 40)).max() < 12
        assert np.abs(got[90, 260] - (220, 227, 232)).max() < 8
    # One sequence parameter set of constrained baseline, one picture in one slice.
    kinds = [part[0] & 0x1F for part in first.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:]]
    assert kinds.count(7) == kinds.count(8) == kinds.count(5) == 1
    profile = first[first.index(b"\x67") + 1]
    assert profile == 66


async def test_a_picture_is_drawn_once_and_then_shared() -> None:
    studio = AvatarStudio(SpriteStore())
    one, other = await studio.look(SMALL), await studio.look(SMALL)
    assert one is other
    assert studio.get(one, IDLE) is one.first
    nodding = IDLE._replace(nod=2, mouth="open")
    assert studio.get(one, nodding) is None
    async with asyncio.timeout(20):
        drawn = await studio.drawn(one, nodding)
    assert studio.get(one, nodding) is drawn
    await studio.aclose()


async def test_emulators_of_one_process_share_what_was_drawn() -> None:
    first, second = AvatarStudio(), AvatarStudio()
    shape = VideoShape(162, 90)
    look = await first.look(shape)
    assert (await second.look(shape)).first is look.first
    await first.aclose()
    await second.aclose()


async def test_the_usual_pictures_are_drawn_ahead_while_nobody_asks() -> None:
    studio = AvatarStudio(SpriteStore())
    await studio.warm(VideoShape(160, 90))
    look = await studio.look(VideoShape(160, 90))
    last = IDLE._replace(step=SPEAKING_STEPS[-1], mouth="pressed")
    async with asyncio.timeout(40):
        while look.get(last) is None:
            # Each wait lets the drawing thread go on by at least one picture.
            await studio.drawn(look, IDLE)
    assert all(look.get(IDLE._replace(step=step)) is not None for step in range(POSES))
    await studio.aclose()


async def test_kept_pictures_stay_within_the_limit() -> None:
    store = SpriteStore(max_bytes=20_000)
    studio = AvatarStudio(store)
    look = await studio.look(VideoShape(160, 90))
    for step in range(24):
        await studio.drawn(look, IDLE._replace(step=step))
        assert store.bytes_kept <= 20_000
    assert look.first
    await studio.aclose()


async def test_only_so_many_looks_are_kept() -> None:
    studio = AvatarStudio()
    looks = [await studio.look(VideoShape(64 + 2 * n, 64)) for n in range(MAX_LOOKS + 1)]
    assert await studio.look(looks[-1].shape) is looks[-1]
    assert await studio.look(looks[0].shape) is not looks[0]
    await studio.aclose()
