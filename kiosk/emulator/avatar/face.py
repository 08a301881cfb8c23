"""The museum host's eyes and mouth, drawn as SVG from a few parameters."""

from __future__ import annotations

from dataclasses import dataclass

MOUTH_BOX = (880, 480, 160, 112)
EYES_BOX = (846, 316, 228, 130)
"""Where the moving parts are drawn: x, y, width, height on the canvas."""


@dataclass(frozen=True, slots=True)
class Mouth:
    """One mouth shape; lengths are canvas pixels."""

    half_width: float
    upper: float = 0.0
    """How far the upper lip's inner edge is above the closed line."""
    lower: float = 0.0
    """How far the lower lip's inner edge is below it."""
    round: float = 0.0
    """0 flat and wide, 1 pushed forward into a ring."""
    smile: float = 2.0
    """How far the corners are above the middle."""
    upper_teeth: float = 0.0
    lower_teeth: float = 0.0
    tongue: float = 0.0
    """0 out of sight, 0.5 lying in the mouth, 1 at or between the teeth."""
    tuck: float = 0.0
    """1: the lower lip is drawn under the upper teeth."""
    press: float = 0.0
    """1: the lips are pressed together."""


MOUTHS: dict[str, Mouth] = {
    "rest": Mouth(47, smile=4.0),
    "smile": Mouth(53, smile=8.5),
    "pressed": Mouth(45, smile=2.5, press=1.0),
    "mid": Mouth(45, 4.5, 9, smile=2, upper_teeth=5.5, tongue=0.4),
    "open": Mouth(43, 7, 20, 0.1, smile=1, upper_teeth=7, tongue=0.45),
    "open_round": Mouth(34, 7, 16, 0.55, smile=0, upper_teeth=4.5, tongue=0.35),
    "eh": Mouth(48, 4.5, 7.5, smile=3, upper_teeth=6.5, tongue=0.4),
    "er": Mouth(36, 3.5, 6, 0.45, smile=0.5, upper_teeth=4, lower_teeth=2, tongue=0.3),
    "ee": Mouth(53, 3.5, 4.5, smile=5, upper_teeth=6, lower_teeth=2.2),
    "oo": Mouth(24, 3.2, 4.5, 1.0, smile=0),
    "oh": Mouth(28, 6, 11.5, 0.85, smile=0, tongue=0.25),
    "l": Mouth(45, 5, 10, smile=2, upper_teeth=5, tongue=1.0),
    "ess": Mouth(48, 3, 3, smile=3, upper_teeth=4.2, lower_teeth=3),
    "sh": Mouth(32, 4.5, 5.5, 0.6, smile=0, upper_teeth=5, lower_teeth=4.2),
    "th": Mouth(45, 4, 5.5, smile=2, upper_teeth=4, tongue=0.9),
    "eff": Mouth(45, 4.5, 0.8, smile=2, upper_teeth=5.5, tuck=1.0),
    "dee": Mouth(45, 3.5, 5.5, smile=2.5, upper_teeth=5.5, lower_teeth=1.8, tongue=0.5),
}
"""Every mouth shape by name. The first is a closed, friendly rest."""

MOUTH_OF_VISEME: tuple[str, ...] = (
    "rest", "mid", "open", "open_round", "eh", "er", "ee", "oo", "oh", "open", "open_round",
    "open", "mid", "er", "l", "ess", "sh", "th", "eff", "dee", "mid", "pressed",
)  # fmt: skip
"""The shape for each of Azure's viseme ids, 0 to 21."""

EYES: dict[str, tuple[float, float, float]] = {
    "open": (1.0, 0.0, 0.0),
    "half": (0.5, 0.0, 0.0),
    "closed": (0.0, 0.0, 0.0),
    "left": (0.97, -5.0, 0.0),
    "right": (0.97, 5.0, 0.0),
    "wide": (1.1, 0.0, 1.0),
    "warm": (0.84, 0.0, 0.35),
}
"""Eyes by name: how far open, where they look sideways, how far the brows are raised."""


def eyes(name: str) -> str:
    """Return both eyes with their lids and brows, for one of EYES."""
    openness, gaze, raised = EYES[name]
    return _EYE_DEFS + "".join(
        _eye(center, side, openness, gaze) + _brow(center, side, raised, openness)
        for center, side in ((904.0, -1), (1016.0, 1))
    )


_EYE_DEFS = """<defs>
<radialGradient id="iris" cx="0.5" cy="0.56" r="0.5">
<stop offset="0" stop-color="#a98a55"/><stop offset="0.45" stop-color="#6f7f5f"/>
<stop offset="0.8" stop-color="#41584f"/><stop offset="1" stop-color="#1d2a28"/></radialGradient>
<linearGradient id="white" x1="0" y1="0" x2="0" y2="1">
<stop offset="0" stop-color="#b9aaa0"/><stop offset="0.4" stop-color="#f1ebe4"/>
<stop offset="1" stop-color="#e3d8cf"/></linearGradient>
<linearGradient id="lid" x1="0" y1="0" x2="0" y2="1">
<stop offset="0" stop-color="#c08862"/><stop offset="0.6" stop-color="#d9a47e"/>
<stop offset="1" stop-color="#b97f5b"/></linearGradient>
<linearGradient id="brow" x1="0" y1="0" x2="0" y2="1">
<stop offset="0" stop-color="#5d4c40"/><stop offset="1" stop-color="#3a2c24"/></linearGradient>
<filter id="e1" filterUnits="userSpaceOnUse" color-interpolation-filters="sRGB"
x="846" y="316" width="228" height="130">
<feGaussianBlur stdDeviation="1.1"/></filter>
<filter id="e3" filterUnits="userSpaceOnUse" color-interpolation-filters="sRGB"
x="846" y="316" width="228" height="130">
<feGaussianBlur stdDeviation="3"/></filter></defs>"""


def _eye(cx: float, side: int, openness: float, gaze: float) -> str:
    """Return one eye; `side` is -1 for the one on the picture's left."""
    cy = 393.0
    inner, outer = cx - side * 28, cx + side * 30.5
    # Closed lids meet a little below the middle, as lids do.
    top = cy + 5 - 22.5 * openness
    bottom = cy + 7 + 4.4 * min(1.0, openness)
    upper = f"C {inner + side * 9} {top} {outer - side * 13} {top - 1} {outer} {cy + 1}"
    lower = f"C {outer - side * 9} {bottom + 1} {inner + side * 14} {bottom + 2} {inner} {cy + 4}"
    shape = f"M {inner} {cy + 4} {upper} {lower} Z"
    clip = f"eye{'L' if side < 0 else 'R'}"
    crease = cy - 20 - 4 * min(1.0, openness)
    parts = [
        f'<clipPath id="{clip}"><path d="{shape}"/></clipPath>',
        f'<path d="M {inner} {cy + 2} C {inner + side * 10} {crease} {outer - side * 12}'
        f" {crease - 1}"
        f' {outer + side * 3} {cy - 1} {lower.replace("C", "C", 1)} Z" fill="url(#lid)"'
        ' opacity="0.8"/>',
    ]
    if openness > 0.08:
        parts += [
            f'<g clip-path="url(#{clip})">',
            f'<rect x="{cx - 34}" y="{cy - 24}" width="68" height="48" fill="url(#white)"/>',
            f'<circle cx="{inner + side * 3}" cy="{cy + 4}" r="4.5" fill="#c9806c" opacity="0.7"/>',
            f'<circle cx="{cx + gaze}" cy="{cy - 1}" r="14.4" fill="url(#iris)"/>',
            f'<circle cx="{cx + gaze}" cy="{cy - 1}" r="13.9" fill="none" stroke="#16201e"'
            ' stroke-width="1.5" opacity="0.75"/>',
            f'<circle cx="{cx + gaze}" cy="{cy - 1}" r="6.2" fill="#0b0d0d"/>',
            f'<path d="M {inner} {cy + 2} {upper} L {outer} {top - 20} L {inner} {top - 20} Z"'
            ' fill="none" stroke="#2a1a12" stroke-width="8" opacity="0.5" filter="url(#e3)"/>',
            f'<circle cx="{cx + gaze - 4.4}" cy="{cy - 5.4}" r="3.3" fill="#fff" opacity="0.96"/>',
            f'<circle cx="{cx + gaze + 4.6}" cy="{cy + 4}" r="1.6" fill="#fff" opacity="0.55"/>',
            "</g>",
        ]
    lash = 3.6 if openness > 0.3 else 3.0
    parts += [
        f'<path d="M {inner + side * 1.5} {cy + 3} {upper}" fill="none" stroke="#2b1a12"'
        f' stroke-width="{lash}" stroke-linecap="round"/>',
        f'<path d="M {outer - side * 1} {cy + 0.5} l {side * 4} {-2.5}" stroke="#2b1a12"'
        ' stroke-width="2.4" stroke-linecap="round"/>',
        f'<path d="M {inner + side * 2} {cy - 3} C {inner + side * 11} {crease} {outer - side * 12}'
        f' {crease - 1} {outer + side * 2} {cy - 3}" fill="none" stroke="#7a452c"'
        ' stroke-width="2.2" opacity="0.7" stroke-linecap="round"/>',
        f'<path d="M {outer} {cy + 1} {lower}" fill="none" stroke="#8a523a" stroke-width="1.8"'
        ' opacity="0.6" stroke-linecap="round"/>',
        f'<path d="M {inner + side * 4} {cy + 16} C {inner + side * 16} {cy + 23}'
        f" {outer - side * 14}"
        f' {cy + 23} {outer - side * 4} {cy + 15}" fill="none" stroke="#8a523a" stroke-width="3"'
        ' opacity="0.28" filter="url(#e1)"/>',
        f'<path d="M {outer + side * 6} {cy + 2} l {side * 9} -3 M {outer + side * 6} {cy + 7} l'
        f' {side * 9} 2" stroke="#8a523a" stroke-width="1.7" opacity="0.3"'
        ' stroke-linecap="round"/>',
    ]
    return "".join(parts)


def _brow(cx: float, side: int, raised: float, openness: float) -> str:
    """Return one eyebrow: a tapered shape with a few hairs in it."""
    y = 350.0 - 6.5 * raised + 1.6 * max(0.0, 1.0 - openness)
    inner, outer = cx - side * 32, cx + side * 40
    peak = cx + side * 14
    shape = (
        f"M {inner} {y + 2} C {inner + side * 14} {y - 6} {peak - side * 8} {y - 11.5} {peak}"
        f" {y - 11}"
        f" C {peak + side * 12} {y - 10} {outer - side * 6} {y - 4} {outer} {y + 7}"
        f" C {outer - side * 10} {y + 1} {peak + side * 10} {y - 0.5} {peak} {y - 0.5}"
        f" C {peak - side * 14} {y} {inner + side * 12} {y + 6} {inner + side * 1} {y + 10}"
        f" C {inner - side * 3} {y + 8} {inner - side * 3} {y + 4} {inner} {y + 2} Z"
    )
    strands = []
    for index in range(11):
        x = inner + side * (1 + 6.2 * index)
        root = y + 8 - 2.0 * index + 0.13 * index * index
        lean, rise = side * (3.5 + 0.5 * index), -9 + 0.85 * index
        color = "#1f1611" if index % 2 else "#93816f"
        strands.append(
            f'<path d="M {x} {root} l {lean} {rise}" stroke="{color}" stroke-width="1.5"'
            ' opacity="0.42" stroke-linecap="round"/>'
        )
    return (
        f'<path d="{shape}" fill="url(#brow)" opacity="0.94" filter="url(#e1)"/>{"".join(strands)}'
    )


def mouth(name: str) -> str:
    """Return the mouth of one of MOUTHS, with the soft shadow under its lip."""
    return _MOUTH_DEFS + _mouth(MOUTHS[name])


_MOUTH_DEFS = """<defs>
<linearGradient id="upperLip" x1="0" y1="0" x2="0.2" y2="1">
<stop offset="0" stop-color="#c07a66"/><stop offset="1" stop-color="#9c5447"/></linearGradient>
<linearGradient id="lowerLip" x1="0" y1="0" x2="0.15" y2="1">
<stop offset="0" stop-color="#b96e5f"/><stop offset="0.45" stop-color="#cb8571"/>
<stop offset="1" stop-color="#b3705a"/></linearGradient>
<linearGradient id="inside" x1="0" y1="0" x2="0" y2="1">
<stop offset="0" stop-color="#1f0a09"/><stop offset="1" stop-color="#541d1b"/></linearGradient>
<linearGradient id="teeth" x1="0" y1="0" x2="0" y2="1">
<stop offset="0" stop-color="#c9bfb4"/><stop offset="0.5" stop-color="#f3eee7"/>
<stop offset="1" stop-color="#e6ded4"/></linearGradient>
<radialGradient id="tongue" cx="0.5" cy="0.25" r="0.8">
<stop offset="0" stop-color="#cf7a72"/><stop offset="1" stop-color="#8d3c3a"/></radialGradient>
<filter id="m1" filterUnits="userSpaceOnUse" color-interpolation-filters="sRGB"
x="870" y="470" width="180" height="130">
<feGaussianBlur stdDeviation="1.2"/></filter>
<filter id="m4" filterUnits="userSpaceOnUse" color-interpolation-filters="sRGB"
x="870" y="470" width="180" height="130">
<feGaussianBlur stdDeviation="4"/></filter></defs>"""


def _mouth(shape: Mouth) -> str:
    x, y = 960.0, 517.0
    half, ring = shape.half_width, shape.round
    corner = y - shape.smile
    left, right = x - half, x + half
    up, down = y - shape.upper, y + shape.lower
    is_open = shape.upper + shape.lower > 2.5
    upper_lip = (8.5 + 3.5 * ring) * (1 - 0.45 * shape.press)
    lower_lip = (11.5 + 3.0 * ring) * (1 - 0.4 * shape.press) * (1 - 0.35 * shape.tuck)
    reach = half * (0.52 + 0.1 * ring)
    bow = 0.2 * half + 3
    inner_top = f"C {left + half * 0.4} {up - 0.5} {x - reach * 0.5} {up} {x} {up}"
    inner_top_right = f"C {x + reach * 0.5} {up} {right - half * 0.4} {up - 0.5} {right} {corner}"
    inner_low = (
        f"C {right - half * 0.34} {down + 0.5} {x + reach * 0.7} {down} {x} {down}"
        f" C {x - reach * 0.7} {down} {left + half * 0.34} {down + 0.5} {left} {corner}"
    )
    opening = f"M {left} {corner} {inner_top} {inner_top_right} {inner_low} Z"
    crest = up - upper_lip
    outer_top = (
        f"M {left - 2} {corner} C {left + half * 0.42} {crest + 3} {x - bow - 6} {crest - 1}"
        f" {x - bow} {crest} C {x - bow * 0.4} {crest + 0.4} {x - 3} {crest + 2.6} {x}"
        f" {crest + 2.6}"
        f" C {x + 3} {crest + 2.6} {x + bow * 0.4} {crest + 0.4} {x + bow} {crest}"
        f" C {x + bow + 6} {crest - 1} {right - half * 0.42} {crest + 3} {right + 2} {corner}"
    )
    lip_top = (
        f"{outer_top} C {right - half * 0.4} {up - 0.5} {x + reach * 0.5} {up} {x} {up}"
        f" C {x - reach * 0.5} {up} {left + half * 0.4} {up - 0.5} {left - 2} {corner} Z"
    )
    base = down + lower_lip
    lip_low = (
        f"M {left - 1} {corner} C {left + half * 0.34} {down + 0.5} {x - reach * 0.7} {down}"
        f" {x} {down}"
        f" C {x + reach * 0.7} {down} {right - half * 0.34} {down + 0.5} {right + 1} {corner}"
        f" C {right - half * 0.2} {base - 1} {x + reach * 0.75} {base + 1} {x} {base + 1}"
        f" C {x - reach * 0.75} {base + 1} {left + half * 0.2} {base - 1} {left - 1} {corner} Z"
    )
    parts = [
        # The hollow under the lip follows it, which is what makes the jaw seem to move.
        f'<ellipse cx="{x + 2}" cy="{base + 11}" rx="{half * 0.6}" ry="6.5" fill="#7a4229"'
        ' opacity="0.4" filter="url(#m4)"/>',
        f'<ellipse cx="{x - 3}" cy="{base + 24}" rx="{half * 0.42}" ry="6" fill="#ffe0c2"'
        ' opacity="0.26" filter="url(#m4)"/>',
        f'<path d="M {left - 7} {corner - 5} q -4 5 1 10 M {right + 7} {corner - 5} q 4 5 -1 10"'
        ' stroke="#7a4229" stroke-width="3" fill="none" opacity="0.34" filter="url(#m1)"'
        ' stroke-linecap="round"/>',
    ]
    if is_open:
        parts.append(_inside(shape, opening, x, up, down, half))
    parts += [
        f'<path d="{lip_low}" fill="url(#lowerLip)"/>',
        f'<path d="{lip_top}" fill="url(#upperLip)"/>',
        f'<path d="{outer_top}" fill="none" stroke="#e9b494" stroke-width="1.5" opacity="0.5"'
        ' filter="url(#m1)"/>',
        f'<ellipse cx="{x - half * 0.2}" cy="{down + lower_lip * 0.48}" rx="{half * 0.32}"'
        f' ry="{max(1.4, lower_lip * 0.17)}" fill="#ffe3d4" opacity="0.3" filter="url(#m1)"/>',
    ]
    if not is_open or shape.tuck > 0:
        parts.append(
            f'<path d="M {left - 2} {corner} C {left + half * 0.4} {y + 1} {x - bow} {y - 1}'
            f" {x} {y + 0.5} C {x + bow} {y - 1} {right - half * 0.4} {y + 1} {right + 2} {corner}"
            f'" fill="none" stroke="#4a1f19" stroke-width="{2.6 - shape.press * 0.5}"'
            f' opacity="{0 if shape.tuck else 0.85}" stroke-linecap="round"/>'
        )
    return "".join(parts)


def _inside(shape: Mouth, opening: str, x: float, up: float, down: float, half: float) -> str:
    """Return what is seen between the lips: the dark, the tongue, the teeth."""
    parts = [
        f'<clipPath id="opening"><path d="{opening}"/></clipPath><g clip-path="url(#opening)">',
        f'<rect x="{x - 60}" y="{up - 10}" width="120" height="{down - up + 20}"'
        ' fill="url(#inside)"/>',
    ]
    wide = half * 0.8
    if 0 < shape.tongue < 0.7:
        parts.append(
            f'<ellipse cx="{x}" cy="{down + 3}" rx="{wide * 0.72}"'
            f' ry="{(down - up) * (0.25 + 0.5 * shape.tongue)}" fill="url(#tongue)"/>'
        )
    if shape.lower_teeth > 0:
        parts.append(
            f'<path d="M {x - wide} {down + 4} L {x - wide * 0.8} {down - shape.lower_teeth}'
            f" Q {x} {down - shape.lower_teeth - 1.5} {x + wide * 0.8} {down - shape.lower_teeth}"
            f' L {x + wide} {down + 4} Z" fill="url(#teeth)" opacity="0.82"/>'
        )
    if shape.upper_teeth > 0:
        edge = up + shape.upper_teeth
        parts.append(
            f'<path d="M {x - half} {up - 6} L {x - wide * 0.95} {edge - 2.4}'
            f" Q {x} {edge + 1.6} {x + wide * 0.95} {edge - 2.4} L {x + half} {up - 6} Z"
            '" fill="url(#teeth)"/>'
            f'<path d="M {x} {up - 2} V {edge - 0.6} M {x - 9} {up - 2} V {edge - 0.8} M {x + 9}'
            f" {up - 2}"
            f" V {edge - 0.8} M {x - 18} {up - 2} V {edge - 1.4} M {x + 18} {up - 2} V {edge - 1.4}"
            '" stroke="#b5a99c" stroke-width="0.8" opacity="0.5"/>'
        )
    if shape.tongue >= 0.7:
        tip = up + shape.upper_teeth * (0.55 if shape.tongue >= 1.0 else 0.95)
        parts.append(
            f'<path d="M {x - wide * 0.62} {down + 6} C {x - wide * 0.6} {tip} {x - wide * 0.3}'
            f" {tip - 1} {x} {tip - 1} C {x + wide * 0.3} {tip - 1} {x + wide * 0.6} {tip}"
            f' {x + wide * 0.62} {down + 6} Z" fill="url(#tongue)"/>'
        )
    parts += [
        f'<ellipse cx="{x}" cy="{up - 1}" rx="{half}" ry="4" fill="#1a0706" opacity="0.42"'
        ' filter="url(#m1)"/>',
        "</g>",
    ]
    return "".join(parts)
