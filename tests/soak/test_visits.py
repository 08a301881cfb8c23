"""A day of visitors in Chromium: memory, elements, listeners, media and connections stay flat.

Eight hours of 400 visits are one every 72 s. Here the pauses between them are left out. Every tenth
visit has an avatar, every fifth a microphone, every fourth another language.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import numpy as np
import pytest
from playwright.async_api import Browser, BrowserContext, CDPSession, Page

from kiosk import paths
from kiosk.emulator.speech.engines import Engines
from kiosk.settings import environment
from kiosk.testing import KioskHarness
from tests.browser.screen_stage import CHROMIUM, FAKE_MICROPHONE, SOUND, chromium, state
from tests.browser.wire import Wire, told

VISITS: Final = int(environment().get("SOAK_VISITS", "400"))
EVERY: Final = max(1, min(20, VISITS // 4))
MUSEUM: Final = str(paths.demo_plugins())
AVATAR_EVERY: Final = 10
VOICE_EVERY: Final = 5

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(120 + 20 * VISITS),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

log = logging.getLogger(__name__)

QUESTIONS: Final = ("Where are the toilets?", "Tell me a riddle, please.", "What is on today?")
# What a page holds that no count of the browser's shows, until it is let go.
HELD: Final = """
  window.held = { peers: new Set(), sounds: new Set(), tracks: new Set() };
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...all) { super(...all); held.peers.add(this); }
    close() { held.peers.delete(this); super.close(); }
  };
  window.AudioContext = class extends AudioContext {
    constructor(...all) { super(...all); held.sounds.add(this); }
    close() { held.sounds.delete(this); return super.close(); }
  };
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await ask(wanted);
    for (const track of stream.getTracks()) {
      held.tracks.add(track);
      const stop = track.stop.bind(track);
      track.stop = () => { held.tracks.delete(track); stop(); };
    }
    return stream;
  };
"""
COUNTS: Final = """() => ({
  media: document.querySelectorAll("video, audio").length,
  peers: held.peers.size, sounds: held.sounds.size, tracks: held.tracks.size,
  running: [...held.sounds].filter(({ state }) => state === "running").length,
  streams: Number(document.querySelector("video").srcObject !== null),
})"""
BETWEEN: Final = {"media": 1, "peers": 0, "sounds": 1, "running": 0, "tracks": 0, "streams": 0}
"""What there is of each while nobody visits: a <video> without a picture, a context that rests."""
LEAK: Final = """() => {
  window.leak = Array.from({ length: 8_000_000 }, (_, i) => ({ i }));
}"""
GREW: Final = "() => performance.memory.usedJSHeapSize > 100e6"
# Growth a visit that a day of 400 may have: a quarter of what has the page begin anew by itself.
MOST: Final = {"heap": 300e6 / 4 / 400, "nodes": 0.1, "listeners": 0.1}


def settings(*, avatar: bool, **screen: Any) -> dict[str, Any]:
    return {
        "access": {"open": True, "secret": "a secret of these tests, the same on both servers"},
        # Nothing has the page begin anew while it is measured but what it grows to.
        "screen": {
            "reload_spread_s": 0,
            "reload_after_visits": 100_000,
            "reload_at": "",
            **screen,
        },
        # The same on both: a page that meets another version begins anew.
        "visit": {"goodbye_s": 0.2, "greet": False},
        "upstream": {"avatar": {"enabled": avatar, "width": 512, "height": 288}},
        "hooks": {"dir": MUSEUM},
    }


async def one_visit(page: Page, number: int) -> None:
    await page.get_by_test_id("start").click()
    has_voice = number % VOICE_EVERY == 0
    await page.get_by_test_id("consent-accept" if has_voice else "consent-type").click()
    await page.wait_for_selector("body[data-state=listening]")
    if has_voice:
        await page.wait_for_selector("body[data-microphone=on]")
    lines = page.locator(".captions .line[data-speaker=avatar]")
    before = await lines.count()
    await page.get_by_test_id("text-input").fill(QUESTIONS[number % len(QUESTIONS)])
    await page.get_by_test_id("send").click()
    await page.wait_for_function(
        "n => document.querySelectorAll('.captions .line[data-speaker=avatar]').length > n",
        arg=before,
        polling=50,
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
        **await page.evaluate(COUNTS),
    }


def table(seen: list[tuple[int, dict[str, float]]]) -> str:
    """Return what was measured as lines of a table."""
    names = {
        "heap": "heap MB", "nodes": "nodes", "listeners": "listeners", "media": "media",
        "peers": "peers", "sounds": "contexts", "running": "running", "tracks": "tracks",
        "streams": "streams",
    }  # fmt: skip
    lines = [" ".join(f"{name:>9}" for name in ("visit", *names.values()))]
    for visit, one in seen:
        row = [f"{one[what] / 1e6:.2f}" if what == "heap" else f"{one[what]:.0f}" for what in names]
        lines.append(" ".join(f"{value:>9}" for value in (str(visit), *row)))
    return "\n".join(lines)


async def test_a_day_of_visitors(engines: Engines) -> None:
    seen: list[tuple[int, dict[str, float]]] = []
    async with (
        KioskHarness(engines=engines, settings=settings(avatar=False)) as plain,
        KioskHarness(engines=engines, settings=settings(avatar=True)) as moving,
        Wire() as wire,
        chromium(*FAKE_MICROPHONE, SOUND) as browser,
    ):
        wire.to(plain.url)
        context, page = await open_page(browser, wire.url)
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
                seen.append((number + 1, await measure(page, devtools)))
                log.info("%s", table(seen[-1:]).splitlines()[-1])
        log.info("%d visits\n%s", VISITS, table(seen))
        assert await page.evaluate("window.stillTheSamePage"), "the page was loaded anew"
        await context.close()
    # The first look holds what is loaded and compiled when it is first used.
    later = seen[1:] if len(seen) > 2 else seen
    for what, most in MOST.items():
        slope = np.polyfit([visit for visit, _ in later], [one[what] for _, one in later], 1)[0]
        log.info("%s: %+.2f a visit (at most %.2f)", what, slope, most)
        assert slope < most, what
    for visit, one in seen:
        assert {what: one[what] for what in BETWEEN} == BETWEEN, visit


async def test_a_page_that_grows_begins_anew_between_two_visits(engines: Engines) -> None:
    """The guard that the run above must not need, with a page that leaks on purpose."""
    async with (
        KioskHarness(
            engines=engines, settings=settings(avatar=False, reload_heap_mb=100)
        ) as harness,
        # Without it the engine that is driven tells what its heap was minutes ago.
        chromium(*FAKE_MICROPHONE, SOUND, "--enable-precise-memory-info") as browser,
    ):
        context, page = await open_page(browser, harness.url)
        await one_visit(page, 0)
        await page.evaluate(LEAK)
        await page.wait_for_function(GREW)
        async with page.expect_event("load"):
            await one_visit(page, 1)
        await state(page, "attract")
        # Once at once; the second time it waits two minutes, says so, and goes on meanwhile.
        await page.evaluate(LEAK)
        await page.wait_for_function(GREW)
        await one_visit(page, 2)
        await one_visit(page, 3)
        assert await page.evaluate("() => leak.length"), "it is the same page"
        told_now = told(harness.app_metrics())
        assert (told_now["reloaded memory"], told_now["waits memory"]) == (1, 1)
        await context.close()


async def open_page(browser: Browser, url: str) -> tuple[BrowserContext, Page]:
    context = await browser.new_context(
        viewport={"width": 540, "height": 960},
        permissions=["microphone"],
        reduced_motion="reduce",  # fading takes most of a visit's computing, and holds nothing
    )
    page = await context.new_page()
    page.set_default_timeout(40_000)
    await page.add_init_script(HELD)
    await page.goto(url)
    return context, page


async def switch(page: Page, wire: Wire, url: str) -> None:
    """Put the cable into another server and wait until the page is at home there."""
    async with page.expect_websocket():
        wire.pull()
        wire.to(url)
    await page.wait_for_timeout(1_000)
    await state(page, "attract")
