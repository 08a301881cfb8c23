"""Checks that what a plugin marks are hooks as we call them, and that it forgot to mark none."""

from __future__ import annotations

import difflib
import dis
import inspect
import re
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from types import CodeType, ModuleType
from typing import Any, Final, get_origin, get_type_hints

import pluggy

from kiosk.errors import PluginLoadError
from kiosk.hooks import specs
from kiosk.hooks.caller import policy_of
from kiosk.hooks.markers import PROJECT, Mode
from kiosk.hooks.once import defined_at, top_module

_MARK: Final = f"{PROJECT}_impl"
_AS: Final = "`async def` with one `yield`, @asynccontextmanager above it, @hookimpl above that"
"""How a lifespan is written."""


def register_checked(
    pm: pluggy.PluginManager, plugin: object, name: str, origin: str, *, needs_hooks: bool
) -> tuple[str, ...]:
    """Register a plugin and return its hooks; raises PluginLoadError with file and line."""
    try:
        pm.register(plugin, name=name)
        pm.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginLoadError(_validation_sentence(name, origin, plugin, str(error), pm)) from None
    callers = pm.get_hookcallers(plugin) or []
    forgotten = next(_forgotten(pm, plugin), None)
    if not callers and needs_hooks:
        raise PluginLoadError(
            f"plugin {name} ({defined_at(forgotten) or origin}) implements no hook; mark its "
            "functions with @hookimpl."
        )
    if forgotten is not None:
        raise PluginLoadError(
            f"plugin {name} ({defined_at(forgotten)}): {forgotten.__name__} has the name of a hook "
            "and no mark, so nobody would call it; put @hookimpl above it, or rename it."
        )
    for caller in callers:
        _check_impl(pm, caller.name, name, origin, plugin)
    return tuple(sorted(caller.name for caller in callers))


def _forgotten(pm: pluggy.PluginManager, plugin: object) -> Iterator[Any]:
    """Yield functions that could be hooks, by name and arguments, and are not marked.

    A helper that happens to have a hook's name mostly takes something else than the hook does.
    """
    module = isinstance(plugin, ModuleType)
    for hook in _hooks(pm):
        function = inspect.getattr_static(plugin, hook, None)
        if not inspect.isfunction(function) or hasattr(function, _MARK):
            continue
        if module and top_module(function) != top_module(plugin):
            continue  # imported from elsewhere
        taken = list(inspect.signature(function).parameters.values())[0 if module else 1 :]
        needed = {argument.name for argument in taken if argument.default is argument.empty}
        if needed.issubset(getattr(pm.hook, hook).spec.argnames):
            yield function


def _hooks(pm: pluggy.PluginManager) -> list[str]:
    return [hook for hook in vars(pm.hook) if not hook.startswith("_") and hasattr(specs, hook)]


def _validation_sentence(
    name: str, origin: str, plugin: object, text: str, pm: pluggy.PluginManager
) -> str:
    for attribute in dir(plugin):
        function = getattr(plugin, attribute, None)
        if getattr(function, _MARK, None) is not None and not hasattr(specs, attribute):
            close = difflib.get_close_matches(attribute, _hooks(pm), 1)
            hint = f"; did you mean {close[0]}?" if close else "; see docs/hooks.md."
            at = defined_at(function) or origin
            return f"plugin {name} ({at}): there is no hook {attribute}{hint}"
    first = " ".join(text.split())
    found = re.search(r"for hook '(\w+)'", first)
    at = origin
    if found is not None:
        function = getattr(plugin, found[1], None)
        at = defined_at(function) or origin
        wrong = _wrong_argument(function, found[1], pm)
        if wrong:
            return f"plugin {name} ({at}): {wrong}"
    return f"plugin {name} ({at}) does not fit the hooks: {first}"


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


def _check_impl(
    pm: pluggy.PluginManager, hook: str, name: str, origin: str, plugin: object
) -> None:
    policy = policy_of(pm, hook)
    for impl in getattr(pm.hook, hook).get_hookimpls():
        if impl.plugin is not plugin:
            continue
        where = f"plugin {name} ({defined_at(impl.function) or origin}): {hook}"
        if impl.hookwrapper or impl.wrapper:
            raise PluginLoadError(f"{where} is a wrapper; wrappers are not called, remove it.")
        if policy.mode is Mode.LIFESPAN:
            wrong = _wrong_lifespan(impl.function)
            if wrong:
                raise PluginLoadError(f"{where} {wrong}; write {_AS}.")
        elif policy.mode is Mode.COLLECT and inspect.iscoroutinefunction(impl.function):
            raise PluginLoadError(
                f"{where} is `async def`, but it is called while the server is being built and "
                "would be dropped; make it a plain function."
            )


def _wrong_lifespan(function: Any) -> str:
    """Say what is wrong with how a lifespan is written; what it returns is seen when it begins."""
    inner = inspect.unwrap(function)
    decorated = getattr(function, "__globals__", {}).get("__name__") == "contextlib"
    if inspect.isasyncgenfunction(inner):
        bare = inspect.isasyncgenfunction(function)
        return "is an async generator and no async context manager" if bare else ""
    if inspect.isgeneratorfunction(inner):
        return "yields in a plain `def`, and would hold the loop"
    if inspect.iscoroutinefunction(inner):
        # Behind a decorator of their own it may be anything.
        return "is `async def` without a `yield`" if decorated or inner is function else ""
    if getattr(inner, "__func__", inner) is not getattr(function, "__func__", function):
        return ""
    hint = _returns(inner)
    kind = get_origin(hint) or hint
    known = isinstance(kind, type) and kind not in (Any, object)
    if known and not issubclass(kind, AbstractAsyncContextManager):
        said = "None" if kind is type(None) else kind.__name__
        return f"returns {said} and no async context manager"
    code = getattr(inner, "__code__", None)
    return "returns nothing" if code is not None and _returns_nothing(code) else ""


def _returns(function: Any) -> Any:
    try:
        return get_type_hints(function).get("return", Any)
    except Exception:  # a hint may name what is imported for type checkers only
        return Any


def _returns_nothing(code: CodeType) -> bool:
    """Whether no `return` of a function has a value."""
    loaded: Any = ...
    for step in dis.get_instructions(code):
        if step.opname == "RETURN_CONST" and step.argval is not None:
            return False
        if step.opname == "RETURN_VALUE" and loaded is not None:
            return False
        loaded = step.argval if step.opname == "LOAD_CONST" else ...
    return True
