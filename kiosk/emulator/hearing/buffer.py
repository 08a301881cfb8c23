"""The input audio of one session: appends, voice activity, commits, turns, in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from kiosk.clock import new_id
from kiosk.emulator.hearing.audio import InputStream
from kiosk.emulator.hearing.turns import TurnSettings
from kiosk.emulator.hearing.utterances import BYTES_PER_MS, HearingListener, Utterances
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.speech.parts import SAMPLE_RATE
from kiosk.emulator.speech.worker import EngineWorker
from kiosk.emulator.wire.codec import BUFFER_FULL, COMMIT_EMPTY, WireError

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


@dataclass(frozen=True, slots=True)
class InputSettings:
    """How the session's microphone audio comes and how its turns are taken."""

    sound: str
    rate: int
    turns: TurnSettings | None
    channels: int = 1


@dataclass(frozen=True, slots=True)
class _Append:
    data: bytes
    event_id: str | None
    to_turn: bool


@dataclass(frozen=True, slots=True)
class _Commit:
    event_id: str | None


@dataclass(frozen=True, slots=True)
class _Clear:
    with_turn: bool


@dataclass(frozen=True, slots=True)
class _Turn:
    do: Literal["start", "end", "cancel"]
    event_id: str | None


_Event = _Append | _Commit | _Clear | _Turn | InputSettings


class Hearing:
    """Works through buffer events one after the other; `run()` is the task that does it.

    A turn by hand (`input_audio.turn.*`) has a buffer of its own: its audio never reaches voice
    activity detection, which goes on for whatever is appended to the input audio buffer.
    """

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
        self._queue: asyncio.Queue[_Event] = asyncio.Queue(_MAXIMUM_WAITING)
        self._backlog = 0
        self._backlog_limit = int(limits.backlog_seconds * SAMPLE_RATE * 2)
        self._room = int(limits.buffer_seconds * 1000) * BYTES_PER_MS
        self._space = asyncio.Event()
        self._space.set()
        self._vad: VoiceActivity | None = None
        self._vad_origin = 0
        self._buffer = bytearray()
        self._turn: bytearray | None = None
        self._received = 0
        self._settings = settings
        self._stream = self._turn_stream = self._new_stream()
        self._restart()

    async def append(self, data: bytes, event_id: str | None, *, to_turn: bool = False) -> None:
        """Queue microphone audio in the session's format; waits while the backlog is too long."""
        while self._backlog and self._backlog + len(data) > self._backlog_limit:
            self._space.clear()
            await self._space.wait()
        self._backlog += len(data)
        await self._queue.put(_Append(data, event_id, to_turn))

    async def commit(self, event_id: str | None) -> None:
        """Queue a commit by the client."""
        await self._queue.put(_Commit(event_id))

    async def clear(self, *, with_turn: bool = False) -> None:
        """Queue a clear by the client, of the buffer and, if wanted, of an open turn."""
        await self._queue.put(_Clear(with_turn))

    async def turn(self, do: Literal["start", "end", "cancel"], event_id: str | None) -> None:
        """Queue what the client does with a turn of its own; it knows whether one is open."""
        await self._queue.put(_Turn(do, event_id))

    async def configure(self, settings: InputSettings) -> None:
        """Queue a change of format or turn detection; it takes effect behind what is queued."""
        if settings != self._settings or not self._queue.empty():
            await self._queue.put(settings)

    @property
    def speaking(self) -> bool:
        """Whether somebody is speaking right now."""
        return self._utterances is not None and self._utterances.speaking

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
                if event.with_turn:
                    self._turn = None
                self._listener.buffer_cleared()
            elif isinstance(event, _Turn):
                self._take_turn(event)
            elif event != self._settings:
                self._configure(event)

    @property
    def _now_ms(self) -> int:
        return self._received // BYTES_PER_MS

    def _new_stream(self) -> InputStream:
        settings = self._settings
        return InputStream(settings.sound, settings.rate, settings.channels)

    def _configure(self, settings: InputSettings) -> None:
        before, self._settings = self._settings, settings
        same = replace(before, turns=None) == replace(settings, turns=None)
        if not same:
            self._stream = self._turn_stream = self._new_stream()
        self._restart()

    def _restart(self) -> None:
        """Empty the buffer and begin to listen anew."""
        self._buffer.clear()
        self._utterances: Utterances | None = None
        if self._settings.turns is None:
            return
        self._utterances = Utterances(
            self._listener,
            self._settings.turns,
            maximum_ms=int(self._limits.utterance_seconds * 1000),
            start_ms=self._now_ms,
        )
        if self._vad is None:
            self._vad = self._new_vad()
        self._vad.reset()
        self._vad_origin = self._received

    async def _take(self, event: _Append) -> None:
        stream = self._turn_stream if event.to_turn else self._stream
        if event.to_turn and self._turn is None:
            return  # the turn was cleared while this was on its way
        held = len(self._turn if self._turn is not None and event.to_turn else self._buffer)
        watched = self._utterances is not None and not event.to_turn
        coming = len(event.data) * SAMPLE_RATE * 2 // stream.bytes_per_second
        if not watched and held + coming > self._room:
            error = WireError(
                BUFFER_FULL,
                f"The input audio buffer holds {self._limits.buffer_seconds:.0f} seconds; "
                "commit or clear it.",
                "audio",
            )
            self._listener.refused(error, event.event_id)
            return
        # A second at a time: a long append does not keep other sessions waiting.
        step = stream.bytes_per_second
        for start in range(0, len(event.data), step):
            await self._take_slice(event.data[start : start + step], stream, to_turn=event.to_turn)

    async def _take_slice(self, data: bytes, stream: InputStream, *, to_turn: bool) -> None:
        utterances, vad = self._utterances, self._vad
        if to_turn or utterances is None or vad is None:
            pcm = stream.feed(data) if stream.direct else await self._decoded(stream, data)
            if not to_turn:
                self._buffer += pcm
                self._received += len(pcm)
            elif self._turn is not None:
                self._turn += pcm
            return

        def work() -> tuple[bytes, Sequence[VadWindow]]:
            pcm = stream.feed(data)
            return pcm, vad.feed(pcm)

        pcm, windows = await self._worker.run(work)
        self._received += len(pcm)
        utterances.add(pcm)
        origin = self._vad_origin // 2
        for window in windows:
            start_ms = (origin + window.start) * 1000 // SAMPLE_RATE
            end_ms = (origin + window.end) * 1000 // SAMPLE_RATE
            await utterances.follow(start_ms, end_ms, window.probability)

    async def _decoded(self, stream: InputStream, data: bytes) -> bytes:
        return await self._worker.run(lambda: stream.feed(data))

    def _commit_by_client(self, event: _Commit) -> None:
        utterances = self._utterances
        spoken = bytes(self._buffer) if utterances is None else utterances.audio
        if self._too_short(spoken, event.event_id):
            return
        # SDK, speech_started: a commit during voice activity takes the place of speech_stopped.
        announced = utterances is not None and utterances.speaking
        item_id = utterances.item_id if utterances is not None and announced else new_id("item")
        self._restart()
        self._listener.audio_committed(item_id, spoken, by_client=True)

    def _take_turn(self, event: _Turn) -> None:
        if event.do == "start":
            self._turn = bytearray()
            self._turn_stream = self._new_stream()
            return
        spoken, self._turn = self._turn, None
        if event.do == "cancel":
            self._listener.buffer_cleared()
        elif spoken is not None and not self._too_short(bytes(spoken), event.event_id):
            self._listener.audio_committed(new_id("item"), bytes(spoken), by_client=False)

    def _too_short(self, spoken: bytes, event_id: str | None) -> bool:
        """Refuse audio too short to be committed; return whether it was."""
        milliseconds = len(spoken) / BYTES_PER_MS
        if milliseconds >= self._limits.minimum_commit_ms:
            return False
        # Realtime protocol; the API reference only says that an empty buffer is an error.
        error = WireError(
            COMMIT_EMPTY,
            "Error committing input audio buffer: buffer too small. Expected at least "
            f"{self._limits.minimum_commit_ms}ms of audio, but buffer only has "
            f"{milliseconds:.2f}ms of audio.",
        )
        self._listener.refused(error, event_id)
        return True
