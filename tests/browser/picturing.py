"""Pictures of the steps of a test, where somebody wants them: TEST_PICTURES names a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

DESK: Final[Any] = {"width": 1440, "height": 900}
PHONE: Final[Any] = {"width": 390, "height": 844}


async def picture(page: Page, name: str) -> None:
    """Take pictures of a step; an operator's page in both schemes, on a desk and on a phone."""
    folder = os.environ.get("TEST_PICTURES")  # noqa: TID251 - no setting of the product
    if folder is None:
        return
    await page.screenshot(path=str(Path(folder) / f"{name}.png"))
    if "/operator/" in page.url:
        schemes: tuple[Any, ...] = ("dark", "light")
        for scheme in schemes:
            await page.emulate_media(color_scheme=scheme)
            for size, words in ((PHONE, "phone"), (DESK, "desk")):
                await page.set_viewport_size(size)
                path = Path(folder) / f"{name}-{words}-{scheme}.png"
                await page.screenshot(path=str(path), full_page=True)
