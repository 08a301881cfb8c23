"""Draws the screen's portrait (kiosk/static/kiosk/portrait) from the emulator's museum host.

Run `.venv/bin/python docs/portrait.py` after changing the drawings in kiosk/emulator. The screen
shows files, not the emulator's code, so that a production install needs no emulator.
"""

from __future__ import annotations

import re
from pathlib import Path

from kiosk.emulator.avatar import art, face

FOLDER = Path(__file__).parent.parent / "kiosk" / "static" / "kiosk" / "portrait"
CANVAS = (0, 0, art.CANVAS_WIDTH, art.CANVAS_HEIGHT)
MOUTH = "smile"


def head(eyes: str) -> str:
    """Return the whole head with these eyes, in the order the emulator lays it together."""
    parts = (
        art.part("head"),
        art.part("features"),
        face.eyes(eyes),
        face.mouth(MOUTH),
        art.part("glasses"),
    )
    return "".join(parts)


def compact(svg: str) -> str:
    """Return the drawing without comments and indentation."""
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    return re.sub(r">\s+<", "><", re.sub(r"\s*\n\s*", " ", svg)) + "\n"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    layers = {
        "glow": re.sub(r"<rect[^>]*>", "", art.backdrop("#FFFFFFFF")),
        "body": art.part("body"),
        "head": head("open"),
        "head-resting": head("closed"),
    }
    for name, drawing in layers.items():
        svg = compact(art.document(drawing, CANVAS))
        ids = re.findall(r' id="([^"]+)"', svg)
        twice = {one for one in ids if ids.count(one) > 1}
        if twice:
            raise SystemExit(f"{name}: two parts use the same id: {', '.join(sorted(twice))}")
        (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
