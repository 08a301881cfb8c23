"""The tracks keep real time, skip what they missed, and send Opus and H.264 that decode."""

from __future__ import annotations

import av
import numpy as np
import pytest
from typing_extensions import override

from kiosk.clock import SystemClock
from kiosk.emulator.avatar.acting import Performer
from kiosk.emulator.avatar.live import LivePicture
from kiosk.emulator.avatar.playback import PACKET_SAMPLES, Playback
from kiosk.emulator.avatar.shape import VideoShape
from kiosk.emulator.avatar.sprites import AvatarStudio, SpriteStore
from kiosk.emulator.avatar.tracks import FaceTrack, OpusSpeech, Pacer, VoiceTrack
from kiosk.emulator.speech.parts import SAMPLE_RATE, Speech


class HandClock(SystemClock):
    """Time that moves only when somebody sleeps or pushes it."""

    def __init__(self) -> None:
        self.at = 100.0

    @override
    def monotonic(self) -> float:
        return self.at

    @override
    async def sleep(self, seconds: float) -> None:
        self.at += seconds


async def test_places_come_when_they_are_due() -> None:
    clock = HandClock()
    pacer = Pacer(clock, 0.02)
    got = [await pacer.wait() for _ in range(4)]
    assert [place for place, _ in got] == [0, 1, 2, 3]
    assert np.allclose([now for _, now in got], [100.0, 100.02, 100.04, 100.06])


async def test_after_a_stall_the_missed_places_are_left_out() -> None:
    clock = HandClock()
    pacer = Pacer(clock, 0.02)
    await pacer.wait()
    clock.at += 1.0
    place, _ = await pacer.wait()
    assert place == 50
    assert pacer.skipped == 49
    following, now = await pacer.wait()
    assert following == 51
    assert now > 101.0


async def test_a_little_late_is_made_good() -> None:
    clock = HandClock()
    pacer = Pacer(clock, 0.02)
    await pacer.wait()
    clock.at += 0.05
    assert [(await pacer.wait())[0] for _ in range(3)] == [1, 2, 3]
    assert pacer.skipped == 0


def decoded(packets: list[bytes]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate = 48_000
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(packet))]
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(np.float64)


def test_opus_carries_the_tone_and_silence_is_free() -> None:
    opus = OpusSpeech()
    tone = 9000 * np.sin(2 * np.pi * 500 * np.arange(SAMPLE_RATE) / SAMPLE_RATE)
    pcm = tone.astype("<i2").tobytes()
    size = 2 * PACKET_SAMPLES
    packets = [opus.encode(pcm[start : start + size]) for start in range(0, len(pcm), size)]
    assert len(packets) == 50
    assert 0 not in map(len, packets)
    assert np.sqrt((decoded(packets) ** 2).mean()) > 0.1
    quiet = [opus.encode(None) for _ in range(40)]
    assert np.abs(decoded(packets + quiet)[-4800:]).max() < 0.001
    assert quiet[-1] is quiet[-2]
    assert len(quiet[-1]) < 20
    assert np.sqrt((decoded(packets + quiet + packets)[-24_000:] ** 2).mean()) > 0.1


async def test_the_voice_track_counts_in_opus_time() -> None:
    playback = Playback(lambda tag: None, lambda tag, completed: None)
    track = VoiceTrack(playback, HandClock())
    playback.play(Speech("x", bytes(4 * PACKET_SAMPLES)), "r1")
    packets = [await track.recv() for _ in range(3)]
    assert [packet.pts for packet in packets] == [0, 960, 1920]
    assert playback.heard_ms("r1") == 40
    track.stop()


async def test_a_silent_voice_goes_on_in_time() -> None:
    told: list[str] = []
    playback = Playback(told.append, lambda tag, completed: None)
    track = VoiceTrack(playback, HandClock())
    track.silent = True
    tone = 9000 * np.sin(2 * np.pi * 500 * np.arange(20 * PACKET_SAMPLES) / SAMPLE_RATE)
    playback.play(Speech("x", tone.astype("<i2").tobytes()), "r1")
    packets = [bytes(await track.recv()) for _ in range(20)]
    assert np.abs(decoded(packets)).max() < 10, "of 32768"
    assert playback.heard_ms("r1") == 400
    assert told == ["r1"]
    track.stop()


async def test_the_picture_keeps_its_group_of_pictures_and_stalls_when_told() -> None:
    studio = AvatarStudio(SpriteStore())
    look = await studio.look(VideoShape(160, 90))
    clock = HandClock()
    live = LivePicture(studio, look, Performer(1), lambda now: None)
    track = FaceTrack(live, 4, clock)
    packets = [await track.recv() for _ in range(9)]
    keys = [place for place, packet in enumerate(packets) if b"\0\0\0\1\x67" in bytes(packet)]
    assert keys == [0, 4, 8]
    assert [packet.pts for packet in packets] == [3600 * place for place in range(9)]

    class Healing(HandClock):
        """Ends the fault two seconds later."""

        @override
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if self.at > 102:
                live.faults = frozenset()

    live.faults = frozenset({"video_stall"})
    track = FaceTrack(live, 4, Healing())
    assert (await track.recv()).pts == pytest.approx(2 * 90_000, abs=3600)
    track.stop()
    await studio.aclose()
