"""Conversations as chat completions have them, and answers put together from pieces."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.emulator.mind.chat import MOST_CALLS, Answer, MindError, chat_messages, request_body
from kiosk.emulator.mind.thought import Called, Context, FunctionCall, Returned, Said
from kiosk.emulator.mind.tools import parse_tools
from tests.unit.emulator.emulating import PLACES


def test_a_conversation_with_calls() -> None:
    context = Context(
        instructions="Be kind.",
        turns=(
            Said("user", "Cafe and lift?"),
            Said("assistant", "One moment."),
            Called("find", '{"a": 1}', "k1"),
            Called("find", '{"a": 2}', "k2"),
            Returned("k2", "left"),
            Said("user", " "),
            Said("user", "Well?"),
        ),
        extra="Answer briefly.",
    )
    assert chat_messages(context) == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Cafe and lift?"},
        {
            "role": "assistant",
            "content": "One moment.",
            "tool_calls": [
                {
                    "id": "k1",
                    "type": "function",
                    "function": {"name": "find", "arguments": '{"a": 1}'},
                },
                {
                    "id": "k2",
                    "type": "function",
                    "function": {"name": "find", "arguments": '{"a": 2}'},
                },
            ],
        },
        {
            "role": "tool",
            "tool_call_id": "k1",
            "content": "There is no result: the call was not answered.",
        },
        {"role": "tool", "tool_call_id": "k2", "content": "left"},
        {"role": "user", "content": "Well?"},
        {"role": "system", "content": "Answer briefly."},
    ]


def test_somebody_always_asks() -> None:
    (only,) = chat_messages(Context())
    assert only["role"] == "user"
    assert "Greet" in only["content"]
    assert chat_messages(Context(extra="Say hello."))[0] == {
        "role": "user",
        "content": "Say hello.",
    }


def test_tools_and_settings() -> None:
    tools = parse_tools([PLACES, {"type": "function", "name": "bare"}])
    body = request_body(
        Context(tools=tools, tool_choice="find_place", parallel=False, temperature=0.5),
        model="m",
        stream=True,
        temperature=None,
    )
    assert body["tools"][0]["function"]["parameters"] == PLACES["parameters"]
    assert body["tools"][1]["function"]["parameters"] == {"type": "object", "properties": {}}
    assert body["tool_choice"] == {"type": "function", "function": {"name": "find_place"}}
    assert (body["parallel_tool_calls"], body["temperature"]) == (False, 0.5)
    body = request_body(Context(), model="m", stream=False, temperature=1.0)
    assert set(body) == {"model", "messages", "stream", "temperature"}
    assert body["temperature"] == 1.0


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def piece(index: int, arguments: str, name: str | None = None) -> dict[str, Any]:
    return {"index": index, "function": {"name": name, "arguments": arguments}}


def test_pieces_are_put_together() -> None:
    answer = Answer()
    text = answer.take(chunk({"role": "assistant", "content": "Hel"}))
    text += answer.take(chunk({"content": "lo"}))
    answer.take(chunk({"tool_calls": [piece(1, '{"x"', "g")]}))
    answer.take(chunk({"tool_calls": [piece(0, "", "f"), piece(1, ": 1}")]}))
    answer.take({"choices": [], "usage": {}})
    unfinished = not answer.finished
    answer.take(chunk({}, "tool_calls"))
    assert unfinished
    assert answer.finished
    assert text == "Hello"
    assert answer.calls(frozenset({"f", "g"})) == [FunctionCall("f"), FunctionCall("g", {"x": 1})]


def test_arguments_that_are_an_object_already() -> None:
    answer = Answer()
    call = {"function": {"name": "f", "arguments": {"x": 1}}}
    answer.take({"choices": [{"message": {"content": None, "tool_calls": [call]}}]})
    assert answer.calls(frozenset({"f"})) == [FunctionCall("f", {"x": 1})]


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        "text",
        {},
        {"choices": None},
        {"choices": [1]},
        chunk({"content": 5}),
        chunk({"tool_calls": {"index": 0}}),
        chunk({"tool_calls": [7]}),
        chunk({"tool_calls": [piece(MOST_CALLS, "", "f")]}),
        chunk({"tool_calls": [piece(-1, "", "f")]}),
        chunk({"tool_calls": [piece(0, "x" * 70_000, "f")]}),
        {"error": {"message": "no"}},
    ],
)
def test_garbage_is_refused(wrong: Any) -> None:
    with pytest.raises(MindError) as caught:
        Answer().take(wrong)
    assert caught.value.code in ("mind_garbage", "mind_refused")


@pytest.mark.parametrize(("name", "arguments"), [("g", "{}"), ("f", "{"), ("f", "[]")])
def test_calls_that_cannot_be_made_are_refused(name: str, arguments: str) -> None:
    answer = Answer()
    answer.take(chunk({"tool_calls": [piece(0, arguments, name)]}))
    with pytest.raises(MindError, match="not declared, or with arguments"):
        answer.calls(frozenset({"f"}))
