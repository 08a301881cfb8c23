"""Draws every state of the screen in every size, theme and language into sheets, to be looked at.

Run `.venv/bin/python docs/screen_gallery.py [FOLDER]`; the folder is docs/gallery when none is
named. It runs the demo, and takes the states from the operators' preview of themes, which shows
the screen's own parts. It needs Chromium and takes about five minutes.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
import sys
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Page, async_playwright

from kiosk.cli.demo import OPERATOR, Demo, demo_running
from kiosk.web.theme_preview import STATES

SIZES: Final = {"portrait": (1080, 1920), "landscape": (1920, 1080), "tablet": (1280, 800)}
THEMES: Final = ("gallery", "dark")
LANGUAGES: Final = ("en", "ar", "ja")
TEXTS: Final = {"normal": "", "200 %": "largest"}
THUMB_PX: Final = {"portrait": 250, "landscape": 400, "tablet": 400}
COLUMNS: Final = {"portrait": 8, "landscape": 5, "tablet": 5}
SETTLE_MS: Final = 120
DEADLINE_MS: Final = 20_000
CUT: Final = """() => [...document.querySelectorAll("button, input, h1, h2, p")]
  .filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
  .filter((one) => !one.closest(".only-heard, .who"))
  .filter((one) => getComputedStyle(one).position !== "absolute")
  .map((one) => [one, one.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.left < -1 || box.right > innerWidth + 1))
  .map(([one]) => one.textContent.trim().slice(0, 40))"""
"""What sticks out at the sides, where nothing can be scrolled to."""


async def logged_in(browser: Browser, demo: Demo) -> Page:
    """Return an operator's page."""
    context = await browser.new_context(reduced_motion="reduce")
    page = await context.new_page()
    page.set_default_timeout(DEADLINE_MS)
    await page.goto(f"{demo.url}/operator/")
    await page.locator("[name=name]").fill(OPERATOR)
    await page.locator("[name=password]").fill(demo.password)
    await page.locator("form button").first.click()
    await page.wait_for_load_state("load")
    return page


async def picture(page: Page, address: str) -> tuple[bytes, list[str]]:
    """Return one state of the screen as a picture, and what is cut in it."""
    await page.goto(address)
    await page.wait_for_selector("body[data-previewed]")
    await page.evaluate("document.fonts.ready")
    await page.wait_for_timeout(SETTLE_MS)
    shot = await page.screenshot(type="jpeg", quality=70)
    return shot, await page.evaluate(CUT)


async def sheet(page: Page, title: str, size: str, shots: list[tuple[str, bytes]]) -> bytes:
    """Return the pictures beside each other, each with its name."""
    cells = "".join(
        f"<figure><img src='data:image/jpeg;base64,{base64.b64encode(shot).decode()}'>"
        f"<figcaption>{name}</figcaption></figure>"
        for name, shot in shots
    )
    await page.set_viewport_size(
        {"width": COLUMNS[size] * (THUMB_PX[size] + 12) + 24, "height": 600}
    )
    await page.set_content(
        f"<style>body{{margin:12px;font:15px sans-serif;background:#777;color:#fff}}"
        f"main{{display:grid;grid-template-columns:repeat({COLUMNS[size]},{THUMB_PX[size]}px);gap:12px}}"
        f"figure{{margin:0}}img{{width:100%;display:block}}figcaption{{padding:3px 0}}"
        f"</style><h1 style='font-size:18px'>{title}</h1><main>{cells}</main>"
    )
    return await page.screenshot(type="jpeg", quality=62, full_page=True)


async def draw(demo: Demo, browser: Browser, folder: Path) -> list[str]:
    """Write a sheet for each size, theme and language; return what is cut anywhere."""
    screen = await logged_in(browser, demo)
    paper = await browser.new_page()
    found: list[str] = []
    for size, theme, language in itertools.product(SIZES, THEMES, LANGUAGES):
        width, height = SIZES[size]
        await screen.set_viewport_size({"width": width, "height": height})
        shots: list[tuple[str, bytes]] = []
        for (state, name), (label, text) in itertools.product(STATES, TEXTS.items()):
            address = (
                f"{demo.url}/operator/themes/{theme}/screen"
                f"?state={state}&language={language}&text={text}"
            )
            shot, cut = await picture(screen, address)
            shots.append((f"{name}, {label}", shot))
            found += [f"{size} {theme} {language} {state} {label}: {what}" for what in cut]
        title = f"{width} x {height}, theme {theme}, language {language}"
        image = await sheet(paper, title, size, shots)
        await asyncio.to_thread((folder / f"{size}-{theme}-{language}.jpg").write_bytes, image)
        print(f"{size}-{theme}-{language}.jpg: {len(shots)} pictures")
    return found


async def main() -> None:
    """Run the demo and the browser, and draw the sheets; exit 1 when something is cut."""
    named = sys.argv[1:]
    folder = Path(named[0]) if named else Path(__file__).parent / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("There is no Chromium on this machine; install it: apt install chromium.")
    async with async_playwright() as playwright, demo_running() as demo:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        found = await draw(demo, browser, folder)
        await browser.close()
    for line in found:
        print(line)
    if found:
        raise SystemExit(1)
    print("Nothing sticks out of any picture.")


if __name__ == "__main__":
    asyncio.run(main())
