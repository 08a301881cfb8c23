"""Calls: arguments in pieces that make the whole, functions closed, MCP calls left open."""

from __future__ import annotations

import json

from kiosk.emulator.mcp.desk import McpTool
from kiosk.emulator.mcp.server import ListedTool, McpServer
from kiosk.emulator.mind.thought import FunctionCall
from kiosk.emulator.responses.calling import announce_mcp_call, argument_deltas, call_function
from kiosk.emulator.scenario.limits import Limits
from tests.unit.emulator.responses.responding import Session, output

ARGUMENTS = {"place": "the gallery of the Roman coins", "floor": 2}


def test_pieces_make_the_whole() -> None:
    text = json.dumps(ARGUMENTS)
    pieces = list(argument_deltas(text))
    assert len(pieces) > 1
    assert "".join(pieces) == text
    assert list(argument_deltas("")) == []


def test_a_function_is_called() -> None:
    session = Session()
    made = output(session)
    call_function(session, made, FunctionCall("find_place", ARGUMENTS))
    (item,) = made.items
    assert (item.name, item.status) == ("find_place", "completed")
    assert json.loads(item.arguments) == ARGUMENTS
    assert session.kinds()[-2:] == ["function_call_arguments.done", "output_item.done"]
    assert {e["call_id"] for e in session.sent if "call_id" in e} == {item.call_id}


async def test_an_mcp_call_stays_open() -> None:
    session = Session()
    server = McpServer("http://localhost/mcp", {}, Limits())
    tool = McpTool("docs_find", "docs", ListedTool("find", "Finds.", {}), server, False)
    call = announce_mcp_call(session, output(session), tool, FunctionCall("docs_find", ARGUMENTS))
    assert (call.item.name, call.item.output, call.item.error) == ("find", None, None)
    assert (call.response_id, call.output_index, call.arguments) == ("resp_1", 0, ARGUMENTS)
    assert session.kinds()[-1] == "mcp_call_arguments.done"
    assert json.loads(session.sent[-1]["arguments"]) == ARGUMENTS
    shown = session.sent[0]["item"]
    assert (shown["server_label"], shown["name"], shown["arguments"]) == ("docs", "find", "")
    assert "status" not in shown
