"""What the emulator's voice, ears and avatar hand to each other: audio with its timings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol

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


@dataclass(frozen=True, slots=True)
class VoiceStyle:
    """Who speaks, and how; the default is the engine's own voice, in the text's language."""

    locale: str = ""
    """BCP-47 of a language that is enforced, "" when each sentence is spoken in its own."""
    fallback: str = "en-US"
    """Locale of sentences that do not show their language, and the voice's own accent."""
    accents: tuple[str, ...] = ()
    """Locales whose accent is preferred for their language."""
    gender: Literal["female", "male", ""] = ""
    variant: int = 0
    """Tells voices of one language and gender apart: 0 to 2."""
    rate: float = 1.0
    """How many times faster than usual, 0.5 to 2."""
    pitch: float = 1.0
    """How many times higher than usual, 0.5 to 1.5."""
    volume: float = 1.0
    """Share of the usual loudness, 0 to 1."""


PLAIN_STYLE = VoiceStyle()


class Voice(Protocol):
    """Text to speech. Implementations synthesise in a worker thread, never on the loop."""

    name: str
    """What `kiosk emulate` prints, such as "piper joe" or "espeak-ng"."""

    def speak(self, text: str, style: VoiceStyle = PLAIN_STYLE) -> AsyncIterator[Speech]:
        """Yield the text sentence by sentence, the first as soon as it is ready."""
        ...

    async def aclose(self) -> None:
        """Release the engine and its threads."""
        ...


@dataclass(frozen=True, slots=True)
class HeardWord:
    """One word that was heard; times are milliseconds from the start of the audio.

    `log_probability` is the natural logarithm of how sure the ears are of it, at most 0.
    """

    text: str
    start_ms: int
    end_ms: int
    log_probability: float


@dataclass(frozen=True, slots=True)
class HeardPhrase:
    """A stretch of words without a long pause, usually a sentence; times as in HeardWord.

    `words` is empty unless details were asked for.
    """

    text: str
    start_ms: int
    end_ms: int
    log_probability: float
    words: tuple[HeardWord, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """What one utterance says: "" when there are no words in it. `language` is BCP-47."""

    text: str = ""
    phrases: tuple[HeardPhrase, ...] = ()
    language: str = ""

    @property
    def words(self) -> tuple[HeardWord, ...]:
        """All words of all phrases, in order."""
        return tuple(word for phrase in self.phrases for word in phrase.words)


_PHRASE_PAUSE_MS = 500
"""A pause between two words from which on they belong to two phrases."""


def by_sentence(words: tuple[HeardWord, ...]) -> tuple[HeardPhrase, ...]:
    """Return words as phrases: one ends with its sentence, or before a long pause."""
    phrases: list[HeardPhrase] = []
    taken: list[HeardWord] = []
    for word, following in zip(words, (*words[1:], None), strict=False):
        taken.append(word)
        if (
            following is None
            or word.text.endswith((".", "?", "!"))
            or following.start_ms - word.end_ms >= _PHRASE_PAUSE_MS
        ):
            sure = sum(one.log_probability for one in taken) / len(taken)
            text = " ".join(one.text for one in taken)
            phrases.append(HeardPhrase(text, taken[0].start_ms, word.end_ms, sure, tuple(taken)))
            taken = []
    return tuple(phrases)


class Ears(Protocol):
    """Speech to text for one finished utterance."""

    name: str
    languages: tuple[str, ...]
    """What the engine understands, ISO 639-1."""

    async def hear(
        self, pcm: bytes, *, phrases: tuple[str, ...] = (), detailed: bool = False
    ) -> Heard:
        """Return what PCM16 mono audio at SAMPLE_RATE says.

        `phrases` are what the scenario expects; an engine with a grammar uses them. `detailed`
        asks for words with their times and probabilities, which costs more computing.
        """
        ...

    async def transcribe(self, pcm: bytes, *, phrases: tuple[str, ...] = ()) -> str:
        """Return only the words of `hear`, or "" when there are none."""
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
