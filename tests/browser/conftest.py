"""What the tests in Chromium share: the browsers themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.browser.browsers import CHROMIUM, Shelf


@pytest.fixture(scope="session", autouse=True)
async def shelf() -> AsyncIterator[None]:
    """Keep browsers open from one test to the next."""
    if CHROMIUM is None:
        yield
        return
    async with Shelf():
        yield
