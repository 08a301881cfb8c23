"""The kiosk's page through a visit, in Chromium: first touch, media, words, cards, and the wipe."""

from __future__ import annotations

import pytest

from kiosk.signaling import messages as m
from tests.browser.screen_stage import CHROMIUM, converse, opened, state

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


async def test_a_visit_from_the_first_touch_to_the_wiped_screen() -> None:
    async with opened(motion=True) as (stage, page):
        await converse(page, stage)
        await stage.until(lambda: stage.audio_bytes > 9_600)
        await stage.until(lambda: bool(stage.of(m.Media)))
        kinds = [message.type for message in stage.heard if message.type not in {"touch", "device"}]
        assert kinds[:2] == ["hello", "start"]
        assert stage.of(m.Hello)[0].h264
        assert not stage.of(m.Hello)[0].playing
        assert [one.state for one in stage.of(m.Microphone)] == ["on"]
        assert [one.state for one in stage.of(m.Media)] == ["playing"]
        assert "H264" in stage.of(m.Offer)[0].sdp
        assert "a=candidate" in stage.of(m.Offer)[0].sdp
        assert (
            await page.evaluate(
                "document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames"
            )
            > 0
        )

        await stage.say(
            m.Caption(turn="a", speaker="avatar", text="Good afternoon", final=False),
            m.Caption(turn="a", speaker="avatar", text="Good afternoon.", final=True),
            m.Caption(turn="b", speaker="visitor", text="Where is the lift?", final=True),
            m.ShowCard(id="c", kind="text", title="The lift", html="<p>On the left.</p>"),
        )
        await page.get_by_test_id("card").get_by_text("On the left.").wait_for()
        lines = await page.locator("[data-testid=captions] .words").all_inner_texts()
        assert lines == ["Good afternoon.", "Where is the lift?"]
        await page.get_by_test_id("card-close").click()
        await stage.until(lambda: [one.id for one in stage.of(m.CardDismiss)] == ["c"])

        await page.get_by_test_id("text-input").fill("  Is there a cafe?  ")
        await page.get_by_test_id("send").click()
        await stage.until(lambda: [one.text for one in stage.of(m.Say)] == ["Is there a cafe?"])
        assert await page.get_by_test_id("text-input").input_value() == ""

        await page.get_by_test_id("options").click()
        await page.locator("[data-language=de]").click()
        await stage.until(lambda: [one.language for one in stage.of(m.Language)] == ["de"])
        await page.locator("[data-part=see]").click()
        await page.locator("[data-size=largest]").click()
        await page.get_by_test_id("options-close").click()
        assert await page.get_by_test_id("end").inner_text() == "Beenden"

        track = "document.querySelector('video').srcObject.getTracks()[0]"
        await page.evaluate(f"window.oldTrack = {track}")
        await page.get_by_test_id("end").click()
        await state(page, "ending")
        await state(page, "attract")
        left = await page.evaluate(
            """() => ({
              captions: document.querySelector('[data-testid=captions]').textContent,
              card: document.querySelector('[data-testid=card]').textContent,
              typed: document.querySelector('[data-testid=text-input]').value,
              video: document.querySelector('video').srcObject,
              track: window.oldTrack.readyState,
              kept: sessionStorage.length + localStorage.length,
              size: document.documentElement.dataset.textSize,
              language: document.documentElement.lang,
              media: document.body.dataset.media ?? null,
            })"""
        )
        assert left == {
            "captions": "",
            "card": "",
            "typed": "",
            "video": None,
            "track": "ended",
            "kept": 0,
            "size": "normal",
            "language": "en",
            "media": None,
        }
        heard = stage.audio_bytes
        await page.get_by_test_id("start").click()
        await stage.until(lambda: len(stage.of(m.Start)) == 2)
        assert stage.audio_bytes == heard


async def test_nothing_is_heard_before_consent_and_declining_ends_it() -> None:
    async with opened() as (stage, page):
        await page.get_by_test_id("start").click()
        await state(page, "consent")
        await page.get_by_test_id("consent-more").click()
        assert "never stored" in await page.locator("#consent-details").inner_text()
        await page.get_by_test_id("consent-decline").click()
        await state(page, "ending")
        assert stage.audio_bytes == 0
        assert stage.of(m.Microphone) == []
        assert [one.accepted for one in stage.of(m.Consent)] == [False]


async def test_muting_stops_the_frames_and_unmuting_brings_them_back() -> None:
    async with opened(consent=False) as (stage, page):
        await converse(page, stage)
        await stage.until(lambda: stage.audio_bytes > 3_840)
        await page.get_by_test_id("talk").click()
        await stage.until(lambda: stage.of(m.Microphone)[-1].state == "muted")
        heard = stage.audio_bytes
        await page.get_by_test_id("text-input").fill("still here")
        await page.get_by_test_id("send").click()
        await stage.until(lambda: bool(stage.of(m.Say)))
        assert stage.audio_bytes == heard
        await page.get_by_test_id("talk").click()
        await stage.until(lambda: stage.audio_bytes > heard + 9_600)
        assert [one.state for one in stage.of(m.Microphone)] == ["on", "muted", "on"]


async def test_push_to_talk_sends_sound_between_two_taps_only() -> None:
    async with opened(talk="push") as (stage, page):
        await converse(page, stage)
        assert stage.audio_bytes == 0
        await page.get_by_test_id("talk").click()
        await stage.until(lambda: stage.audio_bytes > 9_600)
        await page.get_by_test_id("talk").click()
        await stage.until(lambda: [one.active for one in stage.of(m.Talk)] == [True, False])
        said = [one for one in stage.heard if not isinstance(one, m.Report)]
        assert isinstance(said[-1], m.Talk)


async def test_hush_silences_the_avatar_until_it_speaks_again() -> None:
    sounding = "document.querySelector('video').srcObject.getAudioTracks()[0].enabled"
    async with opened() as (stage, page):
        await converse(page, stage)
        await stage.until(lambda: bool(stage.of(m.Media)))
        await stage.say(m.State(state="speaking"))
        await state(page, "speaking")
        assert await page.evaluate(sounding) is True
        await stage.say(m.Hush(), m.State(state="listening"))
        await state(page, "listening")
        assert await page.evaluate(sounding) is False
        await stage.say(m.State(state="speaking"))
        await state(page, "speaking")
        assert await page.evaluate(sounding) is True
        await page.get_by_test_id("stop").click()
        assert await page.evaluate(sounding) is False
        await stage.until(lambda: bool(stage.of(m.Interrupt)))


async def test_the_idle_notice_counts_down_and_a_touch_answers_it() -> None:
    async with opened() as (stage, page):
        await converse(page, stage)
        await stage.say(m.Notice(code="idle", text="Are you still there?", seconds=9))
        notice = page.get_by_test_id("notice")
        await notice.get_by_text("Are you still there? 9 s").wait_for()
        await notice.get_by_text("Are you still there? 8 s").wait_for()
        touches = len(stage.of(m.Touch))
        await page.get_by_test_id("stay").click()
        await stage.until(lambda: len(stage.of(m.Touch)) > touches)
        await stage.say(m.NoticeGone(code="idle"))
        await notice.wait_for(state="hidden")
