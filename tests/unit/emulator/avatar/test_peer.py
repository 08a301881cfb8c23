"""The avatar over a real connection: a living picture, a voice in time, silence at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from kiosk.emulator.avatar.peer import MAX_SDP_CHARS, AvatarPeer, Avatars
from kiosk.emulator.speech.engines import Engines
from kiosk.emulator.speech.voice_cache import speak_whole
from kiosk.errors import MediaError
from tests.unit.emulator.viewing import PATIENCE_S, Viewer, viewing

CONFIG = {"video": {"resolution": {"width": 640, "height": 360}}}
LINE = "Hello, and welcome to the museum. I can show you around."
MOUTH = (slice(160, 200), slice(295, 346))
LOUD, QUIET = 300.0, 30.0


class Told:
    """What the callbacks said, and a way to wait for it."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self._news = asyncio.Event()

    def __call__(self, *call: object) -> None:
        self.calls.append(call)
        self._news.set()

    async def until(self, call: tuple[object, ...]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while call not in self.calls:
                self._news.clear()
                await self._news.wait()


@pytest.fixture
async def avatars() -> AsyncIterator[Avatars]:
    made = Avatars()
    yield made
    await made.aclose()


def peer_of(avatars: Avatars, told: Told) -> AvatarPeer:
    return avatars(
        CONFIG,
        lambda tag: told("speaking", tag),
        lambda tag, completed: told("idle", tag, completed),
        lambda state: told("state", state),
    )


async def connect(peer: AvatarPeer, viewer: Viewer) -> None:
    await viewer.accept(await peer.answer(await viewer.offer()))
    await viewer.until(lambda: len(viewer.pictures) > 2 and len(viewer.loudness) > 5)


async def test_it_lives_speaks_and_falls_silent(avatars: Avatars, engines: Engines) -> None:
    told = Told()
    async with viewing() as viewer:
        peer = peer_of(avatars, told)
        await connect(peer, viewer)
        assert ("state", "connected") in told.calls
        picture = viewer.pictures[-1]
        assert picture.shape == (360, 640, 3)
        assert picture.std() > 20, "not one flat colour"
        assert np.abs(picture[4, 4].astype(int) - (0xDC, 0xE3, 0xE8)).max() < 8
        assert max(viewer.loudness) < QUIET

        speech = await speak_whole(engines.voice, LINE)
        before = len(viewer.pictures)
        peer.play(speech, "r1")
        await told.until(("speaking", "r1"))
        await viewer.until(lambda: sum(level > LOUD for level in viewer.loudness) > 60)
        mouths = np.stack([shown[MOUTH] for shown in viewer.pictures[before:]]).astype(float)
        assert mouths.std(axis=0).mean() > 3, "the mouth moves"
        assert peer.heard_ms("r1") > 1000

        heard = peer.clear()
        assert heard == peer.heard_ms("r1") < speech.duration_ms
        await told.until(("idle", "r1", False))
        assert peer.queued_ms == 0
        cleared = len(viewer.loudness)
        await viewer.until(lambda: len(viewer.loudness) > cleared + 25)
        # The viewer's own jitter buffer still holds a few packets from before.
        assert max(viewer.loudness[cleared + 12 :]) < QUIET
        await peer.aclose()
        assert peer.connection_state == "new"


async def test_a_finished_line_is_played_to_its_end_in_real_time(
    avatars: Avatars, engines: Engines
) -> None:
    told = Told()
    async with viewing() as viewer:
        peer = peer_of(avatars, told)
        await connect(peer, viewer)
        speech = await speak_whole(engines.voice, "One, two, three.")
        peer.play(speech, "r1")
        peer.finish("r1")
        started = len(viewer.loudness)
        await told.until(("idle", "r1", True))
        assert peer.heard_ms("r1") == speech.duration_ms
        packets = len(viewer.loudness) - started
        assert packets * 20 == pytest.approx(speech.duration_ms, abs=400)
        await peer.aclose()


async def test_a_failing_callback_does_not_stop_the_media(
    avatars: Avatars, engines: Engines
) -> None:
    reported: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: reported.append(context["exception"]))

    def fail(tag: str) -> None:
        raise RuntimeError(tag)

    async with viewing() as viewer:
        peer = avatars(CONFIG, fail, lambda tag, completed: None)
        await connect(peer, viewer)
        peer.play(await speak_whole(engines.voice, "Still here."), "r1")
        await viewer.until(lambda: sum(level > LOUD for level in viewer.loudness) > 10)
        assert [type(error) for error in reported] == [RuntimeError]
        await peer.aclose()


async def test_the_answer_is_complete_and_only_sends(avatars: Avatars) -> None:
    async with viewing() as viewer:
        peer = peer_of(avatars, Told())
        answer = await peer.answer(await viewer.offer())
        lines = answer["sdp"].splitlines()
        assert answer["type"] == "answer"
        assert lines.count("a=sendonly") == 2
        assert any(line.startswith("a=candidate:") for line in lines)
        assert any("H264/90000" in line for line in lines)
        assert not any("VP8" in line for line in lines)
        with pytest.raises(MediaError, match="already"):
            await peer.answer(await viewer.offer())
        await peer.aclose()
        await peer.aclose()


async def test_mdns_candidates_cost_no_time(avatars: Avatars) -> None:
    async with viewing() as viewer:
        offer = await viewer.offer()
        lines = offer["sdp"].splitlines()
        hidden = [
            " ".join([*line.split()[:4], "3b1e6f3c-0d55-4a53.local", *line.split()[5:]])
            if line.startswith("a=candidate:")
            else line
            for line in lines
        ]
        peer = peer_of(avatars, Told())
        answer = await peer.answer({"type": "offer", "sdp": "\r\n".join([*hidden, ""])})
        await viewer.accept(answer)
        await viewer.until(lambda: viewer.pictures)
        await peer.aclose()


@pytest.mark.parametrize(
    ("offer", "code"),
    [
        ({}, "offer_invalid"),
        ({"type": "answer", "sdp": "v=0"}, "offer_invalid"),
        ({"type": "offer", "sdp": ""}, "offer_invalid"),
        ({"type": "offer", "sdp": "hello"}, "offer_invalid"),
        ({"type": "offer", "sdp": "v=0\r\nm=video what"}, "offer_invalid"),
        ({"type": "offer", "sdp": "v=0\r\na=group:BUNDLE 0\r\n"}, "offer_invalid"),
        ({"type": "offer", "sdp": "v=0" + "\r\na=x" * MAX_SDP_CHARS}, "offer_invalid"),
    ],
)
async def test_an_offer_that_is_none(avatars: Avatars, offer: dict[str, str], code: str) -> None:
    peer = peer_of(avatars, Told())
    with pytest.raises(MediaError) as caught:
        await peer.answer(offer)
    assert caught.value.code == code
    await peer.aclose()


async def test_an_offer_without_h264_gets_the_services_own_words(avatars: Avatars) -> None:
    async with viewing(video_codec="video/VP8") as viewer:
        peer = peer_of(avatars, Told())
        with pytest.raises(MediaError, match="Failed to set remote video") as caught:
            await peer.answer(await viewer.offer())
        assert caught.value.code == "no_h264"
        await peer.aclose()


async def test_an_offer_without_audio_is_refused(avatars: Avatars) -> None:
    async with viewing() as viewer:
        offer = await viewer.offer()
        head, separator, rest = offer["sdp"].partition("m=audio")
        video_only = head if "m=video" in head else head + separator + rest
        peer = peer_of(avatars, Told())
        with pytest.raises(MediaError) as caught:
            await peer.answer({"type": "offer", "sdp": video_only})
        assert caught.value.code == "offer_invalid"
        await peer.aclose()


async def test_a_picture_nobody_can_make_is_refused_with_its_field(avatars: Avatars) -> None:
    async with viewing() as viewer:
        peer = avatars(
            {"video": {"resolution": {"width": 9, "height": 9}}},
            lambda tag: None,
            lambda t, c: None,
        )
        with pytest.raises(MediaError, match=r"resolution\.width"):
            await peer.answer(await viewer.offer())
        await peer.aclose()
