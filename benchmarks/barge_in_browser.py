"""Barge-in as a visitor hears it: sound in Chromium ends soon after the microphone's first."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.row import Row, median, quantile
from kiosk.emulator.scenario.replies import Reply
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.engines import load_engines
from kiosk.testing import KioskHarness
from tests.browser.real_visit import CHROMIUM, last_loud, page_of, record

TRIES = 5
GAP_S = 11.0
STORY = "There was a harbour, and in the harbour there was a ship. " * 8
SCENARIO = Scenario(
    name="barge-in-browser",
    phrases=("excuse me please stop",),
    replies=(Reply(match="story", say=STORY), Reply(match=".", say="I have stopped.")),
)
MICROPHONE = 0.02
AVATAR = 0.01


async def barge_in_browser() -> Sequence[Row]:
    """Interrupt a long answer again and again; `other` is the target, 400 ms."""
    if CHROMIUM is None:
        return []
    engines = load_engines("light")
    with tempfile.TemporaryDirectory() as folder:
        speech = Path(folder) / "stop.wav"
        parts: list[str | float] = [9.0]
        for _ in range(TRIES):
            parts += ["excuse me please stop", GAP_S]
        await record(engines, speech, [*parts, 30.0])
        settings = {"visit": {"greet": False}}
        async with (
            KioskHarness(engines=engines, scenario=SCENARIO, settings=settings) as harness,
            page_of(harness, microphone=speech, motion=True) as page,
        ):
            await page.get_by_test_id("start").click()
            await page.get_by_test_id("consent-accept").click()
            for number in range(TRIES):
                await page.wait_for_selector("body[data-state=listening]")
                await page.get_by_test_id("text-input").fill("tell me a story")
                await page.get_by_test_id("send").click()
                await page.wait_for_function(
                    "count => document.querySelectorAll('.line').length && "
                    "[...document.querySelectorAll('.line')].at(-1).innerText.includes('stopped')"
                    " && watch.microphone.length > count",
                    arg=number,
                )
            levels = await page.evaluate("({microphone: watch.microphone, avatar: watch.avatar})")
    await engines.aclose()
    times = []
    for spoke in _onsets(levels["microphone"]):
        silent = last_loud(levels["avatar"], AVATAR, before=spoke + 1500)
        if silent > spoke - 300:  # otherwise nothing was being said to interrupt
            times.append(silent - spoke)
    return [
        Row(f"in Chromium, sound to silence, median of {len(times)}", median(times), 400, "ms"),
        Row("in Chromium, sound to silence, worst", quantile(times, 1.0), 400, "ms"),
    ]


def _onsets(levels: Sequence[Sequence[float]]) -> list[float]:
    """Return when speech began after at least three seconds of quiet."""
    found: list[float] = []
    quiet_since = levels[0][0]
    for time, level in levels:
        if level > MICROPHONE:
            if time - quiet_since > 3000:
                found.append(time)
            quiet_since = time
    return found
