"""The technician's panel in Chromium at the real server: five taps, a PIN, facts, tests, gone."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from playwright.async_api import Page, expect

from kiosk.emulator.speech.engines import Engines
from kiosk.testing.fixtures import MakeHarness
from tests.browser.real_visit import CHROMIUM, page_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
PIN = "270527"


async def tap_corner(page: Page, times: int) -> None:
    for _ in range(times):
        await page.mouse.click(520, 14)


async def opened(
    kiosk_harness: MakeHarness, engines: Engines, **access: Any
) -> AbstractAsyncContextManager[Page]:
    harness = await kiosk_harness(
        engines=engines, settings={"access": {"open": True, **access}, "hooks": {"off": True}}
    )
    return page_of(harness)


async def test_without_a_pin_it_shows_and_changes_nothing(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    async with await opened(kiosk_harness, engines) as page:
        panel = page.get_by_role("dialog", name="Service")
        await tap_corner(page, 4)
        await page.mouse.click(270, 480)
        await tap_corner(page, 1)
        assert await panel.count() == 0, "four taps and one elsewhere are no five"
        await tap_corner(page, 5)
        await panel.wait_for()
        await expect(panel).to_contain_text("No PIN is set")
        await expect(panel).to_contain_text("connected")
        assert await panel.get_by_role("button").all_inner_texts() == ["Close"]
        await page.keyboard.press("Escape")
        await panel.wait_for(state="detached")


async def test_with_the_pin_it_tests_and_sets(kiosk_harness: MakeHarness, engines: Engines) -> None:
    async with await opened(kiosk_harness, engines, service_pin=PIN) as page:
        await page.keyboard.press("Control+Alt+s")
        panel = page.get_by_role("dialog", name="Service")
        await panel.wait_for()
        await expect(panel).not_to_contain_text("connected")
        await page.keyboard.type("1111")
        await panel.get_by_role("button", name="OK").click()
        await expect(panel).to_contain_text("This PIN is wrong")
        for digit in PIN:
            await panel.get_by_role("button", name=digit, exact=True).click()
        await panel.get_by_role("button", name="OK").click()
        await expect(panel).to_contain_text("the same")
        small = await page.evaluate(
            "[...document.querySelectorAll('.service button')].map(b => b.getBoundingClientRect())"
            ".filter(({ width, height }) => width < 64 || height < 64).length"
        )
        assert small == 0
        await panel.get_by_role("button", name="Quieter").click()
        await expect(panel).to_contain_text("90 %")
        await panel.get_by_role("button", name="Test the sound").click()
        await panel.get_by_role("button", name="Test the microphone").click()
        await expect(panel.get_by_role("status")).not_to_contain_text("two minutes")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await panel.get_by_role("button", name="Close").click()
        await panel.wait_for(state="detached")
        # Nine tenths of the device's own loudness, of which visits begin with six.
        assert await page.evaluate("document.querySelector('video').volume") == pytest.approx(0.54)


async def test_it_closes_by_itself_and_works_while_the_server_is_away(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    async with await opened(kiosk_harness, engines) as page:
        # Its code and style are there; only the server's answer is missing.
        await page.evaluate(
            "Promise.all([import('/static/kiosk/service.js'), fetch('/static/kiosk/device.css')])"
        )
        await page.clock.install()
        await page.route("**/kiosk/service*", lambda route: route.abort())
        await page.keyboard.press("Control+Alt+s")
        panel = page.locator(".service")
        await panel.wait_for()
        await expect(panel).to_contain_text("lobby")
        await page.clock.run_for(125_000)
        await panel.wait_for(state="detached")
