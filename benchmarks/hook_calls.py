"""What one hook call costs, by the way it is called, against calling the plugins directly."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from benchmarks.row import Row, median
from kiosk.clock import SystemClock
from kiosk.hooks.facade import Hooks
from kiosk.hooks.manager import load_plugins
from kiosk.hooks.markers import hookimpl
from kiosk.model import ToolCall
from kiosk.settings import load_settings
from kiosk.telemetry import Metrics

PLUGINS: Final = 20
CALLS: Final = 300
ROUNDS: Final = 7


class _Plugin:
    """Answers as briefly as it can; only the last one asked has a greeting."""

    def __init__(self, *, greets: bool) -> None:
        self._greets = greets

    @hookimpl
    async def instructions(self) -> str:
        return "Say hello."

    @hookimpl
    def greeting(self) -> str | None:
        return "Hello." if self._greets else None

    @hookimpl
    def redact(self, text: str) -> str:
        return text

    @hookimpl
    async def before_tool_call(self, call: ToolCall) -> ToolCall:
        return call


async def hook_calls() -> Sequence[Row]:
    """Call twenty plugins through the caller and directly; microseconds for one plugin's answer."""
    settings = load_settings(overrides={"hooks": {"off": True}}, read_file=False)
    # Sites are asked before built-ins and the last loaded first: the first has the greeting.
    plugins = [_Plugin(greets=number == 0) for number in range(PLUGINS)]
    clock = SystemClock()
    named = {f"p{number}": plugin for number, plugin in enumerate(plugins)}
    loaded = load_plugins(settings, clock, builtins={}, extra=named)
    hooks = Hooks(loaded, settings, clock, Metrics())
    session: Any = None
    call = ToolCall("1", "find", {})

    async def by_await() -> None:
        for plugin in plugins:
            await plugin.instructions()

    async def by_ask() -> None:
        for plugin in reversed(plugins):
            if plugin.greeting() is not None:
                return

    async def by_pipe() -> None:
        text = "hello"
        for plugin in plugins:
            text = plugin.redact(text)

    async def by_verdict() -> None:
        handed = call
        for plugin in plugins:
            handed = await plugin.before_tool_call(handed)

    pairs: list[tuple[str, Callable[[], Awaitable[Any]], Callable[[], Awaitable[Any]]]] = [
        ("gather, async, vs bare await", lambda: hooks.instructions(session), by_await),
        ("ask, sync, vs bare call", lambda: hooks.greeting(session), by_ask),
        ("pipe, sync, vs bare call", lambda: hooks.redact("hello", "operator"), by_pipe),
        ("pipe, async, vs bare await", lambda: hooks.before_tool_call(session, call), by_verdict),
    ]
    async with hooks.running():
        return [
            Row(f"hook call, {name}", *await _two(isolated, bare), "us")
            for name, isolated, bare in pairs
        ]


async def _two(
    isolated: Callable[[], Awaitable[Any]], bare: Callable[[], Awaitable[Any]]
) -> tuple[float, float]:
    """Return the medians of both, in turns, so that a busy moment hits both."""
    ours, other = [], []
    for _ in range(ROUNDS):
        ours.append(await _timed(isolated))
        other.append(await _timed(bare))
    return median(ours), median(other)


async def _timed(call: Callable[[], Awaitable[Any]]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        await call()
    return (time.perf_counter() - start) / CALLS / PLUGINS * 1e6
