"""Checks the tools a session or a response declares, and hides their credentials."""

from __future__ import annotations

import re
from copy import deepcopy
from urllib.parse import urlsplit

from kiosk.emulator.config.values import refuse
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.wire.codec import JSON

HIDDEN = "********"
"""What credentials are echoed back as. Whether the service echoes them is unsure."""

_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_LONGEST_VALUE = 16_384
_MOST_HEADERS = 64
_APPROVAL = "use 'always', 'never', or names of tools under the keys 'always' and 'never'"


def check_tools(tools: list[JSON] | None, param: str, limits: Limits) -> None:
    """Raise WireError for functions that cannot be called, or MCP servers that cannot be reached.

    The fields are those of the SDK's FunctionTool and MCPServer, whose types are checked before.
    """
    if not tools:
        return
    if len(tools) > limits.tools:
        raise refuse(param, f"at most {limits.tools} tools may be declared")
    servers = sum(tool["type"] == "mcp" for tool in tools)
    if servers > limits.mcp_servers:
        raise refuse(param, f"at most {limits.mcp_servers} MCP servers may be declared")
    names: set[tuple[str, str]] = set()
    for index, tool in enumerate(tools):
        where = f"{param}[{index}]"
        field = "server_label" if tool["type"] == "mcp" else "name"
        if not _TOOL_NAME.fullmatch(tool[field]):
            raise refuse(f"{where}.{field}", "use 1 to 64 letters, digits, '_' or '-'")
        if (field, tool[field]) in names:
            raise refuse(f"{where}.{field}", f"two tools have the same {field.split('_')[-1]}")
        names.add((field, tool[field]))
        if tool["type"] == "mcp":
            _check_server(tool, where, limits)
        elif not isinstance(tool.get("parameters") or {}, dict):
            raise refuse(f"{where}.parameters", "a JSON schema is an object")


def _check_server(tool: JSON, where: str, limits: Limits) -> None:
    try:
        url = urlsplit(tool["server_url"])
        reachable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        reachable = False
    if not reachable or len(tool["server_url"]) > _LONGEST_VALUE:
        raise refuse(f"{where}.server_url", "give the http or https URL of an MCP server")
    headers = tool.get("headers") or {}
    if len(headers) > _MOST_HEADERS:
        raise refuse(f"{where}.headers", f"at most {_MOST_HEADERS} headers may be given")
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _sendable(value):
            raise refuse(f"{where}.headers", "a name or value cannot be sent as an HTTP header")
    if not _sendable(tool.get("authorization") or ""):
        raise refuse(f"{where}.authorization", "it cannot be sent as an HTTP header")
    if len(tool.get("allowed_tools") or ()) > limits.tools:
        raise refuse(f"{where}.allowed_tools", f"at most {limits.tools} tools may be named")
    rule = tool.get("require_approval")
    if isinstance(rule, dict) and not set(rule) <= {"always", "never"}:
        raise refuse(f"{where}.require_approval", _APPROVAL)


def _sendable(value: str) -> bool:
    return len(value) <= _LONGEST_VALUE and value.isascii() and value.isprintable()


def without_credentials(tools: list[JSON]) -> list[JSON]:
    """Return tools as they are echoed back: the credentials of MCP servers are hidden."""
    shown = deepcopy(tools)
    for tool in shown:
        if tool.get("authorization"):
            tool["authorization"] = HIDDEN
        if tool.get("headers"):
            tool["headers"] = dict.fromkeys(tool["headers"], HIDDEN)
    return shown


def tool_names(tools: list[JSON]) -> set[str]:
    """Return the names of the declared functions."""
    return {tool["name"] for tool in tools if tool["type"] == "function"}
