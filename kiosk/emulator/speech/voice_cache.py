"""A voice around an engine: text prepared, one thread, recent lines kept so they are instant."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Protocol

import structlog

from kiosk.emulator.speech.languages import guess_language
from kiosk.emulator.speech.parts import (
    PLAIN_STYLE,
    SAMPLE_RATE,
    MouthMark,
    Speech,
    Voice,
    VoiceStyle,
    WordMark,
)
from kiosk.emulator.speech.voice_text import speakable, split_for_speech
from kiosk.emulator.speech.voices import locale_of
from kiosk.emulator.speech.worker import EngineWorker

log = structlog.get_logger(__name__)

MAX_CACHE_BYTES = 24 * 1024 * 1024
"""PCM kept of lines already spoken (about eight minutes); the least recently used goes first."""

MAX_TEXT_CHARS = 8_000
"""Characters spoken of one text, about nine minutes; what is beyond is not spoken and counted."""


class Synthesizer(Protocol):
    """An engine that turns one piece of text into audio, blocking, called from one thread only."""

    name: str

    def synthesize(self, text: str, style: VoiceStyle = PLAIN_STYLE) -> Speech:
        """Return the audio of one sentence with its words and mouth shapes.

        `style.locale` says the language, always; what else the engine can follow, it does.
        """
        ...

    def close(self) -> None:
        """Release what the engine holds."""
        ...


class CachedVoice:
    """Implements `Voice` for any Synthesizer; shared by every session of one emulator."""

    def __init__(self, engine: Synthesizer, *, max_cache_bytes: int = MAX_CACHE_BYTES) -> None:
        self.name = engine.name
        self.hits = 0
        self.misses = 0
        self.cut_texts = 0
        self._engine = engine
        self._worker = EngineWorker("voice")
        self._max_cache_bytes = max_cache_bytes
        self._cache: OrderedDict[tuple[str, VoiceStyle], Speech] = OrderedDict()
        self._cached_bytes = 0

    @property
    def cached_bytes(self) -> int:
        """Bytes of PCM kept at this moment; never above the limit."""
        return self._cached_bytes

    async def speak(
        self, text: str, style: VoiceStyle = PLAIN_STYLE
    ) -> AsyncGenerator[Speech, None]:
        """Yield the text piece by piece, the first as soon as it is ready.

        Closing the iterator early stops the synthesis after the piece that is being made.
        """
        text_locale = locale_of(guess_language(text), style)
        prepared = speakable(text, text_locale)
        if len(prepared) > MAX_TEXT_CHARS:
            self.cut_texts += 1
            log.warning("text too long to speak, the end is left out", limit=MAX_TEXT_CHARS)
            prepared = prepared[:MAX_TEXT_CHARS]
        for piece in split_for_speech(prepared):
            # A quotation in another language is spoken in it; what shows none follows the text.
            spoken_in = replace(style, fallback=text_locale)
            locale = locale_of(guess_language(piece), spoken_in)
            yield await self._piece(piece, replace(style, locale=locale, fallback="", accents=()))

    async def _piece(self, piece: str, style: VoiceStyle) -> Speech:
        known = self._cache.get((piece, style))
        if known is not None:
            self.hits += 1
            self._cache.move_to_end((piece, style))
            return known
        self.misses += 1
        made = await self._worker.run(lambda: self._engine.synthesize(piece, style))
        self._keep((piece, style), made)
        return made

    def _keep(self, key: tuple[str, VoiceStyle], made: Speech) -> None:
        if len(made.pcm) > self._max_cache_bytes or key in self._cache:
            return
        self._cache[key] = made
        self._cached_bytes += len(made.pcm)
        while self._cached_bytes > self._max_cache_bytes:
            _, dropped = self._cache.popitem(last=False)
            self._cached_bytes -= len(dropped.pcm)

    async def aclose(self) -> None:
        """Finish the piece being made, end the thread and release the engine."""
        await self._worker.aclose()
        self._engine.close()
        self._cache.clear()
        self._cached_bytes = 0


async def speak_whole(voice: Voice, text: str, style: VoiceStyle = PLAIN_STYLE) -> Speech:
    """Return the whole text as one Speech, its marks shifted to their place in it."""
    pcm = bytearray()
    words: list[WordMark] = []
    mouths: list[MouthMark] = []
    said: list[str] = []
    async for piece in voice.speak(text, style):
        offset = len(pcm) * 1000 // (2 * SAMPLE_RATE)
        pcm += piece.pcm
        said.append(piece.text)
        words += [
            WordMark(word.text, word.start_ms + offset, word.end_ms + offset)
            for word in piece.words
        ]
        mouths += [MouthMark(mouth.viseme, mouth.start_ms + offset) for mouth in piece.mouths]
    return Speech(" ".join(said), bytes(pcm), tuple(words), tuple(mouths))
