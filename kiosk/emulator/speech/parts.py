"""What the emulator's voice, ears and avatar hand to each other: audio with its timings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

SAMPLE_RATE = 24_000
"""Samples a second of every PCM16 mono buffer inside the emulator."""


@dataclass(frozen=True, slots=True)
class WordMark:
    """One spoken word; times are milliseconds from the start of its Speech."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class MouthMark:
    """The mouth takes shape `viseme` (Azure's ids, 0 silence to 21) from `start_ms` on."""

    viseme: int
    start_ms: int


@dataclass(frozen=True, slots=True)
class Speech:
    """A stretch of spoken audio, usually one sentence.

    `pcm` is PCM16 mono little-endian at SAMPLE_RATE.
    """

    text: str
    pcm: bytes
    words: tuple[WordMark, ...] = ()
    mouths: tuple[MouthMark, ...] = ()

    @property
    def duration_ms(self) -> int:
        """Length of the audio in whole milliseconds."""
        return len(self.pcm) * 1000 // (2 * SAMPLE_RATE)


class Voice(Protocol):
    """Text to speech. Implementations synthesise in a worker thread, never on the loop."""

    name: str
    """What `kiosk emulate` prints, such as "piper joe" or "espeak-ng"."""

    def speak(self, text: str) -> AsyncIterator[Speech]:
        """Yield the text sentence by sentence, the first as soon as it is ready."""
        ...

    async def aclose(self) -> None:
        """Release the engine and its threads."""
        ...


class Ears(Protocol):
    """Speech to text for one finished utterance."""

    name: str

    async def transcribe(self, pcm: bytes, *, phrases: tuple[str, ...] = ()) -> str:
        """Return the words in PCM16 mono audio at SAMPLE_RATE, or "" when there are none.

        `phrases` are what the scenario expects; an engine with a grammar uses them.
        """
        ...

    async def aclose(self) -> None:
        """Release the engine and its threads."""
        ...


class AvatarOutput(Protocol):
    """Where spoken audio goes when an avatar is connected: a paced, clearable queue.

    The avatar plays at real-time speed and reports through the callbacks it was made with.
    """

    def play(self, speech: Speech, tag: str) -> None:
        """Queue audio behind what is already queued. `tag` is the response id it belongs to."""
        ...

    def clear(self) -> int:
        """Drop what is queued and playing at once; return the ms of the current tag heard."""
        ...

    def heard_ms(self, tag: str) -> int:
        """Milliseconds of `tag`'s audio that have gone out so far."""
        ...
