"""A plugin that does one bad thing in one hook, and what the hook's policy makes of it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, Final, Literal, get_args

import pluggy
from pydantic import BaseModel
from typing_extensions import override

from kiosk.clock import SystemClock
from kiosk.hooks import specs
from kiosk.hooks.markers import PROJECT, Mode, Policy, hookimpl
from kiosk.hooks.specs import RegisterSink, RegisterTool
from kiosk.model import TranscriptEntry, TranscriptSink

Way = Literal["raises", "exits", "hangs", "blocks", "nonsense", "leaks"]
WAYS: Final = get_args(Way)


class _Nothing(BaseModel):
    """No settings."""


class HostileError(Exception):
    """What a hostile hook raises."""


def hooks() -> dict[str, Policy]:
    """Return every hook of the product with its policy."""
    pm = pluggy.PluginManager(PROJECT)
    pm.add_hookspecs(specs)
    names = sorted(name for name in vars(pm.hook) if not name.startswith("_"))
    return {name: getattr(specs, name).policy for name in names}


def is_called_once(hook: str) -> bool:
    """Whether a hook is a plain function, called while the server is built."""
    return hooks()[hook].mode is Mode.COLLECT


def hostile(hook: str, way: Way, *, block_s: float) -> object:
    """Return a plugin that has `hook` and nothing else."""
    implementation: Callable[..., Any]
    if hook == "lifespan":
        implementation = _lifespan(way, block_s)
    elif hook == "register_settings":
        implementation = _settings(_once(way, block_s))
    elif is_called_once(hook):
        implementation = _once(way, block_s)
    else:
        implementation = _during(way, block_s)
    return SimpleNamespace(**{hook: hookimpl(implementation)})


def hostile_tool(way: Way, *, block_s: float) -> object:
    """Return a plugin whose tool `call_lift` is bad when it is called."""

    async def call_lift() -> Any:
        """Call the lift."""
        if way == "hangs":
            await asyncio.Event().wait()
        return _bad(way, block_s) or "The lift comes."

    def register_tools(register: RegisterTool) -> None:
        register(call_lift, timeout_s=0.3)

    return SimpleNamespace(register_tools=hookimpl(register_tools))


def hostile_sink(way: Way, *, block_s: float) -> object:
    """Return a plugin whose sink `ledger` is bad whenever it is written to."""

    class Ledger(TranscriptSink):
        name = "ledger"

        @override
        async def write(self, batch: Sequence[TranscriptEntry]) -> None:
            _bad(way, block_s)

    def register_transcript_sinks(register: RegisterSink) -> None:
        register(Ledger())

    return SimpleNamespace(register_transcript_sinks=hookimpl(register_transcript_sinks))


def _bad(way: Way, block_s: float) -> Any:
    """Do what can be done without waiting."""
    if way == "raises":
        raise HostileError("out of spite")
    if way == "exits":
        raise SystemExit(3)
    if way == "blocks":
        # A loop of its own and no sleep: that one is refused in tests before it blocks.
        until = SystemClock().monotonic() + block_s
        while SystemClock().monotonic() < until:
            pass
    if way == "leaks":
        loop = asyncio.get_running_loop()
        leaked = loop.create_task(asyncio.Event().wait())
        assert not leaked.done()
    return 42 if way == "nonsense" else None


def _once(way: Way, block_s: float) -> Callable[[], Any]:
    if way == "hangs":

        async def never() -> None:
            await asyncio.Event().wait()

        return never
    return lambda: _bad(way, block_s)


def _settings(once: Callable[[], Any]) -> Callable[[Any], Any]:
    # Without a model it would be refused for that.
    def register_settings(register: Any) -> Any:
        register(_Nothing)
        return once()

    return register_settings


def _during(way: Way, block_s: float) -> Callable[[], Any]:
    async def implementation() -> Any:
        if way == "hangs":
            await asyncio.Event().wait()
        return _bad(way, block_s)

    return implementation


def _lifespan(way: Way, block_s: float) -> Callable[[], Any]:
    if way == "nonsense":
        return lambda: 42

    @asynccontextmanager
    async def lifespan() -> Any:
        if way == "hangs":
            await asyncio.Event().wait()
        _bad(way, block_s)
        yield

    # A decorated function says that it takes *args; pluggy wants to see the names.
    assert not inspect.signature(lifespan).parameters
    return lifespan
