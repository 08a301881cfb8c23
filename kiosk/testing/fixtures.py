"""Pytest plugin, shipped: fixtures for us and for plugin authors.

`kiosk_harness` makes running servers with emulator; at the end of a test it fails on plugin
failures nobody expected (mark a test `expects_failures` that provokes some).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    async_fixture = pytest.fixture

    from kiosk.testing.harness import KioskHarness

else:
    try:
        # In pytest-asyncio's strict mode, which is its default, only its own fixtures are awaited.
        from pytest_asyncio import fixture as async_fixture
    except ImportError:
        async_fixture = pytest.fixture

MakeHarness = Callable[..., "Awaitable[KioskHarness]"]


@async_fixture
async def kiosk_harness(request: pytest.FixtureRequest) -> AsyncIterator[MakeHarness]:
    """Give a function that starts a server; all are stopped when the test ends."""
    # Imported late: loading the product here would cost every pytest run that has it installed.
    from kiosk.testing.harness import KioskHarness

    made: list[KioskHarness] = []
    async with AsyncExitStack() as stack:

        async def make(**options: Any) -> KioskHarness:
            harness = await stack.enter_async_context(KioskHarness(**options))
            made.append(harness)
            return harness

        yield make
        if request.node.get_closest_marker("expects_failures") is None:
            failures = [f"{f.plugin} in {f.hook}: {f.kind}" for h in made for f in h.failures]
            assert not failures, f"plugins failed: {failures}"
