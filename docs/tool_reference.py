"""Asks the schema maker itself: the tables of docs/tools.md, of Python types and of options."""

from __future__ import annotations

import inspect
import json
import re
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Final, Literal, get_type_hints

from pydantic import BaseModel, Field

from docs.settings_reference import table
from kiosk.hooks.specs import RegisterTool
from kiosk.hooks.tools import tool_from_function
from kiosk.model import Tool
from kiosk.session.tools import HOSTED_S, MAX_PARALLEL
from kiosk.settings.sections import VisitSettings


class Floor(Enum):
    """An enumeration of the reference; its values are what the model is offered."""

    GROUND = "ground"
    UPPER = "upper"


class Party(BaseModel):
    """A model of the reference: a table inside the arguments."""

    adults: int
    children: int = 0


def _sample(
    a: str,
    b: int,
    c: float,
    d: bool,
    e: Literal["adult", "child"],
    f: Floor,
    g: date,
    h: datetime,
    i: list[str],
    j: dict[str, int],
    k: Party,
    p: Annotated[int, Field(ge=1, le=9)],
    m: Annotated[str, Field(max_length=80)],
    n: str | None = None,
    o: int = 1,
) -> str:
    """Every kind of parameter once."""
    return str([a, b, c, d, e, f, g, h, i, j, k, p, m, n, o])


# As an author writes them, in the order of the parameters above.
WRITTEN: Final = (
    "str",
    "int",
    "float",
    "bool",
    'Literal["adult", "child"]',
    "Floor, an Enum",
    "datetime.date",
    "datetime.datetime",
    "list[str]",
    "dict[str, int]",
    "Party, a pydantic model",
    "Annotated[int, Field(ge=1, le=9)]",
    "Annotated[str, Field(max_length=80)]",
    "str | None = None",
    "int = 1",
)

# What one option does, in the words of the reference; an option that is missing here fails.
OPTIONS: Final[dict[str, str]] = {
    "timeout_s": "Deadline of one call, seconds. None: the site's `visit.tool_timeout_s`. At the "
    "deadline the model is told that it took too long; an `async` function is cancelled, a plain "
    "one runs on in its thread and its result is dropped.",
    "cancel_on_barge_in": "Stop the call when the visitor speaks. For what is only worth while "
    "somebody waits for it.",
    "per_minute": "Most calls in one visit within a minute; the model is told to try again later. "
    "Each visit counts for itself, so twenty screens may make twenty times as many: what must not "
    "be asked more often by the whole house has a limit of its own, in the plugin or where it is.",
    "progress": "A sentence, in one language or by language, that the avatar says when the call "
    "takes longer than the site's `visit.tool_progress_s`. Once for a call, and not while the "
    "visitor speaks. Who speaks a language that is not there hears the first.",
    "confirm": "A question, in one language or by language, for a tool that words alone must not "
    "run (it opens, sends or spends something): shown and said, and the tool runs only after a "
    "touch on the screen, within `visit.confirm_s`. The touch is the guard against instructions "
    "hidden in what the visitor says or another tool finds.",
}


def render_tool_types() -> str:
    """Python types and the JSON Schema the model gets."""
    properties = tool_from_function(_sample, plugin="docs").parameters["properties"]
    schemas = [_inlined(schema) for schema in properties.values()]
    rows = [
        (f"`{written}`", f"`{json.dumps(schema)}`")
        for written, schema in zip(WRITTEN, schemas, strict=True)
    ]
    return table(("parameter", "JSON Schema"), rows)


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter with what it refers to in its place, as a reader wants it."""
    definitions = tool_from_function(_sample, plugin="docs").parameters["$defs"]
    reference = schema.get("$ref", "")
    if not reference:
        return schema
    named = dict(definitions[reference.rpartition("/")[2]])
    for part in (named, *named.get("properties", {}).values()):
        part.pop("title", None)
        part.pop("description", None)
    return named


def render_tool_options() -> str:
    """The keywords of `register(...)`, which are the fields of `Tool`."""
    given = inspect.signature(RegisterTool.__call__).parameters.values()
    keywords = [one for one in given if one.kind is one.KEYWORD_ONLY]
    types = get_type_hints(Tool)
    rows = []
    for one in keywords:
        kind = re.sub(r"^<class '(.*)'>$", r"\1", str(types[one.name]))
        default = json.dumps(one.default) if isinstance(one.default, str) else str(one.default)
        rows.append((f"`{one.name}`", f"`{kind}`", f"`{default}`", OPTIONS[one.name]))
    return table(("option", "type", "default", "what it does"), rows)


def render_tool_limits() -> str:
    """Limits of tool calls that a site sets, and those that are fixed."""
    rows = []
    for name in ("tool_timeout_s", "tool_progress_s", "max_tool_output", "max_tool_rounds"):
        field = VisitSettings.model_fields[name]
        rows.append((f"`visit.{name}`", f"`{field.default}`", field.description or ""))
    rows.append(("calls in one answer", f"`{MAX_PARALLEL}`", "Run at the same time, all answered."))
    rows.append(
        ("a call of an MCP server", f"`{HOSTED_S:g}` s", "Then the model goes on without it.")
    )
    return table(("limit", "default", "what it does"), rows)
