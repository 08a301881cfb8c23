"""A session's MCP servers: which are connected, what the mind gets, how many calls there may be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from azure.ai.voicelive import models as sdk

from kiosk.emulator.conversation.items import Conversation, Item
from kiosk.emulator.mcp.desk import McpCall, McpDesk, McpTool, outcome_text
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.wire.codec import JSON, WireError, build
from tests.unit.emulator.emulating import PLACES
from tests.unit.emulator.mcping import Library, declared, library

PATIENCE_SECONDS = 20.0


class Session:
    """What a desk needs of its session; every event is kept."""

    def __init__(self, limits: Limits) -> None:
        self.conversation = Conversation(100)
        self.limits = limits
        self.sent: list[JSON] = []
        self.warnings: list[str] = []
        self._changed = asyncio.Event()

    def emit(self, model: type[sdk.ServerEvent], **fields: Any) -> JSON:
        event = build(model, fields)
        self.sent.append(event)
        self._changed.set()
        return event

    def warn(self, code: str, text: str, param: str) -> None:
        self.warnings.append(param)

    async def until(self, kind: str, count: int = 1) -> JSON:
        """Return the event of a type, as soon as there are so many of them."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                found = [event for event in self.sent if event["type"] == kind]
                if len(found) >= count:
                    return found[-1]
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def desk(**limits: Any) -> AsyncIterator[tuple[McpDesk, Session]]:
    session = Session(Limits(**limits))
    made = McpDesk(session, "s")
    try:
        yield made, session
    finally:
        await made.aclose()


async def tool_of(made: McpDesk, shelf: Library, name: str, **more: Any) -> McpTool:
    tools = await made.tools([declared(shelf, **more)])
    return tools[name]


def call(session: Session, tool: McpTool) -> McpCall:
    item = Item(id=f"mcp_{len(session.conversation)}", kind="mcp_call", name=tool.listed.name)
    item.own = {"server_label": tool.label}
    session.conversation.add(item)
    return McpCall(tool, {}, item, "resp_1", 0)


async def test_servers_are_connected_and_left() -> None:
    async with library() as shelf, desk() as (made, session):
        made.configure([PLACES, declared(shelf)])
        await session.until("mcp_list_tools.completed")
        made.configure([PLACES, declared(shelf, require_approval="never")])
        tool = await tool_of(made, shelf, "reserve_seat")
        made.configure([PLACES])
        assert not await made.tools([PLACES])
        made.configure([declared(shelf, headers={"x": "y"})])
        await session.until("mcp_list_tools.completed", 2)
        # The old connection is closed; what was left of it cannot be called.
        made.begin(call(session, McpTool("x", "library", tool.listed, tool.server, False)))
        await session.until("response.mcp_call.failed")


async def test_names_are_made_unique() -> None:
    async with library() as shelf, desk() as (made, _):
        function = {**PLACES, "name": "find_book"}
        tools = await made.tools([function, declared(shelf), declared(shelf, server_label="annex")])
        assert {"library_find_book", "reserve_seat", "annex_find_book", "annex_reserve_seat"} <= {
            *tools
        }
        assert "find_book" not in tools
        assert tools["annex_find_book"].label == "annex"
        shown = tools["reserve_seat"].as_function()
        assert (shown["type"], shown["name"]) == ("function", "reserve_seat")


async def test_a_server_that_failed_is_tried_again_when_the_session_is_set_up_again(
    unused_tcp_port: int,
) -> None:
    gone = {
        "type": "mcp",
        "server_label": "gone",
        "server_url": f"http://127.0.0.1:{unused_tcp_port}/mcp",
    }
    async with desk() as (made, session):
        made.configure([gone])
        await session.until("mcp_list_tools.failed")
        assert session.warnings == ["tools.gone"]
        assert await made.tools([gone]) == {}
        made.configure([gone])
        await session.until("mcp_list_tools.failed", 2)


async def test_a_silent_server_does_not_hold_up_the_end(unused_tcp_port: int) -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = {
        "type": "mcp",
        "server_label": "silent",
        "server_url": f"http://127.0.0.1:{unused_tcp_port}/mcp",
    }
    async with await asyncio.start_server(swallow, "127.0.0.1", unused_tcp_port):
        async with desk(mcp_connect_seconds=60, close_seconds=60) as (made, session):
            made.configure([silent])
            await session.until("mcp_list_tools.in_progress")
        assert "mcp_list_tools.completed" not in [event["type"] for event in session.sent]


async def test_only_so_many_calls_at_once() -> None:
    async with library() as shelf, desk(mcp_calls=2) as (made, session):
        slow = await tool_of(made, shelf, "scan_archive", require_approval="never")
        asking = await tool_of(made, shelf, "reserve_seat")
        made.begin(call(session, slow))
        made.begin(call(session, asking))
        request = next(i for i in session.conversation.items() if i.kind == "mcp_approval_request")
        third = call(session, asking)
        made.begin(third)
        assert third.item.error is not None
        assert "Too many" in third.item.error["message"]
        shelf.slow_may_end.set()
        await session.until("response.mcp_call.completed")
        made.approve(request.id, approve=True)
        await session.until("response.mcp_call.completed", 2)


async def test_approvals_answer_requests_once() -> None:
    async with library() as shelf, desk() as (made, session):
        asking = call(session, await tool_of(made, shelf, "reserve_seat"))
        made.begin(asking)
        request = session.sent[-1]["item"]["id"]
        for wrong in ("unknown", asking.item.id):
            with pytest.raises(WireError) as caught:
                made.check_approval(wrong)
            assert caught.value.code == "invalid_approval_request_id"
        made.check_approval(request)
        made.approve(request, approve=False)
        with pytest.raises(WireError) as caught:
            made.check_approval(request)
        assert caught.value.code == "approval_request_already_answered"


def test_what_the_mind_learns_of_a_call() -> None:
    item = Item(id="m", kind="mcp_call")
    assert outcome_text(item) is None
    item.output = "Done."
    assert outcome_text(item) == "Done."
    item.error = {"type": "tool_execution_error", "message": "It broke."}
    assert outcome_text(item) == '{"error": "It broke."}'
    item.error = {"type": "mcp_approval_denied", "message": "The call was not approved."}
    assert outcome_text(item) == "The call was not approved."
