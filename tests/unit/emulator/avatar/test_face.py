"""A mouth for every viseme, at least ten of them different, and eyes that open and close."""

from __future__ import annotations

import re

from kiosk.emulator.avatar import face


def test_every_azure_viseme_has_a_mouth() -> None:
    assert len(face.MOUTH_OF_VISEME) == 22
    assert set(face.MOUTH_OF_VISEME) <= set(face.MOUTHS)
    assert len(set(face.MOUTH_OF_VISEME)) >= 10
    assert face.MOUTH_OF_VISEME[0] == "rest"


def test_mouths_differ_and_refer_to_nothing_that_is_not_there() -> None:
    drawings = {name: face.mouth(name) for name in face.MOUTHS}
    assert len(set(drawings.values())) == len(face.MOUTHS)
    for drawing in [*drawings.values(), *map(face.eyes, face.EYES)]:
        assert set(re.findall(r"url\(#(\w+)\)", drawing)) <= set(re.findall(r'id="(\w+)"', drawing))


def test_closed_lips_show_no_inside_and_open_ones_do() -> None:
    assert "url(#inside)" not in face.mouth("pressed")
    assert "url(#inside)" in face.mouth("open")


def test_closed_eyes_have_no_iris() -> None:
    assert "url(#iris)" in face.eyes("open")
    assert "url(#iris)" not in face.eyes("closed")
