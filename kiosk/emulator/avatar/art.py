"""The museum host as drawings: the parts that keep their shape, the backdrop and the label.

All coordinates are those of a picture 1920 wide and 1080 high, the service's own size; the
person stands in its middle, so that both a wide and a tall screen can cut theirs out of it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

CANVAS_WIDTH = 1920
CANVAS_HEIGHT = 1080

DEFAULT_BACKGROUND = "#DCE3E8FF"

_PARTS = ("hair-back", "body", "head", "features", "locks", "glasses")


@lru_cache(maxsize=len(_PARTS))
def part(name: str) -> str:
    """Return the drawing inside one of the asset files, without its outer svg element."""
    text = (
        files("kiosk.emulator.avatar").joinpath("assets", f"{name}.svg").read_text(encoding="utf-8")
    )
    start = text.index("</title>") + len("</title>")
    return text[start : text.rindex("</svg>")]


def document(content: str, box: tuple[float, float, float, float]) -> str:
    """Return a complete SVG showing the canvas' `box` of some drawing."""
    x, y, width, height = box
    view = f'viewBox="{x} {y} {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {view}>{content}</svg>'


def parse_color(text: str) -> tuple[int, int, int, int]:
    """Return red, green, blue, alpha of "#RRGGBB" or "#RRGGBBAA"; ValueError for anything else."""
    if re.fullmatch(r"#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?", text) is None:
        raise ValueError("a colour is written #RRGGBB or #RRGGBBAA")
    value = text[1:] if len(text) == 9 else text[1:] + "FF"
    red, green, blue, alpha = (int(value[i : i + 2], 16) for i in (0, 2, 4, 6))
    return red, green, blue, alpha


def backdrop(color: str) -> str:
    """Return the background: one plain colour with a little light behind the head.

    The light ends before the picture does, so a page that continues the colour shows no edge.
    Alpha is laid over white, since a video has none; what the service does with it is unsure.
    """
    red, green, blue, alpha = parse_color(color)
    mixed = [round(value * alpha / 255 + 255 - alpha) for value in (red, green, blue)]
    plain = "#{:02x}{:02x}{:02x}".format(*mixed)
    dark = sum(mixed) < 3 * 70
    strength = 0.1 if dark else 0.34
    return (
        '<defs><radialGradient id="glow" cx="0.5" cy="0.5" r="0.5">'
        f'<stop offset="0" stop-color="#fff" stop-opacity="{strength}"/>'
        f'<stop offset="0.55" stop-color="#fff" stop-opacity="{strength * 0.42}"/>'
        '<stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient></defs>'
        f'<rect width="{CANVAS_WIDTH}" height="{CANVAS_HEIGHT}" fill="{plain}"/>'
        '<ellipse cx="960" cy="500" rx="560" ry="480" fill="url(#glow)"/>'
    )


def label(x: float, y: float, height: float, *, on_dark: bool) -> str:
    """Return the word "Emulator" at x, y, drawn by hand so that no font is needed."""
    ink = "#ffffff" if on_dark else "#22303c"
    strokes = (
        "M 0 0 V 20 M 0 0 H 11 M 0 10 H 9 M 0 20 H 11 "
        "M 17 20 V 7 M 17 11 C 17 5 25 5 25 11 V 20 M 25 11 C 25 5 33 5 33 11 V 20 "
        "M 40 7 V 15 C 40 21.5 49 21.5 49 15 M 49 7 V 20 "
        "M 56 -1 V 20 "
        "M 63 9 C 65 5.5 72 5.5 72 11 V 20 M 72 12.5 C 61 11.5 60.5 20 66 20 C 69 20 72 18 72 15.5 "
        "M 80 2 V 16 C 80 20 83 20.3 85.5 19.4 M 76.5 7 H 85.5 "
        "M 96 6.6 C 88 6.6 88 20.3 96 20.3 C 104 20.3 104 6.6 96 6.6 Z "
        "M 109 20 V 7 M 109 12 C 110 7.6 113 6.6 116 7.2"
    )
    return (
        f'<g transform="translate({x} {y}) scale({height / 20})" fill="none" stroke="{ink}" '
        f'stroke-width="2.1" stroke-linecap="round" stroke-linejoin="round" opacity="0.5">'
        f'<path d="{strokes}"/></g>'
    )
