"""Pictures are drawn and encoded once, shared by whoever asks, and kept within bounds."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace

import pytest

from kiosk.emulator.avatar.acting import BLACK, SPEAKING_STEPS
from kiosk.emulator.avatar.figure import POSES
from kiosk.emulator.avatar.shape import Scene, VideoShape
from kiosk.emulator.avatar.sprites import IDLE, MAX_LOOKS, AvatarStudio, Look, SpriteStore
from kiosk.errors import MediaError

SMALL = VideoShape(320, 180)
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9">'
    '<rect width="16" height="9" fill="#f80"/></svg>'
)


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


async def test_an_image_is_behind_the_person() -> None:
    studio = AvatarStudio(SpriteStore())
    image = "data:image/svg+xml;base64," + base64.b64encode(SVG.encode()).decode()
    plain, before_image = [
        await studio.look(replace(SMALL, image=given)) for given in (None, image)
    ]
    assert before_image.first.bands != plain.first.bands
    with pytest.raises(MediaError, match="image_url"):
        await studio.look(replace(SMALL, image="data:image/png;base64,AAAA"))
    await studio.aclose()


async def test_black_is_a_picture_too() -> None:
    studio = AvatarStudio(SpriteStore())
    look = await studio.look(SMALL)
    assert (await studio.drawn(look, BLACK)).size < look.first.size / 4
    await studio.aclose()


def test_all_scenes_of_a_look_have_one_quantiser() -> None:
    store = SpriteStore()
    tries: list[int] = []

    def fit() -> int:
        tries.append(1)
        return 30

    for scene in (Scene(), Scene(zoom=2.0)):
        assert store.quantiser(replace(SMALL, scene=scene), fit) == 30
    assert len(tries) == 1
    near = Look(replace(SMALL, scene=Scene(zoom=1.5)), store).draw(IDLE)
    far = Look(replace(SMALL, scene=Scene(zoom=0.5)), store).draw(IDLE)
    assert near.headers == far.headers
    assert near.bands != far.bands


def test_eyes_and_mouth_are_put_together_from_two_pictures() -> None:
    look = Look(VideoShape(640, 360), SpriteStore())
    wanted = IDLE._replace(step=4, eyes="closed", mouth="open")
    assert look.get(wanted) is None
    parts = look.missing(wanted)
    assert [part.mouth for part in parts] == ["rest", "rest", "open"]
    for part in parts:
        assert look.get(wanted) is None
        look.draw(part)
    joined = look.get(wanted)
    assert joined is not None
    assert joined.bands == look.draw(wanted).bands


def test_eyes_and_mouth_in_one_band_are_drawn_together() -> None:
    look = Look(VideoShape(64, 64), SpriteStore())
    wanted = IDLE._replace(eyes="closed", mouth="open")
    for part in look.missing(wanted):
        look.draw(part)
    assert look.get(wanted) is None
    assert look.missing(wanted) == [wanted]


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
    assert look.first.size
    await studio.aclose()


async def test_only_so_many_looks_are_kept() -> None:
    studio = AvatarStudio()
    looks = [await studio.look(VideoShape(64 + 2 * n, 64)) for n in range(MAX_LOOKS + 1)]
    assert await studio.look(looks[-1].shape) is looks[-1]
    assert await studio.look(looks[0].shape) is not looks[0]
    await studio.aclose()
