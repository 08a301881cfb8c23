"""Tools from functions: what the model is told, and what reaches the function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from kiosk.errors import PluginLoadError
from kiosk.hooks.site import SessionHandle
from kiosk.hooks.tools import (
    ToolArgumentsError,
    check_arguments,
    checked,
    is_async,
    tool_from_function,
    wants_session,
)
from kiosk.model import Tool
from tests.unit.hooks.hooking import Session


def find(place: str, floor: int = 0, *, kind: Literal["map", "list"] = "map") -> str:
    """Find a place
    in the building.

    This is for people who read code.

    Args:
        place: What to look for.
        floor: Where to begin.
    """
    return f"{place} {floor} {kind}"


def make(function: Callable[..., Any]) -> Tool:
    return tool_from_function(function, plugin="p")


def test_name_description_and_schema_come_from_the_function() -> None:
    tool = make(find)
    assert tool.name == "find"
    assert tool.plugin == "p"
    assert tool.description == "Find a place in the building."
    assert tool.parameters["type"] == "object"
    assert tool.parameters["required"] == ["place"]
    assert tool.parameters["additionalProperties"] is False
    assert tool.parameters["properties"] == {
        "place": {"type": "string", "description": "What to look for."},
        "floor": {"type": "integer", "default": 0, "description": "Where to begin."},
        "kind": {"type": "string", "enum": ["map", "list"], "default": "map"},
    }


def test_the_handler_takes_arguments_by_name_and_fills_defaults() -> None:
    tool = make(find)
    assert tool.handler(place="cafe") == "cafe 0 map"
    assert tool.handler(place="cafe", floor=1, kind="list") == "cafe 1 list"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "argument place: Field required"),
        ({"place": "cafe", "floor": "up"}, "argument floor: "),
        ({"place": "cafe", "kind": "song"}, "argument kind: "),
        ({"place": "cafe", "colour": "red"}, "argument colour: Extra inputs are not permitted"),
    ],
)
def test_arguments_that_do_not_fit_get_a_sentence_for_the_model(
    arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ToolArgumentsError, match=sentence):
        make(find).handler(**arguments)


def test_arguments_that_do_not_fit_are_not_repeated_in_the_error() -> None:
    with pytest.raises(ToolArgumentsError) as caught:
        make(find).handler(place="cafe", floor="what I said")
    assert "what I said" not in str(caught.value)


async def test_session_is_given_and_not_in_the_schema() -> None:
    async def remember(name: str, session: SessionHandle) -> str:
        """Remember a name."""
        await session.say(name)
        return session.id

    tool = make(remember)
    session = Session()
    assert "session" not in tool.parameters["properties"]
    assert wants_session(tool)
    assert is_async(tool)
    result = tool.handler(name="Ana", session=session)
    assert inspect.isawaitable(result)
    assert await result == "visit_1"
    assert session.said == ["Ana"]


def test_a_plain_function_wants_no_session_and_is_not_async() -> None:
    tool = make(find)
    assert not wants_session(tool)
    assert not is_async(tool)


def test_constraints_of_a_parameter_are_told_and_checked() -> None:
    def count(number: Annotated[int, Field(ge=1, le=3)]) -> str:
        """Count."""
        return str(number)

    tool = make(count)
    assert tool.parameters["properties"]["number"]["maximum"] == 3
    with pytest.raises(ToolArgumentsError, match="argument number"):
        tool.handler(number=4)


class Opaque:
    """A type that no JSON can be."""


@pytest.mark.parametrize(
    ("hint", "sentence"),
    [
        (None, "parameter place has no type"),
        ("Missing", "type hint 'Missing' is not importable"),
        (Opaque, "the type of parameter place has no JSON Schema; docs/tools.md has those"),
        (Callable[[], str], "the type of parameter place has no JSON Schema; docs/tools.md"),
        ("Literal.missing", "a type hint cannot be read"),
        (
            Annotated[str, Field(pattern="(")],
            "the type of parameter place cannot be checked: regex parse error: .* unclosed group",
        ),
    ],
)
def test_a_parameter_the_model_could_not_be_told_is_refused(hint: Any, sentence: str) -> None:
    def go(place: str) -> str:
        """Go."""
        return place

    del go.__annotations__["place"]
    if hint is not None:
        go.__annotations__["place"] = hint
    with pytest.raises(PluginLoadError, match=f"plugin p: tool 'go': {sentence}"):
        make(go)


def test_a_function_nobody_could_describe_is_refused() -> None:
    def undocumented(place: str) -> str:
        return place

    def starred(*places: str) -> str:
        """Find."""
        return "".join(places)

    with pytest.raises(PluginLoadError, match="tool 'undocumented' has no docstring"):
        make(undocumented)
    with pytest.raises(PluginLoadError, match=r"tool 'starred': \*places cannot be described"):
        make(starred)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "find place"}, "needs a name of letters"),
        ({"name": "x" * 65}, "needs a name of letters"),
        ({"description": " "}, "has no description"),
        ({"parameters": {"type": "array"}}, "must be JSON Schema of type object"),
        ({"timeout_s": 0.0}, "timeout_s must be above 0"),
        (
            {"parameters": {"type": "object", "properties": {"place": {"type": "text"}}}},
            "tool 'find': parameters.properties.place.type is no JSON Schema",
        ),
        (
            {"parameters": {"type": "object", "properties": {"place": {"pattern": "((("}}}},
            "parameters.properties.place.pattern is no JSON Schema",
        ),
        (
            {"parameters": {"type": "object", "$ref": "#/$defs/place"}},
            "Pointer '/\\$defs/place' does not exist",
        ),
        (
            {"parameters": {"type": "object", "$ref": "https://example.com/place.json"}},
            "Retrieval is disabled",
        ),
    ],
)
def test_a_tool_made_by_hand_is_checked(changes: dict[str, Any], sentence: str) -> None:
    fine: dict[str, Any] = {
        "name": "find",
        "description": "Find.",
        "parameters": {"type": "object"},
    }
    assert checked(Tool(**fine, handler=find, plugin="p")).name == "find"
    with pytest.raises(PluginLoadError, match=sentence):
        checked(Tool(**{**fine, **changes}, handler=find, plugin="p"))


PLACE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "place": {"type": "string", "enum": ["cafe", "shop"]},
        "stops": {"type": "array", "items": {"type": "integer"}},
        "code": {"type": "string", "pattern": "^(a+)+$"},
    },
    "required": ["place"],
    "additionalProperties": False,
}


def by_hand(handler: Callable[..., Any], parameters: dict[str, Any] = PLACE) -> Tool:
    return checked(Tool("find", "Find.", parameters, handler, plugin="p"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, 'arguments: "place" is a required property'),
        ({"place": "secret"}, 'argument place: it is not one of "cafe" or "shop"'),
        ({"place": "cafe", "stops": [1, "secret"]}, "argument stops.1: it is not of type"),
        ({"place": "cafe", "colour": 1}, "'colour' was unexpected"),
        # A pattern on which Python's own engine would not come back.
        ({"place": "cafe", "code": "a" * 60 + "b"}, "argument code: it does not match"),
        ({1: 2}, "arguments: "),
    ],
)
def test_a_schema_written_by_hand_is_held_to(arguments: dict[str, Any], sentence: str) -> None:
    tool = by_hand(find)
    with pytest.raises(ToolArgumentsError, match=sentence) as caught:
        check_arguments(tool, arguments)
    assert "secret" not in str(caught.value)
    check_arguments(tool, {"place": "cafe", "stops": [1, 2]})
    assert tool.handler(place="cafe") == "cafe 0 map"


def test_a_schema_that_is_changed_later_checks_what_the_model_was_told() -> None:
    parameters = {**PLACE, "properties": {"place": {"type": "string"}}}
    tool = by_hand(find, parameters)
    parameters["properties"]["place"]["type"] = "integer"
    check_arguments(tool, {"place": "cafe"})


def test_what_was_wrong_is_said_in_a_few_words() -> None:
    with pytest.raises(ToolArgumentsError) as caught:
        check_arguments(by_hand(find), {"place": "cafe", **{f"made up {n}": n for n in range(900)}})
    assert len(str(caught.value)) < 400


def test_a_handler_made_by_hand_may_be_anything_that_can_be_called() -> None:
    async def later(place: str, session: SessionHandle) -> str:
        return f"{place} in {session.language}"

    assert is_async(by_hand(later))
    assert wants_session(by_hand(later))
    in_c = by_hand(dict)  # says nothing of its parameters
    assert (is_async(in_c), wants_session(in_c)) == (False, False)
    assert in_c.handler(place="cafe") == {"place": "cafe"}
