"""A day of an operator in Chromium, from a new screen to a visit that nobody can find any more.

With TEST_PICTURES naming a folder, each step is a picture there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Page, expect

from kiosk import keys
from kiosk.emulator.speech.engines import Engines
from kiosk.storage.rows import Grant
from kiosk.testing.fixtures import MakeHarness
from kiosk.testing.harness import KioskHarness
from tests.browser.browsers import CHROMIUM, lent
from tests.browser.picturing import DESK, picture
from tests.browser.real_visit import PORTRAIT, SOUND
from tests.functional.test_forgetting import PLANTED, files
from tests.functional.test_steering import PASSWORD

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
SPOKEN_MS: Final = 30_000
"""Longest that a sentence or two take to be spoken here."""
SETTINGS: Final[Any] = {"visit": {"greet": False}, "access": {"open": False}}
WORD: Final = PLANTED[0]
"""In no program, picture or template: where it is found, it was said."""
ADDRESS: Final = "ada@example.org"
DAY: Final = [
    ("anna", "operator.login"),
    ("anna", "kiosk.approve"),
    ("screen", "kiosk.enrolled"),
    ("anna", "visit.read"),
    ("anna", "visit.watch"),
    ("anna", "visit.whisper"),
    ("anna", "visit.take_over"),
    ("anna", "visit.type"),
    ("anna", "visit.hand_back"),
    ("anna", "visit.end"),
    ("anna", "transcripts.search"),
    ("anna", "transcripts.export"),
    ("anna", "visit.erase"),
]
"""Who did what, in the audit's words and in its order, when it was done first."""


@asynccontextmanager
async def desk(browser: Browser, harness: KioskHarness) -> AsyncIterator[Page]:
    """Log anna in; fail on anything that her pages complain about."""
    complaints: list[str] = []
    await harness.app[keys.OPERATORS].add("anna", PASSWORD, grants=[Grant("administrator")])
    context = await browser.new_context(
        viewport=DESK, base_url=harness.url, reduced_motion="reduce"
    )
    page = await context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto("/operator/login?next=/operator/screens")
    await page.get_by_label("Name").fill("anna")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Screens")
    yield page
    assert complaints == []


async def let_in(page: Page, screen: Page) -> None:
    """Show a code on the screen, compare it, let the screen in."""
    code = await screen.get_by_test_id("pairing-code").inner_text()
    await picture(screen, "01-code-screen")
    await page.reload()
    waiting = page.get_by_role("listitem").filter(has_text=code)
    await picture(page, "01-waiting")
    await waiting.get_by_role("button", name="Let it in").click()
    await expect(page.get_by_role("status").first).to_be_visible()
    # The screen goes on by itself.
    await expect(screen.locator("body")).to_have_attribute("data-state", "attract")
    await picture(page, "02-let-in")


async def follow(page: Page, screen: Page) -> None:
    """Begin a visit at the screen, find it in the list of screens, whisper, follow the answer."""
    await page.get_by_role("link", name="Now").click()
    await expect(page.locator("#live")).to_have_text("Live")
    await screen.get_by_test_id("start").click()
    await screen.get_by_test_id("consent-type").click()
    await expect(screen.locator("body")).to_have_attribute(
        "data-state", "listening", timeout=SPOKEN_MS
    )
    row = page.locator('.unit[data-kiosk="lobby"]')
    await expect(row).to_contain_text("Listening in English")
    await picture(page, "03-now")
    await row.get_by_role("link", name="Listening").click()
    await expect(page.locator("#live")).to_have_text("Live")
    await page.get_by_label("Whisper to the model").fill(f"The {WORD} is in the shop.")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("The model knows it")).to_be_visible()
    await screen.get_by_test_id("text-input").fill(f"Where is the {WORD}?")
    await screen.get_by_test_id("send").click()
    await expect(page.locator("#turns")).to_contain_text(
        f"The {WORD} is in the shop.", timeout=SPOKEN_MS
    )
    await picture(page, "04-whispered")


async def take_over_and_back(page: Page, screen: Page) -> None:
    """Speak to the visitor oneself, then let the assistant go on."""
    await page.get_by_role("button", name="Take over the conversation").click()
    await expect(screen.get_by_test_id("joined")).to_have_text("A person is with you")
    await page.get_by_label("Your words").fill(f"I bring the {WORD}.")
    await page.keyboard.press("Enter")
    await expect(page.locator('.turn[data-speaker="operator"]')).to_contain_text(
        f"I bring the {WORD}.", timeout=SPOKEN_MS
    )
    await screen.get_by_test_id("text-input").fill(f"Write to {ADDRESS}, please.")
    await screen.get_by_test_id("send").click()
    await expect(page.locator("#turns")).to_contain_text("Write to [EMAIL], please.")
    await picture(page, "05-taken-over")
    await picture(screen, "05-taken-over-screen")
    await page.get_by_role("button", name="Hand back").click()
    await expect(page.get_by_text("The assistant answers.")).to_be_visible()
    await expect(screen.get_by_test_id("joined")).to_be_hidden()
    await picture(page, "06-handed-back")


async def end(page: Page, screen: Page) -> None:
    """End the visit, saying why."""
    await page.get_by_role("link", name="End this visit").click()
    asked = page.get_by_role("dialog")
    await asked.get_by_label("Why?").fill("fire drill")
    await asked.get_by_role("button", name="End the visit").click()
    await expect(page.locator("#over")).to_contain_text("an operator ended it", timeout=SPOKEN_MS)
    await expect(screen.locator("body")).to_have_attribute("data-state", "ending")
    await picture(page, "07-ended")


async def find_and_export(page: Page, today: str) -> str:
    """Find the visit by the beginning of a word, and return the export of what was found."""
    await page.get_by_role("link", name="Visits", exact=True).click()
    await page.get_by_role("link", name="Transcripts", exact=True).click()
    await page.get_by_label("Words in one turn").fill(WORD[:7].lower())
    await page.get_by_label("From").fill(today)
    await page.get_by_label("To", exact=True).fill(today)
    await page.get_by_role("button", name="Search").click()
    await expect(page.locator(".found mark").first).to_have_text(WORD)
    await picture(page, "08-found")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Export").click()
    file = await download.value
    assert file.suggested_filename == f"transcripts_{today}_{today}_redacted.csv"
    return await asyncio.to_thread(Path(await file.path()).read_text, "utf-8-sig")


async def erase(page: Page) -> None:
    """Read what was found, then erase it."""
    await page.locator(".found").get_by_role("link").click()
    await expect(page.locator("#turns")).to_contain_text(f"I bring the {WORD}.")
    await picture(page, "09-read")
    await page.get_by_role("link", name="Keep or erase").click()
    await picture(page, "10-keep-or-erase")
    await page.get_by_label("Why (for the audit)").fill("the visitor asked for it")
    await page.get_by_role("button", name="Erase this visit").click()
    await expect(page.get_by_role("heading", name="Erased")).to_be_visible()
    await picture(page, "11-erased")


async def test_a_day_from_a_new_screen_to_a_visit_that_is_nowhere(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, settings=SETTINGS)
    today = harness.clock.now().date().isoformat()
    viewport: Any = PORTRAIT
    # Two machines: a page behind another one in the same browser is not drawn any more.
    async with asyncio.timeout(120), lent(SOUND) as there, lent() as here:
        screen = await there.new_page(viewport=viewport, reduced_motion="reduce")
        await screen.goto(harness.url)
        async with desk(here, harness) as page:
            await let_in(page, screen)
            await follow(page, screen)
            await take_over_and_back(page, screen)
            await end(page, screen)
            assert await harness.app[keys.RECORDER].settle(10)
            assert await files(harness.folder) != []
            exported = await find_and_export(page, today)
            assert f"Where is the {WORD}?" in exported
            assert "Write to [EMAIL], please." in exported
            assert ADDRESS not in exported
            await erase(page)
            # The screen has wiped its own: it waits for the next visitor.
            await expect(screen.locator("body")).to_have_attribute("data-state", "attract")
            await page.get_by_role("link", name="People").click()
            await page.get_by_role("link", name="Audit").click()
            await expect(page.get_by_role("cell", name="visit.erase", exact=True)).to_be_visible()
            await picture(page, "12-audit")
            rows = await harness.app[keys.STORAGE].audit.recent()
            done = dict.fromkeys((row.actor, row.action) for row in reversed(rows))
            assert list(done) == DAY
            assert {row.detail for row in rows} >= {"fire drill", "the visitor asked for it"}
    # In no table, no index, no log: the files have not one byte of it.
    assert await files(harness.folder) == []
