"""Measures lip sync in decoded media: when sound and mouth begin and end, by samples and pixels.

Time stamps say when a picture is shown, never what is in it: whether the mouth moves with the
sound is read from the pixels around it and from the loudness, as a viewer would.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from kiosk.emulator.avatar.face import MOUTH_BOX
from kiosk.emulator.avatar.shape import VideoShape

Picture = NDArray[np.uint8]
Pictures = Sequence[tuple[float, Picture]]
"""(seconds, picture) in order; pictures are grey or RGB, all of one size."""
Sound = Sequence[tuple[float, NDArray[np.generic]]]
"""(seconds of the first sample, mono samples of any scale) in order."""
Stretch = tuple[float, float]

WINDOW_S = 0.01
JOIN_S = 0.25
"""Pauses shorter than this belong to an utterance; the mouth may stay open in them."""
SHORTEST_S = 0.1
QUIET = 0.1
"""Loud is more than this part of what speech usually reaches here (-20 dB)."""
GUARD_S = 0.3
"""Pictures at least this far from any sound show the closed mouth the others are compared with."""
_MOST_REFERENCES = 20
_SHIFTS = [(down, right) for down in range(-3, 4) for right in (-1, 0, 1)]


@dataclass(frozen=True, slots=True)
class Utterance:
    """One utterance as heard and as seen, in seconds; `mouth` is None when it never opened."""

    sound: Stretch
    mouth: Stretch | None

    @property
    def begins_ms(self) -> float:
        """How much later the mouth opens than the sound begins; negative: it is ahead."""
        assert self.mouth is not None, f"the mouth never opened for the sound at {self.sound[0]} s"
        return 1000 * (self.mouth[0] - self.sound[0])

    @property
    def ends_ms(self) -> float:
        """How much later the mouth closes than the sound ends; negative: it is ahead."""
        assert self.mouth is not None, f"the mouth never opened for the sound at {self.sound[0]} s"
        return 1000 * (self.mouth[1] - self.sound[1])


def mouth_region(shape: VideoShape) -> tuple[slice, slice]:
    """Return where the avatar's mouth is in a picture of this shape, as rows and columns."""
    framing = shape.framing()
    x, y, width, height = MOUTH_BOX
    left, top = (x - framing.x) * framing.scale, (y - framing.y) * framing.scale
    return (
        slice(max(0, round(top)), round(top + height * framing.scale)),
        slice(max(0, round(left)), round(left + width * framing.scale)),
    )


def loud_stretches(sound: Sound, rate: int) -> list[Stretch]:
    """Return when it is loud: (begin, end) of each utterance in seconds."""
    size = max(1, round(WINDOW_S * rate))
    times: list[float] = []
    levels: list[float] = []
    for start, samples in _joined(sound, rate):
        whole = samples[: samples.size // size * size].reshape(-1, size).astype(np.float64)
        levels += np.sqrt((whole**2).mean(axis=1)).tolist()
        times += [start + index * WINDOW_S for index in range(len(whole))]
    top = float(np.percentile([level for level in levels if level > 0] or [0.0], 95))
    loud = [
        (at, at + WINDOW_S)
        for at, level in zip(times, levels, strict=True)
        if top > 0 and level > QUIET * top
    ]
    return _merged(loud)


def _joined(sound: Sound, rate: int) -> Iterable[tuple[float, NDArray[np.generic]]]:
    """Join blocks that follow each other, so that windows do not end with every block."""
    run: list[NDArray[np.generic]] = []
    start = end = 0.0
    for at, samples in sound:
        if run and abs(at - end) > WINDOW_S:
            yield start, np.concatenate(run)
            run = []
        if not run:
            start = end = at
        run.append(samples.reshape(-1))
        end += samples.size / rate
    if run:
        yield start, np.concatenate(run)


def moving_stretches(pictures: Pictures, quiet: Sequence[bool]) -> list[Stretch]:
    """Return when the pictures, cut to the mouth, differ from those known to be `quiet`.

    Each picture is compared with every known one at small shifts, so that neither breathing nor a
    nod counts as an opening mouth. A stretch ends when the first closed picture is shown.
    """
    grey = [_grey(picture) for _, picture in pictures]
    known = [picture for picture, is_quiet in zip(grey, quiet, strict=True) if is_quiet]
    assert len(known) > 2, "there is too little silence to know the closed mouth by"
    known = known[:: max(1, len(known) // _MOST_REFERENCES)]
    noise = [
        _distance(one, np.stack([other for other in known if other is not one])) for one in known
    ]
    limit = 1.5 * max(noise) + 0.5
    closed = np.stack(known)
    # Most pictures are shown more than once.
    measured: dict[bytes, float] = {}
    moves = []
    spans = zip(pictures, [*(at for at, _ in pictures[1:]), pictures[-1][0]], strict=True)
    for ((at, _), following), picture in zip(spans, grey, strict=True):
        key = picture.tobytes()
        if key not in measured:
            measured[key] = _distance(picture, closed)
        if measured[key] > limit:
            moves.append((at, following))
    return _merged(moves)


def _grey(picture: Picture) -> NDArray[np.float32]:
    flat = picture if picture.ndim == 2 else picture.mean(axis=2)
    return flat.astype(np.float32)


def _distance(picture: NDArray[np.float32], known: NDArray[np.float32]) -> float:
    """Return the mean difference to the most similar known picture, at the best small shift."""
    inner = picture[3:-3, 1:-1]
    height, width = picture.shape
    return min(
        float(
            np.abs(known[:, 3 + d : height - 3 + d, 1 + r : width - 1 + r] - inner)
            .mean(axis=(1, 2))
            .min()
        )
        for d, r in _SHIFTS
    )


def _merged(parts: Iterable[Stretch]) -> list[Stretch]:
    merged: list[Stretch] = []
    for begin, end in parts:
        if merged and begin - merged[-1][1] < JOIN_S:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((begin, end))
    return [stretch for stretch in merged if stretch[1] - stretch[0] >= SHORTEST_S]


def utterances(pictures: Pictures, sound: Sound, rate: int) -> list[Utterance]:
    """Return every utterance heard, each with the stretch in which the mouth moved for it.

    `pictures` are cut to the mouth (`mouth_region`); both lists count on the same clock. There
    must be at least two seconds of silence in all, or the closed mouth is not known.
    """
    loud = loud_stretches(sound, rate)
    quiet = [
        all(at < begin - GUARD_S or at > end + GUARD_S for begin, end in loud) for at, _ in pictures
    ]
    moving = moving_stretches(pictures, quiet)
    found = []
    for begin, end in loud:
        of_it = [m for m in moving if m[0] < end and m[1] > begin]
        mouth = (of_it[0][0], of_it[-1][1]) if of_it else None
        found.append(Utterance((begin, end), mouth))
    return found


@dataclass(frozen=True, slots=True)
class Report:
    """Offsets between mouth and sound over several utterances, in milliseconds."""

    begins: list[float]
    ends: list[float]

    @classmethod
    def of(cls, found: Sequence[Utterance]) -> Report:
        """Collect the offsets of utterances."""
        return cls([u.begins_ms for u in found], [u.ends_ms for u in found])

    @property
    def typical_ms(self) -> float:
        """The median distance of all beginnings and ends."""
        return median(abs(offset) for offset in (*self.begins, *self.ends))

    @property
    def worst_ms(self) -> float:
        """The largest distance."""
        return max(abs(offset) for offset in (*self.begins, *self.ends))

    @override
    def __str__(self) -> str:
        begins, ends = ([round(x) for x in part] for part in (self.begins, self.ends))
        return (
            f"mouth against sound, ms: begins {begins}, ends {ends}; "
            f"median {self.typical_ms:.0f}, worst {self.worst_ms:.0f}"
        )
