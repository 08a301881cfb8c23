"""Says where in a plugin something broke: its own lines, and the library's that was the last."""

from __future__ import annotations

import os
import sys
import sysconfig
import traceback
from dataclasses import dataclass
from types import ModuleType
from typing import Final

import kiosk
from kiosk.hooks.once import is_ours

MOST: Final = 5
"""A plugin's own frames that are told, the innermost."""

_STANDARD: Final = tuple(
    {path + os.sep for path in (sysconfig.get_path("stdlib"), os.path.dirname(os.__file__))}
)


def _here() -> str:
    try:
        return os.getcwd()
    except OSError:
        return os.sep  # its folder was deleted; then no relative name is found either


_HERE: Final = _here()
"""What a relative name of a file begins at; asked for once, before any loop runs."""
_INSTALLED: Final = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))


@dataclass(frozen=True, slots=True)
class Home:
    """Where a plugin's code is. `folder` ends with a separator; empty: its `file` only."""

    file: str = ""
    folder: str = ""

    def has(self, file: str) -> bool:
        """Whether a source file is the plugin's."""
        return file == self.file or (self.folder != "" and file.startswith(self.folder))

    def short(self, file: str) -> str:
        """Return a source file as its author knows it: below the folder of plugins."""
        if not self.has(file):
            return _short(file)
        own = self.folder.rstrip(os.sep) or self.file
        return file.removeprefix(os.path.dirname(own) + os.sep)


NOWHERE: Final = Home()


def home_of(plugin: object) -> Home:
    """Return where the code of a plugin is: a module, a package, or an object that a module has."""
    module = plugin if isinstance(plugin, ModuleType) else sys.modules.get(type(plugin).__module__)
    file = getattr(module, "__file__", None)
    if not isinstance(file, str):
        return NOWHERE
    file = _absolute(file)
    package: str = getattr(module, "__package__", None) or ""
    if not package:
        return Home(file)  # what lies beside it is somebody else's
    # All of an installed package is its plugin's; of ours, a built-in plugin is one folder.
    top = sys.modules.get(package.partition(".")[0])
    outer = next(iter(getattr(top, "__path__", ())), "")
    ours = top is kiosk or not outer
    return Home(file, (os.path.dirname(file) if ours else _absolute(outer)) + os.sep)


def own_frames(error: BaseException | None, home: Home = NOWHERE) -> tuple[str, ...]:
    """Return `file:line function` of a plugin's frames, outermost first, without any text.

    Behind them comes the frame in which it ended, when that is a library's; ours are left out.
    """
    if error is None:
        return ()
    frames: list[str] = []
    last = ""
    # Walked, not extracted: that would read the source from the disk.
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        file = code.co_filename if _is_made_up(code.co_filename) else _absolute(code.co_filename)
        own = home.has(file)
        if not own and is_ours(file):
            continue
        said = f"{home.short(file)}:{line} {code.co_name}"
        if own or not _is_library(file):
            frames.append(said)
            last = ""
        else:
            last = said
    return (*frames[-MOST:], *((last,) if last else ()))


def _absolute(file: str) -> str:
    return file if os.path.isabs(file) else os.path.normpath(os.path.join(_HERE, file))


def _is_made_up(file: str) -> bool:
    return file.startswith("<")  # <frozen …>, <string>, and what libraries compile


def _is_library(file: str) -> bool:
    return (
        _is_made_up(file) or file.startswith(_STANDARD) or any(part in file for part in _INSTALLED)
    )


def _short(file: str) -> str:
    for part in _INSTALLED:
        before, found, rest = file.rpartition(part)
        if found and before:
            return rest
    for folder in _STANDARD:
        if file.startswith(folder):
            return file.removeprefix(folder)
    return os.path.basename(file)
