"""A whole visit by keyboard alone, by touch alone, and by speech alone; all of it real."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Page, TimeoutError, expect

from kiosk import keys, paths
from kiosk.emulator.scenario.replies import Call, Reply
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.engines import Engines
from kiosk.hooks.markers import hookimpl
from kiosk.testing import KioskHarness
from kiosk.testing.fixtures import MakeHarness
from tests.browser.browsers import CHROMIUM, lent
from tests.browser.real_visit import page_of, record

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.timeout(180),
]
TALK: Final = Scenario(
    name="ways",
    phrases=("please make the text much bigger", "goodbye and thank you"),
    replies=(
        Reply(match="lift", say="The lift is on the left."),
        Reply(
            match="bigger", call=Call(name="change_text_size", arguments={"size": "bigger text"})
        ),
        Reply(match="bye", call=Call(name="end_visit")),
    ),
)
# Nobody waits for a picture that is not looked at here.
QUICK: Final[dict[str, Any]] = {
    "visit": {"goodbye_s": 0.5},
    "site": {"staff": {"en": "The staff desk is on your left."}},
    "upstream": {"avatar": {"enabled": False}},
}
MUSEUM: Final = str(paths.demo_plugins())
ANSWER: Final = ".line:last-child[data-speaker=avatar][data-final=true]"
# The microphone is a voice that speaks when the test says so; everything behind it is real.
VOICE: Final = """
navigator.mediaDevices.getUserMedia = async () => {
  const context = new AudioContext();
  const into = context.createMediaStreamDestination();
  window.speak = async (wav) => {
    const bytes = Uint8Array.from(atob(wav), (one) => one.charCodeAt(0));
    const source = context.createBufferSource();
    source.buffer = await context.decodeAudioData(bytes.buffer);
    source.connect(into);
    source.start();
    await new Promise((done) => source.addEventListener("ended", done));
  };
  return into.stream;
};
"""


class Short:
    """A greeting that does not take long."""

    @hookimpl(tryfirst=True)
    def greeting(self) -> str:
        return "Welcome."


@asynccontextmanager
async def opened(
    harness: KioskHarness, *flags: str, script: str = "", **options: Any
) -> AsyncIterator[Page]:
    """Open the screen in a Chromium with these flags."""
    async with lent(*flags) as browser:
        context = await browser.new_context(
            viewport={"width": 1080, "height": 1920}, reduced_motion="reduce", **options
        )
        page = await context.new_page()
        page.set_default_timeout(30_000)
        if script:
            await page.add_init_script(script)
        await page.goto(harness.url)
        yield page


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there, and see that the focus is seen."""
    focused = "(selector) => document.activeElement?.matches(selector)"
    for _ in range(40):
        if await page.evaluate(focused, selector):
            break
        await page.keyboard.press("Tab")
    ring = await page.evaluate(
        """() => { const { outlineStyle, boxShadow } = getComputedStyle(document.activeElement);
          return outlineStyle !== "none" || boxShadow !== "none"; }"""
    )
    assert await page.evaluate(focused, selector), f"no Tab leads to {selector}"
    assert ring, f"the focus on {selector} cannot be seen"


async def press(page: Page, selector: str) -> None:
    await tab_to(page, selector)
    await page.keyboard.press("Enter")


async def test_by_keyboard_alone(kiosk_harness: MakeHarness, engines: Engines) -> None:
    harness = await kiosk_harness(
        engines=engines, scenario=TALK, settings=QUICK, plugins={"short": Short()}
    )
    async with opened(harness, "--deny-permission-prompts") as page:
        await press(page, "[data-testid=start]")
        await page.wait_for_selector("body[data-state=consent]")
        # The focus is where the choice is; every choice is one Tab further.
        assert await page.evaluate("document.activeElement.dataset.testid") == "consent-accept"
        await press(page, "[data-testid=consent-type]")
        await page.locator(ANSWER).get_by_text("Welcome.").wait_for()
        await tab_to(page, "[data-testid=text-input]")
        await page.keyboard.type("Where is the lift?")
        await page.keyboard.press("Enter")
        await page.locator(ANSWER).get_by_text("on the left").wait_for()
        await press(page, "[data-testid=options]")
        await press(page, "[data-part=see]")
        await press(page, "[data-size=largest]")
        await page.wait_for_selector("html[data-text-size=largest]")
        await page.keyboard.press("Escape")
        await expect(page.locator("#options")).to_be_hidden()
        assert await page.evaluate("document.activeElement.dataset.testid") == "options"
        await press(page, "[data-testid=end]")
        await page.wait_for_selector("body[data-state=attract]")
        await press(page, "[data-testid=start]")
        await page.wait_for_selector("body[data-state=consent]")


async def test_by_touch_alone(kiosk_harness: MakeHarness, engines: Engines) -> None:
    harness = await kiosk_harness(
        engines=engines, scenario=TALK, settings=QUICK, plugins={"short": Short()}
    )
    flags = ("--deny-permission-prompts", "--mute-audio")
    async with opened(harness, *flags, has_touch=True) as page:

        async def tap(name: str) -> None:
            await page.get_by_test_id(name).tap()

        await tap("start")
        await tap("consent-accept")
        # There is no microphone, and no speaker: what is said is read.
        await page.get_by_test_id("notice").get_by_text("Please type to me.").wait_for()
        await page.locator(ANSWER).get_by_text("Welcome.").wait_for()
        await tap("options")
        await page.locator("[data-part=help]").tap()
        await tap("person")
        await page.locator(ANSWER).get_by_text("on your left").wait_for()
        await tap("options")
        await tap("repeat")
        await expect(page.locator(".words", has_text="on your left")).to_have_count(2)
        await tap("options")
        await page.locator("[data-part=language]").tap()
        await page.locator("[data-language=de]").tap()
        await tap("options-close")
        await expect(page.get_by_test_id("end")).to_have_text("Beenden")
        await tap("end")
        await page.wait_for_selector("body[data-state=attract]")
        assert await page.evaluate("document.documentElement.lang") == "en"


async def wav(engines: Engines, folder: Path, words: str) -> str:
    """Return the words spoken, as base64 of a WAV."""
    path = folder / "words.wav"
    await record(engines, path, [0.8, words, 0.8])
    return base64.b64encode(await asyncio.to_thread(path.read_bytes)).decode()


async def say_until(page: Page, words: str, selector: str) -> None:
    """Speak, and again when it was misheard, as anybody would: the light ears are not the best."""
    for _ in range(4):
        await page.evaluate("(wav) => speak(wav)", words)
        with contextlib.suppress(TimeoutError):
            await page.wait_for_selector(selector, timeout=6_000)
            return
    raise AssertionError(f"four times it was not understood: {selector}")


async def test_by_speech_alone_from_the_first_word(
    kiosk_harness: MakeHarness, engines: Engines, tmp_path: Path
) -> None:
    settings = {
        **QUICK,
        "site": {"consent": False, "spoken_notice": "greeting"},
        "attract": {"speak_starts": "medium"},
    }
    harness = await kiosk_harness(
        engines=engines, scenario=TALK, settings=settings, plugins={"short": Short()}
    )
    bigger = await wav(engines, tmp_path, "please make the text much bigger")
    goodbye = await wav(engines, tmp_path, "goodbye and thank you")
    async with opened(harness, script=VOICE) as page:
        # Nothing is touched from here on.
        await expect(page.get_by_test_id("start")).to_have_text("Touch or speak to start")
        await page.get_by_text("The microphone notices when somebody speaks").wait_for()
        await say_until(page, bigger, "body:not([data-state=attract])")
        # The notice is spoken first, because nobody could read it here.
        await page.locator(".words", has_text="with a computer").wait_for()
        await page.locator(ANSWER).get_by_text("Welcome.").wait_for()
        await page.wait_for_selector("body[data-state=listening][data-microphone=on]")
        await say_until(page, bigger, "html[data-text-size=large]")
        await page.locator(ANSWER).get_by_text("I have changed that for you.").wait_for()
        await page.wait_for_selector("body[data-state=listening]")
        await say_until(page, goodbye, "body:is([data-state=ending], [data-state=attract])")
        await page.wait_for_selector("body[data-state=attract]")
        assert await page.evaluate("document.documentElement.dataset.textSize") == "normal"


@pytest.mark.soak
@pytest.mark.speech
@pytest.mark.timeout(300)
async def test_by_speech_alone_through_the_browsers_own_microphone(
    kiosk_harness: MakeHarness, natural_engines: Engines, tmp_path: Path
) -> None:
    parts: list[str | float] = [
        6.0, "Hello, good morning!", 20.0, "Where are the toilets?", 16.0,
        "Could you make the text bigger, please?", 14.0, "Please speak slower.", 14.0,
        "Goodbye, and thank you.", 30.0,
    ]  # fmt: skip
    await record(natural_engines, tmp_path / "visit.wav", parts)
    settings = {
        "hooks": {"dir": MUSEUM},
        "site": {"consent": False, "spoken_notice": "greeting"},
        "attract": {"speak_starts": "medium"},
    }
    harness = await kiosk_harness(
        engines=natural_engines, settings=settings, plugins={"short": Short()}
    )
    async with page_of(harness, microphone=tmp_path / "visit.wav") as page:
        await page.locator(".words", has_text="with a computer").wait_for()
        await page.locator("[data-testid=card] svg.wayfinding-map").wait_for()
        await page.wait_for_selector("html[data-text-size=large]")
        await page.locator(".words", has_text="more slowly").wait_for()
        session = harness.app[keys.REGISTRY].on_kiosk("lobby")
        assert session is not None
        assert session.ctx.comfort.pace == "slow"
        await page.wait_for_selector("body[data-state=attract]")
