"""Options and talk button in Chromium: what a touch changes, what is told, what is wiped."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from kiosk.signaling import messages as m
from tests.browser.accessible import painted, until
from tests.browser.screen_stage import CHROMIUM, SOUND, Stage, chromium, converse, opened, state

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
LOOK = "(({ awake, ...look }) => look)({ ...document.documentElement.dataset })"
AS_THE_SITE_HAS_IT = {
    "textSize": "normal",
    "contrast": "normal",
    "reach": "standard",
    "motion": "reduced",
    "captions": "on",
}
"""And the browser: it asks for less motion here."""


async def choose(page: Page, part: str, *selectors: str) -> None:
    """Open a part of the options and touch what is named."""
    if await page.locator("#options").is_hidden():
        await page.get_by_test_id("options").click()
    await page.locator(f"[data-part={part}]").click()
    for selector in selectors:
        await page.locator(f"#part-{part} {selector}").click()


async def test_what_the_visitor_changes_is_shown_told_once_and_wiped() -> None:
    async with opened(consent=False) as (stage, page):
        await converse(page, stage)
        await choose(page, "see")
        assert await page.evaluate(LOOK) == AS_THE_SITE_HAS_IT
        await choose(page, "see", "[data-size=large]", "[data-value=dark]", "[data-set=captions]")
        await choose(page, "hear", "[data-volume='-1']", "[data-volume='-1']")
        await choose(page, "help", "[data-set=reach]")
        assert await page.evaluate(LOOK) == {
            **AS_THE_SITE_HAS_IT,
            "textSize": "large",
            "contrast": "dark",
            "captions": "off",
            "reach": "seated",
        }
        # Touches close together may be told in one message or in several.
        changed = m.Comfort(
            text_size="large",
            contrast="dark",
            captions=False,
            volume=60,
            reach="seated",
            motion="reduced",
        )
        await stage.until(lambda: stage.of(m.Comfort)[-1:] == [changed])
        assert await page.evaluate("document.querySelector('video').volume") == pytest.approx(0.6)

        await choose(page, "hear", "[data-set=pace]")
        await stage.until(lambda: [one.pace for one in stage.of(m.AskPace)] == ["slow"])
        await choose(page, "help", "[data-testid=repeat]")
        await stage.until(lambda: bool(stage.of(m.Repeat)))
        await choose(page, "help", "[data-testid=person]")
        await stage.until(lambda: bool(stage.of(m.Person)))
        await expect(page.locator("#options")).to_be_hidden()

        await page.get_by_test_id("end").click()
        await state(page, "attract")
        assert await page.evaluate(LOOK) == AS_THE_SITE_HAS_IT
        assert await page.evaluate("document.querySelector('video').volume") == 1


async def test_a_change_just_before_the_end_spoils_no_goodbye() -> None:
    async with opened(consent=False) as (stage, page):
        await converse(page, stage)
        await page.evaluate(
            """() => {
                window.states = [];
                const note = () => window.states.push(document.body.dataset.state);
                const watched = { attributeFilter: ["data-state"] };
                new MutationObserver(note).observe(document.body, watched);
            }"""
        )
        await choose(page, "see", "[data-size=large]")
        await page.keyboard.press("Escape")
        await page.get_by_test_id("end").click()
        await state(page, "ending")
        # As the server does with a message that needs a visit and comes after its end.
        await stage.say(m.Failure(code="not_now", message="`comfort` needs a visit."))
        await state(page, "attract")
        assert set(await page.evaluate("states")) == {"ending", "attract"}
        assert stage.of(m.Comfort) == []


async def test_what_the_visitor_says_is_shown_and_not_told_back() -> None:
    async with opened(consent=False) as (stage, page):
        await converse(page, stage)
        await stage.say(m.Set(text_size="largest", motion="reduced", volume=40, pace="slow"))
        await page.wait_for_selector("html[data-text-size=largest][data-motion=reduced]")
        await expect(page.get_by_test_id("volume")).to_have_text("40 %")
        await stage.say(m.Set(language="de"))
        await page.wait_for_selector("html[lang=de]")
        assert await page.get_by_test_id("end").inner_text() == "Beenden"
        await page.get_by_test_id("talk").click()
        await stage.until(lambda: stage.of(m.Microphone)[-1].state == "muted")
        for kind in (m.Comfort, m.AskPace, m.Language):
            assert stage.of(kind) == []
        # A page that comes back is told again how everything was.
        assert await page.evaluate("sessionStorage.getItem('kiosk.visit')")


async def test_a_warning_closes_the_options_and_more_time_is_one_touch() -> None:
    async with opened(consent=False) as (stage, page):
        await converse(page, stage)
        await page.get_by_test_id("options").click()
        await stage.say(m.Notice(code="time_limit", text="Nearly over.", seconds=60, more=True))
        await page.get_by_test_id("more-time").click()
        await stage.until(lambda: bool(stage.of(m.MoreTime)))
        await stage.say(m.Notice(code="time_limit", text="Nearly over.", seconds=60))
        await expect(page.get_by_test_id("more-time")).to_be_hidden()


async def test_looking_something_up_is_said_when_it_takes_a_moment() -> None:
    async with opened(consent=False) as (stage, page):
        await converse(page, stage)
        status = page.get_by_test_id("status")
        await stage.say(m.State(state="thinking"), m.Working(active=True))
        await expect(status).to_have_text("Let me look that up")
        await stage.say(m.Working(active=False))
        await expect(status).to_have_text("Let me think")


async def hybrid(page: Page, stage: Stage) -> None:
    """Begin a conversation in the hybrid mode: nothing is heard yet."""
    await converse(page, stage)
    await expect(page.get_by_test_id("status")).to_contain_text("hold it while you speak")
    assert stage.audio_bytes == 0


async def test_hybrid_a_tap_listens_for_one_turn() -> None:
    async with opened(talk="hybrid", consent=False) as (stage, page):
        await hybrid(page, stage)
        await page.get_by_test_id("talk").click()
        await stage.until(lambda: stage.audio_bytes > 9_600)
        await expect(page.get_by_test_id("status")).to_have_text("I am listening")
        await stage.say(m.State(state="thinking"))
        await stage.until(lambda: [one.active for one in stage.of(m.Talk)] == [True, False])
        heard = stage.audio_bytes
        await stage.say(m.State(state="listening"))
        await page.get_by_test_id("talk").press("Enter")
        await stage.until(lambda: stage.audio_bytes > heard)
        await page.get_by_test_id("talk").press("Enter")
        await stage.until(lambda: [one.active for one in stage.of(m.Talk)][2:] == [True, False])


async def test_hybrid_a_held_button_listens_until_it_is_let_go() -> None:
    async with opened(talk="hybrid", consent=False) as (stage, page):
        await hybrid(page, stage)
        await page.get_by_test_id("talk").hover()
        await page.mouse.down()
        await stage.until(lambda: stage.audio_bytes > 9_600)
        await expect(page.get_by_test_id("status")).to_contain_text("Let go")
        await stage.say(m.State(state="thinking"), m.State(state="listening"))
        heard = stage.audio_bytes
        await stage.until(lambda: stage.audio_bytes > heard + 9_600)
        await page.mouse.up()
        await stage.until(lambda: [one.active for one in stage.of(m.Talk)] == [True, False])
        await expect(page.get_by_test_id("talk")).to_have_text("Talk")


async def test_of_a_long_answer_the_part_being_said_is_in_view() -> None:
    words = "The museum was founded by the harbour company. " * 10
    top = "document.querySelector('.captions').scrollTop"
    async with opened(consent=False) as (stage, page):
        await page.set_viewport_size({"width": 1280, "height": 800})
        await converse(page, stage)
        await stage.say(
            m.Set(text_size="largest"),
            m.Set(text_size="largest"),
            m.State(state="speaking"),
            m.Caption(turn="a", speaker="avatar", text=words),
        )
        await page.locator(".line").wait_for()
        await painted(page)
        height = await page.evaluate("document.querySelector('.captions').scrollHeight")
        begin = await page.evaluate(top)
        assert begin < height / 4, "it begins with the first words"
        await until(page, f"{top} > {begin}")
        await stage.say(m.Caption(turn="a", speaker="avatar", text=words, final=True))
        end = f"{top} + document.querySelector('.captions').clientHeight > {height} - 8"
        await until(page, end)


async def test_a_caption_keeps_the_language_it_was_said_in() -> None:
    async with opened(consent=False) as (stage, page):
        await converse(page, stage)
        await stage.say(m.Caption(turn="a", speaker="avatar", text="Hello.", final=True))
        await page.locator(".line").wait_for()
        await stage.say(m.Set(language="de"))
        await page.wait_for_selector("html[lang=de]")
        await stage.say(m.Caption(turn="b", speaker="avatar", text="Hallo.", final=True))
        await page.get_by_text("Hallo.").wait_for()
        langs = "[...document.querySelectorAll('.words')].map((one) => one.lang)"
        assert await page.evaluate(langs) == ["en", "de"]


async def test_a_sign_language_video_follows_the_visit_and_leaves_with_it() -> None:
    films = {"welcome": "/static/sign/welcome.webm", "conversation": "/static/sign/talk.webm"}
    async with opened(consent=False, sign=films) as (stage, page):
        await page.locator(".attract [data-set=sign]").click()
        film = page.get_by_test_id("sign")
        await expect(film).to_have_attribute("src", films["welcome"])
        await converse(page, stage)
        await expect(film).to_have_attribute("src", films["conversation"])
        # A card may bring its own; below another it comes back with it.
        lift = '<p>Lift</p><span hidden data-sign="/static/faq/lift.webm"></span>'
        await stage.say(m.ShowCard(id="a", kind="text", title="Lift", html=lift))
        await expect(film).to_have_attribute("src", "/static/faq/lift.webm")
        await stage.say(m.ShowCard(id="b", kind="text", title="Tickets", html="<p>12 €</p>"))
        await expect(film).to_have_attribute("src", films["conversation"])
        await stage.say(m.HideCard(id="b"))
        await expect(film).to_have_attribute("src", "/static/faq/lift.webm")
        await stage.say(m.HideCard(id="a"))
        await expect(film).to_have_attribute("src", films["conversation"])
        # Told when the visit began, so that the server knows what the screen shows.
        assert stage.of(m.Comfort)[-1].sign
        await stage.say(m.Set(sign=False))
        await film.wait_for(state="detached")
        await stage.say(m.Set(sign=True))
        await film.wait_for()
        await page.get_by_test_id("end").click()
        await state(page, "attract")
        await film.wait_for(state="detached")


ZOOMABLE = "<meta name=viewport content='width=device-width'><p style='height: 100vh'>x</p>"


async def enlarged_by_two_fingers(page: Page) -> float:
    """Spread two fingers over the page; returns how much larger it is shown."""
    hand = await page.context.new_cdp_session(page)
    for kind, apart in (("touchStart", 50), *(("touchMove", at) for at in range(60, 400, 20))):
        fingers = [{"x": 300, "y": 400 + side * apart, "id": side + 1} for side in (-1, 1)]
        await hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    await hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await painted(page)
    scale: float = await page.evaluate("visualViewport.scale")
    return scale


async def test_a_passer_by_cannot_zoom_the_screen() -> None:
    async with Stage() as stage, chromium(SOUND) as browser:
        context = await browser.new_context(is_mobile=True, has_touch=True)
        page = await context.new_page()
        await page.set_content(ZOOMABLE)
        assert await enlarged_by_two_fingers(page) > 1, "the gesture is one"
        await page.goto(stage.url)
        await state(page, "attract")
        assert await enlarged_by_two_fingers(page) == 1
        await page.evaluate(
            "addEventListener('touchmove', (event) => event.stopImmediatePropagation(), true)"
        )
        assert await enlarged_by_two_fingers(page) == 1, "not by a page that is busy, either"


# How often the button that reads on came and went in so many drawn frames.
FLICKERS = """async frames => {
  const button = document.querySelector("[data-testid=consent-on]");
  const drawn = () => new Promise((done) => requestAnimationFrame(done));
  for (let i = 0; i < 3; i += 1) await drawn();
  let changes = 0;
  for (let i = 0, was = button.hidden; i < frames; i += 1) {
    await drawn();
    if (button.hidden !== was) changes += 1;
    was = button.hidden;
  }
  return changes;
}"""


async def test_the_notice_keeps_its_place_whatever_the_height() -> None:
    async with opened() as (_, page):
        await page.get_by_test_id("start").click()
        await state(page, "consent")
        for height in range(780, 1000, 20):
            await page.set_viewport_size({"width": 540, "height": height})
            assert await page.evaluate(FLICKERS, 6) == 0, f"at {height} px"
