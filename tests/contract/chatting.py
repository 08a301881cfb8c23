"""A real chat endpoint for tests: says what a test tells it, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Answering = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


class ChatEndpoint:
    """Speaks OpenAI's chat completions at `url`; `answer` makes each response."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.dropped = asyncio.Event()
        self.url = ""
        self.answer: Answering = whole("Hello from the endpoint.")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        self.headers.append(dict(request.headers))
        try:
            return await self.answer(request, body)
        except (asyncio.CancelledError, ConnectionError):
            self.dropped.set()
            raise


@asynccontextmanager
async def chat_endpoint() -> AsyncIterator[ChatEndpoint]:
    endpoint = ChatEndpoint()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", endpoint.handle)
    async with TestServer(app, handler_cancellation=True, shutdown_timeout=0.1) as server:
        endpoint.url = str(server.make_url("/v1"))
        yield endpoint


def whole(text: str | None, *calls: tuple[str, str]) -> Answering:
    """Answer in one piece, with calls given as (name, arguments)."""

    async def answer(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        made = [
            {"id": f"c{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
            for n, (name, arguments) in enumerate(calls)
        ]
        message = {"role": "assistant", "content": text, "tool_calls": made or None}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return web.json_response({"object": "chat.completion", "choices": [choice]})

    return answer


def streamed(
    *deltas: dict[str, Any], hold: asyncio.Event | None = None, finish: bool = True
) -> Answering:
    """Answer as server-sent events; with `hold`, what is behind the first waits for it."""

    async def answer(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number, delta in enumerate(deltas):
            if number and hold is not None:
                await hold.wait()
            await response.write(_event({"choices": [{"index": 0, "delta": delta}]}))
        if finish:
            done = {"index": 0, "delta": {}, "finish_reason": "stop"}
            # Split inside a line, as networks do.
            data = _event({"choices": [done]}) + b"data: [DONE]\n\n"
            await response.write(data[:15])
            await response.write(data[15:])
        await response.write_eof()
        return response

    return answer


def raw(status: int, data: bytes, content_type: str = "application/json") -> Answering:
    """Answer anything."""

    async def answer(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return web.Response(status=status, body=data, content_type=content_type)

    return answer


def silent() -> Answering:
    """Never answer."""

    async def answer(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    return answer


def _event(value: dict[str, Any]) -> bytes:
    return b": comment\r\ndata: " + json.dumps(value).encode() + b"\r\n\r\n"
