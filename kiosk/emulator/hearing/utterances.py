"""One stream's utterances: announced, held back, waited for, ended, each with its audio."""

from __future__ import annotations

from typing import Protocol

import structlog

from kiosk.clock import new_id
from kiosk.emulator.hearing.turns import (
    Paused,
    SpeechStarted,
    SpeechStopped,
    TurnDetector,
    TurnSettings,
)
from kiosk.emulator.hearing.words import is_unfinished, only_fillers
from kiosk.emulator.speech.parts import SAMPLE_RATE, Heard
from kiosk.emulator.wire.codec import WireError

log = structlog.get_logger(__name__)

BYTES_PER_MS = SAMPLE_RATE * 2 // 1000

HOLD_MS = 700
"""Speech over an answer is listened to after so long, and every so long, for a word that counts."""

_MAXIMUM_HOLDS = 3
"""Speech that goes on longer than so many holds is announced, whatever it says."""

_MAXIMUM_PAUSES = 8
"""Pauses of one utterance whose words are looked at; the next one ends it."""


class HearingListener(Protocol):
    """What the session wants to know. Called on the loop; only `understand` may take time."""

    def speech_started(self, start_ms: int, item_id: str) -> None:
        """Somebody began to speak; the item will have this id."""
        ...

    def speech_stopped(self, end_ms: int, item_id: str) -> None:
        """The utterance ended."""
        ...

    def audio_committed(
        self, item_id: str, pcm: bytes, *, by_client: bool, heard: Heard | None = None
    ) -> None:
        """The audio, PCM16 at SAMPLE_RATE, became a user item; `heard` if it was understood.

        `by_client` when it was the client's `input_audio_buffer.commit`, which asks for no answer.
        """
        ...

    def buffer_cleared(self) -> None:
        """The client's clear was carried out."""
        ...

    def refused(self, error: WireError, client_event_id: str | None) -> None:
        """A buffer event was refused."""
        ...

    def ignores_fillers(self) -> bool:
        """Whether filler words said now shall not count as speech."""
        ...

    async def understand(self, pcm: bytes) -> Heard | None:
        """Return what audio says; None when that cannot be found out soon."""
        ...


class Utterances:
    """Follows one stream from the buffer's start; the buffer gives it audio and probabilities."""

    def __init__(
        self, listener: HearingListener, settings: TurnSettings, *, maximum_ms: int, start_ms: int
    ) -> None:
        self._listener = listener
        self._settings = settings
        self._detector = TurnDetector(settings, maximum_ms=maximum_ms, start_ms=start_ms)
        self._audio = bytearray()
        self._audio_start_ms = start_ms
        self._item_id = ""
        self._start_ms = 0
        self._heard: Heard | None = None
        self._pauses = 0
        self._holds = 0
        self._look_at_ms: int | None = None

    @property
    def speaking(self) -> bool:
        """Whether an utterance is open and announced."""
        return self._detector.speaking and self._look_at_ms is None

    @property
    def item_id(self) -> str:
        """Id of the open or last utterance's item."""
        return self._item_id

    @property
    def audio(self) -> bytes:
        """What is held: the open utterance, or what could become part of the next one."""
        return bytes(self._audio)

    def add(self, pcm: bytes) -> None:
        """Take audio, whose probabilities will follow."""
        self._audio += pcm

    async def follow(self, start_ms: int, end_ms: int, probability: float) -> None:
        """Take the probability of speech between two moments and do what it decides."""
        decided = self._detector.feed(start_ms, end_ms, probability)
        if decided is None and not self._detector.waiting:
            self._heard = None
        if isinstance(decided, SpeechStarted):
            self._begin(decided)
        elif isinstance(decided, Paused):
            await self._pause(decided.end_ms)
        elif isinstance(decided, SpeechStopped):
            await self._end(decided.end_ms)
        elif self._look_at_ms is not None and end_ms >= self._look_at_ms:
            await self._look(end_ms)
        self._drop_before(self._detector.keep_from_ms(end_ms))

    def _begin(self, started: SpeechStarted) -> None:
        self._item_id = new_id("item")
        self._start_ms = started.start_ms
        self._heard = None
        self._pauses = self._holds = 0
        if self._listener.ignores_fillers():
            self._look_at_ms = self._detector.onset_ms + HOLD_MS
        else:
            self._announce()

    def _announce(self) -> None:
        self._look_at_ms = None
        self._listener.speech_started(self._start_ms, self._item_id)

    async def _look(self, now_ms: int) -> None:
        """See whether speech that is held back says anything by now."""
        self._holds += 1
        heard = await self._listener.understand(self._until(now_ms))
        if self._holds >= _MAXIMUM_HOLDS or heard is None or _says_something(heard):
            self._announce()
        else:
            self._look_at_ms = now_ms + HOLD_MS

    async def _pause(self, now_ms: int) -> None:
        """Let the words decide whether a pause is the end."""
        self._pauses += 1
        level = self._settings.level
        if level is not None and self._pauses <= _MAXIMUM_PAUSES:
            self._heard = await self._listener.understand(self._until(now_ms))
            if self._heard is not None and is_unfinished(self._heard.text, level):
                self._detector.wait()
                return
        await self._end(self._detector.stop(now_ms).end_ms)

    async def _end(self, end_ms: int) -> None:
        spoken = self._until(end_ms)
        heard = self._heard
        if self._look_at_ms is not None:
            heard = heard or await self._listener.understand(spoken)
            if heard is not None and not _says_something(heard):
                self._look_at_ms = None
                log.info("filler words ignored during an answer")
                self._drop_before(end_ms)
                return
            self._announce()
        self._listener.speech_stopped(end_ms, self._item_id)
        self._drop_before(end_ms)
        self._listener.audio_committed(self._item_id, spoken, by_client=False, heard=heard)

    def _until(self, end_ms: int) -> bytes:
        return bytes(self._audio[: (end_ms - self._audio_start_ms) * BYTES_PER_MS])

    def _drop_before(self, moment_ms: int) -> None:
        if moment_ms > self._audio_start_ms:
            del self._audio[: (moment_ms - self._audio_start_ms) * BYTES_PER_MS]
            self._audio_start_ms = moment_ms


def _says_something(heard: Heard) -> bool:
    return bool(heard.text) and not only_fillers(heard.text)
