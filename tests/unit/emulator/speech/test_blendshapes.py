"""The face's numbers: in range, smooth, and open where the mouth is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from kiosk.emulator.speech.blendshapes import (
    FACIAL_POSITIONS,
    FRAMES_PER_SECOND,
    frame_at,
    frame_range,
)
from kiosk.emulator.speech.parts import MouthMark

AT = {name: place for place, name in enumerate(FACIAL_POSITIONS)}
MOUTHS = (MouthMark(2, 100), MouthMark(21, 300), MouthMark(8, 400), MouthMark(0, 600))


def frames(mouths: tuple[MouthMark, ...] = MOUTHS, length_ms: int = 800) -> np.ndarray:
    return np.array([frame_at(n, mouths, 0) for n in frame_range(0, length_ms)])


def at(face: np.ndarray, ms: float, name: str) -> float:
    return float(face[round(ms * FRAMES_PER_SECOND / 1000), AT[name]])


def test_the_documented_positions() -> None:
    assert len(FACIAL_POSITIONS) == len(set(FACIAL_POSITIONS)) == 55
    assert FACIAL_POSITIONS[0] == "eyeBlinkLeft"
    assert FACIAL_POSITIONS[17] == "jawOpen"
    assert FACIAL_POSITIONS[51:] == ("tongueOut", "headRoll", "leftEyeRoll", "rightEyeRoll")


def test_the_mouth_follows_its_shapes() -> None:
    face = frames()
    assert at(face, 200, "jawOpen") > 0.5
    assert at(face, 350, "jawOpen") == 0.0
    assert at(face, 350, "mouthPressLeft") == at(face, 350, "mouthPressRight") > 0.3
    assert at(face, 500, "mouthFunnel") > 0.5
    assert at(face, 50, "jawOpen") == at(face, 750, "jawOpen") == 0.0


def test_it_moves_smoothly_and_stays_in_range() -> None:
    face = frames()
    assert face.min() >= 0.0
    assert face.max() <= 1.0
    jaw = face[:, AT["jawOpen"]]
    assert np.abs(np.diff(jaw)).max() < 0.3


def test_very_short_shapes_still_show() -> None:
    mouths = (MouthMark(2, 0), MouthMark(21, 200), MouthMark(2, 240), MouthMark(0, 400))
    jaw = frames(mouths)[:, AT["jawOpen"]]
    assert jaw[12:15].min() < 0.15 < 0.45 < jaw[20]


def test_every_viseme_has_a_face_of_its_own() -> None:
    faces = [
        tuple(frame_at(30, (MouthMark(viseme, 0), MouthMark(0, 5_000)), 0)) for viseme in range(22)
    ]
    assert len(set(faces)) == 22


def test_eyes_blink_together_and_not_all_the_time() -> None:
    face = frames(length_ms=30_000)
    left, right = face[:, AT["eyeBlinkLeft"]], face[:, AT["eyeBlinkRight"]]
    assert np.array_equal(left, right)
    starts = np.flatnonzero((left[:-1] == 0) & (left[1:] > 0))
    assert 6 <= len(starts) <= 10
    assert len({b - a for a, b in pairwise(starts.tolist())}) > 1
    assert left.max() > 0.9


def test_without_shapes_the_mouth_rests() -> None:
    face = frames(())
    assert face[:, AT["jawOpen"]].max() == 0.0


def test_frames_of_pieces_join() -> None:
    pieces = [frame_range(0, 333), frame_range(333, 1_001), frame_range(1_001, 2_000)]
    assert [n for piece in pieces for n in piece] == list(range(120))
