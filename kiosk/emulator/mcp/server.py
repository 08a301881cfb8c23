"""One MCP server of one session, reached with the protocol's own client over streamable HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import structlog

from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.wire.codec import JSON

if TYPE_CHECKING:
    import mcp

log = structlog.get_logger(__name__)

INSTALL = "pip install 'avatar-kiosk[mcp]'"
_MOST_PAGES = 20

ErrorKind = Literal["protocol_error", "tool_execution_error", "http_error"]
"""`error.type` of an `mcp_call` (OpenAI's Realtime reference, RealtimeMCPError; unsure here)."""


class McpError(Exception):
    """A server could not be reached, or a call failed; `str()` may be told to the client."""

    def __init__(self, kind: ErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class ListedTool:
    """One tool as its server lists it; `input_schema` is a JSON schema."""

    name: str
    description: str
    input_schema: JSON


@dataclass(frozen=True, slots=True)
class _Library:
    """What is used of the MCP client and its HTTP client."""

    client: Any
    transport: Any
    http: Any
    refused: type[mcp.MCPError]
    failures: tuple[type[Exception], ...]


@cache
def _library() -> _Library:
    """Import the library, which is an extra and reads hundreds of files: not for the loop."""
    try:
        import httpx2
        import mcp
        from mcp.client.streamable_http import streamable_http_client
    except ImportError:
        raise McpError("protocol_error", f"MCP servers need the MCP client: {INSTALL}.") from None
    return _Library(
        client=mcp.Client,
        transport=streamable_http_client,
        http=httpx2.AsyncClient,
        refused=mcp.MCPError,
        # What the client lets through of sockets, protocols and validation.
        failures=(
            ExceptionGroup,
            OSError,
            RuntimeError,
            ValueError,
            httpx2.HTTPError,
            httpx2.InvalidURL,
        ),
    )


@contextmanager
def _failures_told(library: _Library) -> Iterator[None]:
    """Raise McpError for everything the library raises; its own texts may hold the URL's key."""
    try:
        yield
    except library.refused as error:
        raise McpError("protocol_error", f"{error.message} ({error.code})") from None
    except library.failures as error:
        raise McpError("http_error", f"The MCP server failed: {_cause(error)}.") from None


def _cause(error: BaseException) -> str:
    """Return the name of what lies at the bottom of a failure."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__


class McpServer:
    """A connection that `run()`, a task of the session's, opens, keeps and closes."""

    def __init__(self, url: str, headers: dict[str, str], limits: Limits) -> None:
        self._url = url
        self._headers = headers
        self._limits = limits
        self._client: mcp.Client | None = None
        self._closing = asyncio.Event()
        self._listed: asyncio.Future[tuple[ListedTool, ...]] = (
            asyncio.get_running_loop().create_future()
        )

    async def run(self) -> None:
        """Connect, list the tools, stay connected until `close()`, disconnect."""
        try:
            async with asyncio.timeout(self._limits.mcp_connect_seconds) as patience:
                library = await asyncio.to_thread(_library)
                http = await asyncio.to_thread(self._make_http, library)
                with _failures_told(library):
                    transport = library.transport(self._url, http_client=http)
                    async with http, library.client(transport) as client:
                        tools = await self._list(client)
                        patience.reschedule(None)
                        self._client = client
                        self._listed.set_result(tools)
                        await self._closing.wait()
        except McpError as error:
            self._fail(error)
        except TimeoutError:
            seconds = self._limits.mcp_connect_seconds
            self._fail(McpError("http_error", f"The MCP server is silent for {seconds:.0f} s."))
        finally:
            self._client = None
            self._listed.cancel()

    def _make_http(self, library: _Library) -> Any:
        # A stream may be quiet for as long as a tool works.
        timeout = max(self._limits.mcp_connect_seconds, self._limits.mcp_call_seconds)
        return library.http(headers=self._headers, timeout=timeout)

    def _fail(self, error: McpError) -> None:
        log.warning("mcp server failed", kind=error.kind, listed=self._listed.done())
        if not self._listed.done():
            self._listed.set_exception(error)
            self._listed.exception()  # looked at here, because nobody may be waiting

    async def _list(self, client: mcp.Client) -> tuple[ListedTool, ...]:
        tools: list[ListedTool] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            tools += [
                ListedTool(tool.name, tool.description or "", dict(tool.input_schema))
                for tool in page.tools
            ]
            cursor = page.next_cursor
            if cursor is None or len(tools) > self._limits.tools:
                break
        if len(tools) > self._limits.tools or cursor is not None:
            log.warning("mcp server lists too many tools", kept=self._limits.tools)
        return tuple(tools[: self._limits.tools])

    async def tools(self) -> tuple[ListedTool, ...]:
        """Return the server's tools once they are listed, or raise McpError."""
        try:
            return await asyncio.shield(self._listed)
        except asyncio.CancelledError:
            if not self._listed.cancelled():
                raise
            raise McpError("http_error", "The MCP server was disconnected.") from None

    async def call(self, name: str, arguments: JSON) -> str:
        """Call a tool and return its output as text, or raise McpError.

        Output longer than the limit is cut and logged.
        """
        client = self._client
        if client is None:
            raise McpError("http_error", "The MCP server is not connected.")
        seconds = self._limits.mcp_call_seconds
        try:
            async with asyncio.timeout(seconds):
                with _failures_told(_library()):
                    result = await client.call_tool(name, arguments)
        except TimeoutError:
            message = f"The tool did not answer within {seconds:g} seconds."
            raise McpError("tool_execution_error", message) from None
        text = self._text(result)
        if result.is_error:
            raise McpError("tool_execution_error", text or "The tool failed without saying why.")
        return text

    def _text(self, result: mcp.types.CallToolResult) -> str:
        """Return what a tool gave back: its texts, or else its structured content as JSON."""
        texts = [block.text for block in result.content if block.type == "text"]
        text = "\n".join(texts)
        if not text and result.structured_content is not None:
            text = json.dumps(result.structured_content, ensure_ascii=False)
        longest = self._limits.mcp_output_characters
        if len(text) > longest:
            log.warning("mcp output cut", characters=len(text), kept=longest)
            text = text[:longest]
        return text

    @property
    def answered(self) -> bool:
        """Whether the tools are listed, or it is known that they will not be."""
        return self._listed.done()

    @property
    def ended(self) -> bool:
        """Whether there is no connection and none is being made."""
        return self._listed.done() and self._client is None

    def close(self) -> None:
        """Let `run()` disconnect and end."""
        self._closing.set()
