"""The site's own plugins, all at once, as a visitor meets them in Chromium."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import pytest
import zxingcpp
from playwright.async_api import Locator, Page, Route

from kiosk import paths
from kiosk.emulator.speech.engines import Engines
from kiosk.testing import KioskHarness
from kiosk.testing.fixtures import MakeHarness
from tests.browser.real_visit import CHROMIUM, page_of
from tests.functional.looking import log_in
from tests.functional.looking import page as operator_page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.timeout(180),
]
LINK = "https://kiosk.example"
AGAIN = "Hello again! What else can I do?"
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:1
CATEGORIES:OPENING
DTSTART:20260101T000000
DTEND:20260101T235900
RRULE:FREQ=DAILY
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:Walk along the harbour
LOCATION:Main door
DTSTART:20260101T120000
DTEND:20260101T130000
RRULE:FREQ=DAILY
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")
"""The same every day: the visit is on the day it is."""


@pytest.fixture
def site(tmp_path: Path) -> dict[str, Any]:
    """Return the settings of a site with every plugin of the demo's museum."""
    calendar = tmp_path / "every-day.ics"
    calendar.write_text(CALENDAR, encoding="utf-8")
    return {
        "hooks": {"dir": str(paths.demo_plugins())},
        "visit": {"goodbye_s": 0.5},
        "plugins": {
            "take_away": {"base_url": LINK},
            "opening_hours": {"calendar": str(calendar)},
            "occasions": {"short": {"en": AGAIN}},
        },
    }


@asynccontextmanager
async def visiting(
    kiosk_harness: MakeHarness, engines: Engines, site: dict[str, Any]
) -> AsyncIterator[tuple[KioskHarness, Page, str]]:
    """Begin a typed visit at a screen with every plugin of the demo site; give its greeting."""
    harness = await kiosk_harness(engines=engines, settings=site)
    async with page_of(harness) as page:
        yield harness, page, await greeted(page)


async def greeted(page: Page) -> str:
    """Begin a visit and return the greeting as it is on the screen."""
    await page.get_by_test_id("start").click()
    await page.get_by_test_id("consent-type").click()
    greeting = page.locator(".line[data-speaker=avatar][data-final=true]").first
    await greeting.wait_for()
    return await greeting.inner_text()


async def ask(page: Page, question: str) -> None:
    """Type a question and send it."""
    await page.get_by_test_id("text-input").fill(question)
    await page.get_by_test_id("send").click()


def card(page: Page, title: str) -> Locator:
    """Return the card with this title, once it is shown."""
    return page.locator(".card:not([hidden])", has=page.get_by_role("heading", name=title))


async def test_each_in_one_visit(
    kiosk_harness: MakeHarness, engines: Engines, site: dict[str, Any]
) -> None:
    """In one, because a visitor asks for one thing after the other: cards replace each other."""
    async with visiting(kiosk_harness, engines, site) as (harness, page, greeting):
        assert "welcome to Test site" in greeting, "of lobby_greeting"
        await log_in(harness)
        await the_programme_of_the_day_is_shown(page)
        await a_way_is_drawn_on_the_floor_plan(page)
        await a_question_is_answered_from_the_sites_markdown(page)
        await the_answer_is_taken_along_by_a_code_that_opens_once(harness, page)
        await a_call_for_a_person_is_acknowledged_on_the_operators_page(harness, page)
        await a_survey_is_answered_on_the_screen_and_counted(harness, page)
        await page.get_by_test_id("end").click()
        await page.wait_for_selector("body[data-state=attract]")
        assert AGAIN in await greeted(page), "of occasions: the screen was just used"


async def the_programme_of_the_day_is_shown(page: Page) -> None:
    await ask(page, "What is on today?")
    programme = card(page, "What is on")
    await programme.wait_for()
    shown = await programme.inner_text()
    for words in ("12:00", "Walk along the harbour", "Main door", "Open 00:00-23:59."):
        assert words in shown


async def a_way_is_drawn_on_the_floor_plan(page: Page) -> None:
    await ask(page, "Where are the toilets?")
    plan = page.locator(".card svg.wayfinding-map")
    await plan.wait_for()
    drawn = await plan.evaluate(
        """(map) => {
            const route = map.querySelector(".wayfinding-route");
            const box = map.getBoundingClientRect();
            return {length: route?.getTotalLength?.() ?? 0, width: box.width};
        }"""
    )
    assert drawn["length"] > 10, "no route is drawn"
    assert drawn["width"] > 200


async def a_question_is_answered_from_the_sites_markdown(page: Page) -> None:
    await ask(page, "Can I take photos?")
    answer = card(page, "Can I take photos?")
    await answer.wait_for()
    assert "without flash" in await answer.inner_text()
    assert await answer.locator(".faq-answer p").count() >= 1


async def a_call_for_a_person_is_acknowledged_on_the_operators_page(
    harness: KioskHarness, page: Page
) -> None:
    await ask(page, "Please call somebody from the staff, a person.")
    waiting = page.locator(".card:not([hidden])").get_by_text("I have called somebody")
    await waiting.wait_for()
    browser = page.context.browser
    assert browser is not None
    desk = await browser.new_page(reduced_motion="reduce")
    await desk.goto(f"{harness.url}/operator/login")
    await desk.locator("[name=name]").fill("anna")
    await desk.locator("[name=password]").fill("a-good-long-password")
    await desk.locator("form button").first.click()
    await desk.get_by_role("link", name="Answer a call").click()
    await desk.get_by_role("button", name="I am coming").click()
    await desk.get_by_text("anna is on the way").wait_for()
    await page.locator(".card:not([hidden])").get_by_text("coming to you").wait_for()
    await page.get_by_test_id("captions").get_by_text("Somebody is coming").wait_for()
    await desk.get_by_role("button", name="Done").click()
    await desk.get_by_text("Nobody is waiting").wait_for()


async def a_survey_is_answered_on_the_screen_and_counted(harness: KioskHarness, page: Page) -> None:
    await ask(page, "I would like to give feedback in the survey.")
    form = card(page, "How was it?")
    await form.get_by_text("Very much").click()
    await form.get_by_text("Yes", exact=True).click()
    await form.locator("button[type=submit]").click()
    # Answers are read back before they are sent.
    await form.locator(".card-review button.primary").click()
    await page.get_by_test_id("captions").get_by_text("Thank you! That helps us.").wait_for()
    assert "5.0 of 5 from 1 answer" in await operator_page(harness, "/operator/")


async def the_answer_is_taken_along_by_a_code_that_opens_once(
    harness: KioskHarness, page: Page
) -> None:
    await ask(page, "Show a QR code please, to take the last answer along on my phone.")
    code = page.locator(".card-qr svg")
    await code.wait_for()
    link = read_code(await code.screenshot())
    assert link.startswith(f"{LINK}/-/take_away/")
    browser = page.context.browser
    assert browser is not None
    # A preview that looks at the link and runs no script, then a finger that touches twice.
    robot = await browser.new_context(java_script_enabled=False)
    phone = await browser.new_context()
    try:
        preview, reader = await robot.new_page(), await phone.new_page()
        for tab in (preview, reader):
            await tab.goto(harness.url + link.removeprefix(LINK))
            assert "flash" not in await tab.content()
        await touched_twice(reader)
        await preview.get_by_role("button", name="Open").click()
        await preview.get_by_text("new code").wait_for()
    finally:
        await robot.close()
        await phone.close()


async def touched_twice(page: Page) -> None:
    """Touch "Open" again before the first answer is there; it must be asked for once."""
    sent: asyncio.Queue[Route] = asyncio.Queue()
    await page.route("**/-/take_away/*", sent.put)
    box = await page.get_by_role("button", name="Open").bounding_box()
    assert box is not None
    for _ in range(2):
        await page.mouse.click(box["x"] + 9, box["y"] + 9)
    await (await sent.get()).continue_()
    await page.get_by_text("flash").first.wait_for()
    assert sent.empty()


def read_code(png: bytes) -> str:
    """Return what a decoder reads in a picture of a code."""
    with av.open(io.BytesIO(png), "r") as picture:
        (frame,) = picture.decode(video=0)
    (found,) = zxingcpp.read_barcodes(frame.to_ndarray(format="gray"))
    return str(found.text)
