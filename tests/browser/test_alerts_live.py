"""Alerts in Chromium: they come and go by themselves, and leave alone what somebody types."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from kiosk.web.alert_service import ENGINE
from tests.browser.test_operator_live import dashboard, pytestmark
from tests.unit.web.alerted import house, ill

__all__ = ["pytestmark"]


async def test_an_alert_comes_and_goes_while_somebody_looks_on(tmp_path: Path) -> None:
    async with house(tmp_path) as one, dashboard(one.running, "/operator/alerts") as page:
        await expect(page.locator("#live")).to_have_text("Live")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is wrong")
        engine = one.running.app[ENGINE]
        west, east = ill(), ill("east")
        await one.put(west)
        await engine.publish(west, "firing")
        await expect(page.get_by_role("heading", level=1)).to_have_text("1 alert wants a person")
        await expect(page.locator("#alert-banner")).to_be_hidden()
        note = page.get_by_label("Note for colleagues")
        await note.fill("I walk ov")
        await one.put(east)
        await engine.publish(east, "firing")
        # The line above is renewed by the same look; the words stay where they are typed.
        await expect(page.locator("#alert-banner a")).to_have_text("2 alerts")
        await expect(note).to_have_value("I walk ov")
        await note.press("End")
        await note.type("er")
        await page.get_by_role("button", name="I take care of it").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("1 alert wants a person")
        await expect(page.locator("#alerts")).to_contain_text("I walk over")
        await page.goto("/operator/")
        await expect(page.locator("#live")).to_have_text("Live")
        await expect(page.locator("#alert-banner")).to_contain_text(
            "east is not connected. 1 alert"
        )
        assert await engine.acknowledge(east, "bert", "")
        await expect(page.locator("#alert-banner")).to_be_hidden()
