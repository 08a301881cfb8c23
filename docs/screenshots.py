"""Makes the pictures in the README: the whole demo, a real Chromium, a visit that asks the way.

Run `.venv/bin/python docs/screenshots.py [FOLDER]`; the folder is docs/screenshots when none is
named. It needs Chromium and the emulator extra, and takes about a minute.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from kiosk.cli.demo import OPERATOR, Demo, demo_running

PORTRAIT = (1080, 1920)
LANDSCAPE = (1920, 1080)
FLAGS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
QUESTION = "Where are the toilets?"
DEADLINE_MS = 30_000


async def open_page(browser: Browser, url: str, size: tuple[int, int]) -> Page:
    """Open an address in a profile of its own."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        permissions=["microphone"],
        reduced_motion="reduce",
    )
    page = await context.new_page()
    page.set_default_timeout(DEADLINE_MS)
    await page.goto(url)
    await page.evaluate("document.fonts.ready")
    return page


async def ask_the_way(page: Page) -> None:
    """Start a visit by typing and wait until the answer has been captioned beside its map."""
    await page.get_by_test_id("start").click()
    await page.get_by_test_id("consent-type").click()
    await page.wait_for_selector("body[data-picture=on]")
    # The question waits for the end of the greeting, as a polite visitor would.
    await page.wait_for_selector("body[data-state=speaking]")
    await page.wait_for_selector("body[data-state=listening]")
    await page.get_by_test_id("text-input").fill(QUESTION)
    await page.get_by_test_id("send").click()
    await page.get_by_test_id("card").wait_for()
    await page.wait_for_selector(".line:last-child[data-speaker=avatar][data-final=true]")


async def pictures(demo: Demo, browser: Browser, folder: Path) -> Page:
    """Take every picture that needs the server; returns a screen that is still on its page."""

    async def take(page: Page, name: str) -> None:
        await page.wait_for_timeout(600)  # a fade is over
        await page.screenshot(path=folder / f"{name}.jpg", type="jpeg", quality=84)

    screen = await open_page(browser, demo.url, PORTRAIT)
    await take(screen, "attract")
    await screen.get_by_test_id("start").click()
    await screen.wait_for_selector("body[data-state=consent]")
    await take(screen, "consent")
    await screen.get_by_test_id("consent-decline").click()
    await screen.wait_for_selector("body[data-state=ending]")
    await take(screen, "ending")
    await screen.wait_for_selector("body[data-state=attract]")
    await ask_the_way(screen)
    await take(screen, "conversation")

    board = await open_page(browser, f"{demo.url}/operator/", LANDSCAPE)
    await board.locator("[name=name]").fill(OPERATOR)
    await board.locator("[name=password]").fill(demo.password)
    await board.locator("button[type=submit], form button").first.click()
    await board.wait_for_load_state("load")
    await take(board, "dashboard")
    await board.context.close()

    await screen.get_by_test_id("end").click()
    await screen.wait_for_selector("body[data-state=attract]")
    await screen.context.close()

    wide = await open_page(browser, demo.url, LANDSCAPE)
    await take(wide, "attract-wide")
    await ask_the_way(wide)
    await take(wide, "conversation-wide")
    await wide.get_by_test_id("end").click()
    await wide.wait_for_selector("body[data-state=attract]")
    await wide.evaluate("document.body.dataset.state = 'error'")
    await take(wide, "error")
    await wide.reload()
    await wide.wait_for_selector("body[data-state=attract]")
    return wide


async def main() -> None:
    """Run the demo and the browser, and take the pictures."""
    named = sys.argv[1:]
    folder = Path(named[0]) if named else Path(__file__).parent / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("There is no Chromium on this machine; install it: apt install chromium.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        async with demo_running() as demo:
            screen = await pictures(demo, browser, folder)
        # The server is gone now: what the screen says then is a picture too.
        await screen.wait_for_selector("body[data-state=offline]")
        await screen.screenshot(path=folder / "offline.jpg", type="jpeg", quality=84)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
