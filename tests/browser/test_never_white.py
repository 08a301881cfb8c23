"""The screen without its server, with another version of it, and out of service.

What else a page does by itself is tested on Node (tests/js/screen).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from kiosk import keys
from kiosk.clock import SystemClock
from kiosk.signaling import messages as m
from kiosk.web.shell import service_target
from tests.browser.screen_stage import CHROMIUM, DEADLINE_S, Stage, chromium, converse, state
from tests.browser.wire import Wire, shades, told, watching
from tests.unit.running import Running, running

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

KEPT = """async () => {
  await navigator.serviceWorker.ready;
  const found = await caches.match("/kiosk");
  return Boolean(found && navigator.serviceWorker.controller);
}"""
GONE = """async () => !(await navigator.serviceWorker.getRegistrations()).length
  && !(await caches.keys()).length"""
QUICK = {"reload_spread_s": 0}


@asynccontextmanager
async def screen(browser: Browser, url: str) -> AsyncIterator[tuple[BrowserContext, Page]]:
    context = await browser.new_context(
        viewport={"width": 540, "height": 960}, reduced_motion="reduce"
    )
    page = await context.new_page()
    page.set_default_timeout(DEADLINE_S * 1000)
    await page.goto(url)
    try:
        yield context, page
    finally:
        await context.close()


def folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made


async def kept(page: Page) -> None:
    """Wait until the browser keeps the screen."""
    await page.wait_for_function(KEPT)


async def until_told(server: Running, what: str) -> None:
    """Wait for a figure of the server, of which there is no event."""
    try:
        async with asyncio.timeout(2 * DEADLINE_S):
            while what not in told(server.metrics):
                await SystemClock().sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"no {what!r}, only {told(server.metrics)}") from None


async def test_a_reload_without_the_server_shows_the_kept_screen_which_comes_back(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as server, Wire() as wire, chromium() as browser:
        wire.to(server.url)
        async with screen(browser, wire.url) as (context, page):
            await state(page, "attract")
            await kept(page)
            stored = await page.evaluate(
                "(async () => (await Promise.all((await caches.keys()).map(async (name) =>"
                " (await (await caches.open(name)).keys()).map((one) => one.url)))).flat())()"
            )
            assert not [url for url in stored if "/api" in url or "/operator" in url]
            wire.pull()
            async with watching(page, every_s=0.2) as seen:
                await page.reload()
                await state(page, "offline")
                assert "lost my connection" in await page.locator(".offline").inner_text()
                assert await page.evaluate("document.fonts.size") > 0
                # The same for a screen switched on while the server is away.
                fresh = await context.new_page()
                await fresh.goto(wire.url)
                await state(fresh, "offline")
                await fresh.close()
                wire.to(server.url)
                await state(page, "attract")
            assert seen.looks > 0
            assert seen.white == []


async def test_the_network_pulled_for_a_moment_in_a_visit() -> None:
    # tests/soak/test_never_white.py does it in every state, for a minute, with the whole server.
    async with Stage() as stage, Wire() as wire, chromium() as browser:
        stage.answers_offers = False  # the portrait is enough
        wire.to(stage.url)
        async with screen(browser, wire.url) as (_, page):
            await state(page, "attract")
            await converse(page, stage)
            await stage.say(m.State(state="thinking"))
            await state(page, "thinking")
            async with watching(page, every_s=0.2) as seen:
                wire.pull()
                await state(page, "offline")
                wire.to(stage.url)
                await state(page, "listening")
            assert seen.looks > 0
            assert seen.white == []


async def test_a_device_that_is_no_screen_sees_words_instead_of_the_browsers_error(
    tmp_path: Path,
) -> None:
    async with (
        running(tmp_path, access={"open": False}) as server,
        Wire() as wire,
        chromium() as browser,
    ):
        wire.to(server.url)
        async with screen(browser, wire.url) as (_, page):
            await page.get_by_test_id("pairing-code").wait_for()
            await page.wait_for_function(KEPT.replace("/kiosk", "/offline"))
            wire.pull()
            await page.goto(wire.url)
            await state(page, "offline")
            assert shades(await page.screenshot(type="jpeg")) > 4
            wire.to(server.url)
            await page.get_by_test_id("pairing-code").wait_for()


async def test_a_new_version_is_loaded_between_visits_and_once(tmp_path: Path) -> None:
    async with Wire() as wire, chromium() as browser:
        async with running(tmp_path, screen=QUICK) as old:
            wire.to(old.url)
            context = await browser.new_context(
                viewport={"width": 540, "height": 960}, reduced_motion="reduce"
            )
            page = await context.new_page()
            page.set_default_timeout(DEADLINE_S * 1000)
            loads: list[str] = []
            page.on("load", lambda one: loads.append(one.url))
            await page.goto(wire.url)
            await state(page, "attract")
            wire.pull()
        named = {"name": "The new name"}
        async with running(tmp_path, screen=QUICK, site=named) as new:
            wire.to(new.url)
            await page.get_by_text("The new name").wait_for()
            await state(page, "attract")
            await until_told(new, "reloaded stale")
            assert len(loads) == 2
            await context.close()


async def test_a_site_that_wants_it_no_more_takes_the_kept_screen_away(tmp_path: Path) -> None:
    async with Wire() as wire, chromium() as browser:
        async with running(folder(tmp_path, "old"), screen=QUICK) as old:
            wire.to(old.url)
            context = await browser.new_context(
                viewport={"width": 540, "height": 960}, reduced_motion="reduce"
            )
            page = await context.new_page()
            page.set_default_timeout(DEADLINE_S * 1000)
            await page.goto(wire.url)
            await kept(page)
            wire.pull()
        without = {**QUICK, "service_worker": False}
        # The same folder: the same screen, after a restart with another setting.
        async with running(tmp_path / "old", screen=without) as new:
            wire.to(new.url)
            await until_told(new, "reloaded stale")
            await state(page, "attract")
            await page.wait_for_function(GONE)
            await context.close()


async def test_out_of_service_is_a_screen_that_ends_when_an_operator_says_so(
    tmp_path: Path,
) -> None:
    staff = {"en": "The staff desk is on your left."}
    async with (
        running(tmp_path, site={"staff": staff}) as server,
        chromium() as browser,
        screen(browser, server.url) as (_, page),
    ):
        await state(page, "attract")
        bus, target = server.app[keys.BUS], service_target("lobby")
        for word, shown, sentence in (
            ("maintenance", "offline", "having a break"),
            ("out_of_order", "error", "cannot help you today"),
        ):
            assert (await bus.command(target, {"state": word}, timeout_s=5))["ok"]
            await page.wait_for_selector(f"body[data-state={shown}][data-reason={word}]")
            words = await page.locator(f"[data-rests={word}]").inner_text()
            assert sentence in words
            assert staff["en"] in words
            assert not await page.get_by_test_id("start").is_visible()
        await page.reload()
        await page.wait_for_selector("body[data-reason=out_of_order]")
        assert not (await bus.command(target, {"state": "gone"}, timeout_s=5))["ok"]
        await bus.command(target, {"state": "as_set"}, timeout_s=5)
        await state(page, "attract")
        assert await page.evaluate("document.body.dataset.reason") is None
