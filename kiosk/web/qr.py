"""QR codes as SVG path data, drawn by the templates, and links as people read them."""

from __future__ import annotations

import re
from typing import Final

import segno

QUIET: Final = 4
"""Modules of white around a code; readers need them (ISO/IEC 18004)."""

_LINK: Final = re.compile(r"https?://[^\s/]+(/\S*)?", re.IGNORECASE)


def is_link(content: str) -> bool:
    """Whether a code's content is an http(s) address and nothing else; the test `link`."""
    return _LINK.fullmatch(content) is not None


def readable_link(content: str) -> str:
    """Return an address as it is typed by hand: without scheme and closing slash."""
    return re.sub(r"^https?://", "", content, flags=re.IGNORECASE).removesuffix("/")


def qr_path(content: str) -> dict[str, int | str]:
    """Return a QR code as SVG: its side in modules with the quiet zone, and path data.

    Error correction M: a kiosk's glass reflects. The filter `qr` of every template.
    """
    code = segno.make(content, error="m", micro=False)
    rows = [list(row) for row in code.matrix]
    runs: list[str] = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            length = 0
            while x + length < len(row) and row[x + length]:
                length += 1
            if length:
                runs.append(f"M{x + QUIET} {y + QUIET}h{length}v1h-{length}z")
            x += max(1, length)
    return {"side": len(rows) + 2 * QUIET, "path": "".join(runs)}
