"""Walks the settings models: tables for docs/settings.md and the whole of deploy/env.example."""

from __future__ import annotations

import inspect
import re
import textwrap
import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import annotated_types
from pydantic import BaseModel, SecretStr, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from kiosk.settings import ENV_PREFIX, Settings
from kiosk.settings.files import SUFFIX, names
from kiosk.settings.vault import VARIABLE as VAULT

COMMAND: Final = ".venv/bin/python docs/generate.py"
FROM_FILES: Final = frozenset(names(Settings, ENV_PREFIX))
"""Variables of what is secret, each with a sister that names a file."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: `path` as in kiosk.toml, `env` as in the environment."""

    path: str
    env: str
    type: str
    default: str
    description: str
    env_value: str
    """The default as the environment would have it; empty when there is none."""
    in_list: bool = False
    """Part of a list's items: the environment can only set the whole list, as JSON."""

    @property
    def env_file(self) -> str:
        """The variable that names a file with the value; empty for what is no secret."""
        return self.env + SUFFIX if self.env in FROM_FILES else ""


@dataclass(frozen=True, slots=True)
class Section:
    """One table of kiosk.toml and its settings."""

    path: str
    header: str
    doc: str
    settings: tuple[Setting, ...]
    optional: bool = False
    """Absent unless one of its keys is set."""


def models_in(annotation: Any) -> tuple[type[BaseModel], ...]:
    """The settings models inside an annotation: of X | None, list[X] and unions of kinds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return (annotation,)
    found: list[type[BaseModel]] = []
    if typing.get_origin(annotation) is dict:
        return ()  # its keys are the site's own, so it has no section; its description says where
    for part in typing.get_args(annotation):
        found += models_in(part)
    return tuple(found)


def _is_list(annotation: Any) -> bool:
    return typing.get_origin(annotation) is list


def type_name(annotation: Any) -> str:
    """A type in words a person who edits kiosk.toml uses."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return type_name(args[0])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(type_name(part) for part in args if part is not types.NoneType)
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in args)
    if origin is list:
        return f"list of {type_name(args[0])}"
    if origin is tuple:
        return f"list of {len(args)} {type_name(args[0])}s"
    if origin is dict:
        if args[1] is Any:
            return "table"
        return "table of tables" if models_in(args[1]) else f"table of {type_name(args[1])}"
    if annotation is types.NoneType:
        return "nothing"
    words = {bool: "true/false", int: "integer", float: "number", str: "text", Path: "path"}
    words |= {SecretStr: "secret", Any: "anything"}
    return words.get(annotation) or annotation.__name__


def limits(field: FieldInfo) -> str:
    """The limits of a field, such as `1 to 9`; empty when there are none."""
    low = high = pattern = ""
    for item in field.metadata:
        match item:
            case annotated_types.Ge(ge=value) | annotated_types.MinLen(min_length=value):
                low = f"at least {value}"
            case annotated_types.Gt(gt=value):
                low = f"more than {value}"
            case annotated_types.Le(le=value) | annotated_types.MaxLen(max_length=value):
                high = f"at most {value}"
            case annotated_types.Lt(lt=value):
                high = f"less than {value}"
            case _:
                found = getattr(item, "pattern", None)
                pattern = f"`{found}`" if found else pattern
    length = any(
        isinstance(m, annotated_types.MinLen | annotated_types.MaxLen) for m in field.metadata
    )
    bounds = ", ".join(part for part in (low, high) if part)
    if length and bounds:
        bounds += " long"
    return ", ".join(part for part in (bounds, pattern) if part)


def _described_type(field: FieldInfo) -> str:
    bounds = limits(field)
    return type_name(field.annotation) + (f"; {bounds}" if bounds else "")


def toml(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict):
        return (
            "{}"
            if not value
            else "{" + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + "}"
        )
    if isinstance(value, BaseModel):
        return toml(value.model_dump(exclude_unset=True))
    return '"' + str(value).replace('"', '\\"') + '"'


def default_of(field: FieldInfo) -> Any:
    if field.default_factory is not None:
        return field.get_default(call_default_factory=True, validated_data={})
    return field.default


def _env_value(value: Any) -> str:
    if value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, bool | int | float | str | Path):
        text = toml(value) if not isinstance(value, str | Path) else str(value)
    else:
        text = TypeAdapter(Any).dump_json(value, exclude_unset=True).decode()
    # Both compose and systemd keep everything between single quotes as it is.
    return f"'{text}'" if re.search(r"""[\s#"{\[]""", text) else text


def _default_text(field: FieldInfo) -> str:
    value = default_of(field)
    if value is PydanticUndefined:
        return "required"
    return f"`{toml(value)}`" if value is not None else "empty"


def _walk(
    model: type[BaseModel],
    path: str = "",
    note: str = "",
    *,
    in_list: bool = False,
    optional: bool = False,
) -> Iterator[Section]:
    settings: list[Setting] = []
    below: list[Section] = []
    for name, field in model.model_fields.items():
        here = f"{path}.{name}" if path else name
        models = models_in(field.annotation)
        listed = in_list or _is_list(field.annotation)
        for kind in models:
            title = ""
            if len(models) > 1:
                (value,) = typing.get_args(kind.model_fields["type"].annotation)
                title = f'With `type = "{value}"`.'
            below += _walk(
                kind,
                here + ("[]" if _is_list(field.annotation) else ""),
                title,
                in_list=listed,
                optional=optional or default_of(field) is None,
            )
        if models and not _is_list(field.annotation):
            continue
        settings.append(
            Setting(
                path=here,
                env=env_name(here),
                type="list of tables" if models else _described_type(field),
                default=_default_text(field),
                description=field.description or "",
                env_value=_env_value(default_of(field)),
                in_list=in_list,
            )
        )
    doc = " ".join(part for part in (note, inspect.getdoc(model) or "") if part)
    header = path.replace("[]", "")
    header = f"[[{header}]]" if path.endswith("[]") else f"[{header}]"
    yield Section(path, header, doc, tuple(settings), optional)
    yield from below


def sections() -> list[Section]:
    """Every table of kiosk.toml with its settings, in the order of the classes."""
    return list(_walk(Settings))


def env_name(path: str) -> str:
    """The environment variable of a setting."""
    return ENV_PREFIX + path.replace(".", "__").upper()


def known_variables() -> set[str]:
    """Every environment variable that names a setting or a whole table of settings."""
    found = {s.env for section in sections() for s in section.settings if not s.in_list}
    found |= {VAULT, *(name + SUFFIX for name in FROM_FILES)}
    return found | {env_name(s.path) for s in sections() if s.path and "[]" not in s.path}


def row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    return "\n".join([row(*head), row(*("---" for _ in head)), *(row(*cells) for cells in rows)])


def render_settings() -> str:
    """The body of docs/settings.md."""
    parts = []
    for section in sections():
        if not section.settings:
            continue
        title = f"## `{section.header}`" if section.path else "## Top level"
        doc = section.doc if section.path else "Keys outside any table."
        if section.optional:
            doc += " Optional: absent unless one of its keys is set."
        rows = [
            (
                f"`{s.path.rpartition('.')[2]}`",
                s.type,
                s.default,
                s.description,
                "" if s.in_list else f"`{s.env}`" + (f", `{s.env_file}`" if s.env_file else ""),
            )
            for s in section.settings
        ]
        parts.append(
            f"{title}\n\n{doc}\n\n"
            + table(("key", "type", "default", "meaning", "environment"), rows)
        )
    return "\n\n".join(parts)


def render_env_example() -> str:
    """The whole of deploy/env.example."""
    lines = [
        "# Environment of the server: .env of compose, or /etc/avatar-kiosk/env (mode 0600).",
        f"# Written by {COMMAND}. Every setting is here with its default:",
        "# remove the # of what you change. docs/settings.md explains. Lists and tables are JSON.",
        "",
        "# ── What to set first ──",
        "# Address and key of the Azure resource; without a key, DefaultAzureCredential is used.",
        "AZURE_VOICELIVE_ENDPOINT=https://NAME.services.ai.azure.com",
        "#AZURE_VOICELIVE_API_KEY=",
        "# Compose only: the name screens open, and where its certificate comes from (Caddyfile).",
        "SITE_DOMAIN=kiosk.localhost",
        "SITE_TLS=internal",
        "# An Azure Key Vault with the secrets (docs/settings.md), such as",
        "# https://NAME.vault.azure.net.",
        f"#{VAULT}=",
        f"# Or a file for each secret: the variable with {SUFFIX} at its end names it.",
    ]
    seen: set[str] = set()
    for section in sections():
        rows = [s for s in section.settings if not s.in_list and s.env not in seen]
        seen.update(s.env for s in rows)
        if rows:
            title = section.doc.splitlines()[0] if section.path else "Keys outside any table."
            absent = " Optional: absent unless one of these is set." if section.optional else ""
            lines += ["", f"# ── {section.header if section.path else 'top'} ── {title}{absent}"]
        for s in rows:
            lines += [*textwrap.wrap(f"# {s.description}", 99, subsequent_indent="# ")]
            lines += [f"#{s.env}={s.env_value}"]
            if s.env_file:
                lines += [f"#{s.env_file}="]
    return "\n".join(lines) + "\n"
