"""Pictures of the person: what moves moves, what should not does not, and edges are plain."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.emulator.avatar.characters import character_of
from kiosk.emulator.avatar.figure import BREATHS, POSES, Figure, pose_at
from kiosk.emulator.avatar.shape import Framing, Scene, VideoShape

SCALE = 640 / 1920


@pytest.fixture(scope="module")
def figure() -> Figure:
    return Figure(Framing(0, 0, SCALE, 640, 360), "#DCE3E8FF")


def area(x: float, y: float, width: float, height: float) -> tuple[slice, slice]:
    """Return the slices of a box given on the canvas."""
    return (
        slice(int(y * SCALE), int((y + height) * SCALE)),
        slice(int(x * SCALE), int((x + width) * SCALE)),
    )


MOUTH = area(900, 495, 120, 60)
EYES = area(860, 360, 200, 60)
CHEST = area(760, 900, 60, 100)


def test_the_edges_are_the_colour_that_was_asked_for(figure: Figure) -> None:
    picture = figure.picture(0, 0, "open", "rest")
    assert picture.shape == (360, 640, 3)
    for row, column in ((0, 0), (0, 639), (180, 0), (359, 0), (0, 320)):
        assert np.abs(picture[row, column].astype(int) - (0xDC, 0xE3, 0xE8)).max() <= 1


def test_a_mouth_changes_the_mouth_only(figure: Figure) -> None:
    rest = figure.picture(3, 0, "open", "rest").astype(int)
    wide = figure.picture(3, 0, "open", "open").astype(int)
    changed = np.abs(wide - rest).max(axis=2) > 8
    assert changed[MOUTH].mean() > 0.2
    assert not changed[EYES].any()
    assert not changed[CHEST].any()


def test_a_blink_changes_the_eyes_only(figure: Figure) -> None:
    changed = (
        np.abs(
            figure.picture(3, 0, "closed", "rest").astype(int)
            - figure.picture(3, 0, "open", "rest").astype(int)
        ).max(axis=2)
        > 8
    )
    assert changed[EYES].mean() > 0.1
    assert not changed[MOUTH].any()


def test_drawing_a_part_again_leaves_no_seam(figure: Figure) -> None:
    """A picture put together from a kept pose is the one that is drawn in one go."""
    again = Figure(figure.framing, "#DCE3E8FF")
    first = again.picture(9, 1, "warm", "oh")
    figure.picture(9, 1, "open", "rest")
    assert np.abs(figure.picture(9, 1, "warm", "oh").astype(int) - first).max() <= 1


def test_idle_moves_smoothly_and_comes_round() -> None:
    poses = [pose_at(step) for step in range(POSES)]
    assert pose_at(POSES) == poses[0]
    assert {pose.breath for pose in poses} == set(range(BREATHS))
    for here, following in zip(poses, [*poses[1:], poses[0]], strict=True):
        assert abs(here.head_x - following.head_x) < 0.5
        assert abs(here.head_y - following.head_y) < 0.5
        assert abs(here.tilt - following.tilt) < 0.2


def test_a_crop_shows_the_same_person_in_its_place(figure: Figure) -> None:
    cropped = Figure(Framing(560, 0, SCALE, 266, 360), "#DCE3E8FF")
    part = cropped.picture(0, 0, "open", "rest")[40:200, 40:220].astype(int)
    left = int(560 * SCALE)
    whole = figure.picture(0, 0, "open", "rest")[40:200, left + 40 : left + 220].astype(int)
    # A third of a pixel lies between the two, so edges differ a little.
    assert np.abs(part - whole).mean() < 6


def in_scene(**scene: float) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return where the person stands in a scene: True where it is not background."""
    framing = VideoShape(640, 360, scene=Scene(**scene)).framing()
    plain = np.full((360, 640, 3), 200, dtype=np.uint8)
    picture = Figure(framing, "#DCE3E8FF", image=plain).picture(0, 0, "open", "rest")
    stands: np.ndarray[tuple[int, ...], np.dtype[np.int64]] = (
        np.abs(picture.astype(int) - 200).max(axis=2) > 12
    )
    # The label stays in its corner, whatever the scene.
    stands[330:, 590:] = False
    return stands


def middle(stands: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> tuple[float, float]:
    rows, columns = np.nonzero(stands)
    return float(columns.mean()), float(rows.min())


def test_a_scene_zooms_and_moves() -> None:
    usual, near, far = in_scene(), in_scene(zoom=1.3), in_scene(zoom=0.5)
    assert far.sum() < usual.sum() < near.sum()
    x, top = middle(usual)
    assert middle(far)[1] == pytest.approx(180 - (180 - top) / 2, abs=3)
    moved = middle(in_scene(position_x=-0.25, position_y=0.1))
    assert moved == pytest.approx((x - 160, top + 36), abs=3)
    for stands in (far, in_scene(position_y=-0.3), in_scene(rotation_z=0.3)):
        assert stands[358].any(), "the body reaches the end of the picture"


def test_a_scene_turns_clockwise() -> None:
    head = middle(in_scene(rotation_z=0.3)[:150])[0]
    assert head > middle(in_scene()[:150])[0] + 20
    assert middle(in_scene(rotation_z=-0.3)[:150])[0] < middle(in_scene()[:150])[0] - 20


def test_pitch_and_yaw_turn_the_face() -> None:
    assert pose_at(0, 0, Scene(rotation_y=0.3)).face_x > pose_at(0).face_x + 10
    assert pose_at(0, 0, Scene(rotation_x=0.3)).face_y > pose_at(0).face_y + 10


def test_a_small_amplitude_moves_little() -> None:
    still = [pose_at(step, 0, Scene(amplitude=0.1)) for step in range(POSES)]
    usual = [pose_at(step) for step in range(POSES)]
    assert max(abs(pose.tilt) for pose in still) < max(abs(pose.tilt) for pose in usual) / 9


@pytest.mark.parametrize("scene", [Scene(), Scene(zoom=1.4, rotation_z=0.2, rotation_y=0.3)])
def test_a_mouth_drawn_again_leaves_no_seam_in_any_scene(scene: Scene) -> None:
    framing = VideoShape(640, 360, scene=scene).framing()
    who = character_of("lisa")
    first = Figure(framing, "#DCE3E8FF", who).picture(9, 1, "open", "oh").astype(int)
    again = Figure(framing, "#DCE3E8FF", who)
    again.picture(9, 1, "open", "rest")
    assert np.abs(again.picture(9, 1, "open", "oh").astype(int) - first).max() <= 1
    assert (np.abs(first - again.picture(9, 1, "open", "rest").astype(int)).max(axis=2) > 8).any()
