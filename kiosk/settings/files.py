"""Secrets from files that the environment names, as containers and systemd hand them over."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from kiosk.errors import SettingsError
from kiosk.settings.base import SECRET

SUFFIX: Final = "_FILE"
MAX_BYTES: Final = 65_536
"""Largest file that is read; the longest key is a hundredth of it."""

_BETWEEN: Final = "__"


def names(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """Give the variables of the settings that are secret, or hold some, in capitals.

    Not of those in a table that is given as a whole (lists, tables of the site's own names): there
    the whole is meant, as JSON. A setting beside which a `..._file` of its own exists has that.
    """
    for name, field in model.model_fields.items():
        variable = prefix + name.upper()
        for below in _sections(field.annotation):
            yield from names(below, variable + _BETWEEN)
        if f"{name}_file" not in model.model_fields and _is_secret(field):
            yield variable


def with_files(
    env: Mapping[str, str | None], model: type[BaseModel], prefix: str
) -> dict[str, str | None]:
    """Return the environment with the content of each file in place of its name; SettingsError.

    `env` has its names in small letters, as pydantic-settings reads them. Neither a content nor a
    part of it is in an error.
    """
    found = dict(env)
    for variable in names(model, prefix):
        name, file = variable.lower(), (variable + SUFFIX).lower()
        if file not in found:
            continue
        if name in found:
            raise SettingsError(
                f"{variable} and {variable}{SUFFIX} are both set; remove one of them."
            )
        found[name] = _content(variable + SUFFIX, found.pop(file) or "")
    return found


def _content(variable: str, path: str) -> str:
    if not path:
        raise SettingsError(f"{variable} names no file; write its path there or remove it.")
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise SettingsError(
                f"{variable}: {path} is larger than {MAX_BYTES} bytes; name the file that has the "
                "secret alone in it."
            )
        text = raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise SettingsError(
            f"{variable}: {path} cannot be read ({why}); write the secret there and let the "
            "server's user read it."
        ) from None
    if not text:
        raise SettingsError(f"{variable}: {path} is empty; write the secret there.")
    return text


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    """Give the sections whose keys have variables of their own."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif typing.get_origin(annotation) not in (list, dict):
        for part in typing.get_args(annotation):
            yield from _sections(part)


def _is_secret(field: FieldInfo) -> bool:
    marked = isinstance(field.json_schema_extra, dict) and SECRET.items() <= (
        field.json_schema_extra.items()
    )
    return marked or _holds(field.annotation, whole=False)


def _holds(annotation: Any, *, whole: bool) -> bool:
    """Whether a value of a type is or has a secret; sections count inside of a whole only."""
    if annotation is SecretStr:
        return True
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.values()
        return whole and any(_holds(field.annotation, whole=True) for field in fields)
    whole = whole or typing.get_origin(annotation) in (list, dict)
    return any(_holds(part, whole=whole) for part in typing.get_args(annotation))
