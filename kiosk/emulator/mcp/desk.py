"""The MCP servers of one session: listed, offered to the mind, called, approved by the client."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from azure.ai.voicelive import models as sdk

from kiosk.clock import new_id
from kiosk.emulator.conversation.items import Conversation, Item
from kiosk.emulator.mcp.declared import (
    allowed,
    connection_key,
    declared_servers,
    needs_approval,
    request_headers,
)
from kiosk.emulator.mcp.server import ListedTool, McpError, McpServer
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.wire.codec import JSON, WireError
from kiosk.tasks import TaskSet

log = structlog.get_logger(__name__)

APPROVAL_ANSWERED = "approval_request_already_answered"  # ours: the service's code is not known


class McpHost(Protocol):
    """What the desk needs of its session."""

    conversation: Conversation
    limits: Limits

    def emit(self, model: type[sdk.ServerEvent], **fields: Any) -> JSON:
        """Queue a server event."""
        ...

    def warn(self, code: str, text: str, param: str) -> None:
        """Queue a warning, once a session for each parameter."""
        ...


@dataclass(frozen=True, slots=True)
class McpTool:
    """One tool the mind may call, by a `name` that no other tool of the response has."""

    name: str
    label: str
    listed: ListedTool
    server: McpServer
    approval: bool

    def as_function(self) -> JSON:
        """Return the tool as a session would declare a function."""
        return {
            "type": "function",
            "name": self.name,
            "description": self.listed.description,
            "parameters": self.listed.input_schema,
        }


@dataclass(frozen=True, slots=True)
class McpCall:
    """One call, with its item and where that is: fields `response_id`, `output_index`."""

    tool: McpTool
    arguments: JSON
    item: Item
    response_id: str
    output_index: int


class McpDesk:
    """Owns the connections and the calls; a call outlives the response that made it.

    Microsoft's samples take the end of the response before the call's `completed`, and ask for the
    next response themselves, so nothing here begins one.
    """

    def __init__(self, host: McpHost, session_id: str) -> None:
        self._host = host
        self._tasks = TaskSet(f"emulator/{session_id}/mcp")
        self._servers: dict[str, McpServer] = {}
        self._connections: dict[McpServer, asyncio.Task[Any]] = {}
        self._waiting: dict[str, McpCall] = {}
        self._running = 0

    def configure(self, tools: list[JSON]) -> None:
        """Connect the servers a session newly declares and close those it declares no more."""
        wanted = {connection_key(declared): declared for declared in declared_servers(tools)}
        for key, server in list(self._servers.items()):
            if key not in wanted or server.ended:
                self._close_server(server)
                del self._servers[key]
        for declared in wanted.values():
            self._open(declared)

    async def tools(self, declared: list[JSON]) -> dict[str, McpTool]:
        """Return the tools of declared servers once all are listed; one that fails has none.

        Whether the service waits for a listing in progress is unsure.
        """
        taken = {tool["name"] for tool in declared if tool["type"] == "function"}
        found: dict[str, McpTool] = {}
        servers = [(one, self._open(one)) for one in declared_servers(declared)]
        for one, server in servers:
            try:
                listed = await server.tools()
            except McpError:
                continue  # told when it happened
            label = one["server_label"]
            for tool in allowed(one, listed):
                name = tool.name if tool.name not in taken else f"{label}_{tool.name}"
                taken.add(name)
                approval = needs_approval(one, tool.name)
                found[name] = McpTool(name, label, tool, server, approval)
        return found

    def _open(self, declared: JSON) -> McpServer:
        key = connection_key(declared)
        server = self._servers.get(key)
        if server is None:
            server = McpServer(declared["server_url"], request_headers(declared), self._host.limits)
            self._servers[key] = server
            task = self._tasks.start(server.run(), name="server")
            self._connections[server] = task
            task.add_done_callback(lambda _: self._connections.pop(server))
            self._tasks.spawn(self._list(declared, server), name="listing")
        return server

    def _close_server(self, server: McpServer) -> None:
        """Let a server disconnect; one that has not answered yet is not waited for."""
        server.close()
        if not server.answered and server in self._connections:
            self._connections[server].cancel()

    async def _list(self, declared: JSON, server: McpServer) -> None:
        """Tell the client about a listing; the item comes with the tools (MCP how-to)."""
        host, label = self._host, declared["server_label"]
        item = Item(id=new_id("mcpl"), kind="mcp_list_tools")
        host.emit(sdk.ServerEventMcpListToolsInProgress, item_id=item.id)
        try:
            listed = await server.tools()
        except McpError as error:
            host.emit(sdk.ServerEventMcpListToolsFailed, item_id=item.id)
            # The event has no room for a reason.
            host.warn("mcp_list_tools_failed", str(error), f"tools.{label}")
            return
        tools = [
            {"name": one.name, "description": one.description, "input_schema": one.input_schema}
            for one in allowed(declared, listed)
        ]
        item.own = {"server_label": label, "tools": tools}
        self._add(item)
        host.emit(sdk.ServerEventMcpListToolsCompleted, item_id=item.id)

    def _add(self, item: Item) -> None:
        previous = self._host.conversation.add(item)
        self._host.emit(
            sdk.ServerEventConversationItemCreated, previous_item_id=previous, item=item.as_model()
        )

    def begin(self, call: McpCall) -> None:
        """Carry out a call whose arguments are known, or ask the client first."""
        if self._running + len(self._waiting) >= self._host.limits.mcp_calls:
            error = McpError("tool_execution_error", "Too many MCP calls are under way.")
            self._end(call, error)
        elif call.tool.approval:
            request = Item(id=new_id("mcpr"), kind="mcp_approval_request")
            request.own = {
                "server_label": call.tool.label,
                "name": call.tool.listed.name,
                "arguments": call.item.arguments,
            }
            self._waiting[request.id] = call
            self._add(request)
        else:
            self._start(call)

    def check_approval(self, request_id: str) -> None:
        """Raise WireError unless an approval request is waiting for its answer."""
        self._host.conversation.approval_request(request_id)
        if request_id not in self._waiting:
            raise WireError(
                APPROVAL_ANSWERED,
                "This approval request was answered before.",
                "item.approval_request_id",
            )

    def approve(self, request_id: str, *, approve: bool) -> None:
        """Call what was approved, or end it; a call that was refused never runs."""
        call = self._waiting.pop(request_id)
        call.item.own["approval_request_id"] = request_id
        if approve:
            self._start(call)
            return
        call.item.error = {"type": "mcp_approval_denied", "message": "The call was not approved."}
        self._close(call)

    def _start(self, call: McpCall) -> None:
        self._running += 1
        self._tasks.spawn(self._run(call), name="call")

    async def _run(self, call: McpCall) -> None:
        self._host.emit(
            sdk.ServerEventResponseMcpCallInProgress,
            item_id=call.item.id,
            output_index=call.output_index,
        )
        try:
            output = await call.tool.server.call(call.tool.listed.name, call.arguments)
        except McpError as error:
            self._end(call, error)
        else:
            self._end(call, output)
        finally:
            self._running -= 1

    def _end(self, call: McpCall, outcome: str | McpError) -> None:
        """Send `completed` or `failed`, then the item with its output (SDK sample's order)."""
        model: type[sdk.ServerEvent] = sdk.ServerEventResponseMcpCallCompleted
        if isinstance(outcome, McpError):
            log.info("mcp call failed", kind=outcome.kind, item_id=call.item.id)
            model = sdk.ServerEventResponseMcpCallFailed
            call.item.error = {"type": outcome.kind, "message": str(outcome)}
        else:
            call.item.output = outcome
        self._host.emit(model, item_id=call.item.id, output_index=call.output_index)
        self._close(call)

    def _close(self, call: McpCall) -> None:
        call.item.status = "completed"
        call.item.returned_after = self._host.conversation.last_id
        self._host.emit(
            sdk.ServerEventResponseOutputItemDone,
            response_id=call.response_id,
            output_index=call.output_index,
            item=call.item.as_model(),
        )

    async def aclose(self) -> None:
        """Disconnect from every server; what does not end in time is cancelled."""
        for server in self._connections:
            self._close_server(server)
        if self._connections:
            await asyncio.wait(self._connections.values(), timeout=self._host.limits.close_seconds)
        await self._tasks.aclose()


def outcome_text(item: Item) -> str | None:
    """Return what the mind learns of an ended MCP call, None while it has not ended."""
    if item.error is not None:
        if item.error["type"] == "mcp_approval_denied":
            return item.error["message"]
        return json.dumps({"error": item.error["message"]}, ensure_ascii=False)
    return item.output
