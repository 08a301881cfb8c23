"""What a declaration of an MCP server means."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.emulator.mcp.declared import (
    allowed,
    connection_key,
    declared_servers,
    needs_approval,
    request_headers,
)
from kiosk.emulator.mcp.server import ListedTool

SERVER: dict[str, Any] = {"type": "mcp", "server_label": "a", "server_url": "http://h/mcp"}
READ, WRITE = ListedTool("read", "Reads.", {}), ListedTool("write", "Writes.", {})


def test_only_servers_are_found() -> None:
    assert declared_servers([{"type": "function", "name": "f"}, SERVER]) == [SERVER]


def test_a_connection_is_made_anew_for_new_credentials_only() -> None:
    same = {**SERVER, "allowed_tools": ["x"], "require_approval": "never", "headers": None}
    assert connection_key(same) == connection_key(SERVER)
    for changed in ({"authorization": "x"}, {"headers": {"a": "b"}}, {"server_url": "http://g"}):
        assert connection_key({**SERVER, **changed}) != connection_key(SERVER)


def test_the_authorization_becomes_a_header() -> None:
    assert request_headers(SERVER) == {}
    given = {**SERVER, "headers": {"x": "1"}, "authorization": "token"}
    assert request_headers(given) == {"x": "1", "Authorization": "Bearer token"}
    assert given["headers"] == {"x": "1"}
    assert request_headers({"authorization": "Basic abc"}) == {"Authorization": "Basic abc"}


def test_allowed_tools() -> None:
    assert allowed(SERVER, (READ, WRITE)) == [READ, WRITE]
    assert allowed({**SERVER, "allowed_tools": ["write", "gone"]}, (READ, WRITE)) == [WRITE]
    assert allowed({**SERVER, "allowed_tools": []}, (READ, WRITE)) == []


@pytest.mark.parametrize(
    ("rule", "read", "write"),
    [
        (None, True, True),
        ("always", True, True),
        ("never", False, False),
        ({"never": ["read"]}, False, True),
        ({"always": ["write"]}, True, True),
        ({"never": ["read", "write"], "always": ["write"]}, False, True),
    ],
)
def test_approval(rule: Any, read: bool, write: bool) -> None:
    """Tools named under neither key need approval (Microsoft's how-to)."""
    declared = {**SERVER, "require_approval": rule}
    assert (needs_approval(declared, "read"), needs_approval(declared, "write")) == (read, write)
