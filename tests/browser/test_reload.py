"""A plugin made by `kiosk plugins new`, changed while its screen is open: the page stays."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from kiosk.cli.demo import demo_running
from kiosk.cli.plugin_new import new_file
from kiosk.clock import SystemClock
from tests.browser.real_visit import page_of

CHROMIUM = shutil.which("chromium")
LAST_AVATAR_LINE = "[data-testid=captions] .line.avatar:last-of-type"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


async def replace(path: Path, old: str, new: str) -> None:
    text = await asyncio.to_thread(path.read_text, encoding="utf-8")
    assert old in text
    await asyncio.to_thread(path.write_text, text.replace(old, new), encoding="utf-8")


async def test_an_open_screen_greets_with_the_new_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin, _ = await asyncio.to_thread(new_file, "hello", tmp_path / "plugins")
    async with (
        demo_running(
            voice="light", data=tmp_path, plugins=tmp_path / "plugins", reload=True
        ) as demo,
        page_of(demo) as page,
    ):
        await page.evaluate("window.stillTheSamePage = true")
        captions = page.get_by_test_id("captions")
        await page.get_by_test_id("start").click()
        await page.get_by_test_id("consent-type").click()
        await captions.get_by_text("Welcome to Hello.").wait_for()

        # What does not load costs nothing: the old one goes on.
        await replace(plugin, "def greeting(", "def greting(")
        await said(capsys, "Not reloaded: plugin hello")
        await page.get_by_test_id("text-input").fill("Tell me a riddle, please.")
        await page.get_by_test_id("send").click()
        await captions.get_by_text("A clock").wait_for()

        await replace(plugin, "def greting(", "def greeting(")
        await said(capsys, "Reloaded: hello.py")
        await replace(plugin, "Welcome to Hello.", "Ahoy! Hello is new.")
        await said(capsys, "Reloaded: hello.py")
        await page.wait_for_selector("body[data-state=attract]")
        await page.get_by_test_id("start").click()
        await page.get_by_test_id("consent-type").click()
        await captions.get_by_text("Ahoy! Hello is new.").wait_for()
        assert await page.evaluate("window.stillTheSamePage")


async def said(capsys: pytest.CaptureFixture[str], words: str) -> None:
    """Wait until the demo has printed these words since the last look."""
    printed = ""
    async with asyncio.timeout(60):
        while words not in printed:
            # Files are watched by a thread that tells the loop; there is no event of ours.
            await SystemClock().sleep(0.05)
            printed += capsys.readouterr().out
