"""Tests of what a plugin does once: measured, and refused what would be lost."""

from __future__ import annotations

import asyncio
import inspect
import json
from pathlib import Path
from typing import Any

import pytest

import kiosk
from kiosk.errors import PluginLoadError, StartupError
from kiosk.hooks.once import call_once, is_ours, place, shown
from kiosk.hooks.tools import tool_from_function
from tests.unit.hooks.hooking import ManualClock

HERE = shown(__file__)


def held(call: Any, clock: ManualClock | None = None) -> float:
    return call_once("gate", "register_tools", call, clock or ManualClock())


def test_the_time_it_took_comes_back() -> None:
    clock = ManualClock()
    assert held(lambda: clock.advance(0.25), clock) == 0.25


@pytest.mark.parametrize("error", [OSError("no disk"), SystemExit(3), BaseException("panic")])
def test_what_it_raises_names_plugin_hook_and_line(error: BaseException) -> None:
    def call() -> None:
        raise error

    with pytest.raises(PluginLoadError) as caught:
        held(call)
    said = str(caught.value)
    assert said.startswith(f"plugin gate failed in register_tools: {type(error).__name__}: ")
    assert f"({HERE}:" in said
    # The plugin's own traceback would fill the operator's screen; the sentence has its line.
    assert caught.value.__cause__ is None


def test_a_refusal_of_ours_goes_on_as_it_is() -> None:
    refusal = StartupError("there are two tools named find.")

    def call() -> None:
        raise refusal

    with pytest.raises(StartupError) as caught:
        held(call)
    assert caught.value is refusal


@pytest.mark.parametrize("value", [0, "", ["tool"]])
def test_a_value_nobody_would_see_is_refused(value: object) -> None:
    with pytest.raises(PluginLoadError, match=f"returned {type(value).__name__}, which nobody"):
        held(lambda: value)


def test_a_coroutine_nobody_would_await_is_closed_and_refused() -> None:
    async def register() -> None:
        raise AssertionError("never awaited")

    with pytest.raises(PluginLoadError, match="returned a coroutine, which nobody would await"):
        held(register)


async def test_a_task_nobody_would_end_is_cancelled_and_refused() -> None:
    begun: list[asyncio.Task[None]] = []

    async def work() -> None:
        await asyncio.Event().wait()

    def begin() -> None:
        begun.append(asyncio.create_task(work()))  # noqa: TID251 - as a plugin would

    with pytest.raises(PluginLoadError, match="began a task; begin it in lifespan"):
        held(begin)
    await asyncio.wait(begun)
    assert begun[0].cancelled()


def test_a_place_is_the_innermost_line_of_a_plugin() -> None:
    def raised() -> BaseException:
        try:
            held(lambda: 1 / 0)
        except PluginLoadError as error:
            return error
        raise AssertionError

    assert f"({HERE}:" in place(raised())
    assert place(ValueError("never raised")) == ""


def test_a_place_is_not_in_a_library() -> None:
    def reads() -> None:
        json.loads("{")

    with pytest.raises(PluginLoadError) as caught:
        held(reads)
    line = inspect.getsourcelines(reads)[1] + 1
    assert str(caught.value).endswith(f"({HERE}:{line}).")


def test_a_place_is_not_in_what_we_use_on_a_plugins_behalf() -> None:
    def asks() -> str:
        """Ask."""
        return ""

    asks.__signature__ = "odd"  # type: ignore[attr-defined]  # breaks what reads it

    def registers() -> None:
        tool_from_function(asks, plugin="gate")

    with pytest.raises(TypeError, match="__signature__") as caught:
        registers()
    line = inspect.getsourcelines(registers)[1] + 1
    assert place(caught.value) == f" ({HERE}:{line})"


def test_the_built_in_plugins_count_as_plugins() -> None:
    ours = Path(kiosk.__file__).parent
    assert is_ours(str(ours / "session/session.py"))
    assert not is_ours(str(ours / "builtin/goodbye.py"))
    assert not is_ours(str(ours / "_bundled/plugins/faq/__init__.py"))
    assert not is_ours("/srv/site/plugins/gate.py")
    assert not is_ours(f"{ours}_tour/__init__.py"), "a package beside ours"
