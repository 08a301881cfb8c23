"""The input audio buffer of one session: appends, voice activity, commits, in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from kiosk.clock import new_id
from kiosk.emulator.hearing.audio import InputDecoder
from kiosk.emulator.hearing.turns import SpeechStarted, SpeechStopped, TurnDetector, TurnSettings
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.speech.parts import SAMPLE_RATE
from kiosk.emulator.speech.worker import EngineWorker
from kiosk.emulator.wire.codec import BUFFER_FULL, COMMIT_EMPTY, WireError

_BYTES_PER_MS = SAMPLE_RATE * 2 // 1000
_SLICE_BYTES = SAMPLE_RATE * 2
"""Audio judged at a time, one second: a long append does not keep other sessions waiting."""
_MAXIMUM_WAITING = 2_048
"""Buffer events waiting to be worked on; beyond it the socket is read no further."""


class VadWindow(Protocol):
    """How likely the samples from `start` up to `end` of a stream are speech, 0 to 1."""

    @property
    def start(self) -> int:
        """First sample."""
        ...

    @property
    def end(self) -> int:
        """One past the last sample."""
        ...

    @property
    def probability(self) -> float:
        """0 to 1."""
        ...


class VoiceActivity(Protocol):
    """A detector of speech on one stream of PCM16 at SAMPLE_RATE."""

    def feed(self, pcm: bytes) -> Sequence[VadWindow]:
        """Take the next bytes, return the windows complete with them. Not for the loop."""
        ...

    def reset(self) -> None:
        """Forget the stream; the next sample is position 0."""
        ...


class HearingListener(Protocol):
    """What the session wants to know. Called on the loop, must not block."""

    def speech_started(self, start_ms: int, item_id: str) -> None:
        """Somebody began to speak; the item will have this id."""
        ...

    def speech_stopped(self, end_ms: int, item_id: str) -> None:
        """The utterance ended."""
        ...

    def audio_committed(self, item_id: str, pcm: bytes, *, by_client: bool) -> None:
        """The buffer became a user item with this audio, PCM16 at SAMPLE_RATE."""
        ...

    def buffer_cleared(self) -> None:
        """The client's clear was carried out."""
        ...

    def refused(self, error: WireError, client_event_id: str | None) -> None:
        """A buffer event was refused."""
        ...


@dataclass(frozen=True, slots=True)
class InputSettings:
    """How the session's microphone audio comes and how its turns are taken."""

    sound: str
    rate: int
    turns: TurnSettings | None


@dataclass(frozen=True, slots=True)
class _Append:
    data: bytes
    event_id: str | None


@dataclass(frozen=True, slots=True)
class _Commit:
    event_id: str | None


@dataclass(frozen=True, slots=True)
class _Clear:
    pass


class Hearing:
    """Works through buffer events one after the other; `run()` is the task that does it."""

    def __init__(
        self,
        listener: HearingListener,
        *,
        new_vad: Callable[[], VoiceActivity],
        worker: EngineWorker,
        limits: Limits,
        settings: InputSettings,
    ) -> None:
        self._listener = listener
        self._new_vad = new_vad
        self._worker = worker
        self._limits = limits
        self._queue: asyncio.Queue[_Append | _Commit | _Clear | InputSettings] = asyncio.Queue(
            _MAXIMUM_WAITING
        )
        self._backlog = 0
        self._backlog_limit = int(limits.backlog_seconds * SAMPLE_RATE * 2)
        self._space = asyncio.Event()
        self._space.set()
        self._vad: VoiceActivity | None = None
        self._vad_origin = 0
        self._buffer = bytearray()
        self._buffer_start_ms = 0
        self._received = 0
        self._item_id = ""
        self._configure(settings)

    async def append(self, data: bytes, event_id: str | None) -> None:
        """Queue microphone audio in the session's format; waits while the backlog is too long."""
        while self._backlog and self._backlog + len(data) > self._backlog_limit:
            self._space.clear()
            await self._space.wait()
        self._backlog += len(data)
        await self._queue.put(_Append(data, event_id))

    async def commit(self, event_id: str | None) -> None:
        """Queue a commit by the client."""
        await self._queue.put(_Commit(event_id))

    async def clear(self) -> None:
        """Queue a clear by the client."""
        await self._queue.put(_Clear())

    async def configure(self, settings: InputSettings) -> None:
        """Queue a change of format or turn detection; it takes effect behind what is queued."""
        if settings != self._settings or not self._queue.empty():
            await self._queue.put(settings)

    @property
    def speaking(self) -> bool:
        """Whether somebody is speaking right now."""
        return self._detector is not None and self._detector.speaking

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            event = await self._queue.get()
            if isinstance(event, _Append):
                await self._take(event)
                self._backlog -= len(event.data)
                self._space.set()
            elif isinstance(event, _Commit):
                self._commit_by_client(event)
            elif isinstance(event, _Clear):
                self._restart()
                self._listener.buffer_cleared()
            elif event != self._settings:
                self._configure(event)

    @property
    def _now_ms(self) -> int:
        return self._received // _BYTES_PER_MS

    def _configure(self, settings: InputSettings) -> None:
        self._settings = settings
        self._decoder = InputDecoder(settings.sound, settings.rate)
        self._restart()

    def _restart(self) -> None:
        """Empty the buffer and begin to listen anew."""
        self._buffer.clear()
        self._buffer_start_ms = self._now_ms
        self._detector: TurnDetector | None = None
        if self._settings.turns is None:
            return
        self._detector = TurnDetector(
            self._settings.turns,
            maximum_ms=int(self._limits.utterance_seconds * 1000),
            start_ms=self._now_ms,
        )
        if self._vad is None:
            self._vad = self._new_vad()
        self._vad.reset()
        self._vad_origin = self._received

    async def _take(self, event: _Append) -> None:
        pcm = self._decoder.feed(event.data)
        if self._detector is None:
            room = int(self._limits.buffer_seconds * 1000) * _BYTES_PER_MS - len(self._buffer)
            if len(pcm) > room:
                error = WireError(
                    BUFFER_FULL,
                    f"The input audio buffer holds {self._limits.buffer_seconds:.0f} seconds; "
                    "commit or clear it.",
                    "audio",
                )
                self._listener.refused(error, event.event_id)
                return
        for start in range(0, len(pcm), _SLICE_BYTES):
            await self._take_slice(pcm[start : start + _SLICE_BYTES])

    async def _take_slice(self, pcm: bytes) -> None:
        self._buffer += pcm
        self._received += len(pcm)
        detector, vad = self._detector, self._vad
        if detector is None or vad is None:
            return
        windows = await self._worker.run(lambda: vad.feed(pcm))
        origin = self._vad_origin // 2
        for window in windows:
            start_ms = (origin + window.start) * 1000 // SAMPLE_RATE
            end_ms = (origin + window.end) * 1000 // SAMPLE_RATE
            decided = detector.feed(start_ms, end_ms, window.probability)
            if isinstance(decided, SpeechStarted):
                self._item_id = new_id("item")
                self._listener.speech_started(decided.start_ms, self._item_id)
            elif isinstance(decided, SpeechStopped):
                self._listener.speech_stopped(decided.end_ms, self._item_id)
                spoken = self._cut(decided.end_ms)
                self._listener.audio_committed(self._item_id, spoken, by_client=False)
            self._drop_before(detector.keep_from_ms(end_ms))

    def _drop_before(self, moment_ms: int) -> None:
        if moment_ms > self._buffer_start_ms:
            del self._buffer[: (moment_ms - self._buffer_start_ms) * _BYTES_PER_MS]
            self._buffer_start_ms = moment_ms

    def _cut(self, end_ms: int) -> bytes:
        """Take the buffer up to a moment out of it."""
        length = (end_ms - self._buffer_start_ms) * _BYTES_PER_MS
        spoken = bytes(self._buffer[:length])
        self._drop_before(end_ms)
        return spoken

    def _commit_by_client(self, event: _Commit) -> None:
        milliseconds = len(self._buffer) / _BYTES_PER_MS
        if milliseconds < self._limits.minimum_commit_ms:
            # Realtime protocol; the API reference only says that an empty buffer is an error.
            error = WireError(
                COMMIT_EMPTY,
                "Error committing input audio buffer: buffer too small. Expected at least "
                f"{self._limits.minimum_commit_ms}ms of audio, but buffer only has "
                f"{milliseconds:.2f}ms of audio.",
            )
            self._listener.refused(error, event.event_id)
            return
        speaking = self.speaking
        item_id = self._item_id if speaking else new_id("item")
        spoken = bytes(self._buffer)
        self._restart()
        self._listener.audio_committed(item_id, spoken, by_client=True)
