"""The one place where asyncio tasks are made: each has a name, an owner and an end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)


def raise_ours(error: BaseException) -> None:
    """Raise what is not the failure of somebody else's code: our cancellation, a person's Ctrl-C.

    For callers that contain everything else: a panic of a library in Rust is no Exception.
    """
    if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
        raise error
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
        raise error


class TaskSet:
    """The tasks of one owner. A failed task is logged (and told to `on_error`), never lost.

    The owner awaits `aclose()`, which cancels what still runs and waits for it.
    """

    def __init__(
        self, owner: str, *, on_error: Callable[[BaseException], None] | None = None
    ) -> None:
        self._owner = owner
        self._on_error = on_error
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, coro: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Run `coro` as a task named `owner/name`. After `aclose()` it is refused and closed."""
        if self._closed:
            coro.close()
            raise RuntimeError(f"{self._owner} is closed; it cannot start {name}")
        task = asyncio.create_task(coro, name=f"{self._owner}/{name}")  # noqa: TID251 - the one place that makes tasks
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def spawn(self, coro: Coroutine[Any, Any, Any], *, name: str) -> None:
        """Run `coro` like `start`, when nobody waits for its result."""
        task = self.start(coro, name=name)
        del task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            return
        # Exception text may hold what was said or a token, so only the type is logged.
        log.error("task failed", task=task.get_name(), error=type(error).__name__)
        if self._on_error is not None:
            self._on_error(error)

    async def aclose(self, *, within_s: float | None = None) -> list[str]:
        """Cancel every task and wait until the last one has ended.

        With `within_s`, a task that swallows its cancellation is left behind after that many
        seconds; the names of those are returned.
        """
        self._closed = True
        current = asyncio.current_task()
        pending = {task for task in self._tasks if task is not current}
        if not pending:
            return []
        for task in pending:
            task.cancel()
        _, left = await asyncio.wait(pending, timeout=within_s)
        return sorted(task.get_name() for task in left)
