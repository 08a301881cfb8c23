"""What a session declares of its MCP servers: where, which credentials, tools and approval."""

from __future__ import annotations

import json
from typing import Any

from kiosk.emulator.mcp.server import ListedTool
from kiosk.emulator.wire.codec import JSON


def declared_servers(tools: list[JSON]) -> list[JSON]:
    """Return the MCP servers among a session's or a response's tools."""
    return [tool for tool in tools if tool["type"] == "mcp"]


def connection_key(declared: JSON) -> str:
    """Return what distinguishes one connection from another; never log it, it holds credentials."""
    names = ("server_label", "server_url", "authorization", "headers")
    return json.dumps([declared.get(name) for name in names], sort_keys=True)


def request_headers(declared: JSON) -> dict[str, str]:
    """Return the headers of every request to the server.

    A bare `authorization` is sent as a bearer token (OpenAI's reference calls it an OAuth access
    token; unsure here), one that names its scheme as it is.
    """
    headers = dict(declared.get("headers") or {})
    authorization = (declared.get("authorization") or "").strip()
    if authorization:
        scheme = "" if " " in authorization else "Bearer "
        headers["Authorization"] = scheme + authorization
    return headers


def allowed(declared: JSON, tools: tuple[ListedTool, ...]) -> list[ListedTool]:
    """Return the tools that `allowed_tools` lets the model see; without it, all of them."""
    names = declared.get("allowed_tools")
    return [tool for tool in tools if names is None or tool.name in names]


def needs_approval(declared: JSON, name: str) -> bool:
    """Return whether a call of a tool waits for the client.

    "always" is the default, also for tools that a dictionary names under neither key (MCP how-to).
    """
    rule: Any = declared.get("require_approval") or "always"
    if isinstance(rule, dict):
        return name not in rule.get("never", ()) or name in rule.get("always", ())
    return bool(rule != "never")
