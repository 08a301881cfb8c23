"""Words of strangers run nothing in a browser, on the screen or in the dashboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Page, expect

from kiosk.signaling import messages as m
from tests.browser.browsers import CHROMIUM
from tests.browser.screen_stage import SOUND, converse, opened
from tests.browser.test_cards import drawn, shown
from tests.browser.test_operator_live import dashboard
from tests.unit.web.composing import site

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
PAYLOAD: Final = "<img src=x onerror=\"document.title='broken'\"><b id=planted>bold</b>"
PLANTED: Final = "() => document.querySelectorAll('img[src=x], #planted').length"


async def untouched(page: Page) -> None:
    assert await page.evaluate(PLANTED) == 0
    assert "broken" not in await page.title()


async def test_captions_and_cards_stay_words_on_the_screen() -> None:
    async with opened("--deny-permission-prompts", SOUND, microphone=False, consent=False) as (
        stage,
        page,
    ):
        await converse(page, stage)
        for speaker in ("avatar", "visitor"):
            await stage.say(
                m.Caption(turn=f"t-{speaker}", speaker=speaker, text=PAYLOAD, final=True)
            )
        await expect(page.get_by_test_id("captions")).to_contain_text("<img src=x")
        await untouched(page)
        kinds: dict[str, dict[str, Any]] = {
            "text": {"text": PAYLOAD},
            "list": {"items": [{"title": PAYLOAD, "text": PAYLOAD}]},
            "qr": {"content": PAYLOAD, "text": PAYLOAD},
        }
        for number, (kind, data) in enumerate(kinds.items()):
            await shown(page, stage, drawn(kind, PAYLOAD, data, f"c{number}"))
            await expect(page.locator(f".card[data-kind={kind}]")).to_contain_text("<img src=x")
            await untouched(page)


async def test_what_is_said_stays_words_in_the_live_dashboard(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.visit()
        async with dashboard(running, "/operator/visits/visit_1") as page:
            await expect(page.locator("#live")).to_have_text("Live")
            await running.said(1, PAYLOAD)
            await expect(page.locator("main")).to_contain_text("<img src=x")
            await untouched(page)
