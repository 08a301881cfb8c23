"""Walks the emulator's scenario models: the tables of docs/scenario.md."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import types
import typing
from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from docs.settings_reference import default_of, limits, table, toml, type_name
from kiosk.emulator.scenario import faults
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.scenario.scenario import Scenario

# One sentence for each action; one that is missing here fails the generator.
ACTIONS: Final[dict[str, str]] = {
    "refuse": "The handshake is answered with an HTTP status.",
    "delay": "The event is handled or sent later, and everything behind it.",
    "jitter": "Every message waits a random time before it is sent; the order stays.",
    "slow": "Messages go out no faster than so many bytes a second.",
    "close": "The WebSocket is closed with any code and reason.",
    "abort": "The TCP connection is cut without a close frame (a client sees 1006).",
    "half_open": "Nothing is read and nothing written, pings included, and TCP stays open.",
    "stop_reading": "Nothing is read (one message that is on its way may be); writing goes on.",
    "bad_json": "A text message that is not JSON.",
    "unknown_event": "An event of a type nobody knows.",
    "oversize": "An event that is longer than a client takes.",
    "binary": "A binary frame of zeros.",
    "error": "An `error` event; at a client event it names the event's `event_id`.",
    "drop": "A client event is not handled, a server event not sent.",
    "duplicate": "A server event is sent twice, with the same ids.",
    "video_stall": "The avatar's picture stands still, its sound goes on.",
    "video_black": "The avatar's picture is black.",
    "audio_silent": "The avatar's sound is silence, its mouth moves.",
    "ice_never": "Answers to offers from then on have no candidate that can be reached.",
}


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for part in typing.get_args(annotation):
        yield from _models_in(part)


def _type(annotation: Any) -> str:
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type(args[0])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(
            dict.fromkeys(_type(part) for part in args if part is not types.NoneType)
        )
    if origin is tuple:
        return f"list of {_type(args[0])}"
    if any(_models_in(annotation)):
        return "table"
    return type_name(annotation)


def _default(field: FieldInfo) -> str:
    value = default_of(field)
    if value is PydanticUndefined:
        return "required"
    if value is None or isinstance(value, BaseModel):
        return "none"
    return f"`{toml(value)}`"


def _section(header: str, model: type[BaseModel]) -> str:
    rows = []
    for name, field in model.model_fields.items():
        bounds = limits(field)
        described = _type(field.annotation) + (f"; {bounds}" if bounds else "")
        rows.append((f"`{name}`", described, _default(field), field.description or ""))
    doc = " ".join((inspect.getdoc(model) or "").split())
    return f"## {header}\n\n{doc}\n\n" + table(("key", "type", "default", "meaning"), rows)


def _sections(path: str, model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        here = f"{path}.{name}" if path else name
        listed = "tuple" in str(field.annotation)
        for inner in dict.fromkeys(_models_in(field.annotation)):
            yield _section(f"`[[{here}]]`" if listed else f"`[{here}]`", inner)
            yield from _sections(here, inner)


def render_scenario() -> str:
    """Every key of a scenario file."""
    top = _section("Top level", Scenario)
    return "\n\n".join([top, *_sections("", Scenario)])


def render_fault_actions() -> str:
    """What each `do` of a fault does."""
    rows = []
    for action in typing.get_args(faults.Action):
        lasts = "goes on" if action in faults.LASTING else "once"
        rows.append((f"`{action}`", ACTIONS[action], lasts))
    return table(("do", "what happens", "strikes"), rows)


def render_emulator_limits() -> str:
    """The emulator's own bounds, from the comments beside them."""
    (body,) = (
        node.body
        for node in ast.parse(inspect.getsource(Limits)).body
        if isinstance(node, ast.ClassDef)
    )
    said: dict[str, str] = {}
    for field, doc in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(doc, ast.Expr):
            assert isinstance(field.target, ast.Name)
            assert isinstance(doc.value, ast.Constant)
            said[field.target.id] = " ".join(str(doc.value.value).split())
    rows = [
        (f"`{field.name}`", f"{getattr(Limits(), field.name):,}", said[field.name])
        for field in dataclasses.fields(Limits)
    ]
    return table(("bound", "value", "policy"), rows)
