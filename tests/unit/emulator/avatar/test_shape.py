"""Shapes are read or refused, and a scene moves the person in the picture."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.emulator.avatar.characters import character_of
from kiosk.emulator.avatar.shape import Scene, VideoShape
from kiosk.errors import MediaError


def of(**video: Any) -> VideoShape:
    return VideoShape.of({"video": video})


def test_a_session_that_asks_for_nothing() -> None:
    assert VideoShape.of(None) == VideoShape.of({}) == VideoShape()
    assert VideoShape().size == (1280, 720)


def test_everything_that_is_asked_for() -> None:
    shape = VideoShape.of(
        {
            "character": "lisa",
            "style": "casual-sitting",
            "video": {
                "codec": "h264",
                "bitrate": 900_000,
                "gop_size": 50,
                "resolution": {"width": 1920, "height": 1080},
                "crop": {"top_left": [560, 0], "bottom_right": [1360, 1080]},
                "background": {"color": "#00FF00FF"},
            },
        }
    )
    assert shape.size == (800, 1080)
    framing = shape.framing()
    assert (framing.x, framing.y, framing.scale) == (560, 0, 1)
    assert (shape.background, shape.bitrate, shape.gop_size) == ("#00FF00FF", 900_000, 50)
    assert shape.character == character_of("lisa", "casual-sitting")


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
        of(**video)
    assert caught.value.code == "invalid_argument"


def test_a_scene_is_for_photo_avatars() -> None:
    scene = {"zoom": 1.5, "position_x": -0.25, "amplitude": 0.5}
    video = VideoShape.of({"character": "lisa", "scene": scene})
    assert video.scene == Scene()
    photo = VideoShape.of({"character": "anika", "type": "photo-avatar", "scene": scene})
    assert photo.scene == Scene(zoom=1.5, position_x=-0.25, amplitude=0.5)
    assert photo.in_scene({"type": "photo-avatar"}).scene == Scene()


def test_scenes_that_nobody_can_tell_apart_are_one() -> None:
    assert Scene.from_config({"zoom": 1.5004, "rotation_z": 0.1001}) == Scene.from_config(
        {"zoom": 1.4996, "rotation_z": 0.0999}
    )
    assert Scene.from_config({"zoom": 1000.0, "rotation_y": 3.0}) == Scene(zoom=5, rotation_y=0.4)
    assert Scene.from_config({"zoom": None}) == Scene()
