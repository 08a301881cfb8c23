"""Checks the tools a session or a response declares."""

from __future__ import annotations

import re

from kiosk.emulator.config.values import refuse
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.wire.codec import JSON, unsupported

_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check_tools(tools: list[JSON] | None, param: str, limits: Limits) -> None:
    """Raise WireError for tools that are not functions, or functions that cannot be called."""
    if not tools:
        return
    if len(tools) > limits.tools:
        raise refuse(param, f"at most {limits.tools} functions may be declared")
    names: set[str] = set()
    for index, tool in enumerate(tools):
        where = f"{param}[{index}]"
        if tool["type"] == "mcp":
            raise unsupported(f"{where}.type", "MCP servers")
        if not _TOOL_NAME.fullmatch(tool["name"]):
            raise refuse(f"{where}.name", "use 1 to 64 letters, digits, '_' or '-'")
        if tool["name"] in names:
            raise refuse(f"{where}.name", "two functions have the same name")
        names.add(tool["name"])
        if not isinstance(tool.get("parameters") or {}, dict):
            raise refuse(f"{where}.parameters", "a JSON schema is an object")
