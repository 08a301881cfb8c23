"""A response's parameters go over the session's, and what cannot be is named."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kiosk.emulator.config.config import SessionConfig
from kiosk.emulator.conversation.items import Conversation, Item, Part
from kiosk.emulator.mind.mind import Called, Returned, Said
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
        ({"interim_response": {"type": "x"}}, "response.interim_response"),
        ({"modalities": []}, "response.modalities"),
        ({"modalities": ["animation"]}, "response.modalities"),
        ({"max_output_tokens": 5000}, "response.max_output_tokens"),
        ({"metadata": {"k" * 65: ""}}, "response.metadata"),
        ({"tool_choice": "no_such_function"}, "tool_choice"),
        ({"tools": [{"type": "mcp"}]}, "response.tools[0].type"),
        ({"input_items": [{"type": "mcp_approval_response"}]}, "response.input_items"),
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
    context = build_context(parse(config(tools=[PLACES])), conversation, frozenset({1}))
    assert context.turns == (
        Said("user", "Where is the cafe?"),
        Called("find_place", "{}", "k"),
        Returned("k", "Upstairs."),
    )
    assert context.tools[0].name == "find_place"
    assert context.used == {1}


def test_a_response_may_bring_its_own_context() -> None:
    conversation = Conversation(10)
    conversation.add(Item(id="a", kind="message", parts=[Part(kind="input_text", text="old")]))

    def said(text: str) -> dict[str, Any]:
        content = [{"type": "input_text", "text": text}]
        return {"type": "message", "role": "user", "content": content}

    alone = parse(input_items=[said("new")])
    assert build_context(alone, conversation, frozenset()).turns == (Said("user", "new"),)
    behind = parse(append_input_items=[said("more")])
    assert build_context(behind, conversation, frozenset()).turns == (
        Said("user", "old"),
        Said("user", "more"),
    )
