"""Calls of the plugins' tools: which may run, how long they hold the loop, what came of them."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from kiosk.hooks.failures import kind_of
from kiosk.hooks.watch import Watch
from kiosk.model import Tool


class ToolCalls:
    """What tools have in common with hooks: breakers, measures and records."""

    def __init__(self, caller: Watch) -> None:
        self._caller = caller

    async def awaited(self, tool: Tool, value: Awaitable[Any]) -> Any:
        """Return what a tool's own awaitable comes to; told of when it held the loop.

        The tasks that it begins are shown as the tool's, and ended with the server.
        """
        with self._caller.strays.calling(tool.plugin, _hook(tool)):
            return await self._caller.measured(tool.plugin, _hook(tool), value, breaks=True)

    def may_run(self, tool: Tool) -> bool:
        """Whether a tool is called now, or left out because it kept failing."""
        return self._caller.breakers.lets(tool.plugin, _hook(tool))

    def worked(self, tool: Tool) -> None:
        """Count a tool call that was answered."""
        self._caller.breakers.succeeded(tool.plugin, _hook(tool))

    def undecided(self, tool: Tool) -> None:
        """Take back a call that ended without a verdict: interrupted, or with its visit."""
        self._caller.breakers.given_up(tool.plugin, _hook(tool))

    def failed(self, tool: Tool, why: str | BaseException) -> None:
        """Record a tool's failure beside those of the hooks: what it raised, or in words."""
        if isinstance(why, str):
            self._caller.record(tool.plugin, _hook(tool), why)
        else:
            self._caller.record(tool.plugin, _hook(tool), kind_of(why), why)

    def was_cut(self, tool: Tool, how: str) -> None:
        """Record that the model got the beginning only; the call is good all the same."""
        self._caller.record(tool.plugin, _hook(tool), how, counts=False, label="cut")

    def told(self, tool: Tool, outcome: str, seconds: float) -> None:
        """Write a call down where every call is traced; never what it was about."""
        self._caller.traced(tool.plugin, _hook(tool), seconds, outcome)


def _hook(tool: Tool) -> str:
    return f"tool {tool.name}"
