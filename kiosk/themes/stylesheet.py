"""A theme as a stylesheet: custom properties for every value, its fonts, then its own rules."""

from __future__ import annotations

from typing import Final

from kiosk.themes import colour
from kiosk.themes.theme import READ, FontFile, Framing, Theme, high_contrast

SCREEN: Final = "screen.css"
_ENDS: Final = {"pill": "calc(var(--target) / 2)", "round": "var(--radius)", "square": "0px"}
_MASTHEAD: Final = {"start": "flex-start", "centre": "center", "end": "flex-end"}
_FALLBACK: Final = 'var(--font-ours, "Atkinson Hyperlegible Next", "Noto Sans", sans-serif)'


def stylesheet(theme: Theme) -> str:
    """Return the stylesheet; addresses in it are relative to the theme's own folder."""
    values = theme.values
    parts = [f"/* {_plain(values.name)}: made from theme.toml. */"]
    parts += [_face(values.type.family or "", item) for item in values.type.files]
    parts += [
        _block(":root", _properties(theme)),
        _block('[data-contrast="more"] body', _strong(theme)),
    ]
    upright, wide = _framing(values.avatar.portrait), _framing(values.avatar.landscape)
    parts += [
        _block(":root", upright),
        f"@media (min-aspect-ratio: 6/5) {{\n{_block(':root', wide)}\n}}",
    ]
    if theme.style:
        parts.append(theme.style.strip())
    return "\n".join(parts) + "\n"


def _properties(theme: Theme) -> dict[str, str]:
    values = theme.values
    colours, shapes, letters = values.colours, values.shapes, values.type
    grounds = (colours.surface, colours.backdrop)
    found = {
        f"--{name.replace('_', '-')}": value
        for name, value in colours.model_dump(exclude={"shadow"}).items()
    }
    found |= {
        # What the visitor said is read from two metres, in the accent's nearest readable shade.
        "--heard": colour.passing(colours.accent, grounds, READ),
        "--shadow": f"0 1.2vmin 4vmin {colours.shadow}",
        "--radius": f"{shapes.radius:g}vmin",
        "--ends": _ENDS[shapes.buttons],
        "--grand-ends": "999px" if shapes.buttons == "pill" else _ENDS[shapes.buttons],
        "--edge-width": f"max({'2px' if shapes.edge else '0px'}, {shapes.edge:g}vmin)",
        "--display-weight": str(letters.display_weight),
        "--title-weight": str(letters.title_weight),
        "--label-weight": str(letters.label_weight),
        "--display-size": f"{letters.display_size:g}",
        "--tracking": f"{letters.tracking:g}em",
        "--case": "uppercase" if letters.capitals else "none",
        "--masthead": _MASTHEAD[values.masthead.position],
        "--logo-height": f"{values.masthead.logo_height:g}vmin",
        "--glow": f"{values.avatar.glow:g}",
        "--desk-line": "max(3px, 0.35vmin) solid var(--accent)" if shapes.desk == "line" else "0",
        "--desk-curve": "50% 50% 0 0 / 4svh 4svh 0 0" if shapes.desk == "curve" else "0",
        "--desk-rise": "3.4svh" if shapes.desk == "curve" else "0svh",
        "color-scheme": "dark" if values.dark else "light",
    }
    if letters.family is not None:
        found["--font"] = f'"{letters.family}", {_FALLBACK}'
    return found


def _strong(theme: Theme) -> dict[str, str]:
    strong = high_contrast(theme.values)
    return {
        "--surface": strong["surface"],
        "--panel": strong["surface"],
        "--ink": strong["ink"],
        "--ink-soft": strong["ink"],
        "--line": strong["ink"],
        "--accent": strong["accent"],
        "--heard": strong["accent"],
        "--on-accent": strong["on_accent"],
        "--positive": strong["ink"],
        "--caution": strong["accent"],
        "--shadow": f"0 0 0 0.4vmin {strong['ink']}",
    }


def _framing(framing: Framing) -> dict[str, str]:
    return {
        "--zoom": f"{framing.zoom:g}",
        "--shift-x": f"{framing.x:g}%",
        "--shift-y": f"{framing.y:g}%",
        "--focus": framing.focus,
    }


def _face(family: str, item: FontFile) -> str:
    return _block(
        "@font-face",
        {
            "font-family": f'"{family}"',
            "src": f'url("{item.file}") format("woff2")',
            "font-weight": item.weight,
            "font-style": item.style,
            "font-display": "block",
        },
    )


def _block(selector: str, properties: dict[str, str]) -> str:
    lines = "".join(f"  {name}: {value};\n" for name, value in properties.items())
    return f"{selector} {{\n{lines}}}"


def _plain(text: str) -> str:
    return text.replace("*/", "")
