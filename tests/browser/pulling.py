"""Brings a screen into each state, and pulls its network there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from playwright.async_api import Page

from kiosk.clock import SystemClock
from kiosk.emulator.scenario.faults import Fault
from kiosk.emulator.scenario.replies import Reply
from kiosk.emulator.scenario.scenario import Scenario
from tests.browser.screen_stage import state
from tests.browser.wire import Seen, Wire, watching

STATES: Final = (
    "attract", "consent", "connecting", "greeting", "listening", "thinking", "speaking", "ending",
    "offline",
)  # fmt: skip
"""Those that a visitor comes to by touching, and the one without a network itself."""
TALKS: Final = (
    "body:is([data-state=connecting], [data-state=greeting], [data-state=listening], "
    "[data-state=thinking], [data-state=speaking])"
)
CONSENT: Final = "body[data-state=consent]"
ATTRACT: Final = "body[data-state=attract]"
BACK: Final = f"{TALKS}, {CONSENT}, {ATTRACT}"
BACK_S: Final = 45
"""A minute without network ends the visit: words of goodbye come first, then the invitation."""
# Every state that passes by itself lasts long enough to be seen and pulled in.
HOLD_MS: Final = 3_000
STORY: Final = "Once upon a time there was a harbour with nine lighthouses. " * 4
SLOW: Final = Scenario(
    reply_delay_ms=HOLD_MS,
    replies=(Reply(match="story", say=STORY),),
    faults=(
        Fault(on="session.update", do="delay", delay_ms=HOLD_MS),
        Fault(on="response.create", do="delay", delay_ms=HOLD_MS),
    ),
)


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
    if wanted in {"connecting", "greeting"}:
        await state(page, wanted)
        return
    await state(page, "listening")
    if wanted == "ending":
        await page.get_by_test_id("end").click()
    elif wanted != "listening":
        await page.get_by_test_id("text-input").fill("Tell me a story, please.")
        await page.get_by_test_id("send").click()
    await state(page, wanted)


@asynccontextmanager
async def pulled(
    page: Page,
    wire: Wire,
    url: str,
    name: str,
    *,
    seconds: float,
    folder: Path | None = None,
    at_once: bool = False,
) -> AsyncIterator[Seen]:
    """Pull the network for so long where the screen is now, and look on until the block is over."""
    every_s = min(1.0, seconds / 4)
    async with watching(page, folder=folder, name=name, every_s=every_s) as seen:
        if not at_once:
            await SystemClock().sleep(every_s * 1.5)  # one look before
        wire.pull()
        await SystemClock().sleep(seconds)
        wire.to(url)
        yield seen
        await SystemClock().sleep(every_s * 1.5)  # and one after


async def pull_in(
    page: Page, wire: Wire, url: str, wanted: str, *, seconds: float, folder: Path | None = None
) -> Seen:
    """Pull the network in a state for so long; returns what was seen until the screen was back."""
    if wanted == "offline":
        await bring(page, "listening")
        wire.pull()
        await state(page, "offline")
        async with page.expect_websocket():
            wire.to(url)  # and before the screen can be back, it is pulled again
    else:
        await bring(page, wanted)
    again = wanted == "offline"
    async with pulled(
        page, wire, url, wanted, seconds=seconds, folder=folder, at_once=again
    ) as seen:
        # The socket may wait its longest pause before it tries again.
        await page.wait_for_selector(BACK, timeout=BACK_S * 1000)
        await leave(page)
    return seen


async def leave(page: Page) -> None:
    """End what goes on at a screen as a visitor does, and wait for the invitation."""
    if await page.locator(TALKS).count():
        await page.get_by_test_id("end").click()
    elif await page.locator(CONSENT).count():
        await page.get_by_test_id("consent-decline").click()
    await page.wait_for_selector(ATTRACT, timeout=BACK_S * 1000)
