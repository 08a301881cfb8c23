"""pocketsphinx: light hearing. Exact with the phrases of a scenario, rough without them."""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import numpy as np
import pocketsphinx
import structlog
from numpy.typing import NDArray

from kiosk.emulator.speech.parts import (
    SAMPLE_RATE,
    Heard,
    HeardPhrase,
    HeardWord,
    by_sentence,
)
from kiosk.emulator.speech.pcm import resample, to_float, to_pcm
from kiosk.emulator.speech.worker import EngineWorker

log = structlog.get_logger(__name__)

MAX_UTTERANCE_S = 30
MIN_UTTERANCE_S = 0.12
MAX_PHRASES = 500
"""Phrases of one grammar; those beyond are not expected, and the log says so once a grammar."""

FITS = 0.975
"""An expected phrase is taken when its score is at least this share of open speech's."""

NEAR_ENOUGH = 0.6
"""Share of words in common from which roughly heard speech is taken for an expected phrase."""

MAX_GRAMMARS = 8
"""Grammars kept ready, one per set of phrases; the least recently used goes first."""

QUIET = 0.001
"""Loudness (RMS, full scale is 1) below which a stretch of 20 ms is silence."""

_FRAME = SAMPLE_RATE // 50
_FRAME_MS = 10
"""The decoder's own frames."""
_LEAST_PROBABILITY = 1e-9
_MODEL_RATE = 16_000
_VARIANT = re.compile(r"\(\d+\)$")
"""The dictionary numbers a word's second pronunciation: "the(2)"."""
_WORD = re.compile(r"[a-z']+")
_NUMBERS = {
    "0": "zero", "1": "one", "2": "two", "3": "three", "4": "four",
    "5": "five", "6": "six", "7": "seven", "8": "eight", "9": "nine",
}  # fmt: skip


class PocketsphinxEars:
    """Implements `Ears`; one utterance at a time, in its own thread."""

    name = "pocketsphinx"
    languages: tuple[str, ...] = ("en",)

    def __init__(self) -> None:
        pocketsphinx.set_loglevel("FATAL")
        self._open = pocketsphinx.Decoder(samprate=_MODEL_RATE, cmn="batch", loglevel="FATAL")
        self._grammars: OrderedDict[tuple[str, ...], _Grammar] = OrderedDict()
        self._worker = EngineWorker("ears", max_waiting=32)

    async def hear(
        self, pcm: bytes, *, phrases: tuple[str, ...] = (), detailed: bool = False
    ) -> Heard:
        """Return what the audio says: a phrase word for word as it was given, or a guess.

        With phrases, one of them is the likely answer (whole, in its own spelling); when none
        fits, or without any, the bundled language model guesses at open speech.
        """
        return await self._worker.run(lambda: self._listen(pcm, phrases, detailed))

    async def transcribe(self, pcm: bytes, *, phrases: tuple[str, ...] = ()) -> str:
        """Return the words in the audio, or "" when there are none."""
        return (await self.hear(pcm, phrases=phrases)).text

    def _listen(self, pcm: bytes, phrases: tuple[str, ...], detailed: bool) -> Heard:
        samples = to_float(pcm[: len(pcm) // 2 * 2])[: MAX_UTTERANCE_S * SAMPLE_RATE]
        samples, offset = _trimmed(samples)
        if samples.size < MIN_UTTERANCE_S * SAMPLE_RATE:
            return Heard()
        audio = to_pcm(resample(samples, SAMPLE_RATE, _MODEL_RATE))
        text, found = self._recognise(audio, phrases)
        if not text:
            return Heard()
        start_ms = offset * 1000 // SAMPLE_RATE
        if detailed:
            words = _in_spelling_of(text, _timed(found.words, start_ms))
            return Heard(text=text, phrases=by_sentence(words), language="en-US")
        end_ms = start_ms + samples.size * 1000 // SAMPLE_RATE
        sure = sum(word.log_probability for word in found.words) / max(1, len(found.words))
        return Heard(text, (HeardPhrase(text, start_ms, end_ms, sure),), "en-US")

    def _recognise(self, audio: bytes, phrases: tuple[str, ...]) -> tuple[str, _Found]:
        """Return what to say was heard, and the words it was heard by."""
        found = _decode(self._open, audio)
        if phrases:
            grammar = self._grammar(phrases)
            if grammar.phrases:
                phrase, expected = grammar.hear(audio)
                # Made to choose a phrase the grammar always finds one; it is right when it
                # explains the sound about as well as open speech does.
                if phrase and expected.score >= FITS * found.score:
                    return phrase, expected
                return grammar.nearest(found.text), found
        return found.text, found

    def _grammar(self, phrases: tuple[str, ...]) -> _Grammar:
        known = self._grammars.get(phrases)
        if known is None:
            known = self._grammars[phrases] = _Grammar(self._open, phrases)
            while len(self._grammars) > MAX_GRAMMARS:
                self._grammars.popitem(last=False)
        self._grammars.move_to_end(phrases)
        return known

    async def aclose(self) -> None:
        """Finish the utterance being heard and end the thread."""
        await self._worker.aclose()


class _Grammar:
    """A decoder that can hear exactly one of some phrases."""

    def __init__(self, dictionary: pocketsphinx.Decoder, phrases: tuple[str, ...]) -> None:
        self.phrases: dict[str, str] = {}
        unknown = 0
        for phrase in phrases[:MAX_PHRASES]:
            words = _words(phrase)
            sayable = [word for word in words if dictionary.lookup_word(word) is not None]
            unknown += len(words) - len(sayable)
            if sayable:
                self.phrases.setdefault(" ".join(sayable), phrase)
        if unknown or len(phrases) > MAX_PHRASES:
            log.warning(
                "expected phrases are heard only in part",
                words_not_in_dictionary=unknown,
                phrases_beyond_limit=max(0, len(phrases) - MAX_PHRASES),
            )
        self._decoder: pocketsphinx.Decoder | None = None
        if self.phrases:
            self._decoder = pocketsphinx.Decoder(
                samprate=_MODEL_RATE,
                lm=None,
                cmn="batch",
                # Its second pass prefers a likely part of a phrase to the whole one.
                bestpath=False,
                # Wide, so that a whole phrase survives a word that was said badly.
                beam=1e-80,
                wbeam=1e-60,
                pbeam=1e-80,
                loglevel="FATAL",
            )
            choices = " | ".join(f"({spoken})" for spoken in self.phrases)
            jsgf = f"#JSGF V1.0;\ngrammar expected;\npublic <phrase> = {choices};\n"
            self._decoder.add_jsgf_string("expected", jsgf)
            self._decoder.activate_search("expected")

    def hear(self, audio: bytes) -> tuple[str, _Found]:
        """Return the phrase in the audio, as it was given, and how; "" when none fits."""
        assert self._decoder is not None
        found = _decode(self._decoder, audio)
        return self.phrases.get(found.text, ""), found

    def nearest(self, heard: str) -> str:
        """Return the phrase that shares most words with open speech, or that as it is."""
        words = heard.split()
        if not words:
            return ""
        ratios = {
            spoken: SequenceMatcher(None, spoken.split(), words, autojunk=False).ratio()
            for spoken in self.phrases
        }
        best = max(ratios, key=lambda spoken: ratios[spoken])
        return self.phrases[best] if ratios[best] >= NEAR_ENOUGH else heard


@dataclass(frozen=True, slots=True)
class _Found:
    """What a decoder makes of some audio; `score` is 0 to 1 and comparable for one audio."""

    text: str = ""
    score: float = 0.0
    words: tuple[HeardWord, ...] = ()


def _trimmed(samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
    """Return the samples without the quiet at both ends, and the number left out before.

    The grammar takes quiet for words.
    """
    frames = samples[: samples.size // _FRAME * _FRAME].reshape(-1, _FRAME)
    if not frames.size:
        return samples[:0], 0
    loudness = np.sqrt((frames**2).mean(axis=1))
    loud = np.flatnonzero(loudness > max(QUIET, float(loudness.max()) / 100))
    if not loud.size:
        return samples[:0], 0
    first = max(0, int(loud[0]) - 2) * _FRAME
    return samples[first : (int(loud[-1]) + 3) * _FRAME], first


def _decode(decoder: pocketsphinx.Decoder, audio: bytes) -> _Found:
    """Return the words and how well they explain the sound."""
    decoder.start_utt()
    decoder.process_raw(audio, full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    if hypothesis is None:
        return _Found()
    words = tuple(
        HeardWord(
            _VARIANT.sub("", segment.word),
            segment.start_frame * _FRAME_MS,
            (segment.end_frame + 1) * _FRAME_MS,
            math.log(max(_LEAST_PROBABILITY, min(1.0, float(segment.prob)))),
        )
        for segment in decoder.seg()
        if not segment.word.startswith(("<", "(", "["))
    )
    return _Found(str(hypothesis.hypstr).strip(), float(hypothesis.score), words)


def _timed(words: tuple[HeardWord, ...], offset_ms: int) -> tuple[HeardWord, ...]:
    """Return words counted from the start of the audio that the decoder heard a part of."""
    return tuple(
        replace(word, start_ms=word.start_ms + offset_ms, end_ms=word.end_ms + offset_ms)
        for word in words
    )


def _in_spelling_of(text: str, words: tuple[HeardWord, ...]) -> tuple[HeardWord, ...]:
    """Return words spelled as in `text`, spread over the same time when their number differs."""
    spelled = text.split()
    if len(spelled) == len(words):
        return tuple(replace(w, text=s) for w, s in zip(words, spelled, strict=True))
    if not words:
        return ()
    start, end = words[0].start_ms, words[-1].end_ms
    sure = sum(word.log_probability for word in words) / len(words)
    edges = [start + (end - start) * n // len(spelled) for n in range(len(spelled) + 1)]
    return tuple(HeardWord(word, edges[n], edges[n + 1], sure) for n, word in enumerate(spelled))


def _words(phrase: str) -> list[str]:
    """Return the phrase's words in the dictionary's spelling; figures digit by digit."""
    spelled = "".join(f" {_NUMBERS[char]} " if char in _NUMBERS else char for char in phrase)
    return _WORD.findall(spelled.lower().replace("\u2019", "'"))
