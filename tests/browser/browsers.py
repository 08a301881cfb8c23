"""Chromium for tests: one process for each set of flags, lent to one test after the other."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, Self

from playwright.async_api import Browser, Playwright, async_playwright

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVEN: Final = (
    os.environ.get("TEST_BROWSER")  # noqa: TID251 - no setting of the kiosk
    or shutil.which("chromium-headless-shell")
    or CHROMIUM
)
"""What most tests drive: the same engine without tabs and toolbars, which cost a quarter of the
computing. `TEST_BROWSER=/usr/bin/chromium make test` drives all of Chromium instead."""
KEPT: Final = 3
"""Browsers that stay open; the one that was lent longest ago makes room."""
BASE: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HEARD: Final = "--use-file-for-fake-audio-capture"
"""A flag of a microphone that plays a file, which only the whole of Chromium has."""
OF_ONE_TEST: Final = "--use-file-for-"
"""A flag that begins so names a file of the test, so nobody else can use that browser."""


class Shelf:
    """Keeps browsers open between tests: starting one takes longer than most of them.

    What a test left in one goes with its contexts, which hold all that a page can keep.
    """

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._kept: dict[tuple[str, ...], Browser] = {}
        self._lent: list[Browser] = []

    async def __aenter__(self) -> Self:
        self._playwright = await self._stack.enter_async_context(async_playwright())
        self.loop = asyncio.get_running_loop()
        _open.append(self)
        return self

    async def __aexit__(self, *_: object) -> None:
        _open.remove(self)
        for browser in self._kept.values():
            await browser.close()
        await self._stack.aclose()

    @asynccontextmanager
    async def lent(self, *flags: str) -> AsyncIterator[Browser]:
        """Lend a browser with these flags, and close what was opened in it."""
        if any(flag.startswith(OF_ONE_TEST) for flag in flags):
            async with launched(self._playwright, *flags) as browser:
                yield browser
            return
        browser = await self._with(tuple(sorted(flags)))
        before = set(browser.contexts)
        self._lent.append(browser)
        try:
            yield browser
        finally:
            self._lent.remove(browser)
            for context in set(browser.contexts) - before:
                await context.close()

    async def _with(self, flags: tuple[str, ...]) -> Browser:
        browser = self._kept.pop(flags, None)
        if browser is None or not browser.is_connected():
            idle = [key for key, one in self._kept.items() if one not in self._lent]
            for key in idle[: max(0, len(self._kept) + 1 - KEPT)]:
                await self._kept.pop(key).close()
            browser = await _launch(self._playwright, flags)
        self._kept[flags] = browser
        return browser


_open: Final[list[Shelf]] = []


@asynccontextmanager
async def lent(*flags: str) -> AsyncIterator[Browser]:
    """Lend a browser from the open shelf; without one, start it for this use only."""
    loop = asyncio.get_running_loop()
    for shelf in _open:
        if shelf.loop is loop:
            async with shelf.lent(*flags) as browser:
                yield browser
            return
    async with async_playwright() as playwright, launched(playwright, *flags) as browser:
        yield browser


@asynccontextmanager
async def launched(playwright: Playwright, *flags: str) -> AsyncIterator[Browser]:
    """Start a browser for one use."""
    browser = await _launch(playwright, flags)
    try:
        yield browser
    finally:
        await browser.close()


async def _launch(playwright: Playwright, flags: tuple[str, ...]) -> Browser:
    path = CHROMIUM if any(flag.startswith(HEARD) for flag in flags) else DRIVEN
    return await playwright.chromium.launch(executable_path=path, args=[*BASE, *flags])
