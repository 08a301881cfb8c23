"""What is read of a tool's function: its docstring, its parameters' names, what it returns."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import date
from inspect import cleandoc
from typing import Annotated, Any, Literal, NewType, TypedDict

import pytest
from pydantic import Field

from kiosk.errors import PluginLoadError
from kiosk.hooks.signatures import split_docstring
from kiosk.hooks.tools import tool_from_function
from kiosk.model import Tool, ToolResult, ToolReturn


def make(function: Callable[..., Any]) -> Tool:
    return tool_from_function(function, plugin="p")


# ── docstrings ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("doc", "docs"),
    [
        ("Go.", {}),
        ("Go.\n\nArgs:\n    place: Where.", {"place": "Where."}),
        ("Go.\n\nArgs:\n    place (str): Where.", {"place": "Where."}),
        ("Go.\n\nArgs:\n    place (str, optional) : Where.", {"place": "Where."}),
        (
            "Go.\n\nArgs:\n    place: Where to go,\n        such as: a café.\n\n    floor: Which.",
            {"place": "Where to go, such as: a café.", "floor": "Which."},
        ),
        ("Go.\n\nArgs:\n    place: Where\n    to go.", {"place": "Where to go."}),
        ("Go.\n\nArgs:\n    place:\n        Where.", {"place": "Where."}),
        ("Go.\n\nArgs:\n  place: Where.\n\nReturns:\n  words: All.", {"place": "Where."}),
        ("Go.\n\nArgs:\nplace: Where.\n\nReturns:\nwords: All.", {"place": "Where."}),
        ("Go.\nArgs:\n    place: Where.", {"place": "Where."}),
        ("Go.\n\nArguments:\n    place: Where.\n\nMore: of it.", {"place": "Where."}),
        ("Go.\n\nSay Args: to nobody.\n    place: Where.", {}),
    ],
)
def test_what_is_below_args_describes_the_parameters(doc: str, docs: dict[str, str]) -> None:
    assert split_docstring(doc) == ("Go.", docs)


def test_a_description_of_several_lines_is_told_to_the_model() -> None:
    def go(place: str) -> str:
        """Show
        the way.

        Args:
            place (str): Where to go,
                in the visitor's words.
        """
        return place

    tool = make(go)
    assert tool.description == "Show the way."
    described = tool.parameters["properties"]["place"]["description"]
    assert described == cleandoc("Where to go, in the visitor's words.")


# ── parameters ───────────────────────────────────────────────────────────────────────────────


def test_a_parameter_may_be_named_as_what_a_model_has() -> None:
    def send(json: str, copy: bool = False, model_config: int = 1, _quiet: bool = True) -> str:
        """Send."""
        return f"{json} {copy} {model_config} {_quiet}"

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tool = make(send)
    assert list(tool.parameters["properties"]) == ["json", "copy", "model_config", "_quiet"]
    assert tool.parameters["required"] == ["json"]
    assert tool.handler(json="a", copy=True) == "a True 1 True"
    with pytest.raises(Exception, match="argument copy: Input should be a valid boolean"):
        tool.handler(json="a", copy="maybe")
    with pytest.raises(Exception, match="argument parameter_0: Extra inputs"):
        tool.handler(json="a", parameter_0="b")


@pytest.mark.parametrize(
    ("hint", "default", "sentence"),
    [
        (int, "zz", "Input should be a valid integer, unable to parse"),
        (str, None, r"Input should be a valid string; add `\| None` to the type\."),
        (Annotated[int, Field(ge=1)], 0, "Input should be greater than or equal to 1"),
        (Literal["a", "b"], "c", "Input should be 'a' or 'b'"),
    ],
)
def test_a_default_that_its_type_does_not_take_is_refused(
    hint: Any, default: object, sentence: str
) -> None:
    def go(place: Any = default) -> str:
        """Go."""
        return str(place)

    go.__annotations__["place"] = hint
    said = f"plugin p: tool 'go': the default of parameter place does not fit its type: {sentence}"
    with pytest.raises(PluginLoadError, match=said):
        make(go)


def test_a_default_is_given_as_its_type_has_it() -> None:
    def go(day: date = "2026-03-04", floor: int | None = None) -> str:  # type: ignore[assignment]  # as people write it
        """Go."""
        return f"{day:%d.%m.} {floor}"

    assert make(go).handler() == "04.03. None"


# ── what is returned ─────────────────────────────────────────────────────────────────────────

Words = NewType("Words", str)


class Row(TypedDict):
    """A JSON object."""

    title: str


@pytest.mark.parametrize(
    "hint",
    [
        str, dict, dict[str, int], Mapping[str, Any], ToolResult, ToolReturn, Any, object, Words,
        Row, str | ToolResult, Literal["yes", "no"], Annotated[str, "words"], Awaitable[str],
    ],
)  # fmt: skip
def test_what_a_model_can_be_told_may_be_returned(hint: Any) -> None:
    assert make(returning(hint)).name == "go"


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        (None, "None"),
        (list[str], "list[str]"),
        (int, "int"),
        (str | None, "None"),
        (Awaitable[list[str]], "list[str]"),
        (Literal[1], "Literal[1]"),
        (Annotated[bool, "yes"], "bool"),
        (NewType("Many", list[str]), "list[str]"),
    ],
)
def test_what_no_model_can_be_told_is_refused(hint: Any, said: str) -> None:
    with pytest.raises(PluginLoadError) as caught:
        make(returning(hint))
    assert f"tool 'go' returns {said}, which the model" in str(caught.value).replace("typing.", "")
    assert "return words (str), a JSON object (dict) or a ToolResult." in str(caught.value)


def returning(hint: Any) -> Callable[[], Any]:
    def go() -> Any:
        """Go."""
        return ""

    go.__annotations__["return"] = hint
    return go


def test_a_generator_is_refused() -> None:
    async def go() -> AsyncIterator[str]:
        """Go."""
        yield ""

    with pytest.raises(PluginLoadError, match="tool 'go' yields, but it is asked once"):
        make(go)
