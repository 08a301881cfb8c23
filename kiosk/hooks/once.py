"""Calls what a plugin does once, while the server is built, and refuses what would be lost.

There is no deadline here: nothing else runs yet, and plain functions cannot be interrupted. What
took long is measured and told.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Final

import kiosk
from kiosk.clock import Clock
from kiosk.errors import PluginLoadError, StartupError

_OURS: Final = str(Path(kiosk.__file__).parent) + os.sep
_PLUGINS: Final = tuple(_OURS + name + os.sep for name in ("builtin", "_bundled"))
"""Where plugins of ours are: those built in, and in the wheel those of the demo site."""


def call_once(plugin: str, hook: str, call: Callable[[], Any], clock: Clock) -> float:
    """Call a registration hook; return the seconds it took. Raises StartupError with a sentence.

    It returns nothing and begins no task: what it returned would be dropped, and nobody would end
    what it began.
    """
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


def _tasks() -> set[asyncio.Task[Any]]:
    try:
        return asyncio.all_tasks()
    except RuntimeError:
        return set()  # no loop is running: the usual case


def place(error: BaseException) -> str:
    """Return ` (file:line)` of the innermost frame that is a plugin's, or nothing.

    What we were called with by a plugin, and the libraries we use, are further in.
    """
    found = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        if not is_ours(file):
            found = f" ({Path(file).name}:{line})"
        elif found:
            break
    return found


def with_place(sentence: str, frame: FrameType | None) -> str:
    """Return a sentence with the place of a plugin's call to us at its end."""
    if frame is None:
        return sentence
    return f"{sentence.removesuffix('.')} ({Path(frame.f_code.co_filename).name}:{frame.f_lineno})."


def is_ours(file: str) -> bool:
    """Whether a source file is the product's own; the plugins it brings count as plugins."""
    return file.startswith(_OURS) and not file.startswith(_PLUGINS)
