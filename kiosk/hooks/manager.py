"""Finds, loads and checks plugins: built-ins, then entry points, then the site's folder.

Later means asked earlier, so a site overrides a package and a package overrides a default. One
PluginManager for each application; nothing here is global.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final
from zoneinfo import ZoneInfo

import pluggy
from pydantic import AliasChoices, BaseModel, ValidationError
from typing_extensions import override

from kiosk.clock import Clock
from kiosk.errors import PluginLoadError, SettingsError, StartupError
from kiosk.hooks import specs
from kiosk.hooks.caller import policy_of
from kiosk.hooks.markers import PROJECT, Mode
from kiosk.hooks.once import call_once, place
from kiosk.hooks.site import Site, SiteServices
from kiosk.settings import Settings

ENTRY_POINTS: Final = "avatar_kiosk.plugins"
GIVEN: Final = "given"
"""Origin of a plugin that a test or an embedding application brings along."""
REQUIRED: Final = "required"
"""Key of every `[plugins.NAME]` that is ours: with true, no visit opens while it fails."""


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
    for name, plugin in builtins.items():
        _register(loaded, plugin, name, "built in", metadata_version(), blocked)
    if not settings.hooks.off:
        found = metadata.entry_points(group=ENTRY_POINTS) if settings.hooks.installed else ()
        for entry in sorted(found, key=lambda e: e.name):
            # One that is given stands for the installed one of its name: its own tests do that.
            if entry.name not in blocked and entry.name not in (extra or {}):
                version = entry.dist.version if entry.dist is not None else ""
                _register(loaded, _entry(entry), entry.name, entry.value, version, blocked)
        folder = plugins_folder(settings)
        for name, path in _files(folder) if folder is not None else ():
            if name not in blocked:
                _register(loaded, import_plugin(name, path), name, str(path), "", blocked)
    for name, plugin in (extra or {}).items():
        _register(loaded, plugin, name, GIVEN, "", blocked)
    _check_sections(settings, loaded)
    folders = {plugin.name: plugin.folder for plugin in loaded.plugins}
    for name, section in _sections(settings, loaded, clock).items():
        loaded.sites[name] = Site(
            plugin=name,
            name=settings.site.name,
            languages=tuple(settings.site.languages),
            zone=ZoneInfo(settings.site.time_zone),
            clock=clock,
            section=section,
            folder=folders.get(name),
            services=loaded.services,
            required=settings.plugins.get(name, {}).get(REQUIRED) is True,
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


def _files(folder: Path) -> Sequence[tuple[str, Path]]:
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(("_", ".")):
            continue
        package = path / "__init__.py"
        target = package if package.is_file() else path if path.suffix == ".py" else None
        if target is None:
            continue
        name = path.stem
        if name in found:
            raise PluginLoadError(
                f"plugin {name} is there twice: {found[name]} and {target}; rename one."
            )
        found[name] = target
    return list(found.items())


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
        raise PluginLoadError(_import_sentence(name, path, error)) from None
    return module


def _import_sentence(name: str, path: Path, error: BaseException) -> str:
    line = getattr(error, "lineno", None)
    if not isinstance(error, SyntaxError):
        frames = traceback.extract_tb(error.__traceback__)
        place_of = path.resolve()
        own = [frame.lineno for frame in frames if Path(frame.filename).resolve() == place_of]
        line = own[-1] if own else None
    place = f"{path}:{line}" if line else str(path)
    return (
        f"plugin {name} does not import: {type(error).__name__}: {error} ({place}); "
        f"mend it, or start with --block-plugin {name}."
    )


def _entry(entry: metadata.EntryPoint) -> object:
    try:
        plugin: object = entry.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may raise anything
        raise PluginLoadError(
            f"plugin {entry.name} ({entry.value}) does not import: {type(error).__name__}: {error};"
            f" mend or remove its package, or start with --block-plugin {entry.name}."
        ) from None
    return plugin


def _register(
    loaded: PluginSet, plugin: object, name: str, origin: str, version: str, blocked: set[str]
) -> None:
    if name in blocked:
        return
    pm = loaded.pm
    if pm.has_plugin(name):
        raise PluginLoadError(f"plugin {name} ({origin}) has the name of another; rename it.")
    try:
        pm.register(plugin, name=name)
        pm.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginLoadError(_validation_sentence(name, origin, plugin, str(error), pm)) from None
    callers = pm.get_hookcallers(plugin) or []
    for caller in callers:
        _check_impl(pm, caller.name, name, origin, plugin)
    if not callers and origin != "built in":
        raise PluginLoadError(
            f"plugin {name} ({origin}) implements no hook; mark its functions with @hookimpl."
        )
    base = _package_folder(plugin)
    file = getattr(plugin, "__file__", None)
    loaded.plugins.append(
        LoadedPlugin(
            name=name,
            origin=origin,
            version=version or str(getattr(plugin, "__version__", "")),
            hooks=tuple(sorted(caller.name for caller in callers)),
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


def _validation_sentence(
    name: str, origin: str, plugin: object, text: str, pm: pluggy.PluginManager
) -> str:
    known = [spec for spec in vars(pm.hook) if not spec.startswith("_")]
    for attribute in dir(plugin):
        marked = getattr(getattr(plugin, attribute, None), f"{PROJECT}_impl", None)
        if marked is not None and not hasattr(specs, attribute):
            close = difflib.get_close_matches(attribute, [s for s in known if hasattr(specs, s)], 1)
            hint = f"; did you mean {close[0]}?" if close else "; see docs/hooks.md."
            place_of = _at(origin, getattr(plugin, attribute))
            return f"plugin {name} ({place_of}): there is no hook {attribute}{hint}"
    first = " ".join(text.split())
    found = re.search(r"for hook '(\w+)'", first)
    place_of = origin
    if found is not None:
        function = getattr(plugin, found[1], None)
        place_of = _at(origin, function)
        wrong = _wrong_argument(function, found[1], pm)
        if wrong:
            return f"plugin {name} ({place_of}): {wrong}"
    return f"plugin {name} ({place_of}) does not fit the hooks: {first}"


def _wrong_argument(function: Any, hook: str, pm: pluggy.PluginManager) -> str:
    """Say which argument a hook does not have, and which it has; nothing when all are there."""
    spec = getattr(pm.hook, hook).spec
    if spec is None or not callable(function):
        return ""
    for argument, kind in inspect.signature(function).parameters.items():
        if argument in spec.argnames or kind.default is not inspect.Parameter.empty:
            continue
        close = difflib.get_close_matches(argument, spec.argnames, 1)
        hint = f"; did you mean {close[0]}?" if close else "."
        has = f"There are {', '.join(spec.argnames)}" if spec.argnames else "It has none"
        return f"{hook} has no argument {argument}{hint} {has}; name those you need."
    return ""


def _at(origin: str, function: Any) -> str:
    """Return where a plugin's function is: its file with the line, or just the origin."""
    code = getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None
    if code is None or origin not in {code.co_filename, GIVEN}:
        return origin
    return f"{code.co_filename if origin == GIVEN else origin}:{code.co_firstlineno}"


def _check_impl(
    pm: pluggy.PluginManager, hook: str, name: str, origin: str, plugin: object
) -> None:
    policy = policy_of(pm, hook)
    for impl in getattr(pm.hook, hook).get_hookimpls():
        if impl.plugin is not plugin:
            continue
        where = f"plugin {name} ({_at(origin, impl.function)}): {hook}"
        if impl.hookwrapper or impl.wrapper:
            raise PluginLoadError(f"{where} is a wrapper; wrappers are not called, remove it.")
        if policy.mode in {Mode.COLLECT, Mode.LIFESPAN} and inspect.iscoroutinefunction(
            impl.function
        ):
            raise PluginLoadError(
                f"{where} is `async def`, but it is called while the server is being built and "
                "would be dropped; make it a plain function."
            )


def _check_sections(settings: Settings, loaded: PluginSet) -> None:
    names = {plugin.name for plugin in loaded.plugins}
    for name in settings.plugins:
        if name not in names and name not in settings.hooks.block and not settings.hooks.off:
            have = ", ".join(sorted(names)) or "none"
            raise SettingsError(f"[plugins.{name}]: no such plugin is loaded; loaded are {have}.")


def _sections(settings: Settings, loaded: PluginSet, clock: Clock) -> dict[str, BaseModel | None]:
    sections: dict[str, BaseModel | None] = {}
    for plugin in loaded.plugins:
        sections[plugin.name] = None
    for impl in loaded.pm.hook.register_settings.get_hookimpls():
        name = impl.plugin_name
        models: list[Any] = []
        arguments = [models.append for _ in impl.argnames]
        loaded.settings_s[name] = call_once(
            name, "register_settings", functools.partial(impl.function, *arguments), clock
        )
        if len(models) != 1 or not (
            isinstance(models[0], type) and issubclass(models[0], BaseModel)
        ):
            raise StartupError(f"plugin {name}: register_settings registers one pydantic model.")
        data = _own(settings, name)
        unknown = sorted(set(data) - set(_keys(models[0])))
        if unknown:
            raise SettingsError(f"plugins.{name}.{unknown[0]}: the plugin has no such setting.")
        try:
            sections[name] = models[0].model_validate(data)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            field_name = ".".join([name, *(str(part) for part in first["loc"])])
            raise SettingsError(f"plugins.{field_name}: {first['msg']}.") from None
        except Exception as error:
            # The plugin's own check broke; the text of its error may have a secret in it.
            raise SettingsError(
                f"plugins.{name}: its check failed with {type(error).__name__}{place(error)}."
            ) from None
    for name in settings.plugins:
        if _own(settings, name) and name in sections and sections[name] is None:
            raise SettingsError(f"[plugins.{name}]: the plugin has no settings; remove the table.")
    return sections


def _keys(model: type[BaseModel]) -> Iterator[str]:
    """Yield the keys that a plugin's table may have: names of fields, or what they are read by."""
    by_name = model.model_config.get("populate_by_name") or model.model_config.get(
        "validate_by_name"
    )
    for name, info in model.model_fields.items():
        alias = info.validation_alias
        if alias is None or by_name:
            yield name
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
        for choice in choices:
            if choice is not None:
                yield choice if isinstance(choice, str) else str(choice.path[0])


def _own(settings: Settings, name: str) -> dict[str, Any]:
    """Return a plugin's table without the key that is ours."""
    data = dict(settings.plugins.get(name, {}))
    if not isinstance(data.pop(REQUIRED, False), bool):
        raise SettingsError(f"plugins.{name}.{REQUIRED}: write true or false.")
    return data
