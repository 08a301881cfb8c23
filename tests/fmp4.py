"""Takes the avatar's fMP4 stream apart and decodes it, as a player does."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

INIT = b"ftyp"


def boxes(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield every top-level box as (type, whole box); an incomplete one at the end is left out."""
    place = 0
    while place + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        if size < 8 or place + size > len(data):
            return
        yield kind.decode("ascii"), data[place : place + size]
        place += size


def kinds(data: bytes) -> list[str]:
    """Return the types of the top-level boxes."""
    return [kind for kind, _ in boxes(data)]


def runs(data: bytes) -> list[bytes]:
    """Cut a stream before each of its init segments."""
    found: list[bytes] = []
    for kind, box in boxes(data):
        if kind == "ftyp":
            found.append(b"")
        found[-1] += box
    return found


@dataclass
class Media:
    """What a player shows and plays: (seconds, picture as grey or cut) and (seconds, samples)."""

    size: tuple[int, int] = (0, 0)
    rate: int = 0
    pictures: list[tuple[float, NDArray[np.uint8]]] = field(default_factory=list)
    sound: list[tuple[float, NDArray[np.float32]]] = field(default_factory=list)

    @property
    def times(self) -> NDArray[np.float64]:
        """When each picture is shown, in seconds."""
        return np.array([at for at, _ in self.pictures])

    @property
    def sound_seconds(self) -> float:
        """Length of the sound."""
        return sum(samples.size for _, samples in self.sound) / self.rate

    def loudness(self, begin: float, end: float) -> float:
        """Return the root mean square of the sound between two moments; full scale is 1."""
        first = self.sound[0][0]
        whole = np.concatenate([samples for _, samples in self.sound])
        part = whole[max(0, int((begin - first) * self.rate)) : int((end - first) * self.rate)]
        return float(np.sqrt((part.astype(np.float64) ** 2).mean()))


def decoded(data: bytes, region: tuple[slice, slice] | None = None) -> Media:
    """Decode one run, or several of equal configuration; pictures are grey, cut to `region`."""
    media = Media()
    for run in runs(data):
        with av.open(io.BytesIO(run), "r") as container:
            frames: Iterator[Any] = container.decode()
            for frame in frames:
                assert frame.time is not None
                if isinstance(frame, av.AudioFrame):
                    media.rate = frame.sample_rate
                    media.sound.append((frame.time, frame.to_ndarray()[0]))
                else:
                    media.size = (frame.width, frame.height)
                    grey = frame.to_ndarray(format="gray").astype(np.uint8)
                    media.pictures.append((frame.time, grey if region is None else grey[region]))
    return media
