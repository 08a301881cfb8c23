"""Puts the pictures of tests/soak/test_never_white.py onto one sheet, to be looked at.

    SHELL_SHOTS=FOLDER .venv/bin/python -m pytest tests/soak/test_never_white.py -m soak -n0
    .venv/bin/python docs/never_white.py FOLDER [SHEET]

A row for each thing that happened to the screen, a picture for each thing it showed, in order. The
sheet is docs/gallery/never-white.jpg when none is named. It needs Chromium.
"""

from __future__ import annotations

import asyncio
import base64
import html
import itertools
import re
import shutil
import sys
from pathlib import Path
from typing import Final, NamedTuple

from playwright.async_api import async_playwright

ROWS: Final = {
    "attract": "Waiting for a visitor",
    "consent": "Asking for consent",
    "connecting": "Connecting",
    "queued": "Waiting in a queue",
    "greeting": "Greeting",
    "listening": "Listening",
    "thinking": "Thinking",
    "speaking": "Speaking",
    "ending": "Saying goodbye",
    "offline": "Offline, back for an instant",
    "refused": "A visit refused",
    "error": "Out of order",
    "killed": "Server killed, another version started",
    "slept": "Device slept in a visit",
}
NAME: Final = re.compile(r"([a-z]+)-(\d+)-([a-z]+)\.jpg")
LONG: Final = 22
"""Looks at one state after which its last picture is shown too: words may have changed."""
MOST: Final = 7
THUMB_PX: Final = 92
QUALITY: Final = 58
STYLE: Final = f"""
  body {{ margin: 10px; font: 12px sans-serif; background: #777; color: #fff; width: max-content }}
  section {{ display: flex; gap: 8px; margin-bottom: 8px; align-items: start }}
  h2 {{ width: 92px; margin: 0; font-size: 13px }} figure {{ margin: 0; width: {THUMB_PX}px }}
  img {{ width: 100%; display: block }} figcaption {{ padding-top: 2px; font-size: 11px }}
"""


class Look(NamedTuple):
    """One picture: which look it was, and the state the screen was in."""

    number: int
    state: str
    path: Path


def looks(folder: Path) -> dict[str, list[Look]]:
    """Return the pictures of a folder by what happened, in order."""
    found: dict[str, list[Look]] = {}
    for path in sorted(folder.iterdir()):
        if match := NAME.fullmatch(path.name):
            found.setdefault(match[1], []).append(Look(int(match[2]), match[3], path))
    return found


def chosen(row: list[Look]) -> list[Look]:
    """Return a picture of each thing that was shown, and the last where that was long.

    The second of a run where there is one: the first may be in the middle of a change.
    """
    picked: list[Look] = []
    for _, run in itertools.groupby(row, key=lambda look: look.state):
        same = list(run)
        picked.append(same[1] if len(same) > 1 else same[0])
        if len(same) > LONG:
            picked.append(same[-1])
    return picked[:MOST]


def page(rows: dict[str, list[Look]]) -> str:
    """Return the sheet as HTML."""
    parts = [f"<style>{STYLE}</style>"]
    for name, title in ROWS.items():
        figures = "".join(
            f"<figure><img src='data:image/jpeg;base64,"
            f"{base64.b64encode(look.path.read_bytes()).decode()}'>"
            f"<figcaption>{look.number}: {look.state}</figcaption></figure>"
            for look in chosen(rows.get(name, []))
        )
        if figures:
            parts.append(f"<section><h2>{html.escape(title)}</h2>{figures}</section>")
    return "".join(parts)


async def draw(sheet: str) -> bytes:
    """Return the sheet as a picture."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        paper = await browser.new_page(viewport={"width": 820, "height": 600})
        await paper.set_content(sheet)
        picture = await paper.screenshot(type="jpeg", quality=QUALITY, full_page=True)
        await browser.close()
    return picture


def main() -> None:
    """Draw the sheet of the folder that is named."""
    if len(sys.argv) not in {2, 3}:
        raise SystemExit("Name the folder of the pictures: docs/never_white.py FOLDER [SHEET].")
    if shutil.which("chromium") is None:
        raise SystemExit("There is no Chromium on this machine; install it: apt install chromium.")
    rows = looks(Path(sys.argv[1]))
    missing = [name for name in ROWS if name not in rows]
    target = (
        Path(sys.argv[2]) if sys.argv[2:] else Path(__file__).parent / "gallery/never-white.jpg"
    )
    target.write_bytes(asyncio.run(draw(page(rows))))
    print(f"{target.name}: {len(rows)} rows, {target.stat().st_size // 1000} kB")
    if missing:
        raise SystemExit(f"There are no pictures of: {', '.join(missing)}.")


if __name__ == "__main__":
    main()
