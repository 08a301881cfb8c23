"""The stream as a player gets it: continuous, in sync, silenced, changed, too slow a reader."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from kiosk.emulator.avatar.shape import VideoShape
from kiosk.emulator.avatar.stream import LEAD_FRAGMENTS
from kiosk.emulator.avatar.stream_mux import FRAGMENT_MS
from kiosk.emulator.speech.parts import SAMPLE_RATE, MouthMark, Speech
from kiosk.errors import MediaError
from tests import fmp4
from tests.av_sync import Report, Utterance, loud_stretches, mouth_region, utterances
from tests.unit.emulator.avatar.streaming import SMALL, Streaming, draw_mouths, streaming
from tests.unit.emulator.emulating import light_engines

log = logging.getLogger(__name__)

CLEAR = {"resolution": {"width": 480, "height": 270}}
SENTENCES = (
    "I am open all day.",
    "Are you all alone here?",
    "Our aim is art.",
    "All of us are on our way.",
    "Every hour on the hour.",
)


def burst(milliseconds: int, *, viseme: int = 2) -> Speech:
    samples = 9000 * np.sin(
        2 * np.pi * 330 * np.arange(SAMPLE_RATE * milliseconds // 1000) / 24_000
    )
    return Speech("", samples.astype("<i2").tobytes(), (), (MouthMark(viseme, 0),))


async def say(run: Streaming, speech: Speech, tag: str = "r1") -> None:
    run.stream.play(speech, tag)
    run.stream.finish(tag)


async def test_it_streams_from_the_start_without_a_hole() -> None:
    async with streaming() as run:
        first = run.data
        assert fmp4.kinds(first)[:2] == ["ftyp", "moov"]
        await run.run(5.0)
        assert run.data.startswith(first)
        media = run.media()
    assert len(fmp4.runs(run.data)) == 1
    assert media.size == (320, 180)
    assert np.allclose(np.diff(media.times), 0.04, atol=1e-4)
    # What was asked for, and what a player has in hand; a fragment ends when the next begins.
    assert (
        5.0 - 0.2 <= len(media.pictures) * 0.04 <= 5.0 + FRAGMENT_MS * (LEAD_FRAGMENTS + 1) / 1000
    )
    assert abs(media.sound_seconds - len(media.pictures) * 0.04) < 0.1
    assert media.loudness(0, 5) < 1e-4


async def test_speech_is_heard_when_it_is_said_and_told_of() -> None:
    async with streaming() as run:
        await run.run(1.0)
        said = run.seconds
        await say(run, burst(600))
        await run.run(0.2)
        assert run.calls == [("speaking", "r1")]
        await run.run(1.4)
        assert run.calls == [("speaking", "r1"), ("idle", "r1", "True")]
        assert run.stream.heard_ms("r1") == 600
        media = run.media()
    [(begin, _)] = loud_stretches(media.sound, media.rate)
    assert said <= begin <= said + FRAGMENT_MS * (LEAD_FRAGMENTS + 1) / 1000 + 0.01
    assert media.loudness(begin, begin + 0.6) > 0.15
    assert media.loudness(begin + 0.62, begin + 0.9) < 0.01


def utterances_of(media: fmp4.Media) -> list[Utterance]:
    return utterances(media.pictures, media.sound, media.rate)


async def test_heard_is_what_a_player_has_played() -> None:
    async with streaming() as run:
        await say(run, burst(2000))
        await run.run(1.0)
        # Sent ahead by the lead, and by the fragment that is being played.
        assert 600 <= run.stream.heard_ms("r1") <= 1000


async def test_mouth_and_sound_are_together() -> None:
    region = mouth_region(shape := VideoShape.of({"character": "lisa", "video": CLEAR}))
    await draw_mouths(shape)
    async with streaming(video=CLEAR) as run:
        await run.run(1.0)
        for number, sentence in enumerate(SENTENCES):
            async for speech in light_engines().voice.speak(sentence):
                run.stream.play(speech, f"r{number}")
            run.stream.finish(f"r{number}")
            await run.run(3.13)
        media = run.media(region)
    found = utterances_of(media)
    assert len(found) == len(SENTENCES)
    report = Report.of(found)
    log.info("lip sync over the WebSocket: %s", report)
    assert report.worst_ms <= 80, report
    assert report.typical_ms <= 40, report

    # And the measurement would notice: the same sound, 150 ms later.
    late = [(at + 0.15, samples) for at, samples in media.sound]
    shifted = Report.of(utterances(media.pictures, late, media.rate))
    assert shifted.typical_ms >= 130


async def test_a_clear_silences_it_within_a_fragment_and_closes_the_mouth() -> None:
    async with streaming() as run:
        await say(run, burst(5000))
        await run.run(1.0)
        sent = run.media().times[-1]
        heard = run.stream.clear()
        assert 500 <= heard <= 1000
        await run.run(2.0)
        media = run.media()
    assert run.calls == [("speaking", "r1"), ("idle", "r1", "False")]
    assert media.loudness(sent - 0.1, sent) > 0.15
    # Behind what was sent: what was in the muxer, less than a fragment, and 5 ms of fading out.
    silent = sent + 0.04 + FRAGMENT_MS / 1000 + 2 * 1024 / SAMPLE_RATE
    assert media.loudness(silent, sent + 1.5) < 0.002


async def test_another_picture_begins_a_new_run_in_the_middle_of_a_word() -> None:
    async with streaming() as run:
        await say(run, burst(60_000))
        await run.run(1.0)
        run.stream.change(
            {"character": "lisa", "video": {"resolution": {"width": 160, "height": 90}}}
        )
        while len(fmp4.runs(run.data)) < 2:
            await run.run(0.2)
        await run.run(1.0)
        runs = fmp4.runs(run.data)
        before, after = (fmp4.decoded(part) for part in runs)
    assert before.size == (320, 180)
    assert after.size == (160, 90)
    assert after.times[0] == pytest.approx(before.times[-1] + 0.04, abs=1e-3)
    # Nothing is lost but what 20 ms of a joint may sound like.
    joint = after.times[0]
    assert before.loudness(joint - 0.1, joint - 0.01) > 0.15
    assert after.loudness(joint + 0.05, joint + 0.4) > 0.15


async def test_the_same_picture_again_changes_nothing() -> None:
    async with streaming() as run:
        run.stream.change({"character": "lisa", "video": SMALL, "output_audit_audio": True})
        await run.run(1.0)
    assert len(fmp4.runs(run.data)) == 1


async def test_a_moved_scene_needs_no_new_run() -> None:
    photo = {"type": "photo-avatar", "model": "vasa-1", "character": "anika", "style": None}
    async with streaming(**photo) as run:
        await run.run(0.4)
        run.stream.change({**photo, "video": SMALL, "scene": {"zoom": 2.0}})
        still = run.media().pictures[-1][1].astype(int)
        while np.abs(run.media().pictures[-1][1] - still).mean() < 10:
            await run.run(0.2)
        assert len(fmp4.runs(run.data)) <= 2


async def test_a_slow_reader_misses_fragments_and_memory_does_not_grow() -> None:
    async with streaming() as run:
        await run.run(1.0)
        run.waiting = 5_000
        sent = len(run.data)
        await say(run, burst(1000))
        await run.run(4.0)
        assert len(run.data) == sent
        assert run.calls == [("speaking", "r1"), ("idle", "r1", "True")]
        assert run.stream.left_out_ms == pytest.approx(4000, abs=FRAGMENT_MS)
        run.waiting = 0
        await run.run(1.0)
        media = run.media()
    # The viewer sees a jump, the player's time line has none.
    assert np.allclose(np.diff(media.times), 0.04, atol=1e-4)
    assert media.times[-1] < 3.0


async def test_media_faults_strike() -> None:
    async with streaming() as run:
        await run.run(1.0)
        run.stream.suffer(frozenset({"audio_silent", "video_black"}))
        await say(run, burst(2000))
        while run.media().pictures[-1][1].mean() > 20:
            await run.run(0.4)
        await run.run(1.0)
        assert run.media().loudness(1.2, 2.5) < 0.002
        run.stream.suffer(frozenset({"video_stall"}))
        await run.run(2.0)
        stalled = run.media().pictures[-20:]
        assert max(np.abs(shown - stalled[0][1].astype(int)).max() for _, shown in stalled) == 0


async def test_a_picture_that_cannot_be_made_is_refused() -> None:
    async with streaming() as run:
        with pytest.raises(MediaError) as error:
            run.stream.change({"video": {"resolution": {"width": 5000, "height": 90}}})
        assert error.value.code == "invalid_argument"
        await run.run(0.4)
    assert len(fmp4.runs(run.data)) == 1
