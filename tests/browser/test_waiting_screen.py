"""The waiting screen in Chromium: greetings, slides, hours, a camera, a sensor, themes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from kiosk import keys, paths
from kiosk.signaling import messages as m
from kiosk.testing import KioskHarness
from kiosk.web.static import StaticFiles
from kiosk.web.theme_preview import STATES
from plugins import wake_sensor
from tests.browser.screen_stage import (
    CHROMIUM,
    DEADLINE_S,
    FAKE_MICROPHONE,
    SHEETS,
    STATIC,
    Stage,
    chromium,
    state,
)

STEP_MS = 2_500  # below every deadline of the page's own
KEY = "a-key-of-sixteen-and-more"
PASSWORD = "a-good-long-password"
# What the server's kiosk.web.attract.page_data gives; its own tests hold it to that.
WAITING: dict[str, Any] = {
    "slides": [],
    "shuffled": False,
    "avatar_ms": 8_000,
    "greetings": [
        {"code": "en", "dir": "ltr", "text": "Hello. How can I help you?"},
        {"code": "de", "dir": "ltr", "text": "Guten Tag. Wie kann ich helfen?"},
        {"code": "ar", "dir": "rtl", "text": "مرحبًا. كيف يمكنني مساعدتك؟"},
    ],
    "greet_ms": 5_000,
    "styled": True,
    "zone": "Europe/Lisbon",
    "resting": "dark",
    "presence": "off",
    "sensitivity": "medium",
    "starts": False,
    "leave_ms": 8_000,
    "cooldown_ms": 20_000,
    "hello": "",
}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@asynccontextmanager
async def waiting(browser: Browser, stage: Stage) -> AsyncIterator[Page]:
    """Open the page with a clock that the test moves; it must log no mistake."""
    context = await browser.new_context(
        viewport={"width": 1080, "height": 1920}, reduced_motion="reduce"
    )
    page = await context.new_page()
    page.set_default_timeout(DEADLINE_S * 1000)
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    await page.clock.install()
    await page.goto(stage.url)
    await state(page, "attract")
    try:
        await page.wait_for_selector(".greetings", state="attached")
        yield page
        assert mistakes == []
    finally:
        await context.close()


async def passed(page: Page, ms: int) -> None:
    """Let time pass on the page. Its network takes real time, and gets it between the steps."""
    while ms > 0:
        await page.clock.run_for(min(ms, STEP_MS))
        await page.evaluate("fetch('/livez').then((answer) => answer.status)")
        ms -= STEP_MS


def slides(tmp_path: Path) -> StaticFiles:
    for name, colour in (("one", "#a22"), ("two", "#22a")):
        (tmp_path / f"{name}.svg").write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
            f'<rect width="9" height="9" fill="{colour}"/></svg>'
        )
    return StaticFiles(paths.STATIC, mounted={"s": tmp_path}, made=SHEETS)


async def test_greetings_go_round_slides_take_turns_and_a_touch_holds_them(tmp_path: Path) -> None:
    static = await asyncio.to_thread(slides, tmp_path)
    listed: list[dict[str, Any]] = [
        {"src": f"/static/s/{name}.svg", "video": False, "fit": "cover", "ms": 6_000, "lines": line}
        for name, line in (
            ("one", [{"de": "Eins", "en": "One"}, {"en": "first floor"}]),
            ("gone", [{}, {}]),
            ("two", [{"de": "Zwei"}, {}]),
        )
    ]
    async with (
        Stage(attract={**WAITING, "slides": listed}, static=static) as stage,
        chromium() as browser,
        waiting(browser, stage) as page,
    ):
        line = page.locator(".greeting[data-shown=true]")
        await expect(line).to_have_text("Hello. How can I help you?")
        await passed(page, 5_000)
        await expect(line).to_have_attribute("lang", "de")
        await expect(page.locator("h1#attract-title")).to_have_text("Hello. How can I help you?")
        await page.evaluate(
            "Promise.all(document.getAnimations().filter((one) => one.animationName === 'rise')"
            ".map((one) => one.finished))"
        )
        start = await page.get_by_test_id("start").bounding_box()
        await passed(page, 5_000)
        await expect(line).to_have_attribute("dir", "rtl")
        assert await page.get_by_test_id("start").bounding_box() == start, "nothing below moves"

        # 10 s are over: after 8 the first slide came, in the language of the screen.
        await expect(page.locator("body[data-slide=on] .slide[data-shown=true]")).to_have_count(1)
        await expect(page.locator(".slide-caption")).to_have_text("Onefirst floor")
        await passed(page, 6_000)  # the one that is missing is left out
        await passed(page, 6_000)
        await expect(page.locator(".slide-caption p")).to_have_attribute("lang", "de")
        await passed(page, 6_500)
        await expect(page.locator("body:not([data-slide])")).to_have_count(1)

        # A language that was chosen and left is not the next visitor's.
        await page.locator("[data-language=de]").click()
        await expect(page.locator("h1#attract-title")).to_have_text(
            "Guten Tag. Wie kann ich helfen?"
        )
        await expect(page.locator(".greetings")).to_be_hidden()
        await passed(page, 20_000)
        assert await page.evaluate("document.documentElement.lang") == "de"
        await passed(page, 45_000)
        assert await page.evaluate("document.documentElement.lang") == "en"
        await expect(page.locator(".greetings")).to_be_visible()


async def test_outside_its_hours_it_is_dark_on_purpose_says_so_and_a_touch_wakes_it() -> None:
    opens = (datetime.now(UTC) + timedelta(hours=2)).replace(minute=30)  # noqa: TID251 - the page's own clock is the machine's
    async with (
        Stage(attract=WAITING) as stage,
        chromium() as browser,
        waiting(browser, stage) as page,
    ):
        await stage.say(m.Attract(dim=0.5))
        await expect(page.locator(".veil[data-shows=night]")).to_have_css("opacity", "0.5")
        await stage.say(m.Attract(closed=True, opens=opens.isoformat(), dim=0.5))
        await expect(page.locator(".veil")).to_contain_text("Closed until")
        await expect(page.locator(".veil")).to_contain_text(":30")
        await expect(page.locator(".veil")).to_have_css("background-color", "rgb(0, 0, 0)")
        await stage.until(lambda: [one.dark for one in stage.of(m.Rest)] == [True])
        await page.mouse.click(500, 900)
        await expect(page.locator("body:not([data-rest])")).to_have_count(1)
        await stage.until(lambda: [one.dark for one in stage.of(m.Rest)] == [True, False])
        assert stage.of(m.Start) == []
        await passed(page, 61_000)
        await expect(page.locator("body[data-rest=closed]")).to_have_count(1)
        # A sensor wakes it, too, and by then a visit may begin.
        await stage.say(m.Wake())
        await page.get_by_test_id("start").click()
        await state(page, "consent")
        await expect(page.locator(".veil")).to_have_css("opacity", "0")


async def test_a_wake_invites_once_and_then_waits_again() -> None:
    async with (
        Stage(attract=WAITING) as stage,
        chromium() as browser,
        waiting(browser, stage) as page,
    ):
        await stage.say(m.Wake())
        await expect(page.locator("body[data-present=yes] h1")).to_have_text(
            "Hello! Shall we talk?"
        )
        await expect(page.locator("h1#attract-title")).to_be_visible()
        await stage.until(lambda: [one.event for one in stage.of(m.PageEvent)] == ["noticed"])
        await passed(page, 16_000)
        await expect(page.locator("body:not([data-present])")).to_have_count(1)
        await stage.say(m.Wake())  # within the cooldown
        await passed(page, 1_000)
        await expect(page.locator("body:not([data-present])")).to_have_count(1)
        await passed(page, 21_000)
        await stage.say(m.Wake())
        await expect(page.locator("body[data-present=yes]")).to_have_count(1)
        assert stage.of(m.Start) == []


def film(path: Path) -> None:
    """Write 12 s of an empty room in which somebody walks about from the fourth second on."""
    width, height, fps = 160, 120, 10
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in range(12 * fps):
            rows = [bytearray(b"\x50" * width) for _ in range(height)]
            if frame >= 4 * fps:
                left = 30 + (frame * 3) % 60
                for row in rows[30:]:
                    row[left : left + 40] = b"\xd0" * 40
            file.write(b"FRAME\n" + b"".join(rows) + b"\x80" * (width * height // 2))


async def test_the_camera_notices_somebody_and_sees_nothing_of_the_visit(tmp_path: Path) -> None:
    path = tmp_path / "room.y4m"
    await asyncio.to_thread(film, path)
    attract = {**WAITING, "presence": "camera", "starts": True, "cooldown_ms": 0}
    async with (
        Stage(attract=attract) as stage,
        chromium(*FAKE_MICROPHONE, f"--use-file-for-fake-video-capture={path}") as browser,
    ):
        context = await browser.new_context(permissions=["camera", "microphone"])
        page = await context.new_page()
        page.set_default_timeout(DEADLINE_S * 1000)
        asked: list[tuple[str, str, str | None]] = []
        page.on("request", lambda one: asked.append((one.method, one.url, one.post_data)))
        await page.goto(stage.url)
        await page.wait_for_selector(".watching:not([hidden])")
        assert "No picture is kept" in await page.locator(".watching").inner_text()
        await state(page, "consent")
        await stage.until(lambda: [one.by for one in stage.of(m.Start)] == ["presence"])
        await page.wait_for_selector(".watching[hidden]", state="attached")
        assert stage.audio_bytes == 0, "no microphone before the notice is accepted"
        sent = {(url.removeprefix(stage.url), data) for how, url, data in asked if how != "GET"}
        assert sent <= {("kiosk/ticket", None)}, "nothing leaves the page but a wish for a ticket"
        await context.close()


async def test_without_a_camera_nothing_is_different() -> None:
    async with (
        Stage(attract={**WAITING, "presence": "camera"}) as stage,
        chromium() as browser,
        waiting(browser, stage) as page,
    ):
        await passed(page, 3_000)
        await expect(page.locator(".watching")).to_be_hidden()
        await page.get_by_test_id("start").click()
        await state(page, "consent")


async def test_a_sensor_s_post_wakes_the_real_screen() -> None:
    settings = {"plugins": {"wake_sensor": {"keys": {"lobby": KEY}}}}
    async with (
        KioskHarness(plugins={"wake_sensor": wake_sensor}, settings=settings) as kiosk,
        chromium() as browser,
    ):
        page = await browser.new_page(reduced_motion="reduce")
        page.set_default_timeout(DEADLINE_S * 1000)
        async with page.expect_websocket() as opened:
            await page.goto(kiosk.url)
        socket = await opened.value
        await socket.wait_for_event("framereceived")
        await page.wait_for_selector(".greetings", state="attached")
        async with kiosk.http.post(
            f"{kiosk.url}/-/wake_sensor/lobby", headers={"X-Sensor-Key": KEY}
        ) as answer:
            assert await answer.json() == {"woken": True}
        await page.wait_for_selector("body[data-present=yes]")


async def test_the_preview_shows_every_state_and_never_takes_a_screens_place() -> None:
    async with KioskHarness() as kiosk, chromium() as browser:
        await kiosk.app[keys.OPERATORS].add("anna", PASSWORD)
        page = await browser.new_page(reduced_motion="reduce")
        page.set_default_timeout(DEADLINE_S * 1000)
        mistakes: list[str] = []
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        await page.goto(f"{kiosk.url}/operator/login")
        await page.locator("[name=name]").fill("anna")
        await page.locator("[name=password]").fill(PASSWORD)
        await page.locator("form button").first.click()
        await page.wait_for_url("**/operator/")
        for name, _ in STATES:
            chosen = f"state={name}&text=large&contrast=dark"
            await page.goto(f"{kiosk.url}/operator/themes/bright/screen?{chosen}")
            await page.wait_for_selector("body[data-previewed=yes]")
            assert await page.evaluate("document.documentElement.dataset.contrast") == "dark"
        assert mistakes == []
        assert not kiosk.app[keys.LIVE].kiosks["lobby"].connected


async def test_a_screen_without_a_microphone_is_for_typing() -> None:
    async with (
        Stage(attract=WAITING, microphone=False, text_size="large", volume=0.6) as stage,
        chromium(*FAKE_MICROPHONE) as browser,
        waiting(browser, stage) as page,
    ):
        assert await page.evaluate("document.documentElement.dataset.textSize") == "large"
        await expect(page.get_by_test_id("volume")).to_have_text("60 %")
        await page.get_by_test_id("start").click()
        await expect(page.get_by_test_id("consent-accept")).to_be_hidden()
        await expect(page.locator(".consent .body")).to_contain_text("You type your questions")
        await page.get_by_test_id("consent-type").click()
        await stage.until(lambda: [one.state for one in stage.of(m.Microphone)] == ["missing"])
        await stage.say(m.State(state="listening", media="text"))
        await state(page, "listening")
        await expect(page.get_by_test_id("talk")).to_be_hidden()
        await expect(page.get_by_test_id("notice")).to_be_hidden()


@pytest.mark.parametrize("theme", ["dark", "bright"])
async def test_a_theme_reaches_every_part_and_more_contrast_beats_it(theme: str) -> None:
    sheet = f"/static/themes/{theme}/screen.css"
    async with (
        Stage(theme=theme, attract=WAITING) as stage,
        chromium() as browser,
        waiting(browser, stage) as page,
    ):
        assert STATIC.has(sheet.removeprefix("/static/"))
        read = "name => getComputedStyle(document.body).getPropertyValue(name).trim()"
        accent = {"dark": "#e3bd78", "bright": "#14316b"}[theme]
        assert await page.evaluate(read, "--accent") == accent
        weight = {"dark": "330", "bright": "780"}[theme]
        await expect(page.locator(".greeting[data-shown=true]")).to_have_css("font-weight", weight)
        await page.evaluate("document.documentElement.dataset.contrast = 'more'")
        assert await page.evaluate(read, "--surface") == "#000000"
        assert await page.evaluate(read, "--accent") == "#ffe14d"
