"""Charts as SVG: bars with their values, legible in print and without colour, named for readers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from markupsafe import Markup

WIDTH: Final = 720
COLUMN_HEIGHT: Final = 160
ROW_HEIGHT: Final = 26
LABEL_WIDTH: Final = 230
LABEL_ROOM: Final = 42
"""Room that a label below an upright bar needs; one that would be cut off is left out."""
MOST_BARS: Final = 400
SMALLEST: Final = 1e-3
"""Less than this is nothing: what is drawn are counts and their means."""
LINES: Final = 4
"""Lines of the scale."""


def nice(top: float) -> float:
    """Return a round number that is at least `top`: 1, 2, 2.5, 5 or 10 times a power of ten."""
    if top < SMALLEST:
        return 1.0
    power = 10.0 ** math.floor(math.log10(top))
    return next((step * power for step in (1, 2, 2.5, 5, 10) if step * power >= top), 10 * power)


def columns(title: str, points: Sequence[tuple[str, float]], *, key: str) -> Markup:
    """Return upright bars, for days or hours; `key` makes ids unique on the page."""
    points = points[:MOST_BARS]
    top = nice(max((value for _, value in points), default=0))
    left, bottom = 52, COLUMN_HEIGHT + 8
    step = (WIDTH - left) / max(len(points), 1)
    gap = min(step * 0.25, 6)
    parts = []
    for line in range(LINES + 1):
        value = top * line / LINES
        y = bottom - COLUMN_HEIGHT * line / LINES
        parts.append(f'<line x1="{left}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        if value == int(value) or top < LINES:
            parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" class="end">{number(value)}</text>')
    # As many labels as there is room for; the table has them all.
    every = max(1, math.ceil(len(points) * 64 / (WIDTH - left)))
    for at, (label, value) in enumerate(points):
        height = COLUMN_HEIGHT * value / top
        x = left + at * step + gap / 2
        parts.append(
            f'<rect x="{x:.1f}" y="{bottom - height:.1f}" width="{step - gap:.1f}" '
            f'height="{height:.1f}"><title>{escape(label)}: {number(value)}</title></rect>'
        )
        if at % every == 0 and x + LABEL_ROOM <= WIDTH:
            parts.append(f'<text x="{x:.1f}" y="{bottom + 16}">{escape(label)}</text>')
    return _svg(title, _summary(points), bottom + 24, parts, key)


def rows(
    title: str, points: Sequence[tuple[str, float]], *, key: str, of: float | None = None
) -> Markup:
    """Return lying bars with their words and values; `of` is what all of it would be."""
    points = points[:MOST_BARS]
    top = of or max((value for _, value in points), default=0) or 1
    width = WIDTH - LABEL_WIDTH - 90
    parts = []
    for at, (label, value) in enumerate(points):
        y = at * ROW_HEIGHT + 4
        long = width * min(value / top, 1)
        share = f" ({value / of:.0%})" if of else ""
        parts += [
            f'<text x="{LABEL_WIDTH - 8}" y="{y + 15}" class="end">{escape(_cut(label))}</text>',
            f'<rect class="track" x="{LABEL_WIDTH}" y="{y}" width="{width}" height="18"/>',
            f'<rect x="{LABEL_WIDTH}" y="{y}" width="{long:.1f}" height="18"/>',
            f'<text x="{LABEL_WIDTH + width + 8}" y="{y + 15}">{number(value)}{share}</text>',
        ]
    return _svg(title, _summary(points), len(points) * ROW_HEIGHT + 8, parts, key)


def number(value: float) -> str:
    """Return a number with its thousands apart, and a decimal where it has one."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def _cut(text: str) -> str:
    return text if len(text) <= 28 else f"{text[:27]}…"


def _summary(points: Sequence[tuple[str, float]]) -> str:
    if not points or not any(value for _, value in points):
        return "Nothing was counted."
    label, value = max(points, key=lambda point: point[1])
    return f"{len(points)} bars; the largest is {label} with {number(value)}. The table has all."


def _svg(title: str, summary: str, height: float, parts: list[str], key: str) -> Markup:
    # Everything that is not ours has been escaped where it was put in.
    return Markup(  # noqa: S704  # nosec B704  # see above
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        f'aria-labelledby="{key}-t {key}-d"><title id="{key}-t">{escape(title)}</title>'
        f'<desc id="{key}-d">{escape(summary)}</desc>{"".join(parts)}</svg>'
    )
