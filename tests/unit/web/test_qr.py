"""QR codes: the drawn path is the code, with its quiet zone; links as people type them."""

from __future__ import annotations

import re

import pytest
import segno

from kiosk.builtin.cards import QR_BYTES
from kiosk.web.qr import QUIET, is_link, qr_path, readable_link

RUN = re.compile(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z")


def modules_of(content: str) -> tuple[int, set[tuple[int, int]]]:
    """Return the side of a drawn code and its dark modules, read back from the path alone."""
    drawn = qr_path(content)
    path = str(drawn["path"])
    runs = RUN.findall(path)
    assert "".join(f"M{x} {y}h{w}v1h-{back}z" for x, y, w, back in runs) == path
    dark: set[tuple[int, int]] = set()
    for x, y, wide, back in runs:
        assert wide == back, "the run is a closed rectangle"
        cells = {(int(x) + step, int(y)) for step in range(int(wide))}
        assert not cells & dark, "no module is drawn twice"
        dark |= cells
    return int(drawn["side"]), dark


@pytest.mark.parametrize("content", ["A", "https://museum.example/harbour", "ü" * 600])
def test_every_dark_module_is_drawn_inside_the_quiet_zone(content: str) -> None:
    side, dark = modules_of(content)
    code = segno.make(content, error="m", micro=False)
    wanted = {
        (x + QUIET, y + QUIET)
        for y, row in enumerate(code.matrix)
        for x, value in enumerate(row)
        if value
    }
    assert dark == wanted
    assert side == len(code.matrix) + 2 * QUIET
    assert min(min(cell) for cell in dark) == QUIET
    assert max(max(cell) for cell in dark) == side - QUIET - 1


def test_the_three_finder_patterns_are_where_readers_look_for_them() -> None:
    side, dark = modules_of("https://museum.example/")
    last = side - QUIET - 7
    for left, top in ((QUIET, QUIET), (last, QUIET), (QUIET, last)):
        ring = {(left + step, top) for step in range(7)} | {(left, top + s) for s in range(7)}
        core = {(left + 2 + x, top + 2 + y) for x in range(3) for y in range(3)}
        assert ring | core <= dark
        assert (left + 1, top + 1) not in dark


def test_the_longest_content_of_a_card_still_makes_a_code() -> None:
    side, _ = modules_of("\N{EURO SIGN}" * (QR_BYTES // 3))
    assert side <= 177 + 2 * QUIET


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        ("https://museum.example", True),
        ("HTTP://museum.example/a?b=c#d", True),
        ("museum.example/a", False),
        ("see https://museum.example", False),
        ("https://museum.example and more", False),
        ("WIFI:T:WPA;S:museum;;", False),
        ("javascript://museum.example", False),
    ],
)
def test_links_are_told_from_other_words(content: str, is_one: bool) -> None:
    assert is_link(content) is is_one


def test_a_link_is_written_as_it_is_typed() -> None:
    assert readable_link("https://museum.example/harbour/") == "museum.example/harbour"
    assert readable_link("http://museum.example") == "museum.example"
