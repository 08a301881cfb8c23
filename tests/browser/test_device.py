"""The page as a device, in Chromium: its reports, commands, and a picture of itself."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import av
import pytest
from playwright.async_api import Page

from kiosk.signaling import messages as m
from tests.browser.accessible import painted
from tests.browser.screen_stage import (
    CHROMIUM,
    FAKE_MICROPHONE,
    SOUND,
    Stage,
    chromium,
    converse,
    opened,
    screen,
    state,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


async def told(stage: Stage, name: str, **args: Any) -> m.CommandDone:
    """Give the page a command and return its answer."""
    number = f"command_{len(stage.of(m.CommandDone))}_{name}"
    await stage.say(m.Command.model_validate({"id": number, "name": name, "args": args}))
    await stage.until(lambda: any(one.id == number for one in stage.of(m.CommandDone)))
    done: m.CommandDone = next(one for one in stage.of(m.CommandDone) if one.id == number)
    return done


async def report(stage: Stage, **wanted: object) -> m.Report:
    """Wait for a report that says so."""

    def fitting() -> list[m.Report]:
        return [
            one
            for one in stage.of(m.Report)
            if all(getattr(one, name) == value for name, value in wanted.items())
        ]

    await stage.until(lambda: bool(fitting()))
    return fitting()[-1]


def brightness(image: str) -> tuple[int, int, list[list[int]]]:
    """Return width, height and the picture as 24 rows of 24 grey values."""
    with av.open(io.BytesIO(base64.b64decode(image)), mode="r") as file:
        frame = next(file.decode(video=0))
    small = frame.reformat(width=24, height=24, format="gray")
    return frame.width, frame.height, small.to_ndarray().tolist()


async def volume(page: Page) -> float:
    found: float = await page.evaluate("document.querySelector('video').volume")
    return found


async def test_it_reports_and_does_what_it_is_told() -> None:
    async with opened() as (stage, page):
        first = await report(stage, state="attract")
        assert (first.page, first.width, first.language) == ("test", 1080, "en")
        assert "Chrom" in first.browser
        assert (first.frame_age_s, first.silent_s, first.microphone) == (None, None, "off")
        assert first.microphones
        assert first.nodes > 50

        assert (await told(stage, "volume", level=40)).ok
        assert await volume(page) == pytest.approx(0.4)
        await report(stage, volume=40)
        assert (await told(stage, "mute", muted=True)).ok
        assert await volume(page) == 0
        assert (await told(stage, "mute", muted=False)).ok
        assert await volume(page) == pytest.approx(0.4)

        assert (await told(stage, "identify", seconds=3)).ok
        sign = page.locator(".identify")
        assert await sign.locator("p").all_inner_texts() == ["Lobby", "lobby"]
        await sign.wait_for(state="detached")

        text = "<b>The tour</b> begins at ten past three."
        assert (await told(stage, "message", text=text, minutes=5)).ok
        note = page.locator(".attract .house-note")
        assert await note.inner_text() == text, "words, never markup"
        assert (await told(stage, "language", language="de")).ok
        assert await page.locator("html").get_attribute("lang") == "de"
        refused = await told(stage, "language", language="xx")
        assert (refused.ok, refused.detail) == (False, "this site does not offer that language")
        refused = await told(stage, "restart_visit")
        assert (refused.ok, refused.detail) == (False, "nobody visits now")

        # What the house set stays over a reload, which the new page answers.
        assert (await told(stage, "reload")).ok
        await state(page, "attract")
        await page.wait_for_selector("html[lang=de]")
        assert await volume(page) == pytest.approx(0.4)
        assert await note.inner_text() == text
        assert (await told(stage, "message")).ok
        await note.wait_for(state="detached")


async def test_in_a_visit_it_says_how_picture_and_microphone_are() -> None:
    async with opened() as (stage, page):
        await converse(page, stage)
        await stage.until(lambda: bool(stage.of(m.Media)))
        assert (await told(stage, "volume", level=50)).ok
        during = await report(stage, state="listening", volume=50)
        assert during.media == "direct"
        assert during.frame_age_s is not None
        assert during.frame_age_s < 5
        assert (during.microphone, during.visits) == ("on", 0)
        assert during.silent_s is not None
        assert (await told(stage, "restart_visit")).ok
        assert len(stage.of(m.Start)) == 2
        await state(page, "consent")


async def test_a_picture_of_itself_and_of_a_visit_nothing_that_was_said(tmp_path: Path) -> None:
    async with (
        Stage() as stage,
        chromium(*FAKE_MICROPHONE, SOUND) as browser,
        screen(browser, stage) as page,
    ):
        shot = await told(stage, "screenshot")
        assert shot.ok
        width, height, seen = brightness(shot.image)
        assert (width, height) == (540, 960)
        real = brightness(base64.b64encode(await page.screenshot(type="jpeg")).decode())[2]
        differences = [
            abs(a - b) for row, other in zip(seen, real, strict=True)
            for a, b in zip(row, other, strict=True)
        ]  # fmt: skip
        assert sum(differences) / len(differences) < 6, "it looks like the screen"
        assert max(map(max, seen)) - min(map(min, seen)) > 120, "there is something in it"

        await converse(page, stage)
        await stage.until(lambda: bool(stage.of(m.Media)))
        await page.wait_for_function(
            "() => document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames > 1"
        )
        await painted(page)
        before = brightness((await told(stage, "screenshot")).image)[2]
        card = "<p class='card-large'>" + "█ SECRET ████ " * 30 + "</p>"
        await stage.say(
            m.Caption(turn="a", speaker="visitor", text="██ my name is SECRET ██", final=True),
            m.ShowCard(id="c", kind="text", title="████████ SECRET", html=card),
            m.Notice(code="busy", text="████ SECRET"),
        )
        await page.get_by_test_id("card").get_by_text("SECRET").first.wait_for()
        await page.get_by_test_id("text-input").fill("my number is 555")
        after = brightness((await told(stage, "screenshot")).image)[2]
        darker = sum(
            a - b > 60 for row, other in zip(before, after, strict=True)
            for a, b in zip(row, other, strict=True)
        )  # fmt: skip
        assert darker == 0, "the black of those words is nowhere in the picture"
