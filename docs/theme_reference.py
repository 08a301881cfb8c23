"""The tables of docs/themes.md: every key of theme.toml, and the contrasts that are measured."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from docs.settings_reference import default_of, limits, models_in, table, toml, type_name
from kiosk.themes.theme import Values, find_theme, measured


def _tables(model: type[BaseModel], path: str = "", *, many: bool = False) -> Iterator[str]:
    rows, below = [], []
    for name, field in model.model_fields.items():
        here = f"{path}.{name}" if path else name
        inner = models_in(field.annotation)
        if inner:
            many_of_it = get_origin(field.annotation) is list
            below += list(_tables(inner[0], here, many=many_of_it))
            continue
        default = default_of(field)
        given = "required" if default is PydanticUndefined else f"`{toml(default)}`"
        kind = "colour" if "{6}" in limits(field) else type_name(field.annotation)
        bounds = "" if kind == "colour" else limits(field)
        rows.append(
            (
                f"`{name}`",
                kind + (f"; {bounds}" if bounds and "^" not in bounds else ""),
                "empty" if default is None else given,
                field.description or "",
            )
        )
    if rows:
        shown = f"[[{path}]]" if many else f"[{path}]"
        title = f"### `{shown}`" if path else "### Top"
        doc = (inspect.getdoc(model) or "").splitlines()[0]
        yield f"{title}\n\n{doc}\n\n" + table(("key", "type", "default", "meaning"), rows)
    yield from below


def render_theme() -> str:
    """Return every key of theme.toml."""
    return "\n\n".join(_tables(Values))


def render_contrasts() -> str:
    """Return the pairs that are measured, with what each needs and what our themes have."""
    names = ("gallery", "dark", "bright")
    ours = [measured(find_theme(name).values) for name in names]
    rows = [
        (pairs[0].what, f"{pairs[0].least:g}:1", *(f"{pair.ratio:.1f}" for pair in pairs))
        for pairs in zip(*ours, strict=True)
    ]
    return table(("pair", "needs", *names), rows)
