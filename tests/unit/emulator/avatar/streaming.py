"""A stream on a clock of its own: minutes of media in seconds, looked at afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from typing_extensions import override

from kiosk.clock import SystemClock
from kiosk.emulator.avatar.acting import SPEAKING_STEPS
from kiosk.emulator.avatar.face import MOUTHS
from kiosk.emulator.avatar.shape import VideoShape
from kiosk.emulator.avatar.sprites import IDLE, AvatarStudio
from kiosk.emulator.avatar.stream import AvatarStream
from kiosk.emulator.avatar.stream_mux import FRAGMENT_MS
from kiosk.emulator.speech.worker import EngineWorker
from tests import fmp4
from tests.unit.emulator.emulating import PATIENCE_SECONDS, avatars

SMALL = {"resolution": {"width": 320, "height": 180}}


class GatedClock(SystemClock):
    """Time that stands still but for the seconds it is given."""

    def __init__(self) -> None:
        self.start = self.at = self._until = 100.0
        self._given = asyncio.Event()
        self._reached = asyncio.Event()

    @override
    def monotonic(self) -> float:
        return self.at

    @override
    async def sleep(self, seconds: float) -> None:
        wanted = self.at + seconds
        while wanted > self._until + 1e-6:
            self._reached.set()
            self._given.clear()
            await self._given.wait()
        self.at = max(self.at, wanted)

    async def pass_(self, seconds: float) -> None:
        """Let so much time pass, and wait until everybody has slept through it."""
        self._until += seconds
        self._reached.clear()
        self._given.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._reached.wait()


class Streaming:
    """A stream and everything it has told."""

    def __init__(self) -> None:
        self.clock = GatedClock()
        self.data = b""
        self.calls: list[tuple[str, ...]] = []
        self.errors: list[BaseException] = []
        self.waiting = 0
        self._stream: AvatarStream | None = None

    @property
    def stream(self) -> AvatarStream:
        """The stream itself."""
        assert self._stream is not None
        return self._stream

    def start(self, studio: AvatarStudio, worker: EngineWorker, avatar: dict[str, Any]) -> None:
        """Begin to stream this `session.avatar`."""
        self._stream = AvatarStream(
            studio,
            worker,
            avatar,
            send=self._send,
            on_speaking=lambda tag: self.calls.append(("speaking", tag)),
            on_idle=lambda tag, completed: self.calls.append(("idle", tag, str(completed))),
            on_error=self.errors.append,
            backlog=lambda: self.waiting,
            max_backlog=1000,
            clock=self.clock,
        )

    def _send(self, data: bytes) -> None:
        self.data += data

    async def run(self, seconds: float) -> None:
        """Let the stream go on for so long."""
        await self.clock.pass_(seconds)

    @property
    def seconds(self) -> float:
        """How long it has been streaming."""
        return self.clock.at - self.clock.start

    def media(self, region: tuple[slice, slice] | None = None) -> fmp4.Media:
        """Return what a player has seen and heard so far."""
        return fmp4.decoded(self.data, region)


@asynccontextmanager
async def streaming(**avatar: Any) -> AsyncIterator[Streaming]:
    """Run a stream of this `session.avatar`, small unless it says otherwise."""
    run = Streaming()
    worker = EngineWorker("test stream")
    config = {"character": "lisa", "output_protocol": "websocket", "video": SMALL, **avatar}
    run.start(avatars().studio, worker, config)
    try:
        await run.run(FRAGMENT_MS / 1000)
        yield run
    finally:
        await run.stream.aclose()
        await worker.aclose()
    assert run.errors == []


async def draw_mouths(shape: VideoShape) -> None:
    """Have every mouth drawn: on a clock of its own a stream is faster than the drawing."""
    studio = avatars().studio
    look = await studio.look(shape)
    for step in SPEAKING_STEPS:
        for mouth in MOUTHS:
            await studio.drawn(look, IDLE._replace(step=step, mouth=mouth))
