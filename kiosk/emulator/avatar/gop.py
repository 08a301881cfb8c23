"""Ready-made H.264 pictures put together to a stream: key pictures and, between them, changes.

Every picture of the avatar is encoded once, as an IDR picture of horizontal bands, each a slice
that is predicted from nothing outside itself. Between two key pictures a session then needs no
encoder: a band that is the same as before is sent as "skip" (a few bytes), one that is not as
the intra slice it already is, with another header. What a decoder shows is bit by bit the same
as if every picture were a key picture, so nothing drifts, however long the group of pictures is.

Clauses are those of ITU-T H.264: 7.3.3 slice header, 7.3.4 slice data, 7.4.1.1 emulation
prevention, 8.4.1.1 why a skipped band stands still (no neighbour above, so no motion).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from kiosk.errors import MediaError

DEFAULT_GOP = 10
"""Pictures from one key picture to the next when a session does not say (seen on the service)."""

_START = b"\0\0\0\1"
_IDR, _PLAIN = 0x65, 0x41
"""NAL headers: reference pictures, the first of type 5 (IDR), the second of type 1."""
_SLICE_I, _SLICE_P = 2, 0
_FRAME_NUM_BITS = 4
_FRAME_NUMS = 1 << _FRAME_NUM_BITS
_UNFINISHED_ZEROS = re.compile(b"\x00\x00(?=[\x00-\x03])")
_STUFFED_ZEROS = re.compile(b"\x00\x00\x03")


class AccessUnit(NamedTuple):
    """One picture as it is sent: an Annex B byte stream."""

    data: bytes
    is_key: bool
    """An IDR picture with its parameter sets in front: decoding can begin here."""


@dataclass(frozen=True, slots=True)
class Band:
    """One horizontal band of an encoded picture."""

    first: int
    """Address of its first macroblock."""
    header: int
    """What both kinds of slice header end on (quantiser, deblocking), and the data, as bits."""
    bits: int
    """How many bits that is."""

    def nal(self, *, is_key: bool, number: int) -> bytes:
        """Return the slice: of an IDR picture with this idr_pic_id, or with this frame_num."""
        head = _Bits().ue(self.first).ue(_SLICE_I).ue(0)
        if is_key:
            # frame_num 0, idr_pic_id, and neither "no output of prior pictures" nor "long term".
            head.u(0, _FRAME_NUM_BITS).ue(number).u(0, 2)
        else:
            # frame_num, and no change to how reference pictures are kept.
            head.u(number, _FRAME_NUM_BITS).u(0, 1)
        return _nal(_IDR if is_key else _PLAIN, head.u(self.header, self.bits))


@dataclass(frozen=True, slots=True)
class Encoded:
    """One picture of the avatar, encoded; shared by all sessions that show it."""

    headers: bytes
    """Sequence and picture parameter set, each after a start code."""
    bands: tuple[Band, ...]
    macroblocks: int

    @property
    def size(self) -> int:
        """Bytes it takes as a key picture, nearly, and in memory."""
        return len(self.headers) + sum(band.bits for band in self.bands) // 8

    def changed(self, before: Encoded) -> int:
        """Return how many bytes it takes after another picture, nearly."""
        pairs = zip(self.bands, before.bands, strict=True)
        return sum(band.bits for band, old in pairs if band != old) // 8

    def joined(self, one: Encoded, other: Encoded) -> Encoded | None:
        """Return this picture with the changes of two others; None if they change one band."""
        bands = []
        for old, first, second in zip(self.bands, one.bands, other.bands, strict=True):
            if old == first:
                bands.append(second)
            elif old == second:
                bands.append(first)
            else:
                return None
        return Encoded(self.headers, tuple(bands), self.macroblocks)

    def key(self, number: int = 0) -> bytes:
        """Return it as a key picture; two in a row must differ in their number (0 or 1)."""
        return self.headers + b"".join(band.nal(is_key=True, number=number) for band in self.bands)


def read_encoded(access_unit: bytes, macroblocks: int) -> Encoded:
    """Take apart an IDR picture of an encoder without B pictures, CAVLC, `_FRAME_NUM_BITS` bits.

    Raises MediaError for a stream this module cannot put together again.
    """
    headers, bands = b"", []
    for nal in access_unit.replace(_START, _START[1:]).split(_START[1:])[1:]:
        if nal[0] & 0x1F in (7, 8):
            headers += _START + nal
        elif nal[0] & 0x1F == 5:
            bands.append(_read_band(nal))
    if not headers or not bands or bands[0].first != 0:
        raise MediaError("encoder", "the H.264 encoder made no IDR picture")
    return Encoded(headers, tuple(bands), macroblocks)


def _read_band(nal: bytes) -> Band:
    reader = _Reader(_STUFFED_ZEROS.sub(b"\0\0", nal[1:]))
    first, kind, _ = reader.ue(), reader.ue(), reader.ue()
    number = reader.u(_FRAME_NUM_BITS)
    _ = reader.ue()
    marking = reader.u(2)
    if kind % 5 != _SLICE_I or number != 0 or marking != 0:
        raise MediaError("encoder", "the H.264 encoder made a slice of another kind than asked for")
    quantiser = reader.ue()
    if reader.ue() != 1:
        # The filter is kept within the band, so that bands do not depend on each other: intra
        # prediction is from unfiltered samples, so the data is the same.
        strengths = reader.ue(), reader.ue()
        ending = _Bits().ue(quantiser).ue(2).ue(strengths[0]).ue(strengths[1])
    else:
        ending = _Bits().ue(quantiser).ue(1)
    data, bits = reader.rest()
    ending.u(data, bits)
    return Band(first, ending.value, ending.length)


class PictureSequence:
    """One session's stream: says for each picture what to send.

    `gop_size` pictures from one key picture to the next; 1 makes every picture one.
    """

    def __init__(self, gop_size: int = DEFAULT_GOP) -> None:
        self.gop_size = gop_size
        self._left = 0
        self._frame_num = 0
        self._key_number = 0
        self._shown: Encoded | None = None

    def want_key(self) -> None:
        """Make the next picture a key picture: somebody has lost one, or has just come."""
        self._left = 0

    def next(self, picture: Encoded) -> AccessUnit:
        """Return the picture as it is to be sent after those before it."""
        before, self._shown = self._shown, picture
        is_same_stream = before is not None and before.headers == picture.headers
        if before is None or self._left <= 0 or not is_same_stream:
            self._left = self.gop_size - 1
            self._frame_num = 0
            self._key_number ^= 1
            return AccessUnit(picture.key(self._key_number), True)
        self._left -= 1
        self._frame_num = (self._frame_num + 1) % _FRAME_NUMS
        return AccessUnit(self._changes(picture, before), False)

    def _changes(self, picture: Encoded, before: Encoded) -> bytes:
        parts: list[bytes] = []
        same_from: int | None = None
        for band, old in zip(picture.bands, before.bands, strict=True):
            if band is old or band == old:
                same_from = band.first if same_from is None else same_from
                continue
            if same_from is not None:
                parts.append(self._skip(same_from, band.first))
                same_from = None
            parts.append(band.nal(is_key=False, number=self._frame_num))
        if same_from is not None:
            parts.append(self._skip(same_from, picture.macroblocks))
        return b"".join(parts)

    def _skip(self, first: int, end: int) -> bytes:
        """Return a P slice of skipped macroblocks only: the picture before, unchanged."""
        slice_ = _Bits().ue(first).ue(_SLICE_P).ue(0).u(self._frame_num, _FRAME_NUM_BITS)
        # No override of the number of references, no reordering of them, no marking; quantiser
        # as in the picture parameter set, no deblocking; then one run of skipped macroblocks.
        slice_.u(0, 3).ue(0).ue(1).ue(end - first)
        return _nal(_PLAIN, slice_.trailing())


class _Bits:
    """Bits written one after the other, as one whole number."""

    def __init__(self) -> None:
        self.value = 0
        self.length = 0

    def u(self, value: int, bits: int) -> _Bits:
        """Append `bits` bits."""
        self.value = self.value << bits | value
        self.length += bits
        return self

    def ue(self, value: int) -> _Bits:
        """Append an Exp-Golomb code."""
        return self.u(value + 1, 2 * (value + 1).bit_length() - 1)

    def trailing(self) -> _Bits:
        """Append the stop bit that ends a NAL unit."""
        return self.u(1, 1)


def _nal(header: int, bits: _Bits) -> bytes:
    padding = -bits.length % 8
    payload = (bits.value << padding).to_bytes((bits.length + padding) // 8, "big")
    return _START + bytes((header,)) + _UNFINISHED_ZEROS.sub(b"\0\0\3", payload)


class _Reader:
    """Bits read one after the other."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)
        # The stop bit and the zeros behind it belong to the byte stream, not to what is in it.
        self._zeros = (self._value & -self._value).bit_length() - 1

    def u(self, bits: int) -> int:
        """Return the next `bits` bits."""
        self._left -= bits
        if self._left < 0:
            raise MediaError("encoder", "the H.264 encoder made a slice without an end")
        return self._value >> self._left & (1 << bits) - 1

    def ue(self) -> int:
        """Return the next Exp-Golomb code; a signed one is returned as it is coded."""
        zeros = 0
        while self.u(1) == 0:
            zeros += 1
        return (1 << zeros) + self.u(zeros) - 1

    def rest(self) -> tuple[int, int]:
        """Return what is left with its stop bit, and how many bits that is."""
        bits = self._left - self._zeros
        return self._value >> self._zeros & (1 << bits) - 1, bits
