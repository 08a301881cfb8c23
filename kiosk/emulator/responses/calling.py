"""The calls of one response: their arguments streamed, then complete."""

from __future__ import annotations

import json
from collections.abc import Iterator

from azure.ai.voicelive import models as sdk

from kiosk.clock import new_id
from kiosk.emulator.conversation.items import Item
from kiosk.emulator.mcp.desk import McpCall, McpTool
from kiosk.emulator.mind.thought import FunctionCall
from kiosk.emulator.responses.output import OutputHost, ResponseOutput

_ARGUMENT_CHARACTERS = 24


def argument_deltas(arguments: str) -> Iterator[str]:
    """Return the JSON text of a call's arguments in the pieces it is streamed in."""
    for start in range(0, len(arguments), _ARGUMENT_CHARACTERS):
        yield arguments[start : start + _ARGUMENT_CHARACTERS]


def call_function(host: OutputHost, output: ResponseOutput, call: FunctionCall) -> None:
    """Ask the client to call one of its functions."""
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    item = Item(
        id=new_id("item"),
        kind="function_call",
        status="in_progress",
        name=call.name,
        call_id=new_id("call"),
    )
    output.add(item)
    where = {**output.place(item), "call_id": item.call_id}
    for delta in argument_deltas(arguments):
        host.emit(sdk.ServerEventResponseFunctionCallArgumentsDelta, delta=delta, **where)
    item.arguments = arguments
    host.emit(
        sdk.ServerEventResponseFunctionCallArgumentsDone,
        arguments=arguments,
        name=item.name,
        **where,
    )
    output.close(item, "completed")


def announce_mcp_call(
    host: OutputHost, output: ResponseOutput, tool: McpTool, call: FunctionCall
) -> McpCall:
    """Announce a call of an MCP server's tool, to be begun when the response has ended.

    The SDK's sample waits for `response.done` after the arguments, then for the call's
    `completed`, then for the `response.output_item.done` with the output.
    """
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    item = Item(id=new_id("mcp"), kind="mcp_call", name=tool.listed.name)
    item.own = {"server_label": tool.label}
    output.add(item)
    where = output.place(item)
    for delta in argument_deltas(arguments):
        host.emit(sdk.ServerEventResponseMcpCallArgumentsDelta, delta=delta, **where)
    item.arguments = arguments
    host.emit(sdk.ServerEventResponseMcpCallArgumentsDone, arguments=arguments, **where)
    return McpCall(tool, call.arguments, item, output.response_id, where["output_index"])
