"""Brings a screen into each state of a visit, and pulls its network there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playwright.async_api import Page

from kiosk.clock import SystemClock
from tests.browser.screen_stage import state
from tests.browser.wire import Seen, Wire, watching

STATES: Final = (
    "attract", "consent", "connecting", "greeting", "listening", "thinking", "speaking", "ending",
)  # fmt: skip
TALKS: Final = "body:is([data-state=listening], [data-state=thinking], [data-state=speaking])"
CONSENT: Final = "body[data-state=consent]"
BACK: Final = f"{TALKS}, {CONSENT}, body[data-state=attract]"
BACK_S: Final = 45
"""A minute without network ends the visit: words of goodbye come first, then the invitation."""


async def bring(page: Page, wanted: str) -> None:
    """Go to a state as a visitor does who types."""
    await state(page, "attract")
    if wanted == "attract":
        return
    await page.get_by_test_id("start").click()
    await state(page, "consent")
    if wanted == "consent":
        return
    await page.get_by_test_id("consent-type").click()
    if wanted == "connecting":
        return
    if wanted == "greeting":
        # It lasts until the first sound, which may come before anybody could look.
        await page.wait_for_selector("body:is([data-state=greeting], [data-state=speaking])")
        return
    await state(page, "listening")
    if wanted == "ending":
        await page.get_by_test_id("end").click()
    elif wanted != "listening":
        await page.get_by_test_id("text-input").fill("Tell me a riddle, please.")
        await page.get_by_test_id("send").click()
    await state(page, wanted)


async def pull_in(
    page: Page, wire: Wire, url: str, wanted: str, *, seconds: float, folder: Path | None = None
) -> Seen:
    """Pull the network in a state for so long; returns what was seen until the screen was back."""
    await bring(page, wanted)
    async with watching(page, folder=folder, name=wanted, every_s=min(1.0, seconds / 4)) as seen:
        wire.pull()
        await SystemClock().sleep(seconds)
        wire.to(url)
        # The socket may wait its longest pause before it tries again.
        await page.wait_for_selector(BACK, timeout=BACK_S * 1000)
        if await page.locator(TALKS).count():
            await page.get_by_test_id("end").click()
        elif await page.locator(CONSENT).count():
            await page.get_by_test_id("consent-decline").click()
        await page.wait_for_selector("body[data-state=attract]", timeout=BACK_S * 1000)
    return seen
