"""What one hook call costs: our isolated caller against awaiting the plugins directly."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from benchmarks.row import Row, median
from kiosk.clock import SystemClock
from kiosk.hooks.facade import Hooks
from kiosk.hooks.manager import load_plugins
from kiosk.hooks.markers import hookimpl
from kiosk.settings import load_settings
from kiosk.telemetry import Metrics

PLUGINS = 20
CALLS = 300
ROUNDS = 7


class _Speaker:
    @hookimpl
    async def instructions(self) -> str:
        return "Say hello."


async def hook_calls() -> Sequence[Row]:
    """Gather `instructions` of twenty plugins, and await the same twenty functions."""
    settings = load_settings(overrides={"hooks": {"off": True}}, read_file=False)
    plugins = [_Speaker() for _ in range(PLUGINS)]
    clock = SystemClock()
    loaded = load_plugins(
        settings, clock, builtins={}, extra={f"p{i}": p for i, p in enumerate(plugins)}
    )
    hooks = Hooks(loaded, settings, clock, Metrics())
    session: Any = None
    ours, other = [], []
    async with hooks.running():
        for _ in range(ROUNDS):
            start = time.perf_counter()
            for _ in range(CALLS):
                await hooks.instructions(session)
            ours.append((time.perf_counter() - start) / CALLS / PLUGINS * 1e6)
            start = time.perf_counter()
            for _ in range(CALLS):
                for plugin in plugins:
                    await plugin.instructions()
            other.append((time.perf_counter() - start) / CALLS / PLUGINS * 1e6)
    return [Row("hook call, async, isolated vs bare await", median(ours), median(other), "us")]
