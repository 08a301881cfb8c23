"""Calls hook implementations: awaits, deadline, isolation, counting. pluggy only found them.

pluggy never awaits, loses every result when one implementation raises, and cannot time anything;
so we walk its implementations ourselves and contain each failure as one PluginFailure.
"""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog
from pluggy import HookImpl, PluginManager

from kiosk.clock import Clock
from kiosk.hooks.markers import Policy
from kiosk.hooks.site import Site
from kiosk.tasks import TaskSet
from kiosk.telemetry import Metrics

log = structlog.get_logger(__name__)

KEPT_FAILURES: Final = 200
"""Failures kept for the dashboard; the oldest goes, the counter stays."""

LEAVE_S: Final = 2.0
"""How long hooks that still run get to end when the server stops."""

Check = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class PluginFailure:
    """One contained failure. `frames` are the plugin's own, `file:line function`, no text."""

    plugin: str
    hook: str
    kind: str
    at: datetime
    frames: tuple[str, ...] = ()


@dataclass(slots=True)
class _Outcome:
    value: Any = None
    failed: bool = False


def policy_of(pm: PluginManager, hook: str) -> Policy:
    """Return the policy declared with the spec of `hook`."""
    spec = getattr(pm.hook, hook).spec
    policy = spec.function.policy
    assert isinstance(policy, Policy)
    return policy


class HookCaller:
    """Calls one application's plugins. Owns the tasks in which asynchronous hooks run."""

    def __init__(
        self,
        pm: PluginManager,
        sites: Mapping[str, Site],
        clock: Clock,
        metrics: Metrics,
        *,
        slow_ms: int,
        queue: int,
        trace: bool,
    ) -> None:
        self._pm = pm
        self._sites = sites
        self._clock = clock
        self._metrics = metrics
        self._slow_s = slow_ms / 1000
        self._queue_limit = queue
        self._trace = trace
        self._tasks = TaskSet("plugins")
        self._queues: dict[str, asyncio.Queue[tuple[HookImpl, str, float | None, Any]]] = {}
        self.failures: deque[PluginFailure] = deque(maxlen=KEPT_FAILURES)

    def implementations(self, hook: str, *, first_loaded: bool = False) -> list[HookImpl]:
        """Return who implements `hook`, last loaded first unless asked otherwise."""
        impls = getattr(self._pm.hook, hook).get_hookimpls()
        return list(impls) if first_loaded else list(reversed(impls))

    async def ask(self, hook: str, check: Check, **kwargs: Any) -> Any:
        """Return the first answer that is not None, or None when nobody has one."""
        policy = policy_of(self._pm, hook)
        for impl in self.implementations(hook):
            outcome = await self._call(impl, hook, policy.timeout_s, kwargs, check)
            if not outcome.failed and outcome.value is not None:
                return outcome.value
        return None

    async def gather(self, hook: str, check: Check, **kwargs: Any) -> list[Any]:
        """Return every answer that is not None, in the order plugins were loaded."""
        policy = policy_of(self._pm, hook)
        impls = self.implementations(hook, first_loaded=True)
        outcomes = await asyncio.gather(
            *(self._call(impl, hook, policy.timeout_s, kwargs, check) for impl in impls)
        )
        return [item.value for item in outcomes if not item.failed and item.value is not None]

    async def pipe(self, hook: str, name: str, value: Any, check: Check, **kwargs: Any) -> _Outcome:
        """Hand `value` (the argument `name`) through; `failed` when any implementation failed."""
        policy = policy_of(self._pm, hook)
        failed = False
        for impl in self.implementations(hook, first_loaded=True):
            arguments = {**kwargs, name: value}
            outcome = await self._call(impl, hook, policy.timeout_s, arguments, check)
            failed = failed or outcome.failed
            if not outcome.failed and outcome.value is not None:
                value = outcome.value
        return _Outcome(value, failed)

    def notify(self, hook: str, **kwargs: Any) -> None:
        """Tell every plugin a little later, each from its own bounded queue; never waits."""
        policy = policy_of(self._pm, hook)
        for impl in self.implementations(hook, first_loaded=True):
            queue = self._queues.get(impl.plugin_name)
            if queue is None:
                queue = asyncio.Queue(self._queue_limit)
                self._queues[impl.plugin_name] = queue
                self._tasks.spawn(self._deliver(queue), name=f"notify/{impl.plugin_name}")
            if queue.full():
                queue.get_nowait()
                queue.task_done()
                self._metrics.hook_dropped.labels(impl.plugin_name).inc()
                log.warning("plugin is slow, an event was dropped", plugin=impl.plugin_name)
            queue.put_nowait((impl, hook, policy.timeout_s, kwargs))

    async def _deliver(self, queue: asyncio.Queue[tuple[HookImpl, str, float | None, Any]]) -> None:
        while True:
            impl, hook, timeout_s, kwargs = await queue.get()
            try:
                await self._call(impl, hook, timeout_s, kwargs, lambda _: True)
            finally:
                queue.task_done()

    async def _call(
        self, impl: HookImpl, hook: str, timeout_s: float | None, kwargs: Any, check: Check
    ) -> _Outcome:
        plugin = impl.plugin_name
        arguments = self.arguments(impl, kwargs)
        started = self._clock.monotonic()
        self._metrics.hook_calls.labels(hook, plugin).inc()
        try:
            value = impl.function(*arguments)
            held = self._clock.monotonic() - started
            if inspect.isawaitable(value):
                value = await self._bounded(value, plugin, hook, timeout_s)
            if held > self._slow_s:
                # It did not fail, but everybody waited: say so, or it is never found.
                self.record(plugin, hook, f"held the loop {held * 1000:.0f} ms")
            if value is not None and not check(value):
                self.record(plugin, hook, f"returned {type(value).__name__}")
                return _Outcome(failed=True)
        except TimeoutError:
            self.record(plugin, hook, f"took longer than {timeout_s:g} s")
            return _Outcome(failed=True)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            self.record(plugin, hook, "CancelledError")
            return _Outcome(failed=True)
        except (Exception, SystemExit) as error:  # a plugin may raise anything; it costs only it
            self.record(plugin, hook, type(error).__name__, error)
            return _Outcome(failed=True)
        if self._trace:
            took = round((self._clock.monotonic() - started) * 1000, 1)
            log.info("hook called", hook=hook, plugin=plugin, ms=took, answered=value is not None)
        return _Outcome(value)

    async def _bounded(self, value: Any, plugin: str, hook: str, timeout_s: float | None) -> Any:
        # In a task of its own, so that a hook which swallows its cancellation is left behind
        # instead of holding the visitor.
        async def run() -> tuple[Any, BaseException | None]:
            try:
                return await value, None
            except (Exception, SystemExit) as error:  # handed to the caller, who records it
                return None, error

        task = self._tasks.start(run(), name=f"{hook}/{plugin}")
        try:
            done, _ = await asyncio.wait({task}, timeout=timeout_s)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not done:
            task.cancel()
            raise TimeoutError
        result, error = task.result()
        if error is not None:
            raise error
        return result

    def arguments(self, impl: HookImpl, kwargs: Mapping[str, Any]) -> list[Any]:
        """Return the arguments this implementation asked for; `site` is its plugin's own."""
        site = self._sites.get(impl.plugin_name)
        return [site if name == "site" else kwargs[name] for name in impl.argnames]

    def record(self, plugin: str, hook: str, kind: str, error: BaseException | None = None) -> None:
        """Count, log and keep one contained failure."""
        frames = own_frames(error)
        # A label set must stay small: the numbers in `kind` are for people.
        label = (
            "timeout" if kind.startswith("took") else "slow" if kind.startswith("held") else kind
        )
        self._metrics.hook_failures.labels(hook, plugin, label).inc()
        self.failures.append(PluginFailure(plugin, hook, kind, self._clock.now(), frames))
        log.warning("plugin failed", plugin=plugin, hook=hook, kind=kind, frames=list(frames))

    async def settle(self, timeout_s: float) -> bool:
        """Wait until every queued event was delivered; False when the deadline came first."""
        try:
            async with asyncio.timeout(timeout_s):
                for queue in tuple(self._queues.values()):
                    await queue.join()
        except TimeoutError:
            return False
        return True

    async def aclose(self) -> None:
        """Cancel what still runs; a plugin that will not end is left behind, named and counted."""
        for name in await self._tasks.aclose(within_s=LEAVE_S):
            _, hook, plugin = name.split("/", 2)
            self.record(plugin, hook, "did not end")


def own_frames(error: BaseException | None) -> tuple[str, ...]:
    """Return the frames below ours, outermost first, without any text of the error."""
    if error is None:
        return ()
    frames = [
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__
    ]
    return tuple(frames[-5:])
