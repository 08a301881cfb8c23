"""Knows the tasks that hooks began and left running: by plugin and hook, for the operator."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Generator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

from typing_extensions import override

from kiosk.hooks.once import is_ours

_caller: ContextVar[tuple[Strays, str, str] | None] = ContextVar("kiosk_hook", default=None)


def calling_plugin() -> str:
    """Return the plugin whose hook runs here, or "" outside of every hook."""
    calling = _caller.get()
    return calling[1] if calling is not None else ""


class Strays:
    """Tasks begun inside a hook of one application's plugins, as long as they run.

    A plugin's own tasks belong into its lifespan; what is begun in a hook and runs on is shown to
    operators, and ended when the server stops.
    """

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[Any], tuple[str, str]] = {}

    @contextmanager
    def calling(self, plugin: str, hook: str) -> Iterator[None]:
        """Note every task that is begun in here as this hook's."""
        token = _caller.set((self, plugin, hook))
        try:
            yield
        finally:
            _caller.reset(token)

    def adopt(self, task: asyncio.Task[Any], plugin: str, hook: str) -> None:
        """Watch a task until it is done."""
        self._tasks[task] = (plugin, hook)
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    def running(self, plugin: str) -> Mapping[str, int]:
        """Return how many tasks each hook of a plugin left running."""
        return Counter(hook for owner, hook in self._tasks.values() if owner == plugin)

    async def end(self, within_s: float) -> list[tuple[str, str]]:
        """Cancel what still runs; return the plugin and hook of each task, also of stubborn ones.

        A task that swallows its cancellation is left behind after `within_s` seconds.
        """
        left = dict(self._tasks)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=within_s)
        return list(left.values())


class TaskExitError(RuntimeError):
    """A plugin's task called `sys.exit()`; asyncio would let that through and end the server."""


class _Contained(Coroutine[Any, Any, Any]):
    """A plugin's coroutine whose exit is its own failure and nobody else's.

    An object, not an `async def` around it: one that is cancelled before its first step would
    leave the plugin's coroutine never awaited.
    """

    def __init__(self, coro: Coroutine[Any, Any, Any]) -> None:
        self._coro = coro
        self.__name__ = getattr(coro, "__name__", type(coro).__name__)
        self.__qualname__ = getattr(coro, "__qualname__", self.__name__)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coro, name)  # cr_frame and the like, for whoever prints a task

    @override
    def send(self, value: Any) -> Any:
        try:
            return self._coro.send(value)
        except SystemExit as error:
            raise TaskExitError(f"sys.exit({error.code!r})") from error

    @override
    def throw(self, *error: Any) -> Any:
        try:
            return self._coro.throw(*error)
        except SystemExit as left:
            raise TaskExitError(f"sys.exit({left.code!r})") from left

    @override
    def close(self) -> None:
        self._coro.close()

    @override
    def __await__(self) -> Generator[Any, Any, Any]:
        return self._coro.__await__()


_watched: WeakKeyDictionary[asyncio.AbstractEventLoop, int] = WeakKeyDictionary()


@contextmanager
def watching(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Have every task of `loop` looked at when it is made, until the last application is done."""
    if loop.get_task_factory() not in {None, _make_task}:
        yield  # an embedder's own way of making tasks comes first
        return
    _watched[loop] = _watched.get(loop, 0) + 1
    loop.set_task_factory(_make_task)
    try:
        yield
    finally:
        _watched[loop] -= 1
        if not _watched[loop]:
            loop.set_task_factory(None)


def _make_task(
    loop: asyncio.AbstractEventLoop,
    coro: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
    **options: Any,
) -> asyncio.Task[Any]:
    calling = _caller.get()
    if calling is None or _is_ours(coro):
        return asyncio.Task(coro, loop=loop, **options)
    strays, plugin, hook = calling
    inner = _Contained(coro) if isinstance(coro, Coroutine) else coro
    task: asyncio.Task[Any] = asyncio.Task(inner, loop=loop, **options)
    strays.adopt(task, plugin, hook)
    return task


def _is_ours(coro: object) -> bool:
    # What session.say() and the like begin on a plugin's behalf is owned by us.
    code = getattr(coro, "cr_code", None)
    file = code.co_filename if code is not None else ""
    return is_ours(file)
