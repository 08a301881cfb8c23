"""What a visitor may do with a card: take it along, print it and nothing around it."""

from __future__ import annotations

import pytest

from kiosk.signaling import messages as m
from tests.browser.screen_stage import CHROMIUM, converse, opened

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
HTML = "<p>Second floor, on the left.</p>"


async def test_a_card_is_taken_along_dismissed_and_printed() -> None:
    async with opened() as (stage, page):
        await page.evaluate(
            "() => { window.prints = 0; window.print = () => { window.prints += 1; }; }"
        )
        await converse(page, stage)
        plain = m.ShowCard(id="plain", kind="text", title="Hours", html=HTML)
        await stage.say(plain)
        await page.get_by_text("Second floor").wait_for()
        take, printing = page.get_by_test_id("card-take"), page.get_by_test_id("card-print")
        assert not await take.is_visible()
        offered = m.ShowCard(
            id="way", kind="text", title="The lift", html=HTML, offers=("take", "print")
        )
        await stage.say(m.HideCard(id="plain"), offered)
        await take.wait_for()
        for button in (take, printing):
            box = await button.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 64
        await printing.click()
        assert await printing.is_disabled(), "one touch, one sheet"
        assert await page.evaluate("window.prints") == 1
        await page.emulate_media(media="print")
        assert await page.get_by_text("Second floor").is_visible()
        for gone in (take, page.get_by_test_id("end"), page.get_by_test_id("captions")):
            assert not await gone.is_visible()
        await page.emulate_media(media="screen")
        await take.click()
        await stage.until(lambda: [one.id for one in stage.of(m.CardTake)] == ["way"])
        code = m.ShowCard(id="take-away", kind="qr", title="Take it along", html="<p>code</p>")
        await stage.say(code)
        top = page.locator("[data-card=take-away]")
        await top.wait_for()
        # Beside the avatar like any card, with its way out.
        box = await top.bounding_box()
        assert box is not None
        assert box["width"] * box["height"] < 0.5 * 1080 * 1920
        await top.get_by_test_id("card-close").click()
        await page.locator("[data-card=way]").get_by_text("Second floor").wait_for()
