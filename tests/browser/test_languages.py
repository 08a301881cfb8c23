"""Nine languages on the screen: chosen at once, switched in the middle, gone with the visitor."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from kiosk import events
from kiosk.emulator.scenario.replies import Reply
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.engines import Engines
from kiosk.hooks.markers import hookimpl
from kiosk.signaling import messages as m
from kiosk.testing.fixtures import MakeHarness
from tests.browser.accessible import painted
from tests.browser.real_visit import page_of
from tests.browser.screen_stage import (
    CHROMIUM,
    SOUND,
    TEXTS,
    Stage,
    chromium,
    converse,
    screen,
    state,
)
from tests.browser.test_keyboard import CHOOSE, type_by_touch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.timeout(180),
]
NINE = TEXTS.languages
WIDEST = ("de", "ar", "ja", "uk")  # the longest words, the other direction, the highest lines
SIZES = [(1080, 1920), (1920, 1080), (1280, 800)]
# What is seen of the page that is no word of the chosen language.
FOREIGN = """
(texts) => [...document.querySelectorAll("[data-text], [data-label], [data-placeholder]")]
  .filter((node) => {
    const { text, label, placeholder } = node.dataset;
    const words = text && !node.closest("[data-testid=consent-more]");
    return (words && node.textContent !== texts[text])
      || (label && node.getAttribute("aria-label") !== texts[label])
      || (placeholder && node.placeholder !== texts[placeholder]);
  })
  .map((node) => node.outerHTML.slice(0, 90))
"""
WHEN_FETCHED = """
(wanted) => {
  const files = performance.getEntriesByType("resource");
  const texts = files.filter(({ name }) => name.includes("/texts/"));
  return texts.filter(({ responseStatus }) => responseStatus === 200).length >= wanted;
}
"""
CUT = """
() => [...document.querySelectorAll(".languages button")].filter((button) => {
  const { left, right, top, bottom } = button.getBoundingClientRect();
  const isOut = left < 0 || right > innerWidth || top < 0 || bottom > innerHeight;
  return isOut || button.scrollWidth > button.clientWidth;
}).map((button) => button.textContent)
"""


async def test_each_language_is_shown_whole_on_every_size() -> None:
    async with (
        Stage() as stage,
        chromium(SOUND) as browser,
        screen(browser, stage, touch=True) as page,
    ):
        for language in WIDEST:
            await page.locator(f".attract [data-language={language}]").tap()
            await page.wait_for_selector(f"html[lang={language}]")
            direction = "rtl" if language == "ar" else "ltr"
            assert await page.locator("html").get_attribute("dir") == direction
            assert await page.evaluate(FOREIGN, TEXTS.screen(language)) == []
            for width, height in SIZES:
                await page.set_viewport_size({"width": width, "height": height})
                await painted(page)
                assert await page.evaluate(CUT) == [], (width, language)


async def test_only_the_first_language_comes_with_the_page_and_the_rest_stay_once_fetched() -> None:
    async with Stage() as stage, chromium(SOUND) as browser:
        stage.texts_out = True
        async with screen(browser, stage) as page:
            source = await (await page.request.get(stage.url)).text()
            assert TEXTS.get("en", "offline.text") in source
            assert TEXTS.get("de", "offline.text") not in source
            await page.locator("[data-language=de]").click()
            await expect(page.locator("[data-language=en]")).to_have_attribute(
                "aria-pressed", "true"
            )
            assert await page.locator("html").get_attribute("lang") == "en", "not half of it"
            stage.texts_out = False
            await page.locator("[data-language=de]").click()
            await page.wait_for_selector("html[lang=de]")
            await stage.drop_sockets()  # the next one brings what is still missing
            await page.wait_for_function(
                WHEN_FETCHED,
                arg=len(NINE) - 1,
            )
            await stage.shut()
            for language in ("ja", "ar"):
                await page.evaluate(CHOOSE, language)
                assert await page.evaluate("document.documentElement.lang") == language
                assert await page.evaluate(FOREIGN, TEXTS.screen(language)) == []


async def test_a_language_that_comes_late_is_told_and_shown_whole() -> None:
    stage = Stage()
    stage.texts_late["fr"] = now = asyncio.Event()
    async with stage, chromium(SOUND) as browser, screen(browser, stage) as page:
        await page.locator("[data-language=fr]").click()
        await expect(page.locator("[data-language=fr]")).to_have_attribute("aria-pressed", "true")
        await converse(page, stage)
        assert stage.of(m.Start)[0].language == "en"
        assert await page.evaluate(FOREIGN, TEXTS.screen("en")) == []
        now.set()
        await stage.until(lambda: [one.language for one in stage.of(m.Language)] == ["fr"])
        await page.wait_for_selector("html[lang=fr]")
        assert await page.evaluate(FOREIGN, TEXTS.screen("fr")) == []


class Notes:
    """Notes the languages that plugins are told of, and what the model is instructed."""

    def __init__(self) -> None:
        self.changes: list[str] = []

    @hookimpl
    async def session_event(self, event: events.DomainEvent) -> None:
        if isinstance(event, events.LanguageChanged):
            self.changes.append(event.language)


ANSWERS = Scenario(
    name="languages",
    replies=(
        Reply(match="Tor", say="Das Tor ist links."),
        Reply(match="باب", say="الباب على اليسار."),
        Reply(match="厕所", say="厕所在一楼。"),
    ),
)


async def answered(page: Page, words: str) -> None:
    await page.locator(".line[data-speaker=avatar]").get_by_text(words).wait_for()


async def test_a_visit_in_arabic_begins_in_english_and_the_next_visitor_finds_english(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    """German, Arabic and Chinese are typed by touch alone, and answered."""
    site = {
        "site": {"languages": ["en", "de", "ar", "zh"]},
        "upstream": {"voices": {"ar": "ar-SA-ZariyahNeural"}, "avatar": {"enabled": False}},
        "visit": {"goodbye_s": 0.5},
    }
    notes = Notes()
    harness = await kiosk_harness(
        engines=engines, scenario=ANSWERS, settings=site, plugins={"notes": notes}
    )
    async with page_of(harness, touch=True) as page:
        await page.get_by_test_id("start").tap()
        await page.get_by_test_id("consent-type").tap()
        await page.locator(".line[data-speaker=avatar][data-final=true]").first.wait_for()
        for language, keys, reply in (
            ("de", "Tor?", "Das Tor ist links."),
            ("ar", "باب؟", "الباب على اليسار."),
            ("zh", "cesuo ？", "厕所在一楼。"),  # noqa: RUF001 - Chinese's own marks
        ):
            if language == "de":  # it came with the wish to type
                await page.locator('.key[data-does="close"]').tap()
            await page.get_by_test_id("options").tap()
            await page.locator("[data-part=language]").tap()
            await page.locator(f".options [data-language={language}]").tap()
            await page.wait_for_selector(f"html[lang={language}]")
            assert await page.locator("html").get_attribute("dir") == (
                "rtl" if language == "ar" else "ltr"
            )
            await page.get_by_test_id("options-close").tap()
            await page.get_by_test_id("text-input").tap()
            await page.wait_for_selector(f".keyboard:not([hidden])[data-layout={language}]")
            await type_by_touch(page, keys)
            await page.locator('.key[data-does="enter"]').tap()
            await answered(page, reply)
            assert await page.evaluate(FOREIGN, TEXTS.screen(language)) == []
        assert notes.changes == ["de", "ar", "zh"]
        await page.get_by_test_id("end").tap()
        await state(page, "attract")
        assert await page.locator("html").get_attribute("lang") == "en"
        assert await page.locator("html").get_attribute("dir") == "ltr"
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            TEXTS.get("en", "attract.title")
        )
