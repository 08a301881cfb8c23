"""Tests of the sending half of a kiosk's socket: in order, bounded, cut off when it lags."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from kiosk.signaling import messages as m
from kiosk.telemetry import Metrics
from kiosk.web.sockets import KioskSocket

Handler = Callable[[KioskSocket, web.WebSocketResponse], Awaitable[None]]


@asynccontextmanager
async def served(
    handle: Handler, metrics: Metrics, limit: int = 8
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Serve one socket; `handle` is the server's side of it."""

    async def accept(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(timeout=0.2)
        await ws.prepare(request)
        socket = KioskSocket(ws, limit=limit, metrics=metrics, kiosk_id="lobby")
        try:
            await handle(socket, ws)
        finally:
            await socket.aclose()
            await ws.close()
        return ws

    app = web.Application()
    app.router.add_get("/", accept)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(f"http://127.0.0.1:{runner.addresses[0][1]}/") as client,
        ):
            yield client
    finally:
        await runner.cleanup()


def caption(number: int) -> m.Caption:
    return m.Caption(turn=str(number), speaker="avatar", text="word")


async def read(client: aiohttp.ClientWebSocketResponse) -> list[dict[str, Any]]:
    async with asyncio.timeout(20):
        return [
            json.loads(frame.data) async for frame in client if frame.type is aiohttp.WSMsgType.TEXT
        ]


async def test_messages_go_out_in_order() -> None:
    async def handle(socket: KioskSocket, ws: web.WebSocketResponse) -> None:
        socket.start()
        for number in range(5):
            socket.send(caption(number))
        await ws.receive()

    async with served(handle, Metrics()) as client:
        async with asyncio.timeout(20):
            turns = [json.loads((await client.receive()).data)["turn"] for _ in range(5)]
        assert turns == ["0", "1", "2", "3", "4"]


async def test_what_is_queued_is_still_sent_at_the_end() -> None:
    async def handle(socket: KioskSocket, ws: web.WebSocketResponse) -> None:
        # Not started: everything is left to the end.
        del ws
        for number in range(5):
            socket.send(caption(number))

    async with served(handle, Metrics()) as client:
        assert [message["turn"] for message in await read(client)] == ["0", "1", "2", "3", "4"]


async def test_a_browser_that_lags_a_whole_queue_behind_is_cut_off_once() -> None:
    metrics = Metrics()

    async def handle(socket: KioskSocket, ws: web.WebSocketResponse) -> None:
        for number in range(8 + 5):
            socket.send(caption(number))
        await ws.receive()

    async with served(handle, metrics) as client:
        assert await read(client) == []
        assert client.close_code == aiohttp.WSCloseCode.TRY_AGAIN_LATER
    assert metrics.registry.get_sample_value("kiosk_slow_sockets_total") == 1


async def test_sending_to_a_socket_that_is_gone_disturbs_nothing() -> None:
    sent = asyncio.Event()

    async def handle(socket: KioskSocket, ws: web.WebSocketResponse) -> None:
        socket.start()
        await ws.receive()
        for number in range(3):
            socket.send(caption(number))
        await asyncio.wait_for(ws.close(), 5)
        sent.set()

    async with served(handle, Metrics()) as client:
        await client.close()
        await asyncio.wait_for(sent.wait(), 5)


async def test_the_end_of_a_visit_is_noted_for_the_reader() -> None:
    noted: list[bool] = []
    looked = asyncio.Event()

    async def handle(socket: KioskSocket, ws: web.WebSocketResponse) -> None:
        del ws
        noted.append(socket.on_visit_over.is_set())
        socket.visit_over()
        noted.append(socket.on_visit_over.is_set())
        looked.set()

    async with served(handle, Metrics()):
        await asyncio.wait_for(looked.wait(), 5)
    assert noted == [False, True]
