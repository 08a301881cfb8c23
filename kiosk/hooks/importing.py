"""Imports plugins, files and installed ones, and says of one that breaks in which line it did."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from importlib import metadata
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

from typing_extensions import override

from kiosk.errors import PluginLoadError
from kiosk.hooks.once import place, shown

ENTRY_POINTS: Final = "avatar_kiosk.plugins"


class _Fresh(SourceFileLoader):
    """Compiles the source as it is now: byte code kept from before is told by whole seconds."""

    @override
    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def import_plugin(name: str, path: Path) -> ModuleType:
    """Import a plugin's file, anew each time; raises PluginLoadError with file and line."""
    # The folder is part of the module's name, so that two applications with two folders can live
    # in one process.
    digest = hashlib.sha256(str(path.parent.resolve()).encode()).hexdigest()[:8]
    module_name = f"kiosk_site_{digest}_{name}"
    search = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(
        module_name, path, loader=_Fresh(module_name, str(path)), submodule_search_locations=search
    )
    if spec is None or spec.loader is None:
        raise PluginLoadError(f"plugin {name}: {path} is no Python file.")
    for old in [name for name in sys.modules if name.startswith(f"{module_name}.")]:
        del sys.modules[old]  # what a package imported of itself would stay as it was
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may raise anything
        del sys.modules[module_name]
        at = place(error, module_name) or f" ({shown(path)})"
        raise PluginLoadError(
            f"plugin {name} does not import: {type(error).__name__}: {_said(error)}{at}; "
            f"mend it, or start with --block-plugin {name}."
        ) from None
    return module


def import_entry(entry: metadata.EntryPoint) -> object:
    """Import an installed plugin; raises PluginLoadError with file and line."""
    top = entry.module.partition(".")[0]
    try:
        plugin: object = entry.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may raise anything
        raise PluginLoadError(
            f"plugin {entry.name} ({entry.value}) does not import: {type(error).__name__}: "
            f"{_said(error)}{place(error, top) or _lies_in(entry)}; mend or remove its package, "
            f"or start with --block-plugin {entry.name}."
        ) from None
    return plugin


def _said(error: BaseException) -> str:
    # The place of a syntax error is said as that of every other.
    return str(error.msg) if isinstance(error, SyntaxError) else str(error)


def _lies_in(entry: metadata.EntryPoint) -> str:
    """Return the file that an entry point names, or the distribution that names what is not."""
    try:
        spec = importlib.util.find_spec(entry.module)
    except Exception:  # the package above it may raise anything once more
        spec = None
    if spec is not None and spec.origin is not None:
        return f" ({shown(spec.origin)})"
    return f" (entry point of the distribution {entry.dist.name})" if entry.dist else ""
