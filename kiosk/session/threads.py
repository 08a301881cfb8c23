"""Worker threads for plain-function tools: some for each plugin, left behind when they hang."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

EACH: Final = 8
"""Threads of one plugin; a call beyond them waits inside its deadline, and no other plugin's."""


class ToolThreads:
    """Runs what may block. A thread cannot be ended: one that hangs keeps its plugin's place.

    They are daemons, unlike those of the standard library's pools, so that a tool that never
    returns does not keep the process from ending.
    """

    def __init__(self, each: int = EACH) -> None:
        self._each = each
        self._free: dict[str, asyncio.Semaphore] = {}

    async def run(self, plugin: str, name: str, work: Callable[[], Any]) -> Any:
        """Return what `work` returns, from a thread; raises what it raises."""
        free = self._free.setdefault(plugin, asyncio.Semaphore(self._each))
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()

        def done(value: Any, error: BaseException | None) -> None:
            free.release()
            if not answer.done():
                answer.set_result((value, error))

        def target() -> None:
            value, error = None, None
            try:
                value = work()
            except BaseException as raised:  # noqa: BLE001 - handed to whoever waits
                error = raised
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(done, value, error)

        await free.acquire()
        try:
            threading.Thread(target=target, name=f"tool/{name}", daemon=True).start()
        except RuntimeError:  # the machine has no more threads
            free.release()
            raise
        value, error = await answer
        if error is not None:
            raise error
        return value
