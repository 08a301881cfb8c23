"""Writes a new theme: every colour derived from one accent, so that all of them can be read."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Final

from kiosk.errors import KioskError
from kiosk.themes import colour
from kiosk.themes.theme import FILE, NAME, READ, load_theme, themes_in

ACCENT: Final = "#0d4a4f"
MAX_LOGO: Final = 300_000
"""Bytes of a logo: it is loaded with every screen."""
LOGOS: Final = (".svg", ".png", ".webp")

_TOML: Final = """\
# How the screens of this site look. `kiosk theme check {folder}` measures it,
# /operator/themes/{name} shows it. Every key: docs/themes.md.
name = "{title}"
dark = {dark}

[colours]
backdrop = "{backdrop}" # behind the person
surface = "{surface}" # what words stand on
ink = "{ink}"
ink_soft = "{ink_soft}"
line = "{line}"
accent = "{accent}" # the one button, what the visitor said
on_accent = "{on_accent}"
positive = "{positive}"
caution = "{caution}"
shadow = "{shadow}"

[shapes]
radius = 2.4 # vmin
buttons = "pill" # pill, round, square
desk = "plain" # plain, line, curve

[type]
# family = "The name of your font" # and its files, in this folder:
display_weight = 640
title_weight = 660

# [[type.files]] # one such part for each file; weight = "200 800" for a variable font
# file = "regular.woff2"
# weight = "400"

[masthead]
position = "start" # start, centre, end
{logo}
name = true

[avatar]
# picture = "person.svg" # 16:9 on the backdrop's colour; empty: the drawn portrait

[avatar.portrait]
zoom = 1.0

[avatar.landscape]
zoom = 1.0
"""


class NewThemeError(KioskError):
    """A theme cannot be made as asked; nothing was written."""


def derived(accent: str, *, dark: bool = False) -> dict[str, str]:
    """Return every colour of a theme from its accent; all pairs have the contrast they need.

    Grounds are greys with a breath of the accent's hue. An accent that cannot be read on them is
    replaced by the nearest shade of it that can.
    """
    try:
        _, chroma, hue = colour.to_oklch(accent)
    except ValueError as error:
        raise NewThemeError(f"--accent: {error}.") from None
    breath = min(chroma, 0.012)

    def grey(light: float, share: float = 1.0) -> str:
        return colour.from_oklch(colour.Oklch(light, breath * share, hue))

    def sign(angle: float, light: float, strength: float) -> str:
        return colour.from_oklch(colour.Oklch(light, strength, math.radians(angle)))

    if dark:
        backdrop, surface, ink, soft = grey(0.2), grey(0.255), grey(0.965, 0.5), grey(0.83, 0.6)
        positive, caution = sign(150, 0.84, 0.1), sign(45, 0.84, 0.1)
    else:
        backdrop, surface, ink, soft = grey(0.915), grey(0.985, 0.4), grey(0.21), grey(0.36)
        positive, caution = sign(150, 0.42, 0.09), sign(40, 0.43, 0.13)
    grounds = (surface, backdrop)
    shown = colour.passing(accent.lower(), grounds, 4.6)
    ink = colour.passing(ink, grounds, READ + 0.1)
    return {
        "backdrop": backdrop,
        "surface": surface,
        "ink": ink,
        "ink_soft": colour.passing(soft, grounds, READ + 0.1),
        "line": f"{ink}{'2e' if dark else '24'}",
        "accent": shown,
        "on_accent": colour.readable_on(shown),
        "positive": colour.passing(positive, (surface,), 4.6),
        "caution": colour.passing(caution, (surface,), 4.6),
        "shadow": "#00000073" if dark else f"{grey(0.3, 2)}26",
    }


def new_theme(
    name: str, folder: Path, *, accent: str = ACCENT, logo: Path | None = None, dark: bool = False
) -> list[Path]:
    """Write `folder/name/theme.toml`, and the logo beside it; return what was written."""
    if NAME.fullmatch(name) is None:
        raise NewThemeError(
            f"{name!r} is no name of a theme: small letters, digits, - and _, 40 at most."
        )
    if name in {path.name for path in themes_in()}:
        raise NewThemeError(f"{name} is a theme of ours; choose another name.")
    if accent.startswith("#") and len(accent) == len("#abc"):
        accent = "#" + "".join(2 * digit for digit in accent[1:])
    target = folder / name
    if target.exists():
        raise NewThemeError(f"{target} is there already; change it, or choose another name.")
    values = derived(accent, dark=dark)
    if logo is not None:
        _check_logo(logo)
    written = [target / FILE]
    try:
        target.mkdir(parents=True)
        line = '# logo = "logo.svg"'
        if logo is not None:
            copy = target / f"logo{logo.suffix.lower()}"
            shutil.copyfile(logo, copy)
            written.append(copy)
            line = f'logo = "{copy.name}"'
        title = name.replace("-", " ").replace("_", " ").capitalize()
        text = _TOML.format(
            name=name, title=title, folder=target, logo=line, dark=str(dark).lower(), **values
        )
        written[0].write_text(text, encoding="utf-8")
    except OSError as error:
        raise NewThemeError(f"{target} cannot be written: {error.strerror}.") from None
    load_theme(target)
    return written


def _check_logo(logo: Path) -> None:
    if logo.suffix.lower() not in LOGOS:
        raise NewThemeError(f"--logo: {logo} is no {', '.join(LOGOS)}.")
    if not logo.is_file():
        raise NewThemeError(f"--logo: {logo} does not exist; correct the path.")
    if logo.stat().st_size > MAX_LOGO:
        raise NewThemeError(f"--logo: {logo} has more than {MAX_LOGO} bytes; make it smaller.")
