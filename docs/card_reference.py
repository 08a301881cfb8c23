"""Walks the models of the built-in cards: the tables and examples of docs/cards.md."""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from docs.settings_reference import default_of, limits, models_in, table, type_name
from kiosk.builtin.cards import KINDS

WIDTH: Final = 84
"""Longest line of an example without its indent of the card."""

# One for each kind, each a card as a museum would show it; tests draw them in a browser.
EXAMPLES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "text": (
        "The lift",
        {
            "text": "The lift is behind the cloakroom.\nIt goes to all three floors.",
            "note": "If it is out of order, the staff will gladly help you.",
        },
    ),
    "list": (
        "Tickets",
        {
            "intro": "All tickets are good for the whole day.",
            "items": [
                {"title": "Adults", "aside": "12.00 €"},
                {
                    "title": "Families",
                    "text": "Two adults and up to three children",
                    "aside": "26 €",
                },
                "Under 18: free",
            ],
            "note": "Card and cash, at the desk.",
        },
    ),
    "image": (
        "The harbour, 1893",
        {
            "src": "/static/kiosk/icon.svg",
            "alt": "A harbour at dusk, with fishing boats and a lighthouse.",
            "caption": "Gallery 2, by the window.",
        },
    ),
    "map": (
        "The way to the café",
        {
            "width": 60,
            "height": 40,
            "walls": "M2 2h56v36h-56z M2 22h20 M30 22h28 M38 2v14",
            "rooms": ["M2 2h36v20h-36z", "M38 2h20v20h-20z"],
            "places": [
                {"x": 8, "y": 33, "name": "You are here", "kind": "here"},
                {"x": 50, "y": 14, "name": "Café", "kind": "goal"},
                {"x": 14, "y": 10, "name": "Gallery 1"},
            ],
            "route": [[8, 33], [26, 33], [26, 19], [50, 19], [50, 14]],
            "steps": ["Straight on to the stairs", "Turn left", "The café is at the end"],
            "alt": "Floor plan: from the entrance past the stairs to the café.",
        },
    ),
    "qr": (
        "Take it with you",
        {
            "content": "https://museum.example/harbour",
            "text": "Scan this with your phone to read on at home.",
            "note": "The page has no trackers.",
        },
    ),
    "timetable": (
        "Guided tours",
        {
            "day": "Tuesday, 24 November",
            "rows": [
                {"time": "10:30", "title": "Highlights", "place": "Entrance", "state": "over"},
                {"time": "14:00", "title": "The harbour", "place": "Gallery 2", "state": "now"},
                {
                    "time": "15:30",
                    "title": "For children",
                    "place": "Workshop",
                    "note": "From six years",
                    "state": "soon",
                },
                {"time": "17:00", "title": "Ships", "place": "Gallery 3", "state": "cancelled"},
            ],
            "note": "Tours are free; no booking.",
        },
    ),
    "form": (
        "Call me back",
        {
            "intro": "Somebody from the museum calls you tomorrow.",
            "fields": [
                {"name": "name", "label": "Your name", "required": True},
                {"name": "phone", "label": "Telephone", "kind": "tel", "hint": "With area code"},
                {
                    "name": "when",
                    "label": "When?",
                    "kind": "choice",
                    "options": ["In the morning", "In the afternoon"],
                    "required": True,
                },
                {"name": "news", "label": "Send me the newsletter", "kind": "check"},
            ],
            "note": "We use this for the call only and delete it afterwards.",
        },
    ),
}


def _parts(annotation: Any) -> Iterator[Any]:
    """The type itself and every type inside it."""
    yield annotation
    for part in typing.get_args(annotation):
        yield from _parts(part)


def _bounds(field: FieldInfo) -> str:
    """Limits of the field, and of the texts in a list."""
    found = [limits(field)]
    for part in list(_parts(field.annotation))[1:]:
        for item in getattr(part, "__metadata__", ()):
            if isinstance(item, FieldInfo):
                inner = limits(item)
                found.append(f"each {inner}" if inner else "")
    return "; ".join(dict.fromkeys(part for part in found if part))


def _field_rows(model: type[BaseModel]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, field in model.model_fields.items():
        default = default_of(field)
        given = "required" if default is PydanticUndefined else f"`{json.dumps(default)}`"
        kind = type_name(field.annotation).replace("``", '`""`')
        rows.append((f"`{name}`", kind, _bounds(field), given, field.description or ""))
    return rows


def _fields_table(model: type[BaseModel]) -> str:
    return table(("field", "type", "limits", "default", "meaning"), _field_rows(model))


def _python(value: Any, depth: int = 0) -> str:
    """A value as Python: on one line where it fits, else an entry a line, as ruff writes it."""
    if isinstance(value, bool):
        return str(value)
    line = json.dumps(value, ensure_ascii=False).replace(": true", ": True")
    if not isinstance(value, dict | list) or len(line) + 4 * depth <= WIDTH:
        return line
    inner = "    " * (depth + 1)
    if isinstance(value, dict):
        entries = [f"{json.dumps(key)}: {_python(item, depth + 1)}" for key, item in value.items()]
        opened, closed = "{", "}"
    else:
        entries = [_python(item, depth + 1) for item in value]
        opened, closed = "[", "]"
    body = "".join(f"{inner}{entry},\n" for entry in entries)
    return f"{opened}\n{body}{'    ' * depth}{closed}"


def render_cards() -> str:
    """Every built-in kind: its fields, limits and an example."""
    parts = []
    for kind, model in KINDS.items():
        title, data = EXAMPLES[kind]
        parts.append(f"### `{kind}`\n\n{inspect.getdoc(model)}\n\n{_fields_table(model)}")
        nested = {
            inner.__name__: inner
            for field in model.model_fields.values()
            for inner in models_in(field.annotation)
        }
        parts += [
            f"`{name}`: {inspect.getdoc(inner)}\n\n{_fields_table(inner)}"
            for name, inner in nested.items()
        ]
        example = f'Card(\n    "{kind}",\n    "{title}",\n    {_python(data, 1)},\n)'
        parts.append(f"```python\n{example}\n```")
    return "\n\n".join(parts)
