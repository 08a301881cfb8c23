"""Draws every state of the screen in every size, theme and language into sheets, to be looked at.

Run `.venv/bin/python docs/screen_gallery.py [FOLDER]`; the folder is docs/gallery when none is
named. `--only portrait-dark-ar` draws one sheet, `--pictures FOLDER` keeps each picture in its own
size. It runs the demo, and takes the states from the operators' preview of themes, which shows the
screen's own parts. It needs Chromium and takes about five minutes. What screen_faults.js finds
cut, covered or untranslated is printed, and ends it with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import itertools
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, Page, async_playwright

from kiosk.cli.demo import OPERATOR, Demo, demo_running
from kiosk.web.theme_preview import STATES

SIZES: Final = {"portrait": (1080, 1920), "landscape": (1920, 1080), "tablet": (1280, 800)}
THEMES: Final = ("gallery", "dark")
LANGUAGES: Final = ("en", "ar", "ja")
TEXTS: Final = {"normal": "normal", "200 %": "largest"}
THUMB_PX: Final = {"portrait": 228, "landscape": 376, "tablet": 376}
COLUMNS: Final = {"portrait": 8, "landscape": 6, "tablet": 6}
QUALITY: Final = 42
SETTLE_MS: Final = 100
GROW: Final = 'text => document.dispatchEvent(new CustomEvent("preview:text", { detail: text }))'
SETTLED: Final = """ms => document.fonts.ready
  .then(() => new Promise((done) => setTimeout(() => requestAnimationFrame(done), ms)))
  .then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))"""
"""Letters are there, what watches sizes has had its turn, and it was drawn."""
DEADLINE_MS: Final = 20_000
FAULTS: Final = Path(__file__).with_name("screen_faults.js")
SITE: Final = "Museum on the Quay"


@dataclass(slots=True)
class Work:
    """What is drawn, where it is kept, and what was found wrong."""

    folder: Path
    only: Sequence[str]
    pictures: Path | None
    faults: str
    found: list[str] = field(default_factory=list)


async def logged_in(browser: Browser, demo: Demo, work: Work) -> Page:
    """Return an operator's page. Sheets alone need half the pixels, with the same layout."""
    pixels = 1 if work.pictures is not None else 0.5
    context = await browser.new_context(reduced_motion="reduce", device_scale_factor=pixels)
    page = await context.new_page()
    page.set_default_timeout(DEADLINE_MS)
    await page.goto(f"{demo.url}/operator/")
    await page.locator("[name=name]").fill(OPERATOR)
    await page.locator("[name=password]").fill(demo.password)
    await page.locator("form button").first.click()
    await page.wait_for_load_state("load")
    return page


async def pictures(
    page: Page, work: Work, address: str, language: str, sizes: Sequence[str]
) -> AsyncIterator[tuple[str, str, bytes, list[str]]]:
    """Yield one state of the screen in each size and each size of text, and what is wrong in it."""
    await page.goto(address)
    await page.wait_for_selector("body[data-previewed]")
    await page.evaluate("document.fonts.ready")
    names = [SITE, *await page.locator("[data-language]").all_text_contents()]
    for size, (label, text) in itertools.product(sizes, TEXTS.items()):
        width, height = SIZES[size]
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate(GROW, text)
        await page.evaluate(SETTLED, SETTLE_MS)
        wrong = await page.evaluate(f"([l, n]) => ({work.faults})(l, n)", [language, names])
        yield size, label, await page.screenshot(type="jpeg", quality=80), wrong


async def sheet(page: Page, title: str, size: str, shots: list[tuple[str, bytes]]) -> bytes:
    """Return the pictures beside each other, each with its name, as WebP."""
    cells = "".join(
        f"<figure><img src='data:image/jpeg;base64,{base64.b64encode(shot).decode()}'>"
        f"<figcaption>{name}</figcaption></figure>"
        for name, shot in shots
    )
    width = COLUMNS[size] * (THUMB_PX[size] + 12) + 24
    await page.set_viewport_size({"width": width, "height": 600})
    await page.set_content(
        f"<style>body{{margin:12px;font:15px sans-serif;background:#777;color:#fff}}"
        f"main{{display:grid;grid-template-columns:repeat({COLUMNS[size]},{THUMB_PX[size]}px);gap:12px}}"
        f"figure{{margin:0}}img{{width:100%;display:block}}figcaption{{padding:3px 0}}"
        f"</style><h1 style='font-size:18px'>{title}</h1><main>{cells}</main>"
    )
    height = await page.evaluate("document.documentElement.scrollHeight")
    devtools = await page.context.new_cdp_session(page)
    # Playwright itself takes no WebP, which is half of a JPEG.
    shot: dict[str, Any] = await devtools.send(
        "Page.captureScreenshot",
        {
            "format": "webp",
            "quality": QUALITY,
            "captureBeyondViewport": True,
            "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1},
        },
    )
    await devtools.detach()
    return base64.b64decode(shot["data"])


async def draw_some(
    demo: Demo, pages: tuple[Page, Page], work: Work, theme: str, language: str
) -> None:
    """Write the sheets of a theme in a language, one for each size."""
    screen, paper = pages
    names = {size: f"{size}-{theme}-{language}" for size in SIZES}
    sizes = [size for size, name in names.items() if not work.only or name in work.only]
    shots: dict[str, list[tuple[str, bytes]]] = {size: [] for size in sizes}
    for state, words in STATES if sizes else ():
        address = f"{demo.url}/operator/themes/{theme}/screen?state={state}&language={language}"
        async for size, label, shot, wrong in pictures(screen, work, address, language, sizes):
            shots[size].append((f"{words}, {label}", shot))
            work.found += [f"{names[size]} {state} {label}: {what}" for what in wrong]
            if work.pictures is not None:
                kept = work.pictures / f"{names[size]}-{state}-{TEXTS[label]}.jpg"
                await asyncio.to_thread(kept.write_bytes, shot)
    for size in sizes:
        width, height = SIZES[size]
        title = f"{width} x {height}, theme {theme}, {language}"
        image = await sheet(paper, title, size, shots[size])
        await asyncio.to_thread((work.folder / f"{names[size]}.webp").write_bytes, image)
        print(
            f"{names[size]}.webp: {len(shots[size])} pictures, {len(image) // 1000} kB", flush=True
        )


async def draw(work: Work, chromium: str) -> None:
    """Run the demo and the browser, and draw the sheets."""
    async with async_playwright() as playwright, demo_running(voice="light") as demo:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        pages = (await logged_in(browser, demo, work), await browser.new_page())
        for theme, language in itertools.product(THEMES, LANGUAGES):
            await draw_some(demo, pages, work, theme, language)
        await browser.close()


def main() -> None:
    """Draw, and exit 1 when something is wrong anywhere."""
    asked = argparse.ArgumentParser(description="Draw every state of the screen into sheets.")
    asked.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent / "gallery")
    asked.add_argument("--only", action="append", default=[], metavar="SIZE-THEME-LANGUAGE")
    asked.add_argument("--pictures", type=Path, help="a folder for each picture in its own size")
    options = asked.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("There is no Chromium on this machine; install it: apt install chromium.")
    for folder in (options.folder, options.pictures):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
    faults = FAULTS.read_text(encoding="utf-8").strip()
    work = Work(options.folder, options.only, options.pictures, faults)
    asyncio.run(draw(work, chromium))
    for line in work.found:
        print(line)
    if work.found:
        raise SystemExit(1)
    print("Nothing is cut, covered or untranslated in any picture.")


if __name__ == "__main__":
    main()
