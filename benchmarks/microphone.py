"""A microphone frame on its way upstream: our send against the SDK's own helper."""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence
from typing import Any

from aiohttp import WSMsgType, web
from azure.ai.voicelive import aio as voicelive
from azure.core.credentials import AzureKeyCredential

from benchmarks.row import Row, median, quantile
from kiosk.session.line import Line
from kiosk.settings.upstream import UpstreamSettings
from kiosk.voicelive.connection import Connection

FRAME = bytes(1920)
FRAMES = 1500
ROUNDS = 5


async def microphone() -> Sequence[Row]:
    """Send 40 ms frames to a local socket that only reads."""
    app = web.Application()
    app.router.add_get("/voice-live/realtime", _swallow)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}"
    credential = AzureKeyCredential("benchmark")
    settings = UpstreamSettings(endpoint=endpoint)
    connection = await Connection.open(settings, credential)
    line = Line(connection, settings)
    ours, other, slowest = [], [], []
    try:
        async with voicelive.connect(
            credential=credential, endpoint=endpoint, model="benchmark"
        ) as sdk:
            for _ in range(ROUNDS):
                each = []
                start = time.perf_counter()
                for _ in range(FRAMES):
                    sent = time.perf_counter()
                    await line.append(FRAME)
                    each.append(time.perf_counter() - sent)
                ours.append((time.perf_counter() - start) / FRAMES * 1e6)
                slowest.append(quantile(each, 0.99) * 1e6)
                start = time.perf_counter()
                for _ in range(FRAMES):
                    audio = base64.b64encode(FRAME).decode("ascii")
                    await sdk.input_audio_buffer.append(audio=audio)
                other.append((time.perf_counter() - start) / FRAMES * 1e6)
    finally:
        await line.aclose()
        await runner.cleanup()
    return [
        Row("microphone frame out, vs the SDK's append()", median(ours), median(other), "us"),
        Row("microphone frame out, p99 vs its median", median(slowest), median(ours), "us"),
    ]


async def _swallow(request: web.Request) -> web.StreamResponse:
    socket: Any = web.WebSocketResponse()
    await socket.prepare(request)
    async for frame in socket:
        if frame.type is not WSMsgType.TEXT:
            break
    result: web.StreamResponse = socket
    return result
