"""From a typed function with a docstring to a Tool: name, description, JSON Schema."""

from __future__ import annotations

import inspect
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import jsonschema_rs
from pydantic import BaseModel
from pydantic import ValidationError as PydanticValidationError
from typing_extensions import override

from kiosk.errors import KioskError, PluginLoadError
from kiosk.hooks.shapes import misfit
from kiosk.hooks.signatures import arguments_model, split_docstring
from kiosk.model import Tool, ToolReturn

LONGEST: Final = 300
"""Characters of what is wrong with arguments: the model made their names up, however many."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


class ToolArgumentsError(KioskError):
    """Arguments that do not fit the schema; the text is for the model, so it can try again."""

    code = "tool_arguments"


def tool_from_function(
    function: Callable[..., ToolReturn | Awaitable[ToolReturn]],
    *,
    plugin: str,
    timeout_s: float | None = None,
    cancel_on_barge_in: bool = False,
    per_minute: int | None = None,
    progress: str | Mapping[str, str] = "",
    confirm: str | Mapping[str, str] = "",
) -> Tool:
    """Describe `function` as a tool.

    The first paragraph of its docstring is the description, lines such as `place: where to go`
    under `Args:` describe parameters. Raises PluginLoadError when something is missing, or could
    not work in a visit.
    """
    name = getattr(function, "__name__", "")
    where = f"plugin {plugin}: tool {name or function!r}"
    doc = inspect.getdoc(function)
    if not doc:
        raise PluginLoadError(f"{where} has no docstring; say what it does, the model reads it.")
    description, docs = split_docstring(doc)
    model = arguments_model(function, where, docs)
    schema = model.model_json_schema()
    schema.pop("title", None)
    for item in schema.get("properties", {}).values():
        item.pop("title", None)
    return checked(
        Tool(
            name=name,
            description=description,
            parameters=schema,
            handler=_Validated(function, model),
            plugin=plugin,
            timeout_s=timeout_s,
            cancel_on_barge_in=cancel_on_barge_in,
            per_minute=per_minute,
            progress=progress,
            confirm=confirm,
        )
    )


def checked(tool: Tool) -> Tool:
    """Return the tool, or raise PluginLoadError when the model could not be told of it."""
    where = f"plugin {tool.plugin}: tool {tool.name!r}"
    wrong = misfit(tool)
    if wrong:
        raise PluginLoadError(f"{where}: its {wrong} is of a wrong type.")
    if not _NAME.fullmatch(tool.name):
        raise PluginLoadError(f"{where} needs a name of letters, digits, _ and -, 64 at most.")
    if not tool.description.strip():
        raise PluginLoadError(f"{where} has no description; the model chooses by it.")
    if tool.parameters.get("type") != "object":
        raise PluginLoadError(f"{where}: parameters must be JSON Schema of type object.")
    try:
        # Found only when a visit is opened, it would be the end of every visit.
        parameters = json.dumps(tool.parameters, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise PluginLoadError(f"{where}: parameters are not JSON: {error}.") from None
    if tool.timeout_s is not None and not tool.timeout_s > 0:
        raise PluginLoadError(f"{where}: timeout_s must be above 0.")
    if tool.per_minute is not None and tool.per_minute < 1:
        raise PluginLoadError(f"{where}: per_minute must be 1 or more.")
    if isinstance(tool.handler, _Handler):
        return tool  # of a function: its schema comes from the model that checks its arguments
    return replace(tool, handler=_Described(tool.handler, _validator(parameters, where)))


def _validator(parameters: str, where: str) -> jsonschema_rs.Validator:
    """Return what checks arguments by a schema, or raise PluginLoadError with what is wrong."""
    try:
        # From its text, so that nobody changes it later. Values of the arguments are not repeated,
        # and no other document is fetched.
        return jsonschema_rs.validator_for(json.loads(parameters), mask="it", offline=True)
    except jsonschema_rs.ValidationError as error:
        at = ".".join(["parameters", *map(str, error.instance_path)])
        raise PluginLoadError(
            f"{where}: {at} is no JSON Schema ({error.message}); correct it."
        ) from None
    except ValueError as error:
        raise PluginLoadError(f"{where}: parameters are no JSON Schema: {error}.") from None


class _Handler(ABC):
    """A handler with a check of its arguments; keeps the function's own signature."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.wants_session = _takes_session(function)
        self.is_async = inspect.iscoroutinefunction(function)

    @abstractmethod
    def __call__(self, **arguments: Any) -> Any:
        """Call the function."""

    @abstractmethod
    def check(self, arguments: Mapping[str, Any]) -> object:
        """Raise ToolArgumentsError when the arguments do not fit."""


def _takes_session(function: Callable[..., Any]) -> bool:
    try:
        return "session" in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False  # written in C, it says nothing of its parameters


class _Described(_Handler):
    """The handler of a Tool whose schema was written by hand."""

    def __init__(self, function: Callable[..., Any], validator: jsonschema_rs.Validator) -> None:
        super().__init__(function)
        self._validator = validator

    @override
    def __call__(self, **arguments: Any) -> Any:
        return self.function(**arguments)

    @override
    def check(self, arguments: Mapping[str, Any]) -> None:
        try:
            wrong = next(self._validator.iter_errors(dict(arguments)), None)
        except ValueError as error:  # a hook changed them to what is not JSON
            raise ToolArgumentsError(f"arguments: {error}") from None
        if wrong is not None:
            field = ".".join(str(part) for part in wrong.instance_path)
            where = f"argument {field}" if field else "arguments"
            raise ToolArgumentsError(f"{where}: {wrong.message[:LONGEST]}")


class _Validated(_Handler):
    """The handler made of a function: its arguments are what its type hints say."""

    def __init__(self, function: Callable[..., Any], model: type[BaseModel]) -> None:
        super().__init__(function)
        self.model = model

    @override
    def __call__(self, **arguments: Any) -> Any:
        session = arguments.pop("session", None)
        values = self.check(arguments)
        fields = type(values).model_fields.items()
        passed = {str(info.alias): getattr(values, field) for field, info in fields}
        if self.wants_session:
            passed["session"] = session
        return self.function(**passed)

    @override
    def check(self, arguments: Mapping[str, Any]) -> BaseModel:
        """Return the arguments as the model has them, or raise ToolArgumentsError."""
        try:
            return self.model.model_validate(arguments)
        except PydanticValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            raise ToolArgumentsError(f"argument {field}: {first['msg']}") from None


def check_arguments(tool: Tool, arguments: Mapping[str, Any]) -> None:
    """Raise ToolArgumentsError, which the model is told, when arguments do not fit the schema."""
    if isinstance(tool.handler, _Handler):
        tool.handler.check(arguments)


def wants_session(tool: Tool) -> bool:
    """Whether the handler takes the visit's handle."""
    if isinstance(tool.handler, _Handler):
        return tool.handler.wants_session
    return _takes_session(tool.handler)


def is_async(tool: Tool) -> bool:
    """Whether the handler is awaited; a plain one runs in a worker thread."""
    if isinstance(tool.handler, _Handler):
        return tool.handler.is_async
    return inspect.iscoroutinefunction(tool.handler)
