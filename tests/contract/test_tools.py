"""Functions and MCP servers as the real SDK sees them, in the order of Microsoft's own sample."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

import pytest
from azure.ai.voicelive import models as sdk

from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.speech.engines import Engines
from tests.contract.talking import Client, Kind, said, talking
from tests.unit.emulator.emulating import FACTS, PLACES, QUICK
from tests.unit.emulator.mcping import TOKEN, Library, library

PLACE = sdk.FunctionTool(
    name=str(PLACES["name"]),
    description=str(PLACES["description"]),
    parameters=PLACES["parameters"],
)
WEATHER = sdk.FunctionTool(
    name="get_weather",
    description="Gets the weather of today.",
    parameters={"type": "object", "properties": {}},
)


def calls(response: Any) -> list[tuple[str, Any]]:
    return [
        (item.name, json.loads(item.arguments))
        for item in response.output
        if item.type == "function_call"
    ]


async def give(client: Client, response: Any, output: str) -> None:
    """Answer the calls of a response, as a client must before it asks for the next one."""
    for item in response.output:
        if item.type == "function_call":
            result = sdk.FunctionCallOutputItem(call_id=item.call_id, output=output)
            await client.connection.conversation.item.create(item=result)


# ── functions ────────────────────────────────────────────────────────────────────────────────


async def test_a_function_call(engines: Engines) -> None:
    async with talking(engines) as client:
        await client.update(tools=[PLACE], instructions=FACTS)
        done = await client.ask("Where are the toilets?")
        assert calls(done) == [("find_place", {"place": "toilets"})]
        await give(client, done, json.dumps({"say": "Behind you, on the left."}))
        assert said(await client.respond()) == ["Behind you, on the left."]


@pytest.mark.parametrize(
    "question",
    ["Where is the cafe? What is the weather?", "Where is the cafe and what is the weather today"],
)
async def test_parallel_calls(engines: Engines, question: str) -> None:
    async with talking(engines) as client:
        await client.update(tools=[PLACE, WEATHER], parallel_tool_calls=True)
        done = await client.ask(question)
        assert calls(done) == [("find_place", {"place": "cafe"}), ("get_weather", {})]
        assert len({item.call_id for item in done.output}) == 2
        added = [e for e in client.seen if e.type == Kind.RESPONSE_OUTPUT_ITEM_ADDED]
        assert [event.output_index for event in added] == [0, 1]
        await give(client, done, "It is upstairs.")
        await client.until(Kind.CONVERSATION_ITEM_CREATED)
        assert said(await client.respond()) == ["It is upstairs."]


async def test_calls_one_at_a_time(engines: Engines) -> None:
    async with talking(engines) as client:
        await client.update(tools=[PLACE, WEATHER], parallel_tool_calls=False)
        done = await client.ask("Where is the cafe? What is the weather?")
        assert len(calls(done)) == 1


async def test_tool_choice(engines: Engines) -> None:
    """None calls nothing, required calls something, a name calls just that."""
    async with talking(engines) as client:
        await client.update(tools=[PLACE, WEATHER])
        assert calls(await client.ask("Where is the cafe?", tool_choice="none")) == []
        forced = await client.ask("I like elephants.", tool_choice="required")
        assert len(calls(forced)) == 1
        await give(client, forced, "Done.")
        named = await client.ask("Where is the cafe?", tool_choice="get_weather")
        assert calls(named) == [("get_weather", {})]
        await give(client, named, "Sunny.")
        # The API reference has an object too; the SDK's model takes text only.
        choice = {"type": "function", "name": "get_weather"}
        await client.type("Where is the cafe?")
        await client.connection.send(
            {"type": "response.create", "response": {"tool_choice": choice}}
        )
        done = (await client.until(Kind.RESPONSE_DONE)).response
        assert calls(done) == [("get_weather", {})]
        await client.connection.send(
            {"type": "response.create", "response": {"tool_choice": "fly"}, "event_id": "e"}
        )
        error = (await client.until(Kind.ERROR)).error
        assert (error.param, error.event_id) == ("tool_choice", "e")


async def test_an_output_for_a_call_that_was_never_made(engines: Engines) -> None:
    async with talking(engines) as client:
        result = sdk.FunctionCallOutputItem(call_id="call_none", output="x")
        await client.connection.conversation.item.create(item=result, event_id="mine")
        error = (await client.until(Kind.ERROR)).error
        assert (error.code, error.event_id) == ("invalid_tool_call_id", "mine")


# ── MCP servers ──────────────────────────────────────────────────────────────────────────────


async def declare(client: Client, shelf: Library, **more: Any) -> Any:
    """Declare the library and wait until its tools are known; return the listing's item."""
    server = sdk.MCPServer(server_label="library", server_url=shelf.url, **more)
    await client.update(tools=[server])
    item = await client.item("mcp_list_tools")
    await client.until(Kind.MCP_LIST_TOOLS_COMPLETED)
    return item


async def test_the_tools_of_an_mcp_server_are_listed(engines: Engines) -> None:
    async with library() as shelf, talking(engines) as client:
        item = await declare(client, shelf, allowed_tools=["find_book", "reserve_seat"])
        assert isinstance(item, sdk.ResponseMCPListToolItem)
        assert item.server_label == "library"
        assert [tool.name for tool in item.tools] == ["find_book", "reserve_seat"]
        assert item.tools[0].input_schema["required"] == ["title"]
        listing = [k for k in client.kinds() if "mcp" in k or "item" in k]
        assert listing == [
            "mcp_list_tools.in_progress",
            "conversation.item.created",
            "mcp_list_tools.completed",
        ]
        # What is not allowed is not called either.
        done = await client.ask("Renew my membership card.")
        assert [i.type for i in done.output] == ["message"]


async def test_an_mcp_call_without_approval(engines: Engines) -> None:
    """Arguments, the response's end, the call, its item; then the client asks for the answer."""
    async with library() as shelf, talking(engines) as client:
        await declare(client, shelf, require_approval="never")
        mark = len(client.seen)
        done = await client.ask("Please find the book Emma.")
        (item,) = done.output
        assert isinstance(item, sdk.ResponseMCPCallItem)
        assert (item.server_label, item.name, item.output) == ("library", "find_book", None)
        completed = await client.until(Kind.RESPONSE_MCP_CALL_COMPLETED)
        assert (completed.item_id, completed.output_index) == (item.id, 0)
        ended = await client.until(Kind.RESPONSE_OUTPUT_ITEM_DONE)
        assert (ended.response_id, ended.item.id) == (done.id, item.id)
        assert "stands on shelf seven" in ended.item.output
        kinds = [kind.removeprefix("response.") for kind in client.kinds(mark)]
        assert [kind for kind, _ in groupby(kinds)] == [
            "conversation.item.created",
            "created",
            "output_item.added",
            "conversation.item.created",
            "mcp_call_arguments.delta",
            "mcp_call_arguments.done",
            "done",
            "mcp_call.in_progress",
            "mcp_call.completed",
            "output_item.done",
        ]
        arguments = [e for e in client.seen if e.type == Kind.RESPONSE_MCP_CALL_ARGUMENTS_DONE]
        assert json.loads(arguments[0].arguments) == shelf.calls[0][1]
        (answer,) = said(await client.respond())
        assert "stands on shelf seven" in answer


async def test_an_mcp_call_that_is_approved(engines: Engines) -> None:
    async with library() as shelf, talking(engines) as client:
        await declare(client, shelf)  # always is the default
        await client.ask("Reserve a seat in the reading room.")
        request = await client.item("mcp_approval_request")
        assert type(request) is sdk.ResponseMCPApprovalRequestItem
        assert (request.server_label, request.name) == ("library", "reserve_seat")
        assert request.arguments == "{}"
        assert shelf.calls == []
        approval = sdk.MCPApprovalResponseRequestItem(
            approval_request_id=str(request.id), approve=True
        )
        await client.connection.conversation.item.create(item=approval)
        kept = await client.item("mcp_approval_response")
        assert (kept.approval_request_id, kept.approve) == (request.id, True)
        await client.until(Kind.RESPONSE_MCP_CALL_IN_PROGRESS)
        await client.until(Kind.RESPONSE_MCP_CALL_COMPLETED)
        item = (await client.until(Kind.RESPONSE_OUTPUT_ITEM_DONE)).item
        assert (item.output, item.approval_request_id) == ("Seat twelve is yours.", request.id)
        assert said(await client.respond()) == ["Seat twelve is yours."]
        # The same answer twice is a mistake that is told.
        again = sdk.MCPApprovalResponseRequestItem(
            approval_request_id=str(request.id), approve=True
        )
        await client.connection.conversation.item.create(item=again, event_id="twice")
        error = (await client.until(Kind.ERROR)).error
        assert (error.code, error.event_id) == ("approval_request_already_answered", "twice")
        assert len(shelf.calls) == 1


async def test_an_mcp_call_that_is_denied(engines: Engines) -> None:
    """With the event that the SDK names beside the item."""
    async with library() as shelf, talking(engines) as client:
        await declare(client, shelf, require_approval="always")
        await client.ask("Reserve a seat in the reading room.")
        request = await client.item("mcp_approval_request")
        await client.connection.send(
            {
                "type": sdk.ClientEventType.MCP_APPROVAL_RESPONSE.value,
                "approval_request_id": request.id,
                "approve": False,
            }
        )
        assert (await client.item("mcp_approval_response")).approve is False
        item = (await client.until(Kind.RESPONSE_OUTPUT_ITEM_DONE)).item
        assert item.error["type"] == "mcp_approval_denied"
        assert item.output is None
        assert said(await client.respond()) == ["The call was not approved."]
        assert shelf.calls == []
        assert "response.mcp_call.in_progress" not in client.kinds()


async def test_approval_by_tool(engines: Engines) -> None:
    rule = {"never": ["reserve_seat"], "always": ["find_book"]}
    async with library() as shelf, talking(engines) as client:
        await declare(client, shelf, require_approval=rule)
        await client.ask("Reserve a seat in the reading room.")
        await client.until(Kind.RESPONSE_MCP_CALL_COMPLETED)
        await client.respond()
        await client.ask("Please find the book Emma.")
        assert (await client.item("mcp_approval_request")).name == "find_book"
        assert [name for name, _ in shelf.calls] == ["reserve_seat"]


async def test_an_mcp_call_that_fails_or_takes_too_long(engines: Engines) -> None:
    limits = Limits(mcp_call_seconds=0.3)
    async with library() as shelf, talking(engines, limits=limits) as client:
        await declare(client, shelf, require_approval="never")
        await client.ask("Renew my membership card.")
        await client.until(Kind.RESPONSE_MCP_CALL_FAILED)
        item = (await client.until(Kind.RESPONSE_OUTPUT_ITEM_DONE)).item
        assert item.error["type"] == "tool_execution_error"
        assert "The card has expired." in item.error["message"]
        assert item.output is None
        await client.respond()
        await client.ask("Scan the whole archive.")
        await client.until(Kind.RESPONSE_MCP_CALL_FAILED)
        item = (await client.until(Kind.RESPONSE_OUTPUT_ITEM_DONE)).item
        assert item.error["message"] == "The tool did not answer within 0.3 seconds."


async def test_a_conversation_goes_on_while_a_tool_works(engines: Engines) -> None:
    async with library() as shelf, talking(engines) as client:
        await declare(client, shelf, require_approval="never")
        await client.ask("Scan the whole archive.")
        await client.until(Kind.RESPONSE_MCP_CALL_IN_PROGRESS)
        assert said(await client.ask("Thank you.")) != []
        shelf.slow_may_end.set()
        await client.until(Kind.RESPONSE_MCP_CALL_COMPLETED)
        # The late result is what the next answer is about, although words came in between.
        assert said(await client.respond()) == ["The archive is scanned."]


async def test_the_session_ends_while_a_tool_works(engines: Engines) -> None:
    """Nothing is left behind: the leak checks of every test look for it."""
    async with library() as shelf:
        async with talking(engines, limits=Limits(close_seconds=0.5)) as client:
            await declare(client, shelf, require_approval="never")
            await client.ask("Scan the whole archive.")
            await client.until(Kind.RESPONSE_MCP_CALL_IN_PROGRESS)
        shelf.slow_may_end.set()


async def test_credentials_reach_the_server_and_nobody_else(engines: Engines) -> None:
    async with library() as shelf, talking(engines) as client:
        server = sdk.MCPServer(
            server_label="library",
            server_url=shelf.url,
            authorization=TOKEN,
            headers={"x-key": TOKEN},
        )
        session = await client.update(tools=[server])
        (echoed,) = session.tools
        assert (echoed.server_label, echoed.server_url) == ("library", shelf.url)
        assert TOKEN not in json.dumps(session.as_dict())
        assert set(echoed.headers) == {"x-key"}
        await client.until(Kind.MCP_LIST_TOOLS_COMPLETED)
        assert {seen["authorization"] for seen in shelf.headers} == {f"Bearer {TOKEN}"}
        assert {seen["x-key"] for seen in shelf.headers} == {TOKEN}


async def test_a_server_that_cannot_be_reached(engines: Engines, unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/mcp?key={TOKEN}"
    async with talking(engines) as client:
        await client.update(
            tools=[PLACE, sdk.MCPServer(server_label="gone", server_url=url)], instructions=FACTS
        )
        await client.until(Kind.MCP_LIST_TOOLS_FAILED)
        warning = (await client.until(Kind.WARNING)).warning
        assert (warning.code, warning.param) == ("mcp_list_tools_failed", "tools.gone")
        assert TOKEN not in warning.message
        # The rest of the session works.
        assert calls(await client.ask("Where is the cafe?")) == [("find_place", {"place": "cafe"})]


async def test_a_server_declared_by_one_response_only(engines: Engines) -> None:
    async with library() as shelf, talking(engines, QUICK) as client:
        server = sdk.MCPServer(
            server_label="library", server_url=shelf.url, require_approval="never"
        )
        done = await client.ask("Please find the book Emma.", tools=[server])
        assert [item.type for item in done.output] == ["mcp_call"]
        await client.until(Kind.RESPONSE_MCP_CALL_COMPLETED)
        await client.respond()
        done = await client.ask("Please find the book Emma.")
        assert [item.type for item in done.output] == ["message"]


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"server_label": "a b"}, "session.tools[0].server_label"),
        ({"server_url": "ftp://host/mcp"}, "session.tools[0].server_url"),
        ({"server_url": "http://"}, "session.tools[0].server_url"),
        ({"headers": {"x\n": "y"}}, "session.tools[0].headers"),
        ({"authorization": "a\r\nb"}, "session.tools[0].authorization"),
        ({"require_approval": {"sometimes": ["x"]}}, "session.tools[0].require_approval"),
        ({"require_approval": "perhaps"}, "session.tools[0].require_approval"),
    ],
)
async def test_declarations_that_cannot_be(
    engines: Engines, wrong: dict[str, Any], param: str
) -> None:
    server = {"type": "mcp", "server_label": "a", "server_url": "http://localhost/mcp", **wrong}
    async with talking(engines) as client:
        await client.connection.send({"type": "session.update", "session": {"tools": [server]}})
        error = (await client.until(Kind.ERROR)).error
        assert error.param == param
        assert error.type == "invalid_request_error"
