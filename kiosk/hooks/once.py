"""Calls what a plugin does once, while the server is built, and refuses what would be lost.

There is no deadline here: nothing else runs yet, and plain functions cannot be interrupted. What
took long is measured and told.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Final, TypeGuard

import kiosk
from kiosk.clock import Clock
from kiosk.errors import PluginLoadError, SettingsError, StartupError

_OURS: Final = str(Path(kiosk.__file__).parent) + os.sep
"""With its end: a plugin's package may be named kiosk_tour and lie beside ours."""
_PLUGINS: Final = tuple(_OURS + name + os.sep for name in ("builtin", "_bundled"))
"""Where plugins of ours are: those built in, and in the wheel those of the demo site."""


def call_once(plugin: str, hook: str, call: Callable[[], Any], clock: Clock) -> float:
    """Call a registration hook; return the seconds it took. Raises StartupError with a sentence.

    It returns nothing and begins no task: what it returned would be dropped, and nobody would end
    what it began.
    """
    with blaming(plugin):
        return _called(plugin, hook, call, clock)


def _called(plugin: str, hook: str, call: Callable[[], Any], clock: Clock) -> float:
    before = _tasks()
    started = clock.monotonic()
    try:
        value = call()
    except StartupError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may raise anything
        raise PluginLoadError(
            f"plugin {plugin} failed in {hook}: {type(error).__name__}: {error}{place(error)}."
        ) from None
    finally:
        begun = _tasks() - before
        for task in begun:
            task.cancel()
    if begun:
        raise PluginLoadError(
            f"plugin {plugin}: {hook} began a task; begin it in lifespan, which can end it."
        )
    if inspect.iscoroutine(value):
        value.close()
        raise PluginLoadError(
            f"plugin {plugin}: {hook} returned a coroutine, which nobody would await; "
            "register in a plain function."
        )
    if value is not None:
        raise PluginLoadError(
            f"plugin {plugin}: {hook} returned {type(value).__name__}, which nobody would see; "
            "call what it is given, and return nothing."
        )
    return clock.monotonic() - started


@contextmanager
def blaming(plugin: str) -> Iterator[None]:
    """Have an error that stops the start say whose fault it is."""
    try:
        yield
    except (SettingsError, StartupError) as error:
        error.plugins = error.plugins or {plugin: str(error)}
        raise


def _tasks() -> set[asyncio.Task[Any]]:
    try:
        return asyncio.all_tasks()
    except RuntimeError:
        return set()  # no loop is running: the usual case


def place(error: BaseException, top: str = "") -> str:
    """Return ` (file:line)` of the innermost frame that is a plugin's own, or nothing.

    `top` is the plugin's top module, as `top_module` has it; without it, the first frame that is
    not ours says whose they are. What we were called with by a plugin, and the libraries that
    both use, are further in. Of a syntax error it is where that was found.
    """
    if isinstance(error, SyntaxError) and error.lineno and _is_file(error.filename):
        return f" ({shown(error.filename)}:{error.lineno})"
    frames = [
        (str(frame.f_globals.get("__name__", "")).partition(".")[0], frame.f_code, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if _is_file(frame.f_code.co_filename) and not is_ours(frame.f_code.co_filename)
    ]
    found = ""
    for module, code, line in frames:
        top = top or module
        if module == top:
            found = f" ({shown(code.co_filename)}:{line})"
    return found


def _is_file(name: str | None) -> TypeGuard[str]:
    return bool(name) and not str(name).startswith("<")  # as <string> and <frozen importlib>


def top_module(thing: Any) -> str:
    """Return the name of the top module that a function, a class or a module is of."""
    name = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", "")
    return str(name).partition(".")[0]


def defined_at(function: Any) -> str:
    """Return `file:line` of a function, inside of its decorators; nothing for what has no code."""
    code = getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None
    return f"{shown(code.co_filename)}:{code.co_firstlineno}" if code is not None else ""


def with_place(sentence: str, at: str) -> str:
    """Return a sentence with a place, if there is one, at its end."""
    return f"{sentence.removesuffix('.')} ({at})." if at else sentence


def called_from(frame: FrameType) -> str:
    """Return `file:line` of a frame."""
    return f"{shown(frame.f_code.co_filename)}:{frame.f_lineno}"


def shown(file: str | Path) -> str:
    """Return a file's path as people write it: from where they are, or whole."""
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except (ValueError, OSError):  # it is elsewhere, or the folder we are in has gone
        return str(file)


def is_ours(file: str) -> bool:
    """Whether a source file is the product's own; the plugins it brings count as plugins."""
    return file.startswith(_OURS) and not file.startswith(_PLUGINS)
