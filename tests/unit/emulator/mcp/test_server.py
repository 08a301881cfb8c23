"""One MCP server: listed, called, failing, silent, closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kiosk.emulator.mcp.server import McpError, McpServer
from kiosk.emulator.scenario.limits import Limits
from kiosk.tasks import TaskSet
from tests.unit.emulator.mcping import TOKEN, library

PATIENCE_SECONDS = 20.0


@asynccontextmanager
async def connected(
    url: str, headers: dict[str, str] | None = None, limits: Limits | None = None
) -> AsyncIterator[McpServer]:
    server = McpServer(url, headers or {}, limits or Limits())
    tasks = TaskSet("test")
    task = tasks.start(server.run(), name="connection")
    try:
        yield server
    finally:
        server.close()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.wait([task])
        await tasks.aclose()


async def test_its_tools_are_listed_and_called() -> None:
    async with library() as shelf, connected(shelf.url) as server:
        tools = {tool.name: tool for tool in await server.tools()}
        assert set(tools) >= {"find_book", "reserve_seat", "renew_card", "scan_archive"}
        assert tools["find_book"].input_schema["required"] == ["title"]
        assert "shelf" not in tools["find_book"].description
        assert not server.ended
        assert await server.call("find_book", {"title": "Emma"}) == "Emma stands on shelf seven."
        assert shelf.calls == [("find_book", {"title": "Emma"})]
    assert server.ended


async def test_the_headers_go_with_every_request() -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "x-tenant": "north"}
    async with library() as shelf, connected(shelf.url, headers) as server:
        await server.tools()
        await server.call("reserve_seat", {})
    assert len(shelf.headers) > 2
    assert {seen.get("authorization") for seen in shelf.headers} == {f"Bearer {TOKEN}"}
    assert {seen.get("x-tenant") for seen in shelf.headers} == {"north"}


async def test_a_tool_that_fails_says_why() -> None:
    async with library() as shelf, connected(shelf.url) as server:
        await server.tools()
        with pytest.raises(McpError, match="The card has expired") as failed:
            await server.call("renew_card", {})
        assert failed.value.kind == "tool_execution_error"
        with pytest.raises(McpError, match="nothing"):
            await server.call("nothing", {})


async def test_a_slow_tool_is_given_up() -> None:
    limits = Limits(mcp_call_seconds=0.2)
    async with library() as shelf, connected(shelf.url, limits=limits) as server:
        await server.tools()
        with pytest.raises(McpError, match=r"did not answer within 0\.2 seconds"):
            await server.call("scan_archive", {})
        assert shelf.slow_begun.is_set()
        assert await server.call("reserve_seat", {}) == "Seat twelve is yours."


async def test_a_long_output_is_cut() -> None:
    limits = Limits(mcp_output_characters=1000)
    async with library() as shelf, connected(shelf.url, limits=limits) as server:
        await server.tools()
        assert len(await server.call("print_catalogue", {})) == 1000


async def test_only_so_many_tools_are_kept() -> None:
    async with library() as shelf, connected(shelf.url, limits=Limits(tools=2)) as server:
        assert len(await server.tools()) == 2


async def test_a_server_that_is_not_there(unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/mcp?key={TOKEN}"
    async with connected(url) as server:
        with pytest.raises(McpError, match="ConnectError") as failed:
            await server.tools()
        assert TOKEN not in str(failed.value)
        with pytest.raises(McpError, match="not connected"):
            await server.call("find_book", {})
    assert server.ended


async def test_a_server_that_is_none(unused_tcp_port: int) -> None:
    """Something listens and never answers."""

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(swallow, "127.0.0.1", unused_tcp_port)
    async with silent:
        limits = Limits(mcp_connect_seconds=0.3)
        async with connected(f"http://127.0.0.1:{unused_tcp_port}/mcp", limits=limits) as server:
            with pytest.raises(McpError, match="silent"):
                await server.tools()


async def test_the_server_goes_away() -> None:
    async with library() as shelf, connected(shelf.url) as server:
        await server.tools()
        server.close()
        with pytest.raises(McpError):
            await server.call("scan_archive", {})
