"""The dashboard in Chromium: it follows the visit, pauses, asks before it ends one, and fits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from kiosk import events as ev
from kiosk import keys
from kiosk.model import EndReason, VisitSummary
from kiosk.web.live import FOLLOWER_QUEUE
from tests.browser.browsers import CHROMIUM, lent
from tests.unit.signaling.test_device import FACTS
from tests.unit.web.composing import PASSWORD, Site, site

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium; install the distribution's package"),
]


@asynccontextmanager
async def dashboard(running: Site, path: str, **options: Any) -> AsyncIterator[Page]:
    """Open a page of the dashboard as anna; fail on anything the page complains about."""
    complaints: list[str] = []
    async with lent() as browser:
        context = await browser.new_context(
            base_url=running.address, reduced_motion="reduce", **options
        )
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type == "error" else None,
        )
        await page.goto(f"/operator/login?next={path}")
        await page.get_by_label("Name").fill("anna")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Log in").click()
        yield page
        await context.close()
    assert complaints == []


async def test_the_list_follows_and_a_pause_holds_it(tmp_path: Path) -> None:
    async with site(tmp_path) as running, dashboard(running, "/operator/") as page:
        await expect(page.locator("#live")).to_have_text("Live")
        needs = page.locator("#attention")
        await expect(needs).to_contain_text("Main entrance has not connected")
        await running.visit()
        row = page.locator('.unit[data-kiosk="main"]')
        await expect(row).to_contain_text("Listening in German")
        await expect(row).to_have_attribute("data-tone", "busy")
        await expect(needs).not_to_contain_text("Main entrance")
        await expect(page.locator("#headline")).to_have_text(
            "1 of 2 screens connected, 1 visit running."
        )
        await page.keyboard.press("p")
        await running.said(1, "hello")
        await expect(page.locator("#live")).to_contain_text("1 change waiting")
        await expect(row).not_to_contain_text("Visitor spoke")
        await page.keyboard.press("p")
        await expect(row).to_contain_text("Visitor spoke")
        await running.storage.visits.ended(
            VisitSummary(
                "visit_9", "west", "pt", running.at(), running.at(95), EndReason.IDLE, turns=0
            )
        )
        await running.publish(
            ev.VisitEnded(
                kiosk_id="west", visit_id="visit_9", at=running.at(95),
                reason=EndReason.IDLE, turns=0, seconds=95,
            )
        )  # fmt: skip
        await expect(page.locator("#recent")).to_contain_text("nobody answered any more")
        await row.get_by_role("link", name="Listening").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Visit at Main entrance")


async def test_a_row_and_a_tile_say_that_the_picture_stopped(tmp_path: Path) -> None:
    async with site(tmp_path) as running, dashboard(running, "/operator/") as page:
        await expect(page.locator("#live")).to_have_text("Live")
        await expect(page.locator("#pick-all-words")).to_have_text("All 2 that fit")
        await page.get_by_role("searchbox").fill("lobby")
        await expect(page.locator("#pick-all-words")).to_have_text("The one that fits")
        await page.get_by_role("searchbox").fill("")
        await running.visit()
        facts = FACTS | {"frame_age_s": 45}
        await running.publish(ev.KioskReported(kiosk_id="main", at=running.at(), facts=facts))
        picture = page.locator('.unit[data-kiosk="main"] .frame')
        await expect(picture).to_contain_text("picture stopped")
        await page.goto("/operator/?view=wall")
        await expect(picture).to_be_visible()
        await expect(page.locator('.unit[data-kiosk="west"] .frame')).to_be_hidden()


async def test_a_visit_is_read_live_ended_once_asked_and_over(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.visit()
        heard: list[Mapping[str, Any]] = []

        async def end(payload: Mapping[str, Any]) -> Mapping[str, Any]:
            heard.append(payload)
            return {"ok": True}

        running.app[keys.BUS].handle("visit:visit_1", end)
        async with dashboard(running, "/operator/visits/visit_1") as page:
            await expect(page.locator("#live")).to_have_text("Live")
            await running.said(2, "<img src=x onerror=alert(1)> Wo sind die Aufzüge?")
            await running.said(1, "Hallo")
            turns = page.locator("#turns > li p")
            await expect(turns).to_have_count(2)
            await expect(turns.nth(0)).to_contain_text("Hallo")
            await expect(turns.nth(1)).to_contain_text("<img src=x onerror=alert(1)> Wo sind")
            await page.get_by_role("link", name="End this visit").click()
            dialog = page.get_by_role("dialog")
            await expect(dialog).to_contain_text("End the visit at Main entrance?")
            await dialog.get_by_role("link", name="Let it go on").click()
            await expect(dialog).to_be_hidden()
            assert heard == []
            await page.get_by_role("link", name="End this visit").click()
            await dialog.get_by_label("Why?").fill("fire drill")
            await dialog.get_by_role("button", name="End the visit").click()
            await expect(page.get_by_text("The visit is ending")).to_be_visible()
            assert heard == [{"command": "end", "by": "anna"}]
            await expect(page.locator("#live")).to_have_text("Live")
            await running.publish(
                ev.VisitEnded(
                    kiosk_id="main", visit_id="visit_1", at=running.at(65),
                    reason=EndReason.OPERATOR, turns=2, seconds=65,
                )
            )  # fmt: skip
            await expect(page.locator("#over")).to_contain_text(
                "Ended after 1 min 05 s: an operator ended it"
            )
            await expect(page.get_by_role("link", name="End this visit")).to_have_count(0)


async def test_a_dashboard_cut_off_catches_up_by_itself(tmp_path: Path) -> None:
    async with site(tmp_path) as running, dashboard(running, "/operator/") as page:
        await running.visit()
        row = page.locator('.unit[data-kiosk="main"]')
        await expect(row).to_contain_text("Listening")
        stamp: dict[str, Any] = {"kiosk_id": "main", "visit_id": "visit_1", "at": running.at()}
        # More at once than a slow reader may fall behind: its socket is closed.
        for _ in range(FOLLOWER_QUEUE + 1):
            running.live.apply(ev.CardShown(**stamp, kind="map", title="Lifts"))
        running.live.apply(ev.StateChanged(**stamp, state="thinking"))
        await expect(row).to_contain_text("Thinking in German")
        await expect(row).to_contain_text("Card shown: Lifts")
        await expect(page.locator("#live")).to_have_text("Live")


async def test_a_server_that_is_away_is_said(tmp_path: Path) -> None:
    async with site(tmp_path) as running, dashboard(running, "/operator/") as page:
        await expect(page.locator("#live")).to_have_text("Live")
        running.live.end_followers()
        await expect(page.locator("#live")).to_contain_text("Not connected, trying again")
        await expect(page.locator("body")).to_have_attribute("data-live", "lost")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_is_cut_at_any_width(tmp_path: Path, scheme: str) -> None:
    async with site(tmp_path) as running:
        await running.visit()
        await running.said(1, "Donaudampfschifffahrtsgesellschaftskapitän" * 4)
        async with dashboard(running, "/operator/", color_scheme=scheme) as page:
            for path in ("/operator/", "/operator/visits/visit_1", "/operator/audit"):
                await page.goto(path)
                for width in (390, 768, 1440, 2560):
                    await page.set_viewport_size({"width": width, "height": 900})
                    wide = await page.evaluate("document.documentElement.scrollWidth")
                    assert wide <= width, f"{path} at {width} px"
