"""A stream of changes decodes bit by bit as a stream of key pictures, whatever the group's size."""

from __future__ import annotations

from collections.abc import Sequence

import av
import numpy as np
import pytest

from kiosk.emulator.avatar.encoder import SpriteEncoder
from kiosk.emulator.avatar.figure import Figure
from kiosk.emulator.avatar.gop import Encoded, PictureSequence, read_encoded
from kiosk.emulator.avatar.shape import VideoShape
from kiosk.errors import MediaError

SIZE = (320, 192)
ORDER = [0, 0, 0, 1, 1, 2, 3, 3, 4, 4, 0, 1, 0, 0, 4, 2, 2, 2, 2, 2, 2, 3, 1, 0, 0, 4, 4]


@pytest.fixture(scope="module")
def pictures() -> list[Encoded]:
    """At rest, a mouth, a blink, another pose, and a picture that has nothing in common."""
    figure = Figure(VideoShape(*SIZE).framing(), "#DCE3E8FF")
    encoder = SpriteEncoder(*SIZE)
    shown = [
        figure.picture(0, 0, "open", "rest"),
        figure.picture(0, 0, "open", "open"),
        figure.picture(0, 0, "closed", "rest"),
        figure.picture(9, 0, "open", "ee"),
        np.random.default_rng(1).integers(0, 255, (SIZE[1], SIZE[0], 3), dtype=np.uint8),
    ]
    return [encoder.encode(picture) for picture in shown]


def decoded(units: Sequence[bytes]) -> list[av.VideoFrame]:
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.options = {"err_detect": "explode"}
    frames = [frame for unit in units for frame in decoder.decode(av.Packet(unit))]
    return [*frames, *decoder.decode(None)]


@pytest.mark.parametrize("gop_size", [1, 2, 3, 10, 2000])
def test_it_decodes_as_if_every_picture_were_a_key_picture(
    pictures: list[Encoded], gop_size: int
) -> None:
    order = ORDER * 2
    keys = decoded([pictures[number].key(place % 2) for place, number in enumerate(order)])
    sequence = PictureSequence(gop_size)
    units = [sequence.next(pictures[number]) for number in order]
    shown = decoded([unit.data for unit in units])
    assert len(shown) == len(order)
    for one, other in zip(shown, keys, strict=True):
        assert (one.to_ndarray() == other.to_ndarray()).all()
    assert [place for place, unit in enumerate(units) if unit.is_key] == list(
        range(0, len(order), gop_size)
    )
    assert [bool(frame.key_frame) for frame in shown] == [unit.is_key for unit in units]


def test_what_stands_still_costs_next_to_nothing(pictures: list[Encoded]) -> None:
    sequence = PictureSequence(2000)
    first = sequence.next(pictures[0])
    still = sequence.next(pictures[0])
    spoken = sequence.next(pictures[1])
    assert len(still.data) < 20
    assert len(spoken.data) < len(first.data) / 2
    assert abs(pictures[1].changed(pictures[0]) - len(spoken.data)) < 200
    assert abs(pictures[0].size - len(first.data)) < 400


def test_a_key_picture_comes_when_it_is_wanted(pictures: list[Encoded]) -> None:
    sequence = PictureSequence(2000)
    assert [sequence.next(pictures[0]).is_key for _ in range(3)] == [True, False, False]
    sequence.want_key()
    assert [sequence.next(pictures[0]).is_key for _ in range(3)] == [True, False, False]


def test_another_stream_begins_with_a_key_picture(pictures: list[Encoded]) -> None:
    other = SpriteEncoder(*SIZE, quantiser=40).encode(np.zeros((*SIZE[::-1], 3), dtype=np.uint8))
    sequence = PictureSequence(2000)
    units = [sequence.next(picture) for picture in (pictures[0], other, other, pictures[1])]
    assert [unit.is_key for unit in units] == [True, True, False, True]
    assert len(decoded([unit.data for unit in units])) == 4


@pytest.mark.parametrize(
    "unit", [b"", b"\0\0\0\1\x67\x42", b"\0\0\0\1\x65\x88\x84", b"\0\0\0\1\x67\1\0\0\1\x41\xff\xff"]
)
def test_what_no_key_picture_is(unit: bytes) -> None:
    with pytest.raises(MediaError):
        read_encoded(unit, 1)
