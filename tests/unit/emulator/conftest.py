"""The emulator's tests share one set of light engines and drawings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from kiosk.emulator.speech.engines import Engines
from tests.unit.emulator.emulating import avatars, share_engines


@pytest.fixture(scope="session", autouse=True)
def shared_engines(engines: Engines) -> Iterator[None]:
    """Make the session's engines known to `light_engines()` before any loop runs."""
    share_engines(engines)
    yield
    asyncio.run(avatars().aclose())
