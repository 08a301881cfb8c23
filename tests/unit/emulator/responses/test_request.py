"""A response's parameters go over the session's, and what cannot be is named."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kiosk.emulator.config.config import SessionConfig
from kiosk.emulator.conversation.items import Conversation, Item, Part
from kiosk.emulator.mcp.desk import McpTool
from kiosk.emulator.mcp.server import ListedTool, McpServer
from kiosk.emulator.mind.thought import Called, Returned, Said
from kiosk.emulator.responses.request import ResponseRequest, build_context, parse_request
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.wire.codec import WireError
from tests.unit.emulator.emulating import PLACES

LIMITS = Limits()


def config(**changes: Any) -> SessionConfig:
    made = SessionConfig(session_id="s", model="m", agent=None, expires_at=0)
    made.apply(changes, ice_servers=[], limits=LIMITS)
    return made


def parse(session: SessionConfig | None = None, **params: Any) -> ResponseRequest:
    return parse_request({"response": params}, session or config(), LIMITS)


def test_the_sessions_settings_are_the_defaults() -> None:
    request = parse_request({}, config(tools=[PLACES], temperature=0.7), LIMITS)
    assert request.tools == [PLACES]
    assert request.temperature == 0.7
    assert request.commit
    assert request.spoken
    assert not request.cancel_previous


def test_a_response_may_differ() -> None:
    request = parse_request(
        {
            "response": {
                "modalities": ["text"],
                "instructions": "Greet.",
                "tools": [],
                "max_output_tokens": 20,
                "commit": False,
                "metadata": {"a": "b"},
            },
            "additional_instructions": "Be brief.",
        },
        config(tools=[PLACES]),
        LIMITS,
    )
    assert not request.spoken
    assert request.tools == []
    assert request.extra == "Greet.\nBe brief."
    assert (request.max_output_tokens, request.commit) == (20, False)


def message(*texts: str) -> dict[str, Any]:
    content = [{"type": "text", "text": text} for text in texts]
    return {"type": "message", "role": "assistant", "content": content}


def test_a_message_made_beforehand_has_one_text() -> None:
    assert parse(pre_generated_assistant_message=message("Hello.")).pre_generated == "Hello."
    for wrong in (message(), message("a", "b"), message(" ")):
        with pytest.raises(WireError) as caught:
            parse(pre_generated_assistant_message=wrong)
        assert caught.value.param == "response.pre_generated_assistant_message.content"


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"invoke_input": {}}, "response.invoke_input"),
        (
            {"interim_response": {"type": "static_interim_response", "texts": [" "]}},
            "response.interim_response.texts",
        ),
        ({"commit": False, "conversation": "auto"}, "response.conversation"),
        ({"modalities": ["audio"]}, "response.modalities"),
        ({"modalities": []}, "response.modalities"),
        ({"modalities": ["animation"]}, "response.modalities"),
        ({"max_output_tokens": 5000}, "response.max_output_tokens"),
        ({"metadata": {"k" * 65: ""}}, "response.metadata"),
        ({"tool_choice": "no_such_function"}, "tool_choice"),
        (
            {"tools": [{"type": "mcp", "server_label": "x", "server_url": "y"}]},
            "response.tools[0].server_url",
        ),
    ],
)
def test_what_cannot_be_is_named(params: dict[str, Any], param: str) -> None:
    with pytest.raises(WireError) as caught:
        parse(**params)
    assert caught.value.param == param


def test_a_function_may_be_chosen_by_name() -> None:
    session = config(tools=[PLACES])
    assert parse(session, tool_choice="find_place").tool_choice == "find_place"
    session = config(tools=[PLACES], tool_choice={"type": "function", "name": "find_place"})
    assert parse(session).tool_choice == "find_place"


async def test_the_mind_reads_the_conversation() -> None:
    conversation = Conversation(10)
    heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    heard.set_result("Where is the cafe?")
    audio = Part(kind="input_audio", heard=heard)
    conversation.add(Item(id="a", kind="message", parts=[audio]))
    conversation.add(
        Item(id="b", kind="function_call", name="find_place", call_id="k", arguments="{}")
    )
    conversation.add(Item(id="c", kind="function_call_output", call_id="k", output="Upstairs."))
    context = build_context(parse(config(tools=[PLACES])), conversation, {1: 2})
    assert context.turns == (
        Said("user", "Where is the cafe?"),
        Called("find_place", "{}", "k"),
        Returned("k", "Upstairs."),
    )
    assert context.tools[0].name == "find_place"
    assert context.used == {1: 2}


def test_an_mcp_calls_result_is_known_from_when_it_came() -> None:
    conversation = Conversation(10)
    call = Item(id="m", kind="mcp_call", name="scan", arguments="{}")
    conversation.add(call)
    assert build_context(parse(), conversation, {}).turns == (Called("scan", "{}", "m"),)
    words = Item(id="w", kind="message", role="assistant", parts=[Part(kind="text", text="Wait.")])
    conversation.add(words)
    conversation.add(Item(id="l", kind="mcp_list_tools"))
    call.output, call.returned_after = "Scanned.", "w"
    late = (Called("scan", "{}", "m"), Said("assistant", "Wait."), Returned("m", "Scanned."))
    assert build_context(parse(), conversation, {}).turns == late
    conversation.remove("w")
    assert build_context(parse(), conversation, {}).turns == (late[0], late[2])


async def test_the_mind_sees_mcp_tools_beside_functions() -> None:
    tool = ListedTool("find_book", "Finds a book.", {"type": "object", "properties": {}})
    mcp = McpTool("find_book", "docs", tool, McpServer("http://h/mcp", {}, LIMITS), True)
    request = parse(config(tools=[PLACES]))
    context = build_context(request, Conversation(10), {}, {"find_book": mcp})
    assert [one.name for one in context.tools] == ["find_place", "find_book"]


def test_a_message_may_be_streamed() -> None:
    given = {**message(), "status": "incomplete", "id": "mine"}
    request = parse(pre_generated_assistant_message=given)
    assert (request.streamed, request.pre_generated, request.pre_generated_id) == (True, "", "mine")
    assert parse(pre_generated_assistant_message={**message("Hi"), "status": "incomplete"}).streamed
    assert not parse(pre_generated_assistant_message=message("Hi")).streamed
    with pytest.raises(WireError):
        parse(pre_generated_assistant_message={**message("a", "b"), "status": "incomplete"})


def test_values_of_zero_and_the_references_name_for_tokens() -> None:
    assert parse(temperature=0.0).temperature == 0.0
    assert parse(max_response_output_tokens=7).max_output_tokens == 7
    refused: list[dict[str, Any]] = [{"temperature": 2}, {"max_response_output_tokens": 0}]
    for wrong in refused:
        with pytest.raises(WireError):
            parse(**wrong)


def test_out_of_band_in_two_ways() -> None:
    assert not parse(commit=False).commit
    assert not parse(conversation="none").commit
    assert parse(conversation="auto").commit


def test_a_response_may_bring_its_own_context() -> None:
    conversation = Conversation(10)
    conversation.add(Item(id="a", kind="message", parts=[Part(kind="input_text", text="old")]))

    def said(text: str) -> dict[str, Any]:
        content = [{"type": "input_text", "text": text}]
        return {"type": "message", "role": "user", "content": content}

    alone = parse(input_items=[said("new")])
    assert build_context(alone, conversation, {}).turns == (Said("user", "new"),)
    behind = parse(append_input_items=[said("more")])
    assert build_context(behind, conversation, {}).turns == (
        Said("user", "old"),
        Said("user", "more"),
    )
