"""What a session sees: the right mouth, the last good picture, black when it is told to."""

from __future__ import annotations

import asyncio

from kiosk.emulator.avatar.acting import BLACK, Performer
from kiosk.emulator.avatar.face import MOUTH_OF_VISEME
from kiosk.emulator.avatar.faults import NO_FAULTS
from kiosk.emulator.avatar.live import LivePicture
from kiosk.emulator.avatar.shape import VideoShape
from kiosk.emulator.avatar.sprites import IDLE, AvatarStudio, SpriteStore

SHAPE = VideoShape(160, 90)


async def test_it_shows_the_mouth_of_the_moment_or_the_last_picture() -> None:
    studio = AvatarStudio(SpriteStore())
    look = await studio.look(SHAPE)
    # From now on only what the test draws is drawn.
    await studio.aclose()
    live = LivePicture(studio, look, Performer(1), lambda now: 2 if now >= 201 else None)
    same = Performer(1)
    idle, speaking = same.picture(100.0, None), same.picture(201.0, 2)._replace(nod=0, eyes="open")
    assert speaking.mouth == MOUTH_OF_VISEME[2]
    assert idle.step != speaking.step != 0
    shown = look.draw(idle)
    assert live.picture(100.0) is shown
    assert live.late == 0
    elsewhere = look.draw(IDLE._replace(mouth=speaking.mouth))
    assert live.picture(201.0) is elsewhere, "the right mouth on a head that has not moved on"
    right = look.draw(speaking)
    assert live.picture(201.0) is right


async def test_a_picture_that_is_not_drawn_in_time_is_counted() -> None:
    studio = AvatarStudio(SpriteStore())
    look = await studio.look(SHAPE)
    await studio.aclose()
    live = LivePicture(studio, look, Performer(1), lambda now: 21)
    assert live.picture(201.0) is look.first
    assert live.late == 1


async def test_black_and_back() -> None:
    studio = AvatarStudio(SpriteStore())
    look = await studio.look(SHAPE)
    live = LivePicture(studio, look, Performer(1), lambda now: None)
    seen = await studio.drawn(look, Performer(1).picture(100.0, None))
    assert live.picture(100.0) is seen
    live.faults = frozenset({"video_black"})
    assert live.picture(100.0) is seen, "black is not drawn yet"
    async with asyncio.timeout(20):
        black = await studio.drawn(look, BLACK)
    assert live.picture(100.0) is black
    assert black.headers == seen.headers, "one stream"
    live.faults = NO_FAULTS
    assert live.picture(100.0) is seen
    await studio.aclose()


async def test_another_look_begins_with_its_first_picture() -> None:
    studio = AvatarStudio(SpriteStore())
    look, other = await studio.look(SHAPE), await studio.look(VideoShape(96, 96))
    live = LivePicture(studio, look, Performer(1), lambda now: 2)
    live.show(other)
    assert live.picture(100.0) is other.first
    await studio.aclose()
