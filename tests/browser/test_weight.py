"""The whole screen, loaded for a whole visit: how heavy, by which policy, from where."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import aiohttp
import pytest
from playwright.async_api import ConsoleMessage, Response

from kiosk.emulator.speech.engines import Engines
from kiosk.testing.fixtures import MakeHarness
from kiosk.web.pages import STATIC
from kiosk.web.worker import kept_files
from tests.browser.real_visit import CHROMIUM, page_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
MOST: Final = 150_000
"""Bytes of our HTML, CSS and JavaScript that a visit loads, unpacked."""
MOST_SENT: Final = 120_000
"""Bytes of all of it, also of what nobody may ever need, as a new screen fetches it."""
KINDS: Final = {"document", "stylesheet", "script"}


async def test_a_whole_visit_is_light_and_keeps_to_itself(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, settings={"hooks": {"off": True}})
    answers: list[Response] = []
    complaints: list[str] = []

    def hear(said: ConsoleMessage) -> None:
        if said.type == "error":
            complaints.append(said.text)

    async with page_of(harness) as page:
        page.on("response", lambda answer: answers.append(answer))
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.reload()
        await page.get_by_test_id("start").click()
        await page.get_by_test_id("consent-type").click()
        await page.wait_for_selector("body[data-state=listening]")
        await page.get_by_test_id("options").click()
        await page.locator("[data-language=de]").first.click()
        await page.get_by_test_id("options-close").click()
        await page.get_by_test_id("text-input").fill("hello")
        await page.get_by_test_id("send").click()
        await page.locator('.line[data-speaker="avatar"][data-final="true"]').last.wait_for()
        await page.get_by_test_id("end").click()
        await page.wait_for_selector("body[data-state=attract]")

        loaded: set[str] = set()
        for answer in answers:
            address = urlsplit(answer.url)
            assert f"{address.scheme}://{address.netloc}" == harness.url, "nothing from elsewhere"
            policy = answer.headers["content-security-policy"]
            assert "unsafe-" not in policy
            assert "default-src 'none'" in policy
            if answer.request.resource_type in KINDS:
                loaded.add(address.path)
        # The microphone's worklet is fetched by the audio thread, where nothing listens.
        loaded |= {f"/static/kiosk/{name}" for name in ("microphone-worklet.js", "resampler.js")}
        # Asked for again: of what the browser had kept it shows no body.
        sizes = {
            path: len(await (await page.request.get(harness.url + path)).body()) for path in loaded
        }
    assert complaints == []
    heaviest = sorted(sizes.items(), key=lambda item: -item[1])
    total = sum(sizes.values())
    assert total < MOST, f"{total} bytes: {heaviest}"
    assert {"/", "/static/kiosk/main.js", "/static/kiosk/kiosk.css"} <= sizes.keys()
    rare = "commands.js screenshot.js service.js device.css forms.js card-tools.js"
    for name in rare.split():
        assert f"/static/kiosk/{name}" not in sizes, "only who needs it loads it"


async def test_all_there_is_of_the_screen_is_sent_packed(kiosk_harness: MakeHarness) -> None:
    """The service worker fetches every file at once, so that the screen opens without a server."""
    harness = await kiosk_harness(settings={"hooks": {"off": True}})
    packs = {"Accept-Encoding": "gzip"}
    sent: dict[str, int] = {}
    async with aiohttp.ClientSession(auto_decompress=False, headers=packs) as client:
        for address in ("/", "/sw.js", *kept_files(harness.app[STATIC].names)):
            async with client.get(harness.url + address) as answer:
                assert answer.status == 200, address
                if answer.content_type in {"text/html", "text/css", "text/javascript"}:
                    sent[address] = len(await answer.read())
    assert len(sent) > 40
    assert sum(sent.values()) < MOST_SENT, sorted(sent.items(), key=lambda item: -item[1])
