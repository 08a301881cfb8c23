"""Holds the plugins' lifespans open, each in a task of its own.

In one task, the background work of one plugin could cancel the server: a TaskGroup whose child
fails cancels the task that opened it.
"""

from __future__ import annotations

import asyncio
import inspect
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Final

from pluggy import HookImpl

from kiosk.errors import PluginLoadError
from kiosk.hooks.caller import HookCaller
from kiosk.hooks.failures import kind_of
from kiosk.hooks.once import defined_at, place, top_module, with_place
from kiosk.tasks import TaskSet

HOOK: Final = "lifespan"

LEAVE_S: Final = 10.0
"""How long one plugin gets to leave its lifespan; then it is cancelled and counted."""
STUBBORN_S: Final = 2.0
"""How long a cancelled one gets to end; then it is left behind."""


@dataclass(slots=True)
class _Life:
    plugin: str
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    failed: str = ""


class Lifespans:
    """The lifespans of one application's plugins."""

    def __init__(self, caller: HookCaller, timeout_s: float | None) -> None:
        self._caller = caller
        self._timeout_s = timeout_s
        self._tasks = TaskSet("lifespans")
        self._lives: list[_Life] = []

    async def enter(self) -> None:
        """Enter all in load order; raises PluginLoadError, and then those entered are left."""
        try:
            for impl in self._caller.implementations(HOOK, first_loaded=True):
                await self._enter(impl)
        except BaseException:
            await self.leave()
            raise

    async def _enter(self, impl: HookImpl) -> None:
        life = _Life(impl.plugin_name)
        task = self._tasks.start(self._live(impl, life), name=life.plugin)
        try:
            async with asyncio.timeout(self._timeout_s):
                await life.begun.wait()
        except TimeoutError:
            task.cancel()
            said = f"plugin {life.plugin}: lifespan did not begin within {self._timeout_s:g} s."
            raise PluginLoadError(with_place(said, defined_at(impl.function))) from None
        if life.failed:
            raise PluginLoadError(f"plugin {life.plugin} failed in lifespan: {life.failed}.")
        self._lives.append(life)

    async def _live(self, impl: HookImpl, life: _Life) -> None:
        running = False
        began = self._caller.clock.monotonic()
        try:
            arguments = self._caller.arguments(impl, {})
            with self._caller.strays.calling(life.plugin, HOOK):
                context = _context(impl.function(*arguments))
                async with _Measured(context, self._caller, life.plugin):
                    running = True
                    life.begun.set()
                    await life.stop.wait()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a plugin may raise anything
            # A cancellation is its own TaskGroup's, or our deadline.
            life.failed = f"{type(error).__name__}: {error}"
            if not running:
                at = defined_at(impl.function)
                life.failed += place(error, top_module(impl.function)) or (f" ({at})" if at else "")
                took = self._caller.clock.monotonic() - began
                self._caller.traced(life.plugin, HOOK, took, kind_of(error))
            else:
                self._caller.record(life.plugin, HOOK, kind_of(error), error)
        finally:
            life.begun.set()
            life.ended.set()

    async def leave(self) -> None:
        """Leave all in reverse order; one that fails or hangs does not keep the others open."""
        while self._lives:
            life = self._lives.pop()
            life.stop.set()
            try:
                async with asyncio.timeout(LEAVE_S):
                    await life.ended.wait()
            except TimeoutError:
                self._caller.record(life.plugin, HOOK, f"took longer than {LEAVE_S:g} s to end")
        await self._tasks.aclose(within_s=STUBBORN_S)


class _Measured:
    """Enters and leaves another context, and tells of it when that held the loop."""

    def __init__(
        self, context: AbstractAsyncContextManager[Any], caller: HookCaller, plugin: str
    ) -> None:
        self._context = context
        self._caller = caller
        self._plugin = plugin

    async def __aenter__(self) -> None:
        started = self._caller.clock.monotonic()
        await self._caller.measured(self._plugin, HOOK, self._context.__aenter__())
        self._trace(started, "began")

    async def __aexit__(self, *error: Any) -> bool | None:
        leaving = self._context.__aexit__(*error)
        started, outcome = self._caller.clock.monotonic(), "failed"
        try:
            answer: bool | None = await self._caller.measured(self._plugin, HOOK, leaving)
            outcome = "ended"
        finally:
            self._trace(started, outcome)
        return answer

    def _trace(self, started: float, outcome: str) -> None:
        took = self._caller.clock.monotonic() - started
        self._caller.traced(self._plugin, HOOK, took, outcome)


def _context(value: Any) -> AbstractAsyncContextManager[None]:
    if isinstance(value, AbstractAsyncContextManager):
        return value
    if inspect.iscoroutine(value):
        value.close()
    raise TypeError(
        f"it returned {type(value).__name__} and no async context manager; decorate it with "
        "@asynccontextmanager, below @hookimpl"
    )
