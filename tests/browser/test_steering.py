"""An operator's page beside the kiosk's: whisper, take over, type, hand back, end.

With TEST_PICTURES naming a folder, each step is a picture there.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import expect

from kiosk import keys
from kiosk.emulator.speech.engines import Engines
from kiosk.storage.rows import Grant
from kiosk.testing.fixtures import MakeHarness
from tests.browser.browsers import lent
from tests.browser.picturing import DESK, picture
from tests.browser.real_visit import CHROMIUM, PORTRAIT
from tests.functional.test_steering import PASSWORD

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
SPOKEN_MS = 30_000
"""Longest that a sentence or two take to be spoken here."""
SETTINGS: Any = {
    "visit": {"greet": False},
    "operators": {"sentences": [{"id": "closing", "text": {"en": "We close soon."}}]},
}


async def test_an_operator_takes_part_and_the_visitor_sees_it(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, settings=SETTINGS)
    await harness.app[keys.OPERATORS].add("anna", PASSWORD, grants=[Grant("administrator")])
    complaints: list[str] = []
    async with asyncio.timeout(120), lent() as browser:
        viewport: Any = PORTRAIT
        screen = await browser.new_page(viewport=viewport, reduced_motion="reduce")
        await screen.goto(harness.url)
        await screen.get_by_test_id("start").click()
        await screen.get_by_test_id("consent-type").click()
        await expect(screen.locator("body")).to_have_attribute(
            "data-state", "listening", timeout=SPOKEN_MS
        )
        visit_id = next(iter(harness.app[keys.LIVE].running))

        page = await browser.new_page(viewport=DESK, reduced_motion="reduce")
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"{harness.url}/operator/login?next=/operator/visits/{visit_id}")
        await page.get_by_label("Name").fill("anna")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("#live")).to_have_text("Live")

        # By keyboard alone from here on: type, Enter, and go on in the same place.
        await page.get_by_label("Whisper to the model").fill("The sauna is on the roof.")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("The model knows it")).to_be_visible()
        await expect(page.get_by_label("Whisper to the model")).to_have_value("")
        await screen.get_by_test_id("text-input").fill("Where is the sauna?")
        await screen.get_by_test_id("send").click()
        await expect(page.locator("#turns")).to_contain_text(
            "The sauna is on the roof.", timeout=SPOKEN_MS
        )
        await expect(page.locator("#turns .waited").last).to_contain_text("began after")
        await expect(screen.get_by_test_id("joined")).to_be_hidden()
        await picture(page, "1-whispered")

        await page.get_by_role("button", name="Take over the conversation").focus()
        await page.keyboard.press("Enter")
        typed = page.get_by_label("Your words")
        await expect(typed).to_be_focused()
        await expect(screen.get_by_test_id("joined")).to_have_text("A person is with you")
        await picture(screen, "2-joined-screen")
        await typed.fill("I will come to you.")
        await page.keyboard.press("Enter")
        # Said after the avatar has told the visitor who joined.
        await expect(page.locator('.turn[data-speaker="operator"]')).to_contain_text(
            "I will come to you.", timeout=SPOKEN_MS
        )
        said = screen.locator('.line[data-speaker="operator"]')
        await expect(said).to_contain_text("Staff")
        await expect(said).to_contain_text("I will come to you.")
        await expect(typed).to_be_focused()
        await picture(page, "3-taken")
        await picture(screen, "3-typed-screen")

        await page.get_by_role("button", name="Hand back").click()
        await expect(page.get_by_text("The assistant answers.")).to_be_visible()
        await expect(screen.get_by_test_id("joined")).to_be_hidden()
        await expect(page.locator("#timeline")).to_contain_text("gave the conversation back")
        await picture(page, "4-handed-back")

        await page.get_by_role("link", name="End this visit").click()
        await page.get_by_role("dialog").get_by_role("button", name="End the visit").click()
        await expect(page.locator("#over")).to_contain_text(
            "an operator ended it", timeout=SPOKEN_MS
        )
        await expect(page.locator("#steering")).to_have_count(0)
        await expect(screen.locator("body")).to_have_attribute("data-state", "ending")
        await picture(page, "5-over")
    assert complaints == []
