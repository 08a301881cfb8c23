"""The network pulled for a minute in every state, a server killed, a new version, a sleep."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Page

from kiosk import keys
from kiosk.clock import SystemClock
from kiosk.emulator.speech.engines import Engines
from kiosk.settings import environment
from kiosk.signaling import messages as m
from kiosk.testing import KioskHarness
from kiosk.web.shell import service_target
from tests.browser.pulling import SLOW, STATES, bring, leave, pull_in, pulled
from tests.browser.screen_stage import CHROMIUM, Stage, chromium, state
from tests.browser.wire import Seen, Wire, told, watching

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

log = logging.getLogger(__name__)

PULL_S: Final = float(environment().get("SHELL_PULL_S", "60"))
SLEEP_S: Final = 40.0
SETTINGS: Final[dict[str, Any]] = {
    "screen": {"reload_spread_s": 0},
    "access": {"open": True, "secret": "a secret of these tests, the same after a restart"},
    # The emulator draws this one as the portrait is drawn: the host stays one person.
    "upstream": {"avatar": {"character": "max"}},
}


def pictures() -> Path:
    """Return the folder for what was seen; `SHELL_SHOTS`, or a temporary one."""
    folder = Path(environment().get("SHELL_SHOTS") or tempfile.mkdtemp(prefix="never-white-"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def server(engines: Engines, **settings: Any) -> KioskHarness:
    return KioskHarness(engines=engines, scenario=SLOW, settings={**SETTINGS, **settings})


@asynccontextmanager
async def page_at(url: str, *, kept: bool = True) -> AsyncIterator[Page]:
    async with chromium("--autoplay-policy=no-user-gesture-required") as browser:
        context = await browser.new_context(viewport={"width": 540, "height": 960})
        page = await context.new_page()
        page.set_default_timeout(40_000)
        await page.goto(url)
        await state(page, "attract")
        if kept:
            await page.evaluate("navigator.serviceWorker.ready")
        yield page
        await context.close()


def judge(name: str, seen: Seen) -> None:
    log.info("%s: %d looks, %s", name, seen.looks, " ".join(dict.fromkeys(seen.states)))
    for when, words in seen.words.items():
        log.info("    %s: %s", when, " ".join(words.split())[:160])
    assert seen.looks > 0, name
    assert seen.white == [], name


@pytest.mark.parametrize("wanted", STATES)
async def test_the_network_is_pulled_in_a_state(engines: Engines, wanted: str) -> None:
    folder = await asyncio.to_thread(pictures)
    async with server(engines) as harness, Wire() as wire:
        wire.to(harness.url)
        async with page_at(wire.url) as page:
            seen = await pull_in(page, wire, harness.url, wanted, seconds=PULL_S, folder=folder)
            await bring(page, "consent")  # it takes the next visitor
        judge(wanted, seen)
        assert "offline" in seen.states


async def test_the_network_is_pulled_while_a_visitor_waits_for_a_free_avatar() -> None:
    folder = await asyncio.to_thread(pictures)
    async with Stage() as stage, Wire() as wire:
        stage.answers_offers = False  # the portrait stays, as it does where nobody is free
        wire.to(stage.url)
        async with page_at(wire.url, kept=False) as page:
            await page.get_by_test_id("start").click()
            await page.get_by_test_id("consent-type").click()
            await stage.until(lambda: bool(stage.of(m.Consent)))
            await stage.say(m.State(state="queued"))
            await state(page, "queued")
            async with pulled(
                page, wire, stage.url, "queued", seconds=PULL_S, folder=folder
            ) as seen:
                await state(page, "listening")
                await leave(page)
        judge("queued", seen)
        assert "offline" in seen.states


async def test_the_network_is_pulled_at_a_screen_that_is_out_of_order(engines: Engines) -> None:
    folder = await asyncio.to_thread(pictures)
    async with server(engines) as harness, Wire() as wire:
        wire.to(harness.url)
        async with page_at(wire.url) as page:
            bus, target = harness.app[keys.BUS], service_target("lobby")
            await bus.command(target, {"state": "out_of_order"}, timeout_s=5)
            await state(page, "error")
            async with pulled(
                page, wire, harness.url, "error", seconds=PULL_S, folder=folder
            ) as seen:
                await page.wait_for_selector("body[data-state=error][data-reason=out_of_order]")
                await bus.command(target, {"state": "as_set"}, timeout_s=5)
                await state(page, "attract")
            await bring(page, "consent")
        judge("error", seen)
        assert "offline" not in seen.states  # it still says that it is out of order


async def test_the_network_is_pulled_where_a_visit_was_refused(engines: Engines) -> None:
    folder = await asyncio.to_thread(pictures)
    two = [{"id": "lobby", "name": "Lobby"}, {"id": "desk", "name": "Desk"}]
    async with server(engines, visit={"max_visits": 1}, kiosks=two) as harness, Wire() as wire:
        wire.to(harness.url)
        async with page_at(wire.url) as page:
            await harness.enrol("desk")
            other = await harness.visit(media=False, microphone=False)
            await page.get_by_test_id("start").click()
            await state(page, "refused")
            await other.send(m.End())
            async with pulled(
                page, wire, harness.url, "refused", seconds=PULL_S, folder=folder
            ) as seen:
                await leave(page)
            await bring(page, "consent")
        judge("refused", seen)


async def test_a_server_killed_in_a_visit_and_another_version_behind_the_same_address(
    engines: Engines,
) -> None:
    folder = await asyncio.to_thread(pictures)
    async with Wire() as wire:
        old = server(engines)
        await old.__aenter__()
        wire.to(old.url)
        async with page_at(wire.url) as page:
            await bring(page, "listening")
            async with watching(page, folder=folder, name="killed") as seen:
                await SystemClock().sleep(2)
                wire.pull()
                await old.__aexit__(None, None, None)
                await SystemClock().sleep(10)
                async with server(engines, site={"name": "The new version"}) as new:
                    wire.to(new.url)
                    await page.get_by_text("The new version").first.wait_for()
                    await state(page, "attract")
                    await bring(page, "listening")
                    await page.get_by_test_id("end").click()
                    await state(page, "attract")
                    await SystemClock().sleep(2)
            judge("killed", seen)


async def test_a_device_that_slept_in_a_visit_wakes_to_the_invitation(engines: Engines) -> None:
    folder = await asyncio.to_thread(pictures)
    async with server(engines, visit={"resume_s": 20}) as harness, page_at(harness.url) as page:
        await bring(page, "listening")
        browser = page.context.browser
        assert browser is not None
        devtools = await browser.new_browser_cdp_session()
        # Page.setWebLifecycleState freezes no page with a socket; a stopped process stands still.
        info = await devtools.send("SystemInfo.getProcessInfo")
        pages = [one["id"] for one in info["processInfo"] if one["type"] == "renderer"]
        for process in pages:
            os.kill(process, signal.SIGSTOP)
        try:
            await SystemClock().sleep(SLEEP_S)
        finally:
            for process in pages:
                os.kill(process, signal.SIGCONT)
        async with watching(page, folder=folder, name="slept", every_s=0.5) as seen:
            await page.wait_for_selector("body[data-state=attract]", timeout=8_000)
            assert await page.locator("[data-testid=captions] .line").count() == 0
            await bring(page, "listening")
            await page.get_by_test_id("end").click()
            await state(page, "attract")
            await SystemClock().sleep(2)
        assert told(harness.app_metrics())["slept"] == 1
        judge("slept", seen)
