"""Every state of the screen, measured for everybody: axe, targets, gaps, contrast, nothing cut."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from typing import Final

import pytest
from playwright.async_api import Page, expect

from kiosk.model import Card
from kiosk.signaling import messages as m
from kiosk.web.templating import Templates
from tests.browser.accessible import contrast, faults, painted, until
from tests.browser.screen_stage import CHROMIUM, SOUND, STATIC, THEMES, Stage, opened, state

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
NO_MICROPHONE: Final = ("--deny-permission-prompts", SOUND)
SIZES: Final = {"portrait": (1080, 1920), "landscape": (1920, 1080), "tablet": (1280, 800)}
CARDS: Final = Templates()
LIST: Final = CARDS.render_card(Card("text", "The lift", {"text": "On the left. " * 12}, "c"))
PARTS: Final = ("language", "help", "see", "hear")
ANSWER: Final = (
    "The toilets are on this floor, just behind the café on the right. Shall I show you the way?"
)

# A look is: size of the screen, text size, language, theme, contrast, reach.
Look = tuple[str, str, str, str, str, str]
FEW: Final[tuple[Look, ...]] = (
    ("portrait", "normal", "en", "gallery", "normal", "standard"),
    ("tablet", "largest", "de", "gallery", "normal", "standard"),
)
PAINTS: Final = tuple(itertools.product(THEMES, ("normal", "more", "dark")))
# As a screen of that theme would have loaded it; what a visitor chooses is set on the root.
DRESS: Final = """async ([language, sheet, theme, wanted]) => {
  document.querySelector(`[data-language=${language}]`).click();
  Object.assign(document.documentElement.dataset, wanted);
  if (document.body.dataset.theme === theme) return;
  const old = document.querySelector("link[href*='/themes/']");
  const link = Object.assign(old.cloneNode(), { href: sheet });
  await new Promise((done, fail) => {
    Object.assign(link, { onload: done, onerror: fail });
    old.after(link);
  });
  old.remove();
  document.body.dataset.theme = theme;
}"""


async def dressed(page: Page, look: Look) -> None:
    """Give the page a look, without the way to it."""
    size, text, language, theme, contrast_choice, reach = look
    width, height = SIZES[size]
    await page.set_viewport_size({"width": width, "height": height})
    chosen = {"textSize": text, "contrast": contrast_choice, "reach": reach}
    sheet = STATIC.url(f"themes/{theme}/screen.css")
    await page.evaluate(DRESS, [language, sheet, theme, chosen])
    await painted(page)


async def states(page: Page, stage: Stage) -> AsyncIterator[str]:
    """Bring the screen through every state it has, and yield each by name."""
    # The looks are loaded with the first choice of one.
    await page.locator("[data-size=normal]").dispatch_event("click")
    await until(page, "document.querySelector('link[href$=\"ease.css\"]')?.sheet")
    yield "attract"
    await page.get_by_test_id("start").click()
    await state(page, "consent")
    yield "consent"
    await page.get_by_test_id("consent-more").click()
    yield "consent, all of it"
    await stage.say(m.Notice(code="idle", text="Still there?", seconds=20))
    await page.get_by_test_id("consent-stay").wait_for()
    yield "consent, asked whether anybody is there"
    await stage.say(m.NoticeGone(code="idle"))
    await page.get_by_test_id("consent-type").click()
    await stage.until(lambda: bool(stage.of(m.Microphone)))
    yield "connecting"
    await stage.say(
        m.State(state="listening", media="text"),
        m.Caption(turn="a", speaker="visitor", text="Where are the toilets?", final=True),
        m.Caption(turn="b", speaker="avatar", text=ANSWER, final=True),
    )
    await state(page, "listening")
    yield "listening"
    for part in PARTS:
        if await page.locator("#options").is_hidden():
            await page.get_by_test_id("options").click()
        await page.locator(f"[data-part={part}]").click()
        yield f"options: {part}"
    await page.get_by_test_id("options-close").click()
    await stage.say(m.State(state="thinking"), m.Working(active=True))
    await page.wait_for_selector("body[data-working=true]")
    yield "looking something up"
    await stage.say(m.Working(active=False), m.State(state="speaking"))
    await state(page, "speaking")
    yield "speaking"
    await stage.say(
        m.State(state="listening"), m.Notice(code="idle", text="Still there?", seconds=20)
    )
    await page.get_by_test_id("stay").wait_for()
    yield "asked whether anybody is there"
    await stage.say(
        m.NoticeGone(code="idle"),
        m.Notice(code="time_limit", text="Our time is nearly over. More?", seconds=60, more=True),
    )
    await page.get_by_test_id("more-time").wait_for()
    yield "told that the time is nearly over"
    await stage.say(
        m.NoticeGone(code="time_limit"),
        m.ShowCard(id="c", kind="text", title="The lift", html=LIST),
    )
    await page.locator(".card").wait_for()
    yield "a card"
    await page.get_by_test_id("end").dispatch_event("click")
    await state(page, "ending")
    yield "ending"
    for name in ("offline", "refused", "error"):
        await page.evaluate("(name) => { document.body.dataset.state = name; }", name)
        if name == "refused":
            await page.evaluate(
                "document.querySelector('#refused-words').textContent = 'We open at ten.'"
            )
        yield name


async def test_every_state_is_accessible_and_large_enough_to_touch() -> None:
    async with opened(*NO_MICROPHONE, microphone=False) as (stage, page):
        async for name in states(page, stage):
            for look in FEW:
                await dressed(page, look)
                assert await faults(page) == [], (name, look)
            await dressed(page, FEW[0])


async def test_every_theme_has_contrast_in_a_conversation_and_in_the_options() -> None:
    async with opened(*NO_MICROPHONE, microphone=False) as (stage, page):
        async for name in states(page, stage):
            if name not in {"consent, all of it", "options: see", "a card"}:
                continue
            for size, (theme, choice) in itertools.product(("portrait", "tablet"), PAINTS):
                look = (size, "normal", "en", theme, choice, "standard")
                await dressed(page, look)
                assert await faults(page, axe=False) == [], (name, look)
            await dressed(page, FEW[0])


LOW: Final = """() => [...document.querySelectorAll("button, input")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }))
  .filter((one) => one.getBoundingClientRect().top < innerHeight / 2)
  .map((one) => one.dataset.testid ?? one.textContent)"""


async def test_a_seated_reach_needs_nothing_in_the_upper_half_of_a_tall_screen() -> None:
    look: Look = ("portrait", "largest", "de", "gallery", "normal", "seated")
    async with opened(*NO_MICROPHONE, microphone=False) as (stage, page):
        async for name in states(page, stage):
            await dressed(page, look)
            assert await page.evaluate(LOW) == [], name
            assert await faults(page, axe=False) == [], name
            await dressed(page, FEW[0])


@pytest.mark.parametrize("size", [(390, 844), (360, 640), (540, 960)])
async def test_the_notice_can_be_answered_in_a_small_window(size: tuple[int, int]) -> None:
    async with opened(*NO_MICROPHONE, microphone=False) as (stage, page):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        if size[1] > 800:
            last = page.locator("[data-language]:visible").last
            await expect(last).to_be_in_viewport(ratio=1)
        await page.get_by_test_id("start").click()
        await state(page, "consent")
        for button in ("consent-more", "consent-more", "consent-type"):
            await page.get_by_test_id(button).click()  # fails where something lies over it
        await stage.until(lambda: bool(stage.of(m.Consent)))


# Texts, themes and reach move things about; contrast only paints them, so it needs no more
# than one size of text. What axe looks at does not depend on the theme.
EVERY: Final = (
    *itertools.product(("normal", "large", "largest"), THEMES, ("normal",), ("standard", "seated")),
    *itertools.product(("normal",), THEMES, ("more", "dark"), ("standard",)),
)


@pytest.mark.soak
@pytest.mark.timeout(3_000)
@pytest.mark.parametrize("language", ["en", "de", "ar"])
@pytest.mark.parametrize("size", SIZES)
async def test_every_state_in_every_look(size: str, language: str) -> None:
    wrong: list[object] = []
    async with opened(*NO_MICROPHONE, microphone=False) as (stage, page):
        async for name in states(page, stage):
            for text, theme, choice, reach in EVERY:
                await dressed(page, (size, text, language, theme, choice, reach))
                axe = (theme, choice, reach) == ("gallery", "normal", "standard")
                if found := await faults(page, axe=axe):
                    wrong.append((name, text, theme, choice, reach, found))
            await dressed(page, FEW[0])
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ([0, 0, 0], [255, 255, 255], 21.0),
        ([255, 255, 255], [255, 255, 255], 1.0),
        ([119, 119, 119], [255, 255, 255], 4.48),
    ],
)
def test_contrast_is_computed_as_wcag_says(one: list[int], other: list[int], ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
