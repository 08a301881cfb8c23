"""Awaits for somebody else and measures the longest step: that long the loop stood still."""

from __future__ import annotations

from collections.abc import Awaitable, Generator
from typing import Any

from kiosk.clock import Clock


class Steps:
    """Something of a plugin's, awaited; `held` is the longest time that it held the loop, s."""

    def __init__(self, value: Awaitable[Any], clock: Clock) -> None:
        self._value = value
        self._clock = clock
        self.held = 0.0

    def __await__(self) -> Generator[Any, Any, Any]:
        """Hand every step through, as `yield from` does."""
        steps = self._value.__await__()
        error: BaseException | None = None
        while True:
            began = self._clock.monotonic()
            try:
                # Whatever awaits in asyncio sends None: what a future has is read from it.
                step = next(steps) if error is None else steps.throw(error)
            except StopIteration as end:
                return end.value
            finally:
                self.held = max(self.held, self._clock.monotonic() - began)
            try:
                yield step
            except GeneratorExit:
                steps.close()
                raise
            except BaseException as thrown:  # a cancellation, mostly; it is the plugin's to see
                error = thrown
            else:
                error = None
