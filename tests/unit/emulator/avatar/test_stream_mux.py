"""The muxer alone: init segment, fragments that decode to what went in, at the right time."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from kiosk.emulator.avatar.encoder import SpriteEncoder
from kiosk.emulator.avatar.gop import Encoded, PictureSequence
from kiosk.emulator.avatar.stream_mux import FRAGMENT_MS, FragmentMuxer, parameter_sets
from kiosk.emulator.speech.parts import SAMPLE_RATE
from kiosk.errors import MediaError
from tests import fmp4

WIDTH, HEIGHT = 160, 96
PICTURE = Fraction(1, 25)
STEP = SAMPLE_RATE * FRAGMENT_MS // 1000
PICTURES = FRAGMENT_MS // 40


def picture(grey: int, width: int = WIDTH, height: int = HEIGHT) -> Encoded:
    return SpriteEncoder(width, height).encode(np.full((height, width, 3), grey, dtype=np.uint8))


DARK, BRIGHT = picture(40), picture(200)


def muxed(pcm: bytes, *, start: Fraction = Fraction(0), gop: int = 10, bright: int = 0) -> bytes:
    """Return all of a run of this sound; from step `bright` on the picture is bright."""
    muxer = FragmentMuxer(DARK.key(), picture_seconds=PICTURE, start=start)
    sequence = PictureSequence(gop)
    data = b""
    for index, place in enumerate(range(0, len(pcm), 2 * STEP)):
        shown = BRIGHT if index >= bright else DARK
        pictures = [sequence.next(shown) for _ in range(PICTURES)]
        data += muxer.write(pictures, pcm[place : place + 2 * STEP])
    return data + muxer.finish()


def tone(seconds: float, *, silent: float = 0.0) -> bytes:
    count = int(seconds * SAMPLE_RATE)
    samples = 9000 * np.sin(2 * np.pi * 440 * np.arange(count) / SAMPLE_RATE)
    return bytes(2 * int(silent * SAMPLE_RATE)) + samples.astype("<i2").tobytes()


def test_the_init_segment_comes_first_and_holds_no_sample() -> None:
    muxer = FragmentMuxer(DARK.key(), picture_seconds=PICTURE, start=Fraction(0))
    first = muxer.write([], b"")
    assert fmp4.kinds(first) == ["ftyp", "moov"]
    assert b"avcC\x01\x42\xc0" in first  # constrained baseline
    assert b"mp4a" in first
    muxer.finish()


def test_fragments_decode_to_what_went_in() -> None:
    data = muxed(tone(1.0, silent=1.0), bright=5)
    kinds = fmp4.kinds(data)
    assert kinds[:4] == ["ftyp", "moov", "moof", "mdat"]
    assert set(kinds[2:]) == {"moof", "mdat"}
    assert kinds.count("moof") >= 9
    media = fmp4.decoded(data)
    assert media.size == (WIDTH, HEIGHT)
    assert np.allclose(media.times, np.arange(50) * 0.04, atol=1e-4)
    assert abs(media.sound_seconds - 2.0) <= 1024 / SAMPLE_RATE
    grey = [picture.mean() for _, picture in media.pictures]
    assert max(grey[:25]) < 60 < 180 < min(grey[25:])
    # The encoder's delay is made good to the sample: the sound begins with the bright pictures.
    assert media.loudness(0.5, 0.995) < 0.002
    assert media.loudness(1.005, 1.9) > 0.15


def test_parameter_sets_are_in_the_header_alone() -> None:
    data = muxed(tone(1.0), gop=1)
    sps = DARK.headers.split(b"\0\0\0\1")[1]
    assert data.count(sps) == 1


def test_time_goes_on_where_a_run_begins() -> None:
    media = fmp4.decoded(muxed(tone(1.0), start=Fraction(7200)))
    assert media.times[0] == pytest.approx(7200)
    assert media.sound[0][0] == pytest.approx(7200)


def test_two_runs_have_no_hole_between_them() -> None:
    first = FragmentMuxer(DARK.key(), picture_seconds=PICTURE, start=Fraction(0))
    data = first.write([PictureSequence().next(DARK)] * 7, tone(0.28))
    assert first.time == 7 * PICTURE
    data += first.finish()
    data += muxed(tone(1.0), start=first.time)
    media = fmp4.decoded(data)
    assert np.allclose(np.diff(media.times), 0.04, atol=1e-4)
    ends = [at + samples.size / SAMPLE_RATE for at, samples in media.sound]
    holes = [begin - end for end, (begin, _) in zip(ends, media.sound[1:], strict=False)]
    assert max(holes) < 0.001
    assert min(holes) > -1024 / SAMPLE_RATE


def test_silence_costs_no_encoder_and_speech_after_it_is_whole() -> None:
    long_silence = bytes(2 * SAMPLE_RATE * 3)
    data = muxed(tone(0.5) + long_silence + tone(0.5))
    media = fmp4.decoded(data)
    assert media.loudness(0.1, 0.4) > 0.15
    assert media.loudness(1.0, 3.4) < 1e-4
    assert media.loudness(3.51, 3.9) > 0.15
    silent = [part for kind, part in fmp4.boxes(data) if kind == "mdat"][8:14]
    assert max(map(len, silent)) < 600


def test_a_picture_of_another_stream_is_refused() -> None:
    muxer = FragmentMuxer(DARK.key(), picture_seconds=PICTURE, start=Fraction(0))
    other = picture(40, width=320)
    with pytest.raises(MediaError) as error:
        muxer.write([PictureSequence().next(other)], b"")
    assert error.value.code == "parameter_sets"
    with pytest.raises(MediaError):
        parameter_sets(b"\0\0\0\1\x41no key picture")
