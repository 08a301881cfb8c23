"""Colours as numbers: contrast as WCAG measures it, and the nearest colour that has enough."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

WHITE: Final = "#ffffff"
BLACK: Final = "#000000"
_STEPS: Final = 64
"""Halvings and steps of a search; far finer than a colour of 8 bits a channel."""


class Rgb(NamedTuple):
    """Red, green and blue, each 0 to 1, as they are written in `#rrggbb`."""

    red: float
    green: float
    blue: float


class Oklch(NamedTuple):
    """Lightness 0 to 1, chroma and hue of the OKLab space, in which equal steps look equal."""

    light: float
    chroma: float
    hue: float


def parse(text: str) -> Rgb:
    """Return the colour of `#rrggbb`; an alpha behind it is left out. Raises ValueError."""
    digits = text.removeprefix("#")
    if not text.startswith("#") or len(digits) not in (6, 8):
        raise ValueError(f"{text!r} is no colour; write it as #rrggbb")
    try:
        return Rgb(*(int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)))
    except ValueError:
        raise ValueError(f"{text!r} is no colour; write it as #rrggbb") from None


def write(colour: Rgb) -> str:
    """Return `#rrggbb`; what is outside of what a screen can show is cut off."""
    return "#" + "".join(f"{round(min(1.0, max(0.0, part)) * 255):02x}" for part in colour)


def luminance(text: str) -> float:
    """Return the relative luminance of a colour, 0 (black) to 1 (white)."""
    red, green, blue = (_linear(part) for part in parse(text))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable_on(ground: str) -> str:
    """Return white or black, whichever is read better on this ground."""
    return max((WHITE, BLACK), key=lambda ink: contrast(ink, ground))


def passing(text: str, grounds: tuple[str, ...], ratio: float) -> str:
    """Return the colour nearest to `text` that has this contrast on every ground.

    Its hue stays; it becomes darker or lighter. Where no shade of it is enough, black or white.
    """
    if _enough(text, grounds, ratio):
        return text
    light, chroma, hue = to_oklch(text)
    found: list[tuple[float, str]] = []
    for end in (0.0, 1.0):
        for step in range(1, _STEPS + 1):
            moved = light + (end - light) * step / _STEPS
            # Very dark and very light colours have little room for chroma.
            room = min(1.0, 4 * moved, 4 * (1 - moved))
            candidate = from_oklch(Oklch(moved, chroma * room, hue))
            if _enough(candidate, grounds, ratio):
                found.append((abs(moved - light), candidate))
                break
    if found:
        return min(found)[1]
    return max((WHITE, BLACK), key=lambda ink: min(contrast(ink, ground) for ground in grounds))


def to_oklch(text: str) -> Oklch:
    """Return a colour's lightness, chroma and hue."""
    red, green, blue = (_linear(part) for part in parse(text))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    light = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    return Oklch(light, math.hypot(a, b), math.atan2(b, a))


def from_oklch(colour: Oklch) -> str:
    """Return the colour as `#rrggbb`; chroma that no screen can show is taken out of it."""
    rgb = _rgb(colour)
    for _ in range(_STEPS):
        if all(-0.002 <= part <= 1.002 for part in rgb):
            break
        colour = colour._replace(chroma=colour.chroma * 0.94)
        rgb = _rgb(colour)
    return write(rgb)


def mixed(one: str, other: str, share: float) -> str:
    """Return a colour with so much of `other` in `one`, mixed as the eye sees it."""
    first, second = parse(one), parse(other)
    return write(Rgb(*(a + (b - a) * share for a, b in zip(first, second, strict=True))))


def _rgb(colour: Oklch) -> Rgb:
    light = colour.light
    a, b = colour.chroma * math.cos(colour.hue), colour.chroma * math.sin(colour.hue)
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return Rgb(
        _gamma(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
        _gamma(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
        _gamma(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short),
    )


def _enough(text: str, grounds: tuple[str, ...], ratio: float) -> bool:
    return all(contrast(text, ground) >= ratio for ground in grounds)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _gamma(part: float) -> float:
    if part <= 0.0031308:
        return part * 12.92
    return float(1.055 * part ** (1 / 2.4) - 0.055)
