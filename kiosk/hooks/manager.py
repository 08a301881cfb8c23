"""Finds, loads and checks plugins: built-ins, then entry points, then the site's folder.

Later means asked earlier, so a site overrides a package and a package overrides a default. One
PluginManager for each application; nothing here is global.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Final
from zoneinfo import ZoneInfo

import pluggy
import structlog

from kiosk.clock import Clock
from kiosk.errors import PluginLoadError, SettingsError
from kiosk.hooks import specs
from kiosk.hooks.fitting import register_checked
from kiosk.hooks.importing import ENTRY_POINTS, import_entry, import_plugin
from kiosk.hooks.markers import PROJECT
from kiosk.hooks.once import blaming
from kiosk.hooks.site import Site, SiteServices
from kiosk.hooks.tables import REQUIRED, Tables
from kiosk.settings import Settings

log = structlog.get_logger(__name__)

BUILT_IN: Final = "built in"
GIVEN: Final = "given"
"""Origin of a plugin that a test or an embedding application brings along."""


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """A plugin in use. `origin` is where it came from, in words or as a path."""

    name: str
    origin: str
    version: str
    hooks: tuple[str, ...]
    templates: Path | None = None
    static: Path | None = None
    folder: Path | None = None


@dataclass(slots=True)
class PluginSet:
    """Everything that was loaded for one application."""

    pm: pluggy.PluginManager
    plugins: list[LoadedPlugin] = field(default_factory=list)
    sites: dict[str, Site] = field(default_factory=dict)
    services: SiteServices = field(default_factory=SiteServices)
    settings_s: dict[str, float] = field(default_factory=dict)
    """How long each plugin took in register_settings, s."""
    not_blocked: list[str] = field(default_factory=list)
    """A sentence for each name of `hooks.block` that no plugin has: it may be misspelt."""


def load_plugins(
    settings: Settings,
    clock: Clock,
    *,
    builtins: Mapping[str, object],
    extra: Mapping[str, object] | None = None,
) -> PluginSet:
    """Load and check everything, or raise a StartupError that names the plugin and the fix.

    `extra` are further plugin objects, loaded last: tests and embedding applications use them.
    """
    pm = pluggy.PluginManager(PROJECT)
    pm.add_hookspecs(specs)
    loaded = PluginSet(pm)
    blocked = set(settings.hooks.block)
    known = {*builtins, *(extra or {})}
    for name, built_in in builtins.items():
        _register(loaded, built_in, name, BUILT_IN, metadata_version(), blocked)
    if not settings.hooks.off:
        found = sorted(metadata.entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name)
        known.update(entry.name for entry in found)
        for entry in found if settings.hooks.installed else ():
            # One that is given stands for the installed one of its name: its own tests do that.
            if entry.name not in blocked and entry.name not in (extra or {}):
                version = entry.dist.version if entry.dist is not None else ""
                with blaming(entry.name):
                    made = import_entry(entry)
                    _register(loaded, made, entry.name, entry.value, version, blocked)
        folder = plugins_folder(settings)
        files = _files(folder, blocked) if folder is not None else {}
        known.update(files)
        for name, path in files.items():
            if name not in blocked:
                with blaming(name):
                    made = import_plugin(name, path)
                    _register(loaded, made, name, str(path), "", blocked)
        loaded.not_blocked = _not_blocked(settings, known)
    for name, given in (extra or {}).items():
        with blaming(name):
            _register(loaded, given, name, GIVEN, "", blocked)
    tables = Tables(settings, pm, clock)
    loaded.settings_s = tables.took_s
    for plugin in loaded.plugins:
        loaded.sites[plugin.name] = Site(
            plugin=plugin.name,
            name=settings.site.name,
            languages=tuple(settings.site.languages),
            zone=ZoneInfo(settings.site.time_zone),
            clock=clock,
            section=tables.sections.get(plugin.name),
            folder=plugin.folder,
            services=loaded.services,
            required=settings.plugins.get(plugin.name, {}).get(REQUIRED) is True,
        )
    return loaded


@functools.cache
def metadata_version() -> str:
    """Return our own version, as installed."""
    return metadata.version("avatar-kiosk")


def plugins_folder(settings: Settings) -> Path | None:
    """Return the site's plugins folder: the one set, or ./plugins when it is there."""
    folder = settings.hooks.dir
    if folder is None:
        here = Path("plugins")
        return here if here.is_dir() else None
    if not folder.is_dir():
        raise SettingsError(f"hooks.dir: {folder} is no folder; make it or correct the setting.")
    return folder


def _not_blocked(settings: Settings, known: Collection[str]) -> list[str]:
    """Say which names are blocked in vain, and warn: a site's list may be longer than it needs."""
    sentences = []
    for name in sorted(set(settings.hooks.block).difference(known)):
        close = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(known))}."
        at = settings.place_of("hooks", "block") or "--block-plugin"
        sentences.append(f"hooks.block ({at}): no plugin is named {name}; {hint}")
        log.warning("a plugin to block is not there", plugin=name, near=close)
    return sentences


def _files(folder: Path, blocked: Collection[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(("_", ".")):
            continue
        package = path / "__init__.py"
        target = package if package.is_file() else path if path.suffix == ".py" else None
        if target is None:
            continue
        name = path.stem
        if name in found and name not in blocked:
            with blaming(name):
                raise PluginLoadError(
                    f"plugin {name} is there twice: {found[name]} and {target}; rename one."
                )
        found[name] = target
    return found


def _register(
    loaded: PluginSet, plugin: object, name: str, origin: str, version: str, blocked: set[str]
) -> None:
    if name in blocked:
        return
    pm = loaded.pm
    if pm.has_plugin(name):
        raise PluginLoadError(f"plugin {name} ({origin}) has the name of another; rename it.")
    hooks = register_checked(pm, plugin, name, origin, needs_hooks=origin != BUILT_IN)
    base = _package_folder(plugin)
    file = getattr(plugin, "__file__", None)
    loaded.plugins.append(
        LoadedPlugin(
            name=name,
            origin=origin,
            version=version or str(getattr(plugin, "__version__", "")),
            hooks=hooks,
            templates=_child(base, "templates"),
            static=_child(base, "static"),
            folder=Path(file).parent if isinstance(file, str) else None,
        )
    )


def _package_folder(plugin: object) -> Path | None:
    if isinstance(plugin, ModuleType) and hasattr(plugin, "__path__"):
        return Path(inspect.getfile(plugin)).parent
    return None


def _child(base: Path | None, name: str) -> Path | None:
    return base / name if base is not None and (base / name).is_dir() else None
