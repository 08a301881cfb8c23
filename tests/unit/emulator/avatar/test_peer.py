"""The avatar over a real connection: a living picture, a voice in time, silence at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from aiortc import RTCRtpReceiver

from kiosk.emulator.avatar.acting import SPEAKING_STEPS
from kiosk.emulator.avatar.face import MOUTH_OF_VISEME
from kiosk.emulator.avatar.faults import NO_FAULTS
from kiosk.emulator.avatar.peer import MAX_SDP_CHARS, AvatarPeer, Avatars
from kiosk.emulator.avatar.shape import VideoShape
from kiosk.emulator.avatar.sprites import IDLE
from kiosk.emulator.speech.engines import Engines
from kiosk.emulator.speech.voice_cache import speak_whole
from kiosk.errors import MediaError
from tests.av_sync import mouth_region
from tests.unit.emulator.viewing import PATIENCE_S, SenderClocks, Viewer, viewing

CONFIG: dict[str, Any] = {"video": {"resolution": {"width": 640, "height": 360}}}
CLEAR: dict[str, Any] = {
    "character": "lisa",
    "video": {"resolution": {"width": 480, "height": 270}},
}
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


def peer_of(avatars: Avatars, told: Told, **config: Any) -> AvatarPeer:
    return avatars(
        {**CONFIG, **config},
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
        await viewer.until(lambda: len(viewer.loudness) > cleared + 60)
        # The viewer's own jitter buffer still holds a few packets from before.
        assert max(viewer.loudness[cleared + 45 :]) < QUIET
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
    loop.set_exception_handler(None)


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


async def test_a_lost_picture_brings_a_key_picture(avatars: Avatars) -> None:
    """A real picture loss indication, sent by the viewer; without it there would be none."""
    async with viewing() as viewer:
        video = {**CONFIG["video"], "gop_size": 2000}
        peer = peer_of(avatars, Told(), video=video)
        await connect(peer, viewer)
        assert not any(viewer.keys[1:])
        receivers = [transceiver.receiver for transceiver in viewer.connection.getTransceivers()]
        receiver: RTCRtpReceiver = next(one for one in receivers if one.track.kind == "video")
        (source,) = receiver.getSynchronizationSources()
        before = len(viewer.keys)
        # aiortc asks by itself only when packets are missing; its method is what then is called.
        await receiver._send_rtcp_pli(source.source)
        await viewer.until(lambda: any(viewer.keys[before:]))
        await viewer.until(lambda: len(viewer.keys) > before + 12)
        assert sum(viewer.keys[before:]) == 1
        await peer.aclose()


async def test_faults_come_and_go(avatars: Avatars, engines: Engines) -> None:
    told = Told()
    async with viewing() as viewer:
        peer = peer_of(avatars, told)
        peer.suffer(frozenset({"video_black"}))
        await viewer.accept(await peer.answer(await viewer.offer()))
        await viewer.until(lambda: viewer.pictures and viewer.pictures[-1].max() < 24)
        peer.suffer(NO_FAULTS)
        await viewer.until(lambda: viewer.pictures[-1].max() > 200)

        peer.suffer(frozenset({"video_stall", "audio_silent"}))
        speech = await speak_whole(engines.voice, LINE)
        heard = len(viewer.loudness)
        await viewer.until(lambda: len(viewer.loudness) > heard + 10)
        seen, heard = len(viewer.pictures), len(viewer.loudness)
        peer.play(speech, "r1")
        await told.until(("speaking", "r1"))
        await viewer.until(lambda: len(viewer.loudness) > heard + 40)
        assert len(viewer.pictures) == seen, "no new pictures"
        assert max(viewer.loudness[heard:]) < QUIET
        assert peer.heard_ms("r1") > 500, "and yet it goes on"
        peer.suffer(NO_FAULTS)
        await viewer.until(lambda: len(viewer.pictures) > seen + 3)
        await viewer.until(lambda: max(viewer.loudness[-10:]) > LOUD)
        await peer.aclose()


async def test_an_answer_that_leads_nowhere(avatars: Avatars) -> None:
    async with viewing() as viewer:
        peer = peer_of(avatars, Told())
        peer.suffer(frozenset({"ice_never"}))
        answer = await peer.answer(await viewer.offer())
        lines = answer["sdp"].splitlines()
        candidates = {line.split()[4] for line in lines if line.startswith("a=candidate:")}
        assert candidates == {"192.0.2.1"}
        viewer.connection.on("iceconnectionstatechange", viewer.news.set)
        await viewer.accept(answer)
        await viewer.until(lambda: viewer.connection.iceConnectionState == "checking")
        assert peer.connection_state == "new"
        await peer.aclose()


async def test_a_scene_changes_the_picture_of_the_same_connection(avatars: Avatars) -> None:
    def scene(zoom: float) -> dict[str, Any]:
        who = {"type": "photo-avatar", "model": "vasa-1", "character": "anika"}
        return {**CONFIG, **who, "scene": {"zoom": zoom}}

    async with viewing() as viewer:
        peer = peer_of(avatars, Told(), **scene(1.0))
        await connect(peer, viewer)
        before = viewer.pictures[-1].astype(int)
        for step in range(10):
            # As a slider does it; only the last is worth drawing.
            peer.configure(scene(1.0 + step / 20))
        await viewer.until(
            lambda: np.abs(viewer.pictures[-1].astype(int) - before).max(axis=2).mean() > 15
        )
        assert viewer.pictures[-1].shape == before.shape
        peer.configure(CONFIG)
        assert peer.connection_state == "connected"
        await peer.aclose()


async def test_another_configuration_waits_for_its_offer(avatars: Avatars) -> None:
    peer = peer_of(avatars, Told())
    peer.configure({**CONFIG, "character": "meg"})
    async with viewing() as viewer:
        await connect(peer, viewer)
        assert viewer.pictures[-1].shape == (360, 640, 3)
        await peer.aclose()


async def drawn(avatars: Avatars) -> None:
    """Wait until every mouth is drawn; each step lets the drawing go on by one picture."""
    look = await avatars.studio.look(VideoShape.of(CLEAR))
    last = IDLE._replace(step=SPEAKING_STEPS[-1], mouth=MOUTH_OF_VISEME[-1])
    async with asyncio.timeout(PATIENCE_S):
        while look.get(last) is None:
            await avatars.studio.drawn(look, IDLE)


async def test_mouth_and_sound_go_together(avatars: Avatars, engines: Engines) -> None:
    """Measured in what was decoded, on the clock a browser plays by: RTCP sender reports."""
    async with viewing() as viewer:
        clocks = SenderClocks(viewer)
        peer = peer_of(avatars, Told(), **CLEAR)
        await connect(peer, viewer)
        await drawn(avatars)
        for word in ("I am open all day.", "Our aim is art."):
            speech = await speak_whole(engines.voice, word)
            await viewer.passed(45)
            peer.play(speech, word)
            peer.finish(word)
            await viewer.until(lambda: max(viewer.loudness[-5:]) > LOUD)
            await viewer.until(lambda: max(viewer.loudness[-20:]) < QUIET)
        await viewer.until(clocks.are_known)
        await peer.aclose()
    report = clocks.report(mouth_region(VideoShape.of(CLEAR)))
    assert len(report.begins) == 2
    assert report.worst_ms < 80, str(report)
