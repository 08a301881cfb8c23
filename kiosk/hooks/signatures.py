"""Reads a tool's function: a model of its arguments, their docstrings, what it may return."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NewType,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import BaseModel, ConfigDict, Field, PydanticUserError, ValidationError, create_model
from pydantic_core import SchemaError

from kiosk.errors import PluginLoadError
from kiosk.model import ToolResult

_CONFIG: Final = ConfigDict(extra="forbid", validate_default=True)
_ARGS: Final = re.compile(r"(Args|Arguments|Parameters):")
_HEADING: Final = re.compile(r"[A-Z][a-z]+( [a-z]+)?:")
_ENTRY: Final = re.compile(r"\*{0,2}(\w+)\s*(?:\(.*?\))?\s*:\s*(.*)")
_RETURNS: Final = (str, Mapping, ToolResult)


def arguments_model(
    function: Callable[..., Any], where: str, docs: Mapping[str, str]
) -> type[BaseModel]:
    """Return a model whose aliases are the parameters; raises PluginLoadError.

    Its own fields are numbered: a parameter may be named `copy` or `json`, as what a model has.
    """
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise PluginLoadError(f"{where}: type hint {error.name!r} is not importable.") from None
    except (AttributeError, SyntaxError, TypeError) as error:
        raise PluginLoadError(f"{where}: a type hint cannot be read: {error}.") from None
    _check_return(function, hints.get("return", Any), where)
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name == "session":
            continue
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            raise PluginLoadError(f"{where}: *{parameter.name} cannot be described; name it.")
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise PluginLoadError(
                f"{where}: parameter {parameter.name} is given by name; remove the /."
            )
        if parameter.name not in hints:
            raise PluginLoadError(f"{where}: parameter {parameter.name} has no type.")
        default = ... if parameter.default is parameter.empty else parameter.default
        info = Field(default, alias=parameter.name, description=docs.get(parameter.name))
        fields[f"parameter_{len(fields)}"] = field = (hints[parameter.name], info)
        _check_parameter(parameter, field, where)
    name = getattr(function, "__name__", "tool")
    return create_model(name, __config__=_CONFIG, **fields)


def _check_parameter(parameter: inspect.Parameter, field: Any, where: str) -> None:
    """Raise PluginLoadError for one that no JSON Schema describes, or whose default is wrong."""
    alone: dict[str, Any] = {"parameter": field}
    try:
        model = create_model("parameter", __config__=_CONFIG, **alone)
        model.model_json_schema()
    except (PydanticUserError, TypeError):
        raise PluginLoadError(
            f"{where}: the type of parameter {parameter.name} has no JSON Schema; docs/tools.md "
            "has those that do."
        ) from None
    except SchemaError as error:  # such as a pattern that is none
        said = " ".join(str(error).rpartition("SchemaError: ")[2].split())
        raise PluginLoadError(
            f"{where}: the type of parameter {parameter.name} cannot be checked: {said}."
        ) from None
    if parameter.default is parameter.empty:
        return
    try:
        model()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        hint = "; add `| None` to the type" if parameter.default is None else ""
        raise PluginLoadError(
            f"{where}: the default of parameter {parameter.name} does not fit its type: "
            f"{first['msg']}{hint}."
        ) from None


def _check_return(function: Callable[..., Any], hint: Any, where: str) -> None:
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        raise PluginLoadError(f"{where} yields, but it is asked once; return instead.")
    wrong = _no_return(hint)
    if wrong is not None:
        said = "None" if wrong is NoneType else inspect.formatannotation(wrong)
        raise PluginLoadError(
            f"{where} returns {said}, which the model cannot be told; return words (str), a JSON "
            "object (dict) or a ToolResult."
        )


def _no_return(hint: Any) -> Any:
    """Return the part of a return type that no tool can give back; None when all can be, or may.

    What is not known, such as Any, is seen when the tool is called.
    """
    origin = get_origin(hint)
    if origin is Annotated or origin is Awaitable:
        return _no_return(get_args(hint)[0])
    if origin in {Union, UnionType}:
        return next(filter(None, map(_no_return, get_args(hint))), None)
    if origin is Literal:
        return None if all(isinstance(value, str) for value in get_args(hint)) else hint
    if isinstance(hint, NewType):
        return _no_return(hint.__supertype__)
    kind = origin or hint
    if not isinstance(kind, type) or kind in {Any, object} or issubclass(kind, Awaitable):
        return None
    return None if issubclass(kind, _RETURNS) else hint


def split_docstring(doc: str) -> tuple[str, dict[str, str]]:
    """Return the first paragraph, and what the lines below `Args:` say of each parameter.

    An entry is `place: where to go` or `place (str): where to go`; lines below it that are
    indented more, or begin no entry, are of it.
    """
    lines = doc.splitlines()
    headings = [number for number, line in enumerate(lines) if _ARGS.fullmatch(line.strip())]
    start = headings[0] if headings else len(lines)
    first = "\n".join(lines[:start]).split("\n\n", 1)[0]
    docs: dict[str, list[str]] = {}
    name, outer = "", -1
    for line in lines[start + 1 :]:
        text = line.strip()
        if not text:
            continue
        indent = len(line) - len(line.lstrip())
        outer = indent if outer < 0 else outer
        if indent < outer or (indent == 0 and _HEADING.fullmatch(text)):
            break
        entry = _ENTRY.fullmatch(text) if indent == outer else None
        if entry is not None:
            name = entry[1]
            docs[name] = [entry[2]]
        elif name:
            docs[name].append(text)
    return " ".join(first.split()), {key: " ".join(said).strip() for key, said in docs.items()}
