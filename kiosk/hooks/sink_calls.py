"""Calls the plugins' transcript sinks: contained and measured as hooks are, by plugin and sink."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from kiosk.hooks.watch import Watch
from kiosk.model import EntriesRefused, SinkBusy, TranscriptEntry, TranscriptSink

ANSWERS: Final = (SinkBusy, EntriesRefused)
"""What a sink may raise as its answer; the sinks page tells of it, and it is no failure."""


class SinkCalls:
    """The way to every sink. `plugins` says whose each is, by the sink's name."""

    def __init__(self, caller: Watch, plugins: Mapping[str, str]) -> None:
        self._caller = caller
        self._plugins = plugins

    async def write(
        self,
        sink: TranscriptSink,
        batch: Sequence[TranscriptEntry],
        timeout_s: float | None = None,
    ) -> None:
        """Have a sink take a batch; raises what it raised, TimeoutError at the deadline.

        In the task of whoever delivers, who waits for its end also after the deadline: the next
        try never meets this one. No breaker counts it, because entries are offered until they
        are taken or dead.
        """
        await self._caller.watched(
            self._plugins[sink.name],
            f"sink {sink.name}",
            lambda: sink.write(batch),
            timeout_s,
            answers=ANSWERS,
        )

    async def close(self, sink: TranscriptSink, timeout_s: float) -> None:
        """Let a sink release what it holds; raises as `write` does."""
        plugin, hook = self._plugins[sink.name], f"sink {sink.name}"
        await self._caller.watched(plugin, hook, sink.aclose, timeout_s)
