"""Drawings in other colours stay whole, and change where they should and nowhere else."""

from __future__ import annotations

import re

import pytest

from kiosk.emulator.avatar import art, colours, face
from kiosk.emulator.avatar.characters import HOST, character_of

LISA, JEFF = character_of("lisa"), character_of("jeff")


@pytest.mark.parametrize("name", ["body", "head", "features", "glasses", "locks", "hair-back"])
def test_a_coloured_part_is_whole(name: str) -> None:
    assert colours.part(name, HOST) == art.part(name)
    for who in (LISA, JEFF):
        drawing = colours.part(name, who)
        used = set(re.findall(r"url\(#([\w-]+)\)", drawing))
        assert used <= set(re.findall(r'id="([\w-]+)"', drawing))
        assert drawing.count("<g") == drawing.count("</g>")


def colours_of(drawing: str) -> set[str]:
    return set(re.findall(r"#[0-9a-f]{6}", drawing))


def test_skin_hair_and_cloth_change_and_glasses_and_pin_do_not() -> None:
    for name in ("body", "head", "features"):
        assert colours_of(colours.part(name, JEFF)) != colours_of(art.part(name))
    assert colours_of(colours.part("glasses", JEFF)) == colours_of(art.part("glasses"))
    assert "#ffe7ad" in colours.part("body", JEFF)


def test_grey_temples_and_lines_are_the_hosts_alone() -> None:
    assert "url(#temple)" in art.part("head")
    assert "url(#temple)" not in colours.part("head", LISA)


def test_eyes_lips_and_brows_follow() -> None:
    assert colours.eyes("open", HOST) == face.eyes("open")
    assert colours_of(colours.eyes("open", JEFF)) != colours_of(face.eyes("open"))
    assert colours_of(colours.mouth("rest", LISA)) != colours_of(face.mouth("rest"))
    assert "#f3eee7" in colours.mouth("open", JEFF), "teeth stay teeth"
