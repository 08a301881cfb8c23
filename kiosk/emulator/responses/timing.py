"""When each event of a spoken answer is due: words, audio chunks, timestamps and mouth shapes."""

from __future__ import annotations

import base64
import re

from azure.ai.voicelive import models as sdk

from kiosk.emulator.hearing.audio import OUTPUT_RATES, encode_output
from kiosk.emulator.speech.parts import Speech
from kiosk.emulator.wire.codec import JSON

_WORDS_A_DELTA = 3
_AUDIO_CHUNK_MS = 200

TimedEvent = tuple[int, type[sdk.ServerEvent], JSON]
"""(milliseconds into the speech, the event's model, its own fields)."""


def count_tokens(text: str) -> int:
    """Return about how many tokens a text is: four for three words."""
    return (len(text.split()) * 4 + 2) // 3


def split_text(text: str) -> list[str]:
    """Return the words of a text, each with the space behind it; joined they are the text."""
    return re.findall(r"\s*\S+\s*", text)


def word_groups(words: list[str]) -> list[list[str]]:
    """Return the words in groups as they are sent."""
    return [words[i : i + _WORDS_A_DELTA] for i in range(0, len(words), _WORDS_A_DELTA)]


def word_times(speech: Speech, words: list[str]) -> list[tuple[int, int]]:
    """Return each word's (start, end) in the speech; spread evenly where the voice does not say."""
    if len(speech.words) == len(words):
        return [(mark.start_ms, mark.end_ms) for mark in speech.words]
    total = sum(len(word) for word in words) or 1
    times, place = [], 0
    for word in words:
        start = speech.duration_ms * place // total
        place += len(word)
        times.append((start, speech.duration_ms * place // total))
    return times


def audio_events(speech: Speech, sound: str) -> list[TimedEvent]:
    """Return the speech in chunks of `response.audio.delta`, in one of OUTPUT_RATES' formats."""
    data = encode_output(speech.pcm, sound)
    width = 1 if sound.startswith("g711") else 2
    chunk = OUTPUT_RATES[sound] * width * _AUDIO_CHUNK_MS // 1000
    return [
        (
            index * _AUDIO_CHUNK_MS,
            sdk.ServerEventResponseAudioDelta,
            {"delta": base64.b64encode(data[start : start + chunk]).decode("ascii")},
        )
        for index, start in enumerate(range(0, len(data), chunk))
    ]


def mark_events(
    speech: Speech, offset_ms: int, timestamps: bool, visemes: bool
) -> list[TimedEvent]:
    """Return word timestamps and visemes, each if wanted, counted from the answer's start."""
    events: list[TimedEvent] = []
    for mark in speech.words if timestamps else ():
        fields: JSON = {
            "audio_offset_ms": offset_ms + mark.start_ms,
            "audio_duration_ms": mark.end_ms - mark.start_ms,
            "text": mark.text,
            "timestamp_type": "word",
        }
        events.append((mark.start_ms, sdk.ServerEventResponseAudioTimestampDelta, fields))
    for mouth in speech.mouths if visemes else ():
        fields = {"audio_offset_ms": offset_ms + mouth.start_ms, "viseme_id": mouth.viseme}
        events.append((mouth.start_ms, sdk.ServerEventResponseAnimationVisemeDelta, fields))
    return events
