"""The avatar's settings: defaults filled in, what is left out stays, what cannot be is named."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from kiosk.emulator.avatar.characters import PHOTO_CHARACTERS, VIDEO_STYLES
from kiosk.emulator.avatar.playback import LINGER_MS
from kiosk.emulator.config.avatar import avatar_not_emulated, check_avatar, filled_avatar
from kiosk.emulator.wire.codec import WireError
from tests.unit.emulator.emulating import Browser, avatar_connected, connected, emulating

ICE = [{"urls": ["stun:127.0.0.1:3478"]}]
PHOTO: dict[str, Any] = {"character": "anika", "type": "photo-avatar", "model": "vasa-1"}
SMALL = {"resolution": {"width": 320, "height": 180}}
YES = {
    "pre_generated_assistant_message": {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "Yes."}],
    }
}


def lisa(**settings: Any) -> dict[str, Any]:
    return {"character": "lisa", "customized": False, **settings}


def test_an_avatar_gets_the_services_defaults_and_ice_servers() -> None:
    avatar = filled_avatar(lisa(video={"bitrate": None}), ICE)
    assert avatar["video"] == {"bitrate": 2_000_000, "codec": "h264", "gop_size": 10}
    assert avatar["ice_servers"] == ICE
    assert (avatar["type"], avatar["output_protocol"]) == ("video-avatar", "webrtc")
    assert avatar["output_audit_audio"] is avatar["customized"] is False


def test_a_clients_own_ice_servers_stay() -> None:
    own = [{"urls": ["turn:example.test"]}]
    assert filled_avatar(lisa(ice_servers=own), ICE)["ice_servers"] == own


def test_a_scene_alone_leaves_the_rest_as_it_was() -> None:
    video = {"resolution": {"width": 512, "height": 512}}
    before = filled_avatar({**PHOTO, "video": video, "output_protocol": "websocket"}, ICE)
    after = filled_avatar({**PHOTO, "scene": {"zoom": 2.0}}, ICE, before)
    assert after == {**before, "scene": {"zoom": 2.0}}


def test_anything_else_replaces_the_avatar_whole() -> None:
    before = filled_avatar({**PHOTO, "video": SMALL, "scene": {"zoom": 2.0}}, ICE)
    for update in (PHOTO, {**PHOTO, "character": "zoe", "scene": {"zoom": 3.0}}):
        after = filled_avatar(update, ICE, before)
        assert "resolution" not in after["video"]
        assert after.get("scene") == update.get("scene")


@pytest.mark.parametrize("name", VIDEO_STYLES)
def test_every_video_avatar_and_style(name: str) -> None:
    for style in (None, *VIDEO_STYLES[name]):
        check_avatar({"character": name, "style": style})
    check_avatar({"character": name.title()})


@pytest.mark.parametrize("name", sorted(PHOTO_CHARACTERS))
def test_every_photo_avatar(name: str) -> None:
    check_avatar({**PHOTO, "character": name})


@pytest.mark.parametrize(
    "avatar",
    [
        {"character": "our-own-guide", "customized": True, "style": "whatever"},
        lisa(video={"resolution": {"width": 1920, "height": 1080}}),
        lisa(video={"resolution": {"width": 1080, "height": 1920}}),
        lisa(video={"resolution": {"width": 854, "height": 480}}),
        {**PHOTO, "video": {"resolution": {"width": 512, "height": 512}}},
        {
            "character": "x",
            "customized": True,
            "video": {"resolution": {"width": 400, "height": 300}},
        },
        lisa(video={"background": {"image_url": "https://example.test/a.jpg"}}),
        lisa(video={"background": {"image_url": "data:image/png;base64,AAAA"}}),
        {**PHOTO, "scene": {"zoom": 0.1, "rotation_z": 3.1416, "amplitude": 1, "position_x": -1}},
    ],
)
def test_what_goes(avatar: dict[str, Any]) -> None:
    check_avatar(avatar)


CROP = "session.avatar.video.crop"
SIZE = "session.avatar.video.resolution"
BACKGROUND = "session.avatar.video.background"
SCENE = "session.avatar.scene"


def crop(left: int, top: int, right: int, bottom: int, **more: Any) -> dict[str, Any]:
    corners = {"top_left": [left, top], "bottom_right": [right, bottom]}
    return lisa(video={"crop": corners, **more})


@pytest.mark.parametrize(
    ("avatar", "code", "param"),
    [
        ({"character": ""}, "invalid_value", "session.avatar.character"),
        ({"character": "nobody"}, "invalid_argument", "session.avatar.character"),
        ({"character": "anika"}, "invalid_argument", "session.avatar.character"),
        ({**PHOTO, "character": "lisa"}, "invalid_argument", "session.avatar.character"),
        ({**PHOTO, "model": None}, "invalid_value", "session.avatar.model"),
        ({**PHOTO, "style": "casual"}, "invalid_argument", "session.avatar.style"),
        (lisa(style="formal"), "invalid_argument", "session.avatar.style"),
        (lisa(video={"bitrate": 0}), "invalid_value", "session.avatar.video.bitrate"),
        (lisa(video={"gop_size": 0}), "invalid_value", "session.avatar.video.gop_size"),
        (lisa(video={"gop_size": 2001}), "invalid_value", "session.avatar.video.gop_size"),
        (lisa(video={"resolution": {"width": 0, "height": 1}}), "invalid_value", SIZE),
        (lisa(video={"resolution": {"width": 3840, "height": 2160}}), "invalid_value", SIZE),
        (lisa(video={"resolution": {"width": 640, "height": 480}}), "invalid_argument", SIZE),
        (lisa(video={"resolution": {"width": 512, "height": 512}}), "invalid_argument", SIZE),
        (crop(0, 0, 321, 180, **SMALL), "invalid_value", CROP),
        (crop(0, 0, 1281, 700), "invalid_value", CROP),
        (crop(5, 5, 5, 90), "invalid_value", CROP),
        (crop(0, 0, 20, 90), "invalid_value", CROP),
        (crop(-5, 0, 90, 90), "invalid_value", CROP),
        (
            lisa(video={"crop": {"top_left": [5], "bottom_right": [5, 9]}}),
            "invalid_value",
            CROP,
        ),
        (lisa(video={"background": {"color": "red"}}), "invalid_value", f"{BACKGROUND}.color"),
        (
            lisa(video={"background": {"color": "#FFFFFF", "image_url": "https://a.test/b"}}),
            "invalid_value",
            BACKGROUND,
        ),
        *(
            (
                lisa(video={"background": {"image_url": url}}),
                "invalid_value",
                f"{BACKGROUND}.image_url",
            )
            for url in ("picture.png", "file:///etc/passwd", "https://", "http://[::1")
        ),
        ({**PHOTO, "scene": {"zoom": 0}}, "invalid_value", f"{SCENE}.zoom"),
        ({**PHOTO, "scene": {"zoom": math.inf}}, "invalid_value", f"{SCENE}.zoom"),
        ({**PHOTO, "scene": {"amplitude": 0}}, "invalid_value", f"{SCENE}.amplitude"),
        ({**PHOTO, "scene": {"amplitude": 1.1}}, "invalid_value", f"{SCENE}.amplitude"),
        ({**PHOTO, "scene": {"position_y": 1.1}}, "invalid_value", f"{SCENE}.position_y"),
        ({**PHOTO, "scene": {"rotation_x": 3.2}}, "invalid_value", f"{SCENE}.rotation_x"),
        ({**PHOTO, "scene": {"rotation_x": math.nan}}, "invalid_value", f"{SCENE}.rotation_x"),
    ],
)
def test_what_cannot_be_is_named(avatar: dict[str, Any], code: str, param: str) -> None:
    with pytest.raises(WireError) as caught:
        check_avatar(avatar)
    assert (caught.value.code, caught.value.param) == (code, param)


def test_a_video_avatar_has_no_scene() -> None:
    scene = {"scene": {"zoom": 2.0}}
    assert [param for param, _ in avatar_not_emulated(lisa(**scene))] == ["session.avatar.scene"]
    assert not list(avatar_not_emulated({**PHOTO, **scene}))
    assert not list(avatar_not_emulated(None))


async def test_an_image_that_cannot_be_had_is_an_error_that_names_the_field() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        image = {"image_url": f"{emulator.endpoint}/no-image.png"}
        await wire.update(avatar=lisa(video={**SMALL, "background": image}))
        browser = Browser()
        offer = await browser.offer()
        await wire.send("session.avatar.connect", client_sdp=offer, event_id="b7")
        error = await wire.error()
        await browser.connection.close()
    assert (error["code"], error["event_id"]) == ("invalid_argument", "b7")
    assert error["param"] == "session.avatar.video.background.image_url"
    assert "404" in error["message"]


async def test_a_wrong_aspect_ratio_is_refused_and_the_session_goes_on() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        video = {"resolution": {"width": 640, "height": 480}}
        await wire.send("session.update", session={"avatar": lisa(video=video)}, event_id="r1")
        error = await wire.error()
        assert (error["code"], error["event_id"]) == ("invalid_argument", "r1")
        assert (await wire.update(avatar=lisa(video=SMALL)))["avatar"]["character"] == "lisa"


async def test_a_scene_moves_the_avatar_without_a_new_connection() -> None:
    async with (
        emulating() as emulator,
        connected(emulator) as wire,
        avatar_connected(wire, **PHOTO) as browser,
    ):
        updated = await wire.update(avatar={**PHOTO, "scene": {"zoom": 3.0}})
        assert updated["avatar"]["video"]["resolution"] == SMALL["resolution"]
        before = await browser.picture()
        while abs((await browser.picture()).astype(int) - before).mean() < 15:
            pass
        assert browser.connection.connectionState == "connected"
    assert "session.avatar.connecting" in wire.kinds()
    assert wire.kinds().count("session.avatar.connecting") == 1


async def test_an_avatar_can_come_late() -> None:
    """A conversation that began without one: connected after an answer, it says the next."""
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.send("response.create", response=YES)
        await wire.until("response.done")
        assert "response.audio.delta" in wire.kinds()
        async with avatar_connected(wire, **PHOTO):
            mark = len(wire.seen)
            await wire.send("response.create", response=YES)
            await wire.since(mark, "session.avatar.switch_to_idle")
            assert "response.audio.delta" not in wire.kinds()[mark:]


async def test_it_is_idle_as_soon_as_it_has_said_all() -> None:
    """Told at the end of generation that no more comes, it does not wait for more."""
    async with (
        emulating() as emulator,
        connected(emulator) as wire,
        avatar_connected(wire) as browser,
    ):
        await wire.send("response.create", response=YES)
        while await browser.loudness() < 200:
            pass
        quiet = 0
        while quiet * 20 < LINGER_MS - 400:
            quiet = quiet + 1 if await browser.loudness() < 5 else 0
        async with asyncio.timeout(0.25):
            await wire.since(0, "session.avatar.switch_to_idle")
