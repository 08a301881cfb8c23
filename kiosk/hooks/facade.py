"""Hooks: one typed method for each hook, so that callers are type-checked and greppable."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Literal

import structlog

from kiosk.clock import Clock
from kiosk.errors import PluginLoadError, StartupError
from kiosk.events import DomainEvent
from kiosk.hooks.caller import HookCaller, PluginFailure, policy_of
from kiosk.hooks.manager import LoadedPlugin, PluginSet
from kiosk.hooks.site import SessionHandle
from kiosk.hooks.tools import checked, tool_from_function
from kiosk.model import Card, Greeting, Tool, TranscriptSink
from kiosk.settings import Settings
from kiosk.telemetry import Metrics

log = structlog.get_logger(__name__)

WITHHELD = "[withheld]"
"""What a text becomes when redaction failed: nothing unredacted gets past it."""


class Hooks:
    """The product's way to its plugins; made once for each application."""

    def __init__(
        self, loaded: PluginSet, settings: Settings, clock: Clock, metrics: Metrics
    ) -> None:
        self._loaded = loaded
        self._caller = HookCaller(
            loaded.pm,
            loaded.sites,
            clock,
            metrics,
            slow_ms=settings.hooks.slow_ms,
            queue=settings.hooks.queue,
            trace=settings.hooks.trace,
        )
        self.tools: dict[str, Tool] = {}
        self.sinks: list[TranscriptSink] = []
        self._collect("register_tools", self._add_tool)
        self._collect("register_transcript_sinks", self._add_sink)

    @property
    def plugins(self) -> Sequence[LoadedPlugin]:
        """What is loaded, in load order."""
        return self._loaded.plugins

    @property
    def failures(self) -> Sequence[PluginFailure]:
        """The last contained failures, oldest first."""
        return tuple(self._caller.failures)

    def _collect(self, hook: str, add: Any) -> None:
        for impl in self._caller.implementations(hook, first_loaded=True):
            plugin = impl.plugin_name

            def register(thing: Any, _plugin: str = plugin, **options: Any) -> None:
                add(_plugin, thing, **options)

            try:
                impl.function(*self._caller.arguments(impl, {"register": register}))
            except StartupError:
                raise
            except (Exception, SystemExit) as error:  # a plugin may raise anything
                raise PluginLoadError(
                    f"plugin {plugin} failed in {hook}: {type(error).__name__}: {error}."
                ) from None

    def _add_tool(
        self,
        plugin: str,
        thing: Any,
        *,
        timeout_s: float | None = None,
        cancel_on_barge_in: bool = False,
    ) -> None:
        if isinstance(thing, Tool):
            tool = checked(
                Tool(
                    name=thing.name,
                    description=thing.description,
                    parameters=thing.parameters,
                    handler=thing.handler,
                    plugin=plugin,
                    timeout_s=thing.timeout_s if timeout_s is None else timeout_s,
                    cancel_on_barge_in=thing.cancel_on_barge_in or cancel_on_barge_in,
                )
            )
        elif inspect.isroutine(thing):
            tool = tool_from_function(
                thing, plugin=plugin, timeout_s=timeout_s, cancel_on_barge_in=cancel_on_barge_in
            )
        else:
            raise PluginLoadError(
                f"plugin {plugin}: register_tools takes a function or a Tool, "
                f"not {type(thing).__name__}."
            )
        other = self.tools.get(tool.name)
        if other is not None:
            raise PluginLoadError(
                f"plugin {plugin}: tool {tool.name} is already registered by {other.plugin}; "
                "rename one of them."
            )
        self.tools[tool.name] = tool

    def _add_sink(self, plugin: str, sink: Any) -> None:
        if not isinstance(sink, TranscriptSink) or not getattr(sink, "name", ""):
            raise PluginLoadError(
                f"plugin {plugin}: register_transcript_sinks takes a TranscriptSink with a name."
            )
        if any(other.name == sink.name for other in self.sinks):
            raise PluginLoadError(f"plugin {plugin}: there are two sinks named {sink.name}.")
        self.sinks.append(sink)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hold every plugin's lifespan open; a failed entry stops the start, naming the plugin."""
        timeout_s = policy_of(self._loaded.pm, "lifespan").timeout_s
        try:
            async with AsyncExitStack() as stack:
                for impl in self._caller.implementations("lifespan", first_loaded=True):
                    await self._enter(stack, impl, timeout_s)
                yield
        finally:
            await self._caller.settle(5)
            await self._caller.aclose()

    async def _enter(self, stack: AsyncExitStack, impl: Any, timeout_s: float | None) -> None:
        plugin = impl.plugin_name
        try:
            async with asyncio.timeout(timeout_s):
                context = impl.function(*self._caller.arguments(impl, {}))
                await context.__aenter__()
        except TimeoutError:
            raise PluginLoadError(
                f"plugin {plugin}: lifespan did not begin within {timeout_s:g} s."
            ) from None
        except (Exception, SystemExit) as error:  # a plugin may raise anything
            raise PluginLoadError(
                f"plugin {plugin} failed in lifespan: {type(error).__name__}: {error}."
            ) from None

        async def leave() -> None:
            try:
                async with asyncio.timeout(10):
                    await context.__aexit__(None, None, None)
            except (Exception, SystemExit) as error:  # leaving must go on with the others
                self._caller.record(plugin, "lifespan", type(error).__name__, error)

        stack.push_async_callback(leave)

    async def instructions(self, session: SessionHandle) -> list[str]:
        """Return every plugin's part of the instructions, in plugin order."""
        return await self._caller.gather("instructions", _is_text, session=session)

    async def greeting(self, session: SessionHandle) -> Greeting | None:
        """Return the greeting of the first plugin that has one."""
        answer = await self._caller.ask("greeting", _is_greeting, session=session)
        return Greeting(answer) if isinstance(answer, str) else answer

    async def cards(self, session: SessionHandle, event: DomainEvent) -> list[Card]:
        """Return the cards that plugins want to show after `event`."""
        answers = await self._caller.gather("cards", _is_cards, session=session, event=event)
        return [card for answer in answers for card in answer]

    async def redact(self, text: str, where: Literal["transcript", "operator"]) -> str:
        """Return `text` without personal data, or `[withheld]` when a redaction failed."""
        outcome = await self._caller.pipe("redact", "text", text, _is_text, where=where)
        return WITHHELD if outcome.failed else str(outcome.value)

    def session_event(self, session: SessionHandle, event: DomainEvent) -> None:
        """Tell every plugin of `event`, a little later."""
        self._caller.notify("session_event", session=session, event=event)

    def tool_failed(self, tool: Tool, kind: str, error: BaseException | None) -> None:
        """Record a tool's failure beside those of the hooks."""
        self._caller.record(tool.plugin, f"tool {tool.name}", kind, error)

    async def settle(self, timeout_s: float) -> bool:
        """Wait until every plugin has heard what it was told; False at the deadline."""
        return await self._caller.settle(timeout_s)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_greeting(value: Any) -> bool:
    return isinstance(value, str | Greeting)


def _is_cards(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(card, Card) for card in value)
