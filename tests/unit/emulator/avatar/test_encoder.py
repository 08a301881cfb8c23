"""Pictures decode alone to what was drawn, and the quantiser keeps the stream in its bitrate."""

from __future__ import annotations

import av
import numpy as np
import pytest

from kiosk.emulator.avatar.acting import Performer, Sprite
from kiosk.emulator.avatar.encoder import COARSEST, FINEST, SpriteEncoder, fitting_quantiser
from kiosk.emulator.avatar.figure import Figure
from kiosk.emulator.avatar.gop import PictureSequence
from kiosk.emulator.avatar.pixels import Picture
from kiosk.emulator.avatar.shape import VideoShape
from kiosk.emulator.avatar.sprites import Look, SpriteStore

SIZE = (320, 180)


def test_each_encoding_decodes_alone_to_the_picture() -> None:
    picture = np.zeros((180, 320, 3), dtype=np.uint8)
    picture[:, :160] = (200, 60, 40)
    picture[:, 160:] = (220, 227, 232)
    encoded = SpriteEncoder(*SIZE).encode(picture)
    assert encoded.key(0) != encoded.key(1), "two key pictures in a row must differ"
    for number in (0, 1):
        decoder = av.CodecContext.create("h264", "r")
        assert isinstance(decoder, av.VideoCodecContext)
        (frame,) = [*decoder.decode(av.Packet(encoded.key(number))), *decoder.decode(None)]
        assert frame.key_frame
        got = frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray().astype(int)
        assert np.abs(got[90, 60] - (200, 60, 40)).max() < 12
        assert np.abs(got[90, 260] - (220, 227, 232)).max() < 8


def test_it_is_constrained_baseline_in_bands() -> None:
    encoded = SpriteEncoder(*SIZE).encode(np.zeros((180, 320, 3), dtype=np.uint8))
    kinds = [nal[0] & 0x1F for nal in encoded.key().split(b"\0\0\0\1")[1:]]
    assert kinds == [7, 8, *[5] * len(encoded.bands)]
    assert len(encoded.bands) == 6, "two rows of macroblocks each"
    profile, constraints = encoded.headers[5], encoded.headers[6]
    assert (profile, constraints & 0xC0) == (66, 0xC0)


def test_bands_that_look_the_same_are_the_same_bytes() -> None:
    figure = Figure(VideoShape(*SIZE).framing(), "#DCE3E8FF")
    encoder = SpriteEncoder(*SIZE)
    rest = encoder.encode(figure.picture(0, 0, "open", "rest"))
    again = encoder.encode(figure.picture(0, 0, "open", "rest"))
    spoken = encoder.encode(figure.picture(0, 0, "open", "open"))
    assert rest.bands == again.bands
    assert 1 <= sum(a != b for a, b in zip(rest.bands, spoken.bands, strict=True)) <= 2


def bits_a_second(shape: VideoShape, *, speaks: bool) -> float:
    """Return what ten seconds of a session take on the average."""
    look = Look(shape, SpriteStore())
    performer, sequence = Performer(3), PictureSequence(shape.gop_size)
    sent = 0
    for place in range(250):
        viseme = place // 2 * 7 % 22 if speaks else None
        sprite: Sprite = performer.picture(100 + place / 25, viseme)
        sent += len(sequence.next(look.draw(sprite)).data)
    return sent * 8 / 10


@pytest.mark.parametrize(("gop_size", "least"), [(1, 200_000), (10, 100_000), (250, 50_000)])
def test_a_lower_bitrate_is_kept(gop_size: int, least: int) -> None:
    rates = (least, 2 * least)
    shapes = [VideoShape(*SIZE, bitrate=rate, gop_size=gop_size) for rate in rates]
    sent = [[bits_a_second(shape, speaks=speaks) for speaks in (False, True)] for shape in shapes]
    for shape, (idle, speaking) in zip(shapes, sent, strict=True):
        # Measured over ten seconds, from an estimate out of three pictures.
        assert max(idle, speaking) < 1.25 * shape.bitrate
    assert max(sent[0]) < 0.8 * max(sent[1])


def samples() -> list[Picture]:
    figure = Figure(VideoShape(*SIZE).framing(), "#DCE3E8FF")
    return [figure.picture(*at) for at in ((0, 0, "open", "rest"), (1, 0, "open", "rest"))] + [
        figure.picture(0, 0, "open", "open")
    ]


def test_the_quantiser_has_two_ends() -> None:
    shown = samples()
    assert fitting_quantiser(SIZE, 1, 10, shown) == COARSEST
    assert fitting_quantiser(SIZE, 100_000_000, 10, shown) == FINEST
    some = fitting_quantiser(SIZE, 200_000, 10, shown)
    assert fitting_quantiser(SIZE, 200_000, 10, shown) == some
    assert FINEST < some < COARSEST
