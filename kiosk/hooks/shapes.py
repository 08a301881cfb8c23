"""Whether what a plugin gave back is what it should be, down to the fields."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

Check = Callable[[Any], str]
"""Says what is wrong with a plugin's answer, such as `returned int`; nothing when it fits."""

_ANY_OBJECT = ConfigDict(arbitrary_types_allowed=True)


def anything(_value: object) -> str:
    """Take every answer."""
    return ""


def nothing(value: object) -> str:
    """Take None only: the answer to a hook that is told something."""
    return "" if value is None else f"returned {type(value).__name__}"


def one_of(*kinds: type) -> Check:
    """Take an object of one of `kinds`; a dataclass must also have the right types in its fields.

    A dataclass of Python takes whatever it is made with, and a wrong value would only fail later,
    far from the plugin.
    """

    def check(value: Any) -> str:
        if not isinstance(value, kinds):
            return f"returned {type(value).__name__}"
        wrong = misfit(value)
        return f"returned {type(value).__name__} with a wrong {wrong}" if wrong else ""

    return check


def many(kind: type) -> Check:
    """Take a list or tuple of `kind`."""
    single = one_of(kind)

    def check(value: Any) -> str:
        if not isinstance(value, list | tuple):
            return f"returned {type(value).__name__}"
        wrong = next(filter(None, map(single, value)), "")
        return wrong.replace("returned", f"returned {type(value).__name__} of", 1)

    return check


def misfit(value: Any) -> str:
    """Return the first field of a dataclass that has a value of a wrong type."""
    if isinstance(value, type) or not is_dataclass(value):
        return ""
    kind: type = type(value)
    for name, adapter in _fields(kind):
        try:
            adapter.validate_python(getattr(value, name))
        except ValidationError:
            return name
    return ""


@cache
def _fields(kind: type) -> tuple[tuple[str, TypeAdapter[Any]], ...]:
    hints = get_type_hints(kind)
    return tuple((item.name, _adapter(hints[item.name])) for item in fields(kind))


def _adapter(hint: Any) -> TypeAdapter[Any]:
    # A type that is a model or a dataclass brings its own configuration and takes no other.
    own = inspect.isclass(hint) and is_dataclass(hint)
    return TypeAdapter(hint) if own else TypeAdapter(hint, config=_ANY_OBJECT)
