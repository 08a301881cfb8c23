"""espeak-ng through ctypes: a light voice with exact word and phoneme times."""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import espeakng_loader
import numpy as np

from kiosk.emulator.speech.languages import base_language
from kiosk.emulator.speech.parts import PLAIN_STYLE, SAMPLE_RATE, Speech, VoiceStyle
from kiosk.emulator.speech.pcm import resample, to_pcm
from kiosk.emulator.speech.visemes import mouth_marks
from kiosk.emulator.speech.voice_text import word_marks
from kiosk.errors import StartupError

# Values from espeak-ng's speak_lib.h.
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_PHONEME_EVENTS = 0x0001
_INITIALIZE_PHONEME_IPA = 0x0002
_INITIALIZE_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
_POS_CHARACTER = 1
_EVENT_LIST_TERMINATED = 0
_EVENT_WORD = 1
_EVENT_PHONEME = 7
_PARAMETER_RATE = 1
_PARAMETER_PITCH = 3
_PARAMETER_WORDGAP = 7

WORDS_PER_MINUTE = 165
"""A little slower than espeak-ng's 175: a visitor hears it once, in a room."""

PITCH = 40
"""espeak-ng's scale of 0 to 100; 50 is its usual man, this one is calmer."""

_VARIANTS = {
    "female": (("f2", 50), ("f3", 50), ("f4", 50)),
    "male": (("", PITCH), ("m3", 45), ("m7", 45)),
    "": (("", PITCH),),
}
"""espeak-ng's own variants of a voice, and the pitch that suits each."""

_DIALECTS = {
    "zh": "cmn",
    "zh-hk": "yue",
    "no": "nb",
    "en": "en-us",
    "en-au": "en-gb",
    "en-ie": "en-gb",
    "en-in": "en-gb",
    "en-nz": "en-gb",
    "en-za": "en-gb",
}
"""Locales that espeak-ng has under another name, or by a neighbour's."""

_LANGUAGE_LINE = re.compile(r"^language (\S+)(?: (\d+))?", re.MULTILINE)
_USUAL_PRIORITY = 5
_UNFINISHED = frozenset({"fo", "kaa", "xex"})
"""Voices that are listed without the dictionary they need."""

_library_lock = threading.Lock()
"""The library keeps one global state: one initialisation and one synthesis at a time."""


class _EventId(ctypes.Union):
    _fields_: ClassVar = [
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    ]


class _Event(ctypes.Structure):
    _fields_: ClassVar = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class _Recording:
    """What the library's callback collects during one synthesis."""

    def __init__(self) -> None:
        self.samples: list[np.ndarray[tuple[int], np.dtype[np.int16]]] = []
        self.anchors: list[tuple[int, float]] = []
        self.phonemes: list[tuple[str, float]] = []

    def take(self, wave: ctypes._Pointer[ctypes.c_short], count: int, event_address: int) -> None:
        """Keep one block of samples and walk its list of events."""
        if count > 0:
            block = np.ctypeslib.as_array(wave, shape=(count,))
            self.samples.append(block.astype(np.int16, copy=True))
        size = ctypes.sizeof(_Event)
        while True:
            event = _Event.from_address(event_address)
            if event.type == _EVENT_LIST_TERMINATED:
                return
            if event.type == _EVENT_WORD:
                # text_position counts characters from 1.
                start = max(0, event.text_position - 1)
                self.anchors.append((start, float(event.audio_position)))
            elif event.type == _EVENT_PHONEME:
                # The union starts at its string; ctypes would stop reading it at the first zero.
                phoneme = event.id.string.decode("utf-8", "ignore")
                self.phonemes.append((phoneme or ".", float(event.audio_position)))
            event_address += size


@lru_cache(maxsize=1)
def _loaded() -> tuple[ctypes.CDLL, int]:
    """Return the library, initialised, and its sample rate. A second initialisation would hang."""
    library = espeakng_loader.load_library()
    if library is None:
        raise StartupError(
            "the espeak-ng library could not be loaded; reinstall it with"
            " pip install --force-reinstall espeakng-loader"
        )
    rate = int(
        library.espeak_Initialize(
            # Synchronous: the callback runs inside espeak_Synth, on the caller's thread.
            _AUDIO_OUTPUT_SYNCHRONOUS,
            0,
            espeakng_loader.get_data_path().encode(),
            _INITIALIZE_PHONEME_EVENTS | _INITIALIZE_PHONEME_IPA | _INITIALIZE_DONT_EXIT,
        )
    )
    if rate <= 0:
        raise StartupError(
            "espeak-ng found no voice data; reinstall it with"
            " pip install --force-reinstall espeakng-loader"
        )
    return library, rate


@lru_cache(maxsize=1)
def espeak_voices() -> dict[str, str]:
    """Return espeak-ng's language tags in small letters and the voice for each. Blocking."""
    folder = Path(espeakng_loader.get_data_path()) / "lang"
    ranked: dict[str, tuple[int, str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_dir() or path.name in _UNFINISHED:
            continue
        lines = _LANGUAGE_LINE.findall(path.read_text(encoding="utf-8", errors="ignore"))
        for place, (tag, priority) in enumerate(lines):
            # Files list their own language first and what they can stand in for behind it.
            rank = ((int(priority) if priority else _USUAL_PRIORITY) + place, path.name)
            ranked[tag.lower()] = min(rank, ranked.get(tag.lower(), rank))
    return {tag: name for tag, (_, name) in ranked.items()}


def espeak_voice(locale: str) -> str:
    """Return espeak-ng's voice for a BCP-47 locale, or "" when it has none."""
    voices = espeak_voices()
    tag = locale.replace("_", "-").lower()
    language = base_language(tag)
    latin_american = language == "es" and tag not in ("es", "es-es")
    for name in (_DIALECTS.get(tag), tag, "es-419" if latin_american else None):
        if name in voices:
            return voices[name]
    return voices.get(_DIALECTS.get(language, language), "")


class EspeakSynthesizer:
    """espeak-ng in all its languages. One per process is enough; several share the one library."""

    name = "espeak-ng"

    def __init__(self) -> None:
        self._library, self._rate = _loaded()
        espeak_voices()
        self._recording: _Recording | None = None
        # Kept on the object: the library calls it as long as it lives.
        self._callback: Callable[..., int] = _Callback(self._on_synth)

    def _on_synth(
        self,
        wave: ctypes._Pointer[ctypes.c_short],
        count: int,
        events: ctypes._Pointer[_Event],
    ) -> int:
        if self._recording is not None:
            self._recording.take(wave, count, ctypes.addressof(events.contents))
        return 0

    def synthesize(self, text: str, style: VoiceStyle = PLAIN_STYLE) -> Speech:
        """Return one sentence spoken, with word and phoneme times as the library reports them.

        A locale that espeak-ng has no voice for is spoken as American English.
        """
        library = self._library
        recording = _Recording()
        encoded = text.encode("utf-8")
        variants = _VARIANTS[style.gender]
        variant, pitch = variants[style.variant % len(variants)]
        voice = espeak_voice(style.locale or style.fallback) or "en-US"
        with _library_lock:
            self._recording = recording
            # Set each time: another synthesizer of this process may have set its own.
            library.espeak_SetSynthCallback(self._callback)
            library.espeak_SetVoiceByName(f"{voice}+{variant}".removesuffix("+").encode())
            library.espeak_SetParameter(_PARAMETER_RATE, round(WORDS_PER_MINUTE * style.rate), 0)
            # The middle of its scale is the voice's own pitch; 0 is about half of it.
            pitch = max(0, min(99, round(pitch + (style.pitch - 1) * 100)))
            library.espeak_SetParameter(_PARAMETER_PITCH, pitch, 0)
            library.espeak_SetParameter(_PARAMETER_WORDGAP, 1, 0)
            library.espeak_Synth(
                encoded,
                ctypes.c_size_t(len(encoded) + 1),
                0,
                _POS_CHARACTER,
                0,
                _CHARS_UTF8,
                None,
                None,
            )
            self._recording = None
        return self._speech(text, recording, style.volume)

    def _speech(self, text: str, recording: _Recording, volume: float) -> Speech:
        if not recording.samples:
            return Speech(text, b"")
        samples = np.concatenate(recording.samples).astype(np.float32) / 32768.0
        pcm = to_pcm(resample(samples, self._rate, SAMPLE_RATE) * volume)
        end_ms = samples.size * 1000 / self._rate
        last_sound = next(
            (start for phoneme, start in reversed(recording.phonemes) if phoneme == "."), end_ms
        )
        words = word_marks(text, recording.anchors, last_sound)
        return Speech(text, pcm, words, mouth_marks(recording.phonemes, end_ms))

    def close(self) -> None:
        """Nothing to release: the library stays for the other synthesizers of this process."""
