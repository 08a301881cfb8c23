"""Calls hook implementations: awaits, deadline, isolation, counting. pluggy only found them.

pluggy never awaits, loses every result when one implementation raises, and cannot time anything;
so we walk its implementations ourselves and contain each failure as one PluginFailure.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from pluggy import HookImpl, PluginManager

from kiosk.clock import Clock
from kiosk.hooks.breaker import Breakers
from kiosk.hooks.failures import kind_of
from kiosk.hooks.markers import Policy
from kiosk.hooks.once import call_once
from kiosk.hooks.shapes import Check, anything, nothing
from kiosk.hooks.site import Site
from kiosk.hooks.steps import Steps
from kiosk.hooks.watch import FAILURES, OK, Watch
from kiosk.tasks import TaskSet, raise_ours
from kiosk.telemetry import Metrics

log = structlog.get_logger(__name__)

NO_ANSWER: Final = "no answer"
"""How a traced call ended that answered nothing and did not fail."""

LEAVE_S: Final = 2.0
"""How long hooks that still run get to end when the server stops."""


class _DeadlineError(Exception):
    """Our deadline; a plugin may raise a TimeoutError of its own."""


@dataclass(slots=True)
class Outcome:
    """What one call, or one pipe of calls, came to. `plugins` are those that failed.

    `kind` is what failed, in words for people.
    """

    value: Any = None
    failed: bool = False
    plugins: tuple[str, ...] = ()
    kind: str = ""


def policy_of(pm: PluginManager, hook: str) -> Policy:
    """Return the policy declared with the spec of `hook`."""
    spec = getattr(pm.hook, hook).spec
    policy = spec.function.policy
    assert isinstance(policy, Policy)
    return policy


class HookCaller(Watch):
    """Calls one application's plugins. Owns the tasks in which asynchronous hooks run."""

    def __init__(
        self,
        pm: PluginManager,
        sites: Mapping[str, Site],
        clock: Clock,
        metrics: Metrics,
        *,
        slow_ms: int,
        hold_ms: int,
        queue: int,
        trace: bool,
        breakers: Breakers,
    ) -> None:
        super().__init__(
            pm, clock, metrics, slow_ms=slow_ms, hold_ms=hold_ms, trace=trace, breakers=breakers
        )
        self._pm = pm
        self._sites = sites
        self._queue_limit = queue
        self._tasks = TaskSet("plugins")
        self._queues: dict[str, asyncio.Queue[tuple[HookImpl, str, float | None, Any]]] = {}

    def implementations(self, hook: str, *, first_loaded: bool = False) -> list[HookImpl]:
        """Return who implements `hook`, last loaded first unless asked otherwise."""
        impls = getattr(self._pm.hook, hook).get_hookimpls()
        return list(impls) if first_loaded else list(reversed(impls))

    def once(self, impl: HookImpl, hook: str, given: Mapping[str, Any]) -> float:
        """Call a registration hook; return the seconds it took. Raises StartupError."""
        plugin = impl.plugin_name
        arguments = self.arguments(impl, given)
        started = self.clock.monotonic()
        try:
            held = call_once(plugin, hook, lambda: impl.function(*arguments), self.clock)
        except BaseException as error:
            self.traced(plugin, hook, self.clock.monotonic() - started, type(error).__name__)
            raise
        self.held_at_start(plugin, hook, held)
        return held

    async def ask(self, hook: str, check: Check, **kwargs: Any) -> Any:
        """Return the first answer that is not None, or None when nobody has one."""
        return (await self.ask_all(hook, check, **kwargs)).value

    async def ask_all(self, hook: str, check: Check, **kwargs: Any) -> Outcome:
        """Return the first answer that is not None, with the plugins that failed before it."""
        policy = policy_of(self._pm, hook)
        failed: list[str] = []
        for impl in self.implementations(hook):
            outcome = await self._call(impl, hook, policy.timeout_s, kwargs, check)
            if outcome.failed:
                failed.append(impl.plugin_name)
            elif outcome.value is not None:
                return Outcome(outcome.value, bool(failed), tuple(failed))
        return Outcome(None, bool(failed), tuple(failed))

    async def gather(self, hook: str, check: Check, **kwargs: Any) -> list[Any]:
        """Return every answer that is not None, in the order plugins were loaded."""
        answers, _ = await self.gather_all(hook, check, **kwargs)
        return [value for _, value in answers]

    async def gather_all(
        self, hook: str, check: Check, **kwargs: Any
    ) -> tuple[list[tuple[str, Any]], list[str]]:
        """Return every answer that is not None with its plugin, and the plugins that failed."""
        policy = policy_of(self._pm, hook)
        impls = self.implementations(hook, first_loaded=True)
        outcomes = await asyncio.gather(
            *(self._call(impl, hook, policy.timeout_s, kwargs, check) for impl in impls)
        )
        named = list(zip((impl.plugin_name for impl in impls), outcomes, strict=True))
        answers = [
            (name, item.value) for name, item in named if not item.failed and item.value is not None
        ]
        return answers, [name for name, item in named if item.failed]

    async def pipe(self, hook: str, name: str, value: Any, check: Check, **kwargs: Any) -> Outcome:
        """Hand `value` (the argument `name`) through; `failed` when any implementation failed.

        An answer of another type than `value` ends the pipe: a verdict, such as Refuse.
        """
        policy = policy_of(self._pm, hook)
        failed: list[str] = []
        kind = type(value)
        for impl in self.implementations(hook, first_loaded=True):
            arguments = {**kwargs, name: value}
            outcome = await self._call(impl, hook, policy.timeout_s, arguments, check)
            if outcome.failed:
                failed.append(impl.plugin_name)
            elif outcome.value is not None:
                value = outcome.value
                if type(value) is not kind:
                    break
        return Outcome(value, bool(failed), tuple(failed))

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
                self.failures.drop(impl.plugin_name)
                log.warning("plugin is slow, an event was dropped", plugin=impl.plugin_name)
            queue.put_nowait((impl, hook, policy.timeout_s, kwargs))

    async def _deliver(self, queue: asyncio.Queue[tuple[HookImpl, str, float | None, Any]]) -> None:
        while True:
            impl, hook, timeout_s, kwargs = await queue.get()
            try:
                await self._call(impl, hook, timeout_s, kwargs, nothing)
            finally:
                queue.task_done()

    async def run(
        self,
        hook: str,
        plugin: str,
        call: Callable[[], Any],
        timeout_s: float,
        check: Check = anything,
    ) -> Outcome:
        """Call something of a plugin's own, contained as a hook is; no breaker counts it."""
        started = self.clock.monotonic()
        outcome = await self._ran(hook, plugin, call, timeout_s, check)
        self._trace_outcome(plugin, hook, started, outcome)
        return outcome

    async def _ran(
        self, hook: str, plugin: str, call: Callable[[], Any], timeout_s: float, check: Check
    ) -> Outcome:
        try:
            value, held = await self._answer(plugin, hook, call, timeout_s)
        except FAILURES as error:
            raise_ours(error)
            self.record(plugin, hook, _kind(error), _with_frames(error), counts=False)
            return Outcome(failed=True, kind=_kind(error))
        self.tell_held(plugin, hook, held, breaks=False)
        wrong = check(value) if value is not None else ""
        if wrong:
            self.record(plugin, hook, wrong, counts=False)
            return Outcome(failed=True, kind=wrong)
        return Outcome(value)

    async def _call(
        self, impl: HookImpl, hook: str, timeout_s: float | None, kwargs: Any, check: Check
    ) -> Outcome:
        started = self.clock.monotonic()
        outcome = await self._called(impl, hook, timeout_s, kwargs, check)
        self._trace_outcome(impl.plugin_name, hook, started, outcome)
        return outcome

    async def _called(
        self, impl: HookImpl, hook: str, timeout_s: float | None, kwargs: Any, check: Check
    ) -> Outcome:
        plugin = impl.plugin_name
        if not self.breakers.lets(plugin, hook):
            self._metrics.hook_skipped.labels(hook, plugin).inc()
            self.failures.skip(plugin)
            return Outcome(failed=True, kind="left out")
        arguments = self.arguments(impl, kwargs)
        self._metrics.hook_calls.labels(hook, plugin).inc()
        try:
            value, held = await self._answer(
                plugin, hook, lambda: impl.function(*arguments), timeout_s
            )
        except FAILURES as error:
            try:
                raise_ours(error)
            except BaseException:
                self.breakers.given_up(plugin, hook)
                raise
            self.record(plugin, hook, _kind(error), _with_frames(error))
            return Outcome(failed=True, kind=_kind(error))
        # A hook that held the loop has answered, but everybody waited: say so, or it is never
        # found. Beyond its deadline it counts as a failure, and its answer is still good.
        late = timeout_s is not None and held > timeout_s
        self.tell_held(plugin, hook, held, counts=late)
        wrong = check(value) if value is not None else ""
        if wrong:
            # What is told something has done its work, whatever it returned: it is not left out.
            self.record(plugin, hook, wrong, counts=check is not nothing)
            if inspect.iscoroutine(value):
                value.close()
            return Outcome(failed=True, kind=wrong)
        if not late:
            self.breakers.succeeded(plugin, hook)
        return Outcome(value)

    def _trace_outcome(self, plugin: str, hook: str, started: float, outcome: Outcome) -> None:
        answered = outcome.kind or (OK if outcome.value is not None else NO_ANSWER)
        self.traced(plugin, hook, self.clock.monotonic() - started, answered)

    async def _answer(
        self, plugin: str, hook: str, call: Callable[[], Any], timeout_s: float | None
    ) -> tuple[Any, float]:
        """Return what a call comes to, and the longest time it held the loop, in s."""
        started = self.clock.monotonic()
        with self.strays.calling(plugin, hook):
            value = call()
        held = self.clock.monotonic() - started
        if not inspect.isawaitable(value):
            return value, held
        steps = Steps(value, self.clock)
        answer = await self._bounded(steps, plugin, hook, timeout_s)
        return answer, max(held, steps.held)

    async def _bounded(
        self, value: Awaitable[Any], plugin: str, hook: str, timeout_s: float | None
    ) -> Any:
        # In a task of its own, so that a hook which swallows its cancellation is left behind
        # instead of holding the visitor.
        async def run() -> tuple[Any, BaseException | None]:
            with self.strays.calling(plugin, hook):
                try:
                    return await value, None
                except FAILURES as error:  # handed to the caller, who records it
                    raise_ours(error)
                    return None, error

        task = self._tasks.start(run(), name=f"{hook}/{plugin}")
        try:
            done, _ = await asyncio.wait({task}, timeout=timeout_s)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not done:
            task.cancel()
            raise _DeadlineError(f"took longer than {timeout_s:g} s")
        result, error = task.result()
        if error is not None:
            raise error
        return result

    def arguments(self, impl: HookImpl, kwargs: Mapping[str, Any]) -> list[Any]:
        """Return the arguments this implementation asked for; `site` is its plugin's own."""
        site = self._sites.get(impl.plugin_name)
        return [site if name == "site" else kwargs[name] for name in impl.argnames]

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
        for plugin, hook in await self.strays.end(LEAVE_S):
            self.record(plugin, hook, "left a task running")
        for name in await self._tasks.aclose(within_s=LEAVE_S):
            hook, _, plugin = name.removeprefix("plugins/").rpartition("/")
            self.record(plugin, hook, "did not end")


def _kind(error: BaseException) -> str:
    return str(error) if isinstance(error, _DeadlineError) else kind_of(error)


def _with_frames(error: BaseException) -> BaseException | None:
    return None if isinstance(error, (_DeadlineError, asyncio.CancelledError)) else error
