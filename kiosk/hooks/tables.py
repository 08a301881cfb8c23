"""Checks each plugin's table of kiosk.toml, and says of every mistake where it was written."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterator
from typing import Any, Final

import pluggy
from pydantic import AliasChoices, BaseModel, ValidationError

from kiosk.clock import Clock
from kiosk.errors import SettingsError, StartupError
from kiosk.hooks.once import blaming, call_once, place, top_module
from kiosk.settings import Settings

REQUIRED: Final = "required"
"""Key of every `[plugins.NAME]` that is ours: with true, no visit opens while it fails."""


class Tables:
    """The plugins' settings, each by the model its plugin registered."""

    def __init__(self, settings: Settings, pm: pluggy.PluginManager, clock: Clock) -> None:
        """Check all tables; raises StartupError, and SettingsError with a line for each mistake."""
        self._settings = settings
        self._wrong: dict[str, list[str]] = {}
        self.sections: dict[str, BaseModel] = {}
        self.took_s: dict[str, float] = {}
        """How long each plugin took in register_settings, s."""
        names = {name for name, plugin in pm.list_name_plugin() if plugin is not None}
        self._find_strangers(names)
        models: dict[str, tuple[type[BaseModel], str]] = {}
        for impl in pm.hook.register_settings.get_hookimpls():
            with blaming(impl.plugin_name):
                models[impl.plugin_name] = (self._model(impl, clock), top_module(impl.function))
        for name in sorted(names):
            if name in models:
                self._check(name, *models[name])
            elif self._own(name):
                self._add(name, "the plugin has no settings; remove the table.")
        self._raise()

    def _find_strangers(self, names: set[str]) -> None:
        hooks = self._settings.hooks
        if hooks.off:
            return
        for name in self._settings.plugins:
            if name not in names and name not in hooks.block:
                have = ", ".join(sorted(names)) or "none"
                close = difflib.get_close_matches(name, names, 1)
                hint = f"; did you mean {close[0]}? Loaded" if close else "; loaded"
                self._add(name, f"no such plugin is loaded{hint} are {have}.")

    def _model(self, impl: pluggy.HookImpl, clock: Clock) -> type[BaseModel]:
        name = impl.plugin_name
        models: list[Any] = []
        arguments = [models.append for _ in impl.argnames]
        self.took_s[name] = call_once(
            name, "register_settings", functools.partial(impl.function, *arguments), clock
        )
        model = models[0] if len(models) == 1 else None
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise StartupError(f"plugin {name}: register_settings registers one pydantic model.")
        return model

    def _check(self, name: str, model: type[BaseModel], top: str) -> None:
        data = self._own(name)
        keys = list(_keys(model))
        guessed = set()
        for key in sorted(data.keys() - set(keys)):
            del data[key]
            close = difflib.get_close_matches(key, keys, 1)
            guessed.update(close)
            hint = f"; did you mean {close[0]}?" if close else f"; it has {', '.join(keys)}."
            self._add(name, f"the plugin has no such setting{hint}", key)
        try:
            self.sections[name] = model.model_validate(data)
        except ValidationError as error:
            for item in error.errors(include_input=False, include_url=False):
                loc = item["loc"]
                if item["type"] == "missing" and loc and loc[0] in guessed:
                    continue  # said already: it is there, and misspelt
                message = str(item["msg"]).removeprefix("Value error, ")
                self._add(name, f"{message}.", *loc)
        except Exception as error:  # a plugin's own check may raise anything
            # The text of its error may have a secret in it.
            self._add(name, f"its check failed with {type(error).__name__}{place(error, top)}.")

    def _own(self, name: str) -> dict[str, Any]:
        """Return a plugin's table without the key that is ours."""
        data = dict(self._settings.plugins.get(name, {}))
        if not isinstance(data.pop(REQUIRED, False), bool):
            self._add(name, "write true or false.", REQUIRED)
        return data

    def _add(self, name: str, said: str, *key: str | int) -> None:
        at = self._settings.place_of("plugins", name, *key)
        path = ".".join(str(part) for part in ("plugins", name, *key))
        what = path if key else f"[{path}]"
        where = f" ({at})" if at else ""
        self._wrong.setdefault(name, []).append(f"{what}{where}: {said}")

    def _raise(self) -> None:
        sentences = [sentence for found in self._wrong.values() for sentence in found]
        if not sentences:
            return
        many = len(sentences) > 1
        text = "\n  ".join(["Settings of plugins are wrong:", *sentences] if many else sentences)
        wrong = SettingsError(text)
        wrong.plugins = {name: "\n  ".join(found) for name, found in self._wrong.items()}
        raise wrong


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
