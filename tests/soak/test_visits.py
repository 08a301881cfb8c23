"""A day of visitors in Chromium: memory, elements, listeners, media and connections stay flat.

Eight hours of 400 visits are one every 72 s. Here the pauses between them are left out, and most
visits have no avatar; every tenth has one.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import numpy as np
import pytest
from playwright.async_api import CDPSession, Page

from kiosk import paths
from kiosk.emulator.speech.engines import Engines
from kiosk.settings import environment
from kiosk.testing import KioskHarness
from tests.browser.screen_stage import CHROMIUM, chromium, state
from tests.browser.wire import Wire

VISITS: Final = int(environment().get("SOAK_VISITS", "400"))
EVERY: Final = 20
MUSEUM: Final = str(paths.demo_plugins())
AVATAR_EVERY: Final = 10

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(120 + 20 * VISITS),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

log = logging.getLogger(__name__)

QUESTIONS: Final = ("Where are the toilets?", "Tell me a riddle, please.", "What is on today?")
PEERS: Final = """
  const open = window.openPeers = new Set();
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...all) { super(...all); open.add(this); }
    close() { open.delete(this); super.close(); }
  };
"""
# Growth a visit that a day of 400 may have: a quarter of what has the page begin anew by itself.
MOST: Final = {"heap": 300e6 / 4 / 400, "nodes": 8000 / 4 / 400, "listeners": 2.0}


def settings(*, avatar: bool) -> dict[str, Any]:
    return {
        "access": {"open": True, "secret": "a secret of these tests, the same on both servers"},
        "screen": {"reload_spread_s": 0, "reload_after_visits": 100_000, "reload_at": ""},
        # The same on both: a page that meets another version begins anew.
        "visit": {"goodbye_s": 0.2, "greet": False},
        "upstream": {"avatar": {"enabled": avatar, "width": 512, "height": 288}},
        "hooks": {"dir": MUSEUM},
    }


async def one_visit(page: Page, number: int) -> None:
    await page.get_by_test_id("start").click()
    await page.get_by_test_id("consent-type").click()
    await page.wait_for_selector("body[data-state=listening]")
    lines = page.locator(".captions .line[data-speaker=avatar]")
    before = await lines.count()
    await page.get_by_test_id("text-input").fill(QUESTIONS[number % len(QUESTIONS)])
    await page.get_by_test_id("send").click()
    await page.wait_for_function(
        "n => document.querySelectorAll('.captions .line[data-speaker=avatar]').length > n",
        arg=before,
    )
    if number % 4 == 0:
        await page.get_by_test_id("options").click()
        german = page.locator("[data-language=de]")
        await german.click()
        await page.get_by_test_id("options-close").click()
    await page.get_by_test_id("end").click()
    await state(page, "attract")


async def measure(page: Page, devtools: CDPSession) -> dict[str, float]:
    await devtools.send("HeapProfiler.collectGarbage")
    found = await devtools.send("Performance.getMetrics")
    metrics = {one["name"]: one["value"] for one in found["metrics"]}
    return {
        "heap": metrics["JSHeapUsedSize"],
        "nodes": metrics["Nodes"],
        "listeners": metrics["JSEventListeners"],
        "media": await page.evaluate("document.querySelectorAll('video, audio').length"),
        "peers": await page.evaluate("window.openPeers.size"),
        "streams": await page.evaluate(
            "Number(document.querySelector('video').srcObject !== null)"
        ),
    }


async def test_a_day_of_visitors(engines: Engines) -> None:
    seen: list[dict[str, float]] = []
    async with (
        KioskHarness(engines=engines, settings=settings(avatar=False)) as plain,
        KioskHarness(engines=engines, settings=settings(avatar=True)) as moving,
        Wire() as wire,
        chromium("--autoplay-policy=no-user-gesture-required") as browser,
    ):
        wire.to(plain.url)
        context = await browser.new_context(viewport={"width": 540, "height": 960})
        page = await context.new_page()
        page.set_default_timeout(40_000)
        await page.add_init_script(PEERS)
        await page.goto(wire.url)
        devtools = await context.new_cdp_session(page)
        await devtools.send("Performance.enable")
        await page.evaluate("window.stillTheSamePage = true")
        for number in range(VISITS):
            await state(page, "attract")
            has_avatar = number % AVATAR_EVERY == AVATAR_EVERY - 1
            if has_avatar or number % AVATAR_EVERY == 0:
                await switch(page, wire, moving.url if has_avatar else plain.url)
            async with asyncio.timeout(60):
                await one_visit(page, number)
            if (number + 1) % EVERY == 0:
                seen.append(await measure(page, devtools))
                log.info("after %d visits: %s", number + 1, seen[-1])
        assert await page.evaluate("window.stillTheSamePage"), "the page was loaded anew"
        await context.close()
    # The first look holds what is loaded and compiled when it is first used.
    later = seen[1:] if len(seen) > 2 else seen
    for what, most in MOST.items():
        slope = np.polyfit(range(len(later)), [one[what] for one in later], 1)[0] / EVERY
        log.info("%s: %+.2f a visit (at most %.2f)", what, slope, most)
        assert slope < most, what
    for one in seen:
        assert (one["media"], one["peers"], one["streams"]) == (1, 0, 0)


async def switch(page: Page, wire: Wire, url: str) -> None:
    """Put the cable into another server and wait until the page is at home there."""
    async with page.expect_websocket():
        wire.pull()
        wire.to(url)
    await page.wait_for_timeout(1_000)
    await state(page, "attract")
