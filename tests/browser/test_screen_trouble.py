"""What the kiosk's page does when something is missing or lost: never white, never stuck."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from playwright.async_api import Route

from kiosk.clock import SystemClock
from kiosk.signaling import messages as m
from tests.browser.screen_stage import CHROMIUM, SOUND, converse, opened, state

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


async def test_without_a_microphone_the_visit_goes_on_by_typing() -> None:
    async with opened("--deny-permission-prompts", SOUND, microphone=False) as (stage, page):
        await converse(page, stage)
        assert stage.of(m.Microphone)[0].state in {"denied", "missing"}
        assert "Please type" in await page.get_by_test_id("notice").inner_text()
        assert await page.evaluate("document.activeElement.dataset.testid") == "text-input"
        await page.keyboard.type("Hello")
        await page.keyboard.press("Enter")
        await stage.until(lambda: [one.text for one in stage.of(m.Say)] == ["Hello"])


async def test_a_reload_in_the_middle_resumes_the_visit_with_a_new_peer_connection() -> None:
    async with opened() as (stage, page):
        await converse(page, stage)
        await stage.until(lambda: len(stage.of(m.Media)) == 1)
        heard = stage.audio_bytes
        await page.reload()
        await state(page, "listening")
        await stage.until(lambda: len(stage.of(m.Media)) == 2)
        await stage.until(lambda: stage.audio_bytes > heard + 9_600)
        assert stage.of(m.Hello)[1].resume is not None
        assert not stage.of(m.Hello)[1].playing
        assert len(stage.of(m.Start)) == 1


async def test_blocked_sound_goes_on_with_the_picture_and_needs_one_tap() -> None:
    # A page nobody has touched yet, as after a crash of the browser: Chromium refuses sound.
    flags = ("--deny-permission-prompts", "--autoplay-policy=document-user-activation-required")
    async with opened(*flags, microphone=False) as (stage, page):
        await converse(page, stage)
        await stage.until(lambda: bool(stage.of(m.Media)))
        memory = await page.evaluate("sessionStorage.getItem('kiosk.visit')")
        await page.close()
        fresh = await page.context.new_page()
        await fresh.add_init_script(f"sessionStorage.setItem('kiosk.visit', {json.dumps(memory)})")
        reports = len(stage.of(m.Media))
        await fresh.goto(stage.url)
        # Looking into the page through the driver would count as a visitor's touch.
        await stage.until(lambda: len(stage.of(m.Media)) > reports)
        assert stage.of(m.Media)[-1].state == "sound_blocked"
        assert await fresh.evaluate("document.querySelector('video').muted") is True
        assert await fresh.evaluate("document.body.dataset.picture") == "on"
        await fresh.get_by_test_id("sound").click()
        await stage.until(lambda: stage.of(m.Media)[-1].state == "sound_on")
        assert await fresh.evaluate("document.querySelector('video').muted") is False
        await fresh.get_by_test_id("sound").wait_for(state="hidden")


async def test_a_lost_socket_is_mended_without_losing_the_picture() -> None:
    async with opened() as (stage, page):
        await converse(page, stage)
        await stage.until(lambda: bool(stage.of(m.Media)))
        await stage.say(m.Caption(turn="a", speaker="avatar", text="Welcome.", final=True))
        await page.get_by_text("Welcome.").wait_for()
        await stage.drop_sockets()
        await stage.until(lambda: len(stage.of(m.Hello)) == 2)
        assert stage.of(m.Hello)[1].playing
        await state(page, "listening")
        assert len(stage.of(m.Offer)) == 1
        assert "Welcome." in await page.get_by_test_id("captions").inner_text()


async def test_a_stopped_server_is_said_in_words_and_the_screen_comes_back_by_itself() -> None:
    async with opened() as (stage, page):
        await stage.shut()
        await state(page, "offline")
        assert "lost my connection" in await page.locator(".offline").inner_text()
        await stage.open()
        await state(page, "attract")


async def test_a_touch_just_as_the_server_comes_back_starts_one_visit() -> None:
    async with opened() as (stage, page):
        stage.welcomes.clear()
        await stage.drop_sockets()
        await page.wait_for_event("websocket")
        await page.get_by_test_id("start").click()
        stage.welcomes.set()
        await state(page, "consent")
        await page.get_by_test_id("consent-type").click()
        await stage.until(lambda: bool(stage.of(m.Consent)))
        assert len(stage.of(m.Start)) == 1


async def test_a_notice_agreed_to_without_a_socket_is_not_asked_again() -> None:
    async with opened() as (stage, page):
        await page.get_by_test_id("start").click()
        await state(page, "consent")
        await page.clock.install()
        # From here the page's time goes on in steps: it does not get to saying that it is away.
        await page.clock.pause_at(SystemClock().now() + timedelta(seconds=1))
        asked, may = asyncio.Event(), asyncio.Event()

        async def hold(route: Route) -> None:
            asked.set()
            await may.wait()
            await route.continue_()

        await page.route("**/kiosk/ticket", hold)
        await stage.drop_sockets()
        while not asked.is_set():
            await page.clock.run_for(50)
        await page.get_by_test_id("consent-type").click()
        assert not stage.of(m.Consent)
        may.set()
        await stage.until(lambda: bool(stage.of(m.Consent)))
        assert await page.evaluate("document.body.dataset.state") != "consent"
        await stage.say(m.State(state="listening", media="text"))
        await state(page, "listening")
        assert len(stage.of(m.Start)) == len(stage.of(m.Consent)) == 1


async def test_a_visit_the_server_forgot_ends_with_words_and_is_wiped() -> None:
    async with opened() as (stage, page):
        await converse(page, stage)
        stage.visiting = False
        await stage.drop_sockets()
        await state(page, "ending")
        assert "lost my line" in await page.locator(".ending").inner_text()
        await state(page, "attract")
        assert await page.evaluate("sessionStorage.length") == 0


async def test_an_answer_that_cannot_work_leaves_the_portrait_and_the_words() -> None:
    async with opened() as (stage, page):
        stage.answers_offers = False
        await page.get_by_test_id("start").click()
        await page.get_by_test_id("consent-accept").click()
        await stage.until(lambda: bool(stage.of(m.Offer)))
        await stage.say(m.Answer(sdp="v=0\r\nthis is not an answer\r\n"))
        await stage.until(lambda: bool(stage.of(m.Media)))
        assert stage.of(m.Media)[0].state == "failed"
        assert stage.of(m.Media)[0].detail.startswith("bad_answer")
        assert await page.evaluate("document.body.dataset.media") == "text"
        await stage.say(m.State(state="listening", media="text"))
        await state(page, "listening")
        assert await page.locator(".portrait").is_visible()


async def test_new_ice_servers_replace_the_peer_connection_and_keep_the_captions() -> None:
    async with opened() as (stage, page):
        await converse(page, stage)
        await stage.until(lambda: len(stage.of(m.Media)) == 1)
        await stage.say(
            m.Caption(turn="a", speaker="avatar", text="Welcome.", final=True),
            m.Notice(code="reconnecting", text="I am coming back."),
            m.Ice(servers=()),
        )
        await stage.until(lambda: len(stage.of(m.Media)) == 2)
        assert [one.state for one in stage.of(m.Media)] == ["playing", "playing"]
        assert len(stage.of(m.Offer)) == 2
        assert "Welcome." in await page.get_by_test_id("captions").inner_text()


async def test_a_refused_start_says_why_and_returns_to_the_invitation() -> None:
    async with opened() as (stage, page):
        await stage.say(m.Failure(code="bad_message", message="Not for visitors."))
        await page.get_by_test_id("start").click()
        await state(page, "consent")
        await stage.say(m.Failure(code="busy", message="Too many.", fatal=True))
        await state(page, "error")
        words = await page.locator(".broken").inner_text()
        assert "Many people are asking" in words
        assert "Too many" not in words
        await state(page, "attract")


async def test_a_mistake_in_the_page_shows_the_error_screen_and_reloads() -> None:
    async with opened() as (_stage, page):
        async with page.expect_navigation():
            await page.evaluate(
                "setTimeout(() => dispatchEvent(new ErrorEvent('error', {message: 'x'})))"
            )
            await state(page, "error")
        await state(page, "attract")
