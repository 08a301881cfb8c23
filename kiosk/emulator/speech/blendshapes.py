"""The face in numbers: 55 facial positions, 60 times a second, from the mouth's shapes.

Source: Azure Speech documentation, "Get facial position with viseme", 3D blend shapes: each frame
(at 60 FPS) holds 55 values between 0 and 1, in the order of FACIAL_POSITIONS. The values
themselves are this emulator's; the service's come from a model.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import pairwise

from kiosk.emulator.speech.parts import MouthMark

FRAMES_PER_SECOND = 60

FACIAL_POSITIONS = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft",
    "eyeSquintLeft", "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight",
    "eyeLookOutRight", "eyeLookUpRight", "eyeSquintRight", "eyeWideRight", "jawForward",
    "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft",
    "mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft",
    "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
    "mouthUpperUpRight", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft",
    "browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft",
    "noseSneerRight", "tongueOut", "headRoll", "leftEyeRoll", "rightEyeRoll",
)  # fmt: skip
"""Names of the values of a frame, in order (the documentation counts them from 1)."""

_INDEX = {name: place for place, name in enumerate(FACIAL_POSITIONS)}

# What each of Azure's visemes does to a mouth: jaw open, lips rounded, funnelled and spread, then
# what is particular to it. A pair of positions (left and right) is named without its side.
_SHAPES: dict[int, dict[str, float]] = {
    0: {"mouthSmile": 0.06},
    1: {"jawOpen": 0.34, "mouthLowerDown": 0.26, "mouthUpperUp": 0.14, "mouthStretch": 0.14},
    2: {"jawOpen": 0.52, "mouthLowerDown": 0.30, "mouthUpperUp": 0.14},
    3: {"jawOpen": 0.40, "mouthFunnel": 0.46, "mouthPucker": 0.22, "mouthLowerDown": 0.16},
    4: {"jawOpen": 0.28, "mouthStretch": 0.22, "mouthLowerDown": 0.24, "mouthUpperUp": 0.14},
    5: {"jawOpen": 0.22, "mouthFunnel": 0.30, "mouthPucker": 0.24, "mouthLowerDown": 0.12},
    6: {"jawOpen": 0.14, "mouthSmile": 0.30, "mouthStretch": 0.30, "mouthLowerDown": 0.16},
    7: {"jawOpen": 0.14, "mouthPucker": 0.66, "mouthFunnel": 0.34},
    8: {"jawOpen": 0.28, "mouthFunnel": 0.54, "mouthPucker": 0.42},
    9: {"jawOpen": 0.44, "mouthFunnel": 0.32, "mouthPucker": 0.20, "mouthLowerDown": 0.22},
    10: {"jawOpen": 0.32, "mouthFunnel": 0.40, "mouthPucker": 0.20, "mouthStretch": 0.10},
    11: {"jawOpen": 0.42, "mouthStretch": 0.20, "mouthLowerDown": 0.28, "mouthSmile": 0.12},
    12: {"jawOpen": 0.20, "mouthLowerDown": 0.14, "mouthUpperUp": 0.08},
    13: {"jawOpen": 0.16, "mouthFunnel": 0.34, "mouthPucker": 0.26, "mouthShrugUpper": 0.10},
    14: {"jawOpen": 0.22, "mouthLowerDown": 0.20, "mouthStretch": 0.12, "tongueOut": 0.10},
    15: {"jawOpen": 0.06, "mouthStretch": 0.30, "mouthSmile": 0.14, "mouthLowerDown": 0.16},
    16: {"jawOpen": 0.12, "mouthFunnel": 0.50, "mouthPucker": 0.24, "mouthShrugUpper": 0.12},
    17: {"jawOpen": 0.16, "tongueOut": 0.22, "mouthLowerDown": 0.16, "mouthUpperUp": 0.08},
    18: {"jawOpen": 0.06, "mouthRollLower": 0.48, "mouthUpperUp": 0.18, "mouthShrugUpper": 0.14},
    19: {"jawOpen": 0.12, "mouthStretch": 0.16, "mouthLowerDown": 0.18, "mouthUpperUp": 0.08},
    20: {"jawOpen": 0.18, "mouthLowerDown": 0.18, "mouthStretch": 0.10},
    21: {"mouthPress": 0.36, "mouthRollLower": 0.20, "mouthRollUpper": 0.16},
}

_BLEND_MS = 70.0
"""A mouth needs about this long from one shape to the next; a shorter shape gets half its time."""

_BLINK_EVERY_MS = 3_700.0
_BLINK_DRIFT_MS = 900.0
_BLINK_MS = 180.0
_CLOSED_SHARE = 0.35
"""Share of a blink that is the lid's way down; opening takes longer."""


def _row(shape: dict[str, float]) -> tuple[float, ...]:
    values = [0.0] * len(FACIAL_POSITIONS)
    for name, value in shape.items():
        sides = (name,) if name in _INDEX else (f"{name}Left", f"{name}Right")
        for side in sides:
            values[_INDEX[side]] = value
    return tuple(values)


_ROWS = {viseme: _row(shape) for viseme, shape in _SHAPES.items()}
_REST = _ROWS[0]


def frame_at(index: int, mouths: tuple[MouthMark, ...], begin_ms: float) -> list[float]:
    """Return frame number `index` of an answer; `mouths` count from `begin_ms` of it."""
    at_ms = index * 1000 / FRAMES_PER_SECOND
    values = list(_mouth(mouths, at_ms - begin_ms))
    lids = _blink(at_ms)
    for side in ("Left", "Right"):
        values[_INDEX[f"eyeBlink{side}"]] = lids
        # The lower lid lifts with what the cheeks do.
        values[_INDEX[f"cheekSquint{side}"]] = 0.5 * values[_INDEX[f"mouthSmile{side}"]]
    values[_INDEX["browInnerUp"]] = 0.05 + 0.05 * math.sin(at_ms / 1100)
    # "headRoll" is given between 0 and 1 like all others (documentation); 0 is upright.
    values[_INDEX["headRoll"]] = 0.02 + 0.02 * math.sin(at_ms / 1700)
    return [round(min(max(value, 0.0), 1.0), 3) for value in values]


def frame_range(begin_ms: int, end_ms: int) -> range:
    """Return the numbers of the frames that begin within a stretch of an answer's audio."""
    first, after = (-(-ms * FRAMES_PER_SECOND // 1000) for ms in (begin_ms, end_ms))
    return range(first, after)


def _mouth(mouths: tuple[MouthMark, ...], at_ms: float) -> tuple[float, ...]:
    """Return the mouth between two shapes: a smooth step around the moment the shape changes."""
    if not mouths:
        return _REST
    starts = [mark.start_ms for mark in mouths]
    here = bisect_right(starts, at_ms) - 1
    shape = _ROWS[mouths[here].viseme] if here >= 0 else _REST
    if here >= 0:
        before = _ROWS[mouths[here - 1].viseme] if here else _REST
        share = (at_ms - starts[here]) / _half_blend(starts, here)
        if share < 1.0:
            return _mix(before, shape, 0.5 + 0.5 * _smooth(share))
    if here + 1 < len(mouths):
        following = _ROWS[mouths[here + 1].viseme]
        share = (starts[here + 1] - at_ms) / _half_blend(starts, here + 1)
        if share < 1.0:
            return _mix(shape, following, 0.5 - 0.5 * _smooth(share))
    return shape


def _half_blend(starts: list[int], change: int) -> float:
    """Return how long before and after a change of shape the mouth is on its way, in ms."""
    stretches = [later - earlier for earlier, later in pairwise(starts[max(0, change - 1) :][:3])]
    return max(1.0, min([_BLEND_MS / 2, *(stretch / 2 for stretch in stretches)]))


def _smooth(share: float) -> float:
    return math.sin(share * math.pi / 2)


def _mix(before: tuple[float, ...], after: tuple[float, ...], share: float) -> tuple[float, ...]:
    return tuple(a + (b - a) * share for a, b in zip(before, after, strict=True))


def _blink(at_ms: float) -> float:
    """Return how far the lids are closed; blinks come at uneven but repeatable moments."""
    number = math.floor(at_ms / _BLINK_EVERY_MS)
    start = (number + 0.4) * _BLINK_EVERY_MS + _BLINK_DRIFT_MS * math.sin(number * 2.4)
    share = (at_ms - start) / _BLINK_MS
    if not 0.0 <= share <= 1.0:
        return 0.0
    if share < _CLOSED_SHARE:
        return _smooth(share / _CLOSED_SHARE)
    return _smooth((1.0 - share) / (1.0 - _CLOSED_SHARE))
