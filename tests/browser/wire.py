"""A cable between browser and server that can be pulled, and put into another server."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import av
import numpy as np
from playwright.async_api import Error, Page
from typing_extensions import override

from kiosk.clock import SystemClock
from kiosk.tasks import TaskSet
from kiosk.telemetry import Metrics

OPEN_UDP = "create_datagram_endpoint"
PLAIN = 4.0
"""A picture whose shades differ less than this (of 255) shows nothing."""


class Wire:
    """Listens on one port for as long as it is open; `to()` says which server is behind it.

    Picture and sound go beside it, over UDP: while the cable is out, nothing of them passes through
    the sockets that were opened in this event loop since the wire was (those of the emulator).
    """

    def __init__(self) -> None:
        self._port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._jobs: set[asyncio.Task[None]] = set()
        self.pulled = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self._loop = asyncio.get_running_loop()
        self._create: Any = self._loop.create_datagram_endpoint
        setattr(self._loop, OPEN_UDP, self._datagrams)
        return self

    async def __aexit__(self, *_: object) -> None:
        setattr(self._loop, OPEN_UDP, self._create)
        self._server.close()
        self.pull()
        if self._jobs:
            await asyncio.wait(self._jobs)
        await self._server.wait_closed()

    def to(self, url: str) -> None:
        """Put the cable into this server."""
        self._port = urlsplit(url).port or 80
        self.pulled = False

    def pull(self) -> None:
        """Cut every connection, and every new one."""
        self.pulled = True
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _datagrams(
        self, factory: Callable[[], asyncio.DatagramProtocol], *where: Any, **how: Any
    ) -> tuple[Any, asyncio.DatagramProtocol]:
        end = _Datagrams(factory(), self)
        await self._create(lambda: end, *where, **how)
        return end.transport, end.protocol

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)
        if self.pulled:
            writer.transport.abort()
            return
        self._writers.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.transport.abort()
            self._writers.discard(writer)
            return
        self._writers.add(far_writer)
        await asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))
        for one in (writer, far_writer):
            self._writers.discard(one)
            one.transport.abort()


class _Datagrams(asyncio.DatagramProtocol):
    """A UDP socket that hears and says nothing while the cable is out."""

    def __init__(self, protocol: asyncio.DatagramProtocol, wire: Wire) -> None:
        self.protocol = protocol
        self.transport: Any = None
        self._wire = wire

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = _Sender(transport, self._wire)
        self.protocol.connection_made(self.transport)

    @override
    def datagram_received(self, data: bytes, addr: Any) -> None:
        if not self._wire.pulled:
            self.protocol.datagram_received(data, addr)

    @override
    def error_received(self, exc: Exception) -> None:
        self.protocol.error_received(exc)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.protocol.connection_lost(exc)


class _Sender:
    def __init__(self, transport: Any, wire: Wire) -> None:
        self._transport = transport
        self._wire = wire

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def sendto(self, data: bytes, addr: Any = None) -> None:
        if not self._wire.pulled:
            self._transport.sendto(data, addr)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


WORDS = """() => [document.body.dataset.state, [...document.querySelectorAll(
  "h1, h2, .lead, .status-text, .line, .ending-text, [data-testid=notice]")]
  .filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
  .map((one) => one.innerText.trim()).filter(Boolean).join(" | ")]"""


@dataclass
class Seen:
    """What a screen showed, look by look."""

    states: list[str] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    """The large words of the screen, by the first look that had them."""
    white: list[str] = field(default_factory=list)
    looks: int = 0


def shades(picture: bytes) -> float:
    """Return how much the shades of a picture differ."""
    with av.open(io.BytesIO(picture), "r") as file:
        frame = next(file.decode(video=0))
    return float(np.std(frame.to_ndarray(format="gray")))


def told(metrics: Metrics) -> dict[str, float]:
    """Return what pages told a server of themselves so far, by event and reason."""
    return {
        f"{sample.labels['event']} {sample.labels['reason']}".strip(): sample.value
        for family in metrics.page_events.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    }


@asynccontextmanager
async def watching(
    page: Page, *, every_s: float = 1.0, folder: Path | None = None, name: str = ""
) -> AsyncIterator[Seen]:
    """Look at the screen all the while: every picture is kept in `folder`.

    One that is white, or has no words twice in a row, is noted.
    """
    seen, clock, tasks = Seen(), SystemClock(), TaskSet("watching")
    wordless = ""  # for a moment between two states there are none

    async def look() -> None:
        nonlocal wordless
        while True:
            await clock.sleep(every_s)
            try:
                picture = await page.screenshot(type="jpeg", quality=60, timeout=8_000)
                state, words = await page.evaluate(WORDS)
            except Error:
                continue  # in the middle of a reload there is no document to ask
            seen.looks += 1
            seen.states.append(state)
            if words not in seen.words.values():
                seen.words[f"{seen.looks:03d} {state}"] = words
            label = f"{name}-{seen.looks:03d}-{state}"
            if folder is not None:
                path = folder / f"{label}.jpg"
                await asyncio.to_thread(path.write_bytes, picture)
            says_nothing = not words and wordless == state
            wordless = "" if words else state
            if says_nothing or await asyncio.to_thread(shades, picture) < PLAIN:
                seen.white.append(label)

    tasks.spawn(look(), name="look")
    try:
        yield seen
    finally:
        await tasks.aclose()
