"""Declared tools: what cannot be called or reached is named, credentials are never echoed."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.emulator.config.tools import HIDDEN, check_tools, tool_names, without_credentials
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.wire.codec import WireError
from tests.unit.emulator.emulating import PLACES

LIMITS = Limits(tools=3, mcp_servers=2)


def server(**fields: Any) -> dict[str, Any]:
    return {"type": "mcp", "server_label": "docs", "server_url": "https://host/mcp", **fields}


@pytest.mark.parametrize(
    "tools",
    [
        None,
        [],
        [PLACES],
        [{"type": "function", "name": "f", "parameters": None}],
        [PLACES, server()],
        # A function and a server may have the same name.
        [server(server_label="find_place"), PLACES],
        [server(authorization="Bearer x", headers={"x-key": "y"}, allowed_tools=["a"])],
        [server(require_approval={"always": ["a"], "never": ["b"]})],
        [server(server_url="http://127.0.0.1:8000/mcp?key=1", require_approval="never")],
    ],
)
def test_what_can_be_declared(tools: list[dict[str, Any]] | None) -> None:
    check_tools(tools, "session.tools", LIMITS)


@pytest.mark.parametrize(
    ("tools", "param"),
    [
        ([PLACES] * 4, "t"),
        ([PLACES, PLACES], "t[1].name"),
        ([{"type": "function", "name": "a b"}], "t[0].name"),
        ([{"type": "function", "name": ""}], "t[0].name"),
        ([{"type": "function", "name": "a", "parameters": [1]}], "t[0].parameters"),
        ([server(), server()], "t[1].server_label"),
        ([server(server_label=str(i)) for i in range(3)], "t"),
        ([server(server_label="a/b")], "t[0].server_label"),
        ([server(server_url="stdio:run")], "t[0].server_url"),
        ([server(server_url="https://host:99999/")], "t[0].server_url"),
        ([server(headers={"": "x"})], "t[0].headers"),
        ([server(headers={"x": "a\nb"})], "t[0].headers"),
        ([server(headers={f"x{i}": "" for i in range(65)})], "t[0].headers"),
        ([server(authorization="ä")], "t[0].authorization"),
        ([server(allowed_tools=["a"] * 4)], "t[0].allowed_tools"),
        ([server(require_approval={"maybe": []})], "t[0].require_approval"),
    ],
)
def test_what_cannot(tools: list[dict[str, Any]], param: str) -> None:
    with pytest.raises(WireError) as caught:
        check_tools(tools, "t", LIMITS)
    assert (caught.value.code, caught.value.param) == ("invalid_value", param)


def test_credentials_are_hidden_in_a_copy() -> None:
    declared = [PLACES, server(authorization="secret", headers={"x-key": "secret"})]
    shown = without_credentials(declared)
    assert "secret" not in str(shown)
    assert shown[1]["authorization"] == HIDDEN
    assert shown[1]["headers"] == {"x-key": HIDDEN}
    assert declared[1]["authorization"] == "secret"
    assert shown[0] == PLACES


def test_the_names_of_functions() -> None:
    assert tool_names([PLACES, server()]) == {"find_place"}
