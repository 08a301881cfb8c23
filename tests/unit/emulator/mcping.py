"""A real MCP server over streamable HTTP, in the test's own process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field
from typing_extensions import override

from kiosk.tasks import TaskSet

TOKEN = "s3cret-token"
PATIENCE_SECONDS = 20.0


class _Uvicorn(uvicorn.Server):
    """Says when it listens, instead of being asked again and again."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class Library:
    """What the server's tools work with, and what the test sees of them."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []
        self.slow_begun = asyncio.Event()
        self.slow_may_end = asyncio.Event()

    def server(self) -> MCPServer:
        """Return a server with a tool of each kind the tests need."""
        server = MCPServer("library")

        @server.tool()
        async def find_book(
            title: Annotated[str, Field(description="Title of the book.")],
        ) -> str:
            """Finds a book in the library and says where it stands."""
            self.calls.append(("find_book", {"title": title}))
            return f"{title} stands on shelf seven."

        @server.tool()
        async def reserve_seat() -> str:
            """Reserves a seat in the reading room."""
            self.calls.append(("reserve_seat", {}))
            return "Seat twelve is yours."

        @server.tool()
        async def renew_card() -> str:
            """Renews a membership card."""
            raise ToolError("The card has expired.")

        @server.tool()
        async def scan_archive() -> str:
            """Scans the whole archive, which takes long."""
            self.slow_begun.set()
            await self.slow_may_end.wait()
            return "The archive is scanned."

        @server.tool()
        async def print_catalogue() -> str:
            """Prints the catalogue."""
            return "book " * 50_000

        return server


@asynccontextmanager
async def library() -> AsyncIterator[Library]:
    """Run the server on a free port; it asks for `TOKEN` only if a test looks at the headers."""
    shelf = Library()
    app = shelf.server().streamable_http_app(json_response=True)

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            pairs = {name.decode(): value.decode() for name, value in scope["headers"]}
            shelf.headers.append(pairs)
        await app(scope, receive, send)

    config = uvicorn.Config(
        noting, http="h11", ws="none", loop="none", lifespan="on", log_config=None
    )
    await asyncio.to_thread(config.load)
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    shelf.url = f"http://127.0.0.1:{bound.getsockname()[1]}/mcp"
    server = _Uvicorn(config)
    tasks = TaskSet("test/mcp server")
    task = tasks.start(server.serve(sockets=[bound]), name="uvicorn")
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await server.listening.wait()
        yield shelf
    finally:
        shelf.slow_may_end.set()
        server.should_exit = True
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.wait([task])
        await tasks.aclose()
        bound.close()


def declared(shelf: Library, **more: Any) -> dict[str, Any]:
    """Return the tool that declares the library's server in a session."""
    return {"type": "mcp", "server_label": "library", "server_url": shelf.url, **more}
