"""When each event of a spoken answer is due: words, audio chunks, timestamps and mouth shapes."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from azure.ai.voicelive import models as sdk

from kiosk.emulator.hearing.audio import OUTPUT_RATES, encode_output
from kiosk.emulator.speech.blendshapes import frame_at, frame_range
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


@dataclass(frozen=True, slots=True)
class Extras:
    """What a session wants beside the audio."""

    timestamps: bool = False
    visemes: bool = False
    blendshapes: bool = False


def wanted_extras(values: JSON) -> Extras:
    """Return the extras of a session's configuration."""
    outputs = (values.get("animation") or {}).get("outputs") or ()
    return Extras(
        timestamps="word" in (values.get("output_audio_timestamp_types") or ()),
        visemes="viseme_id" in outputs,
        blendshapes="blendshapes" in outputs,
    )


def mark_events(speech: Speech, offset_ms: int, extras: Extras) -> list[TimedEvent]:
    """Return what is wanted beside the audio, counted from the answer's start.

    Times lie within the speech and never go back.
    """
    events: list[TimedEvent] = []
    end = speech.duration_ms
    for mark in speech.words if extras.timestamps else ():
        start = min(mark.start_ms, end)
        fields: JSON = {
            "audio_offset_ms": offset_ms + start,
            "audio_duration_ms": min(mark.end_ms, end) - start,
            "text": mark.text,
            "timestamp_type": "word",
        }
        events.append((start, sdk.ServerEventResponseAudioTimestampDelta, fields))
    for mouth in speech.mouths if extras.visemes else ():
        start = min(mouth.start_ms, end)
        fields = {"audio_offset_ms": offset_ms + start, "viseme_id": mouth.viseme}
        events.append((start, sdk.ServerEventResponseAnimationVisemeDelta, fields))
    if extras.blendshapes:
        events += _blendshape_events(speech, offset_ms)
    return events


def _blendshape_events(speech: Speech, offset_ms: int) -> list[TimedEvent]:
    """Return the face in groups of frames, each due with the audio chunk it belongs to.

    `frame_index` is the number of the group's first frame (JavaScript reference; the same as the
    count of frames before it, Speech documentation).
    """
    events: list[TimedEvent] = []
    for start in range(0, speech.duration_ms, _AUDIO_CHUNK_MS):
        end = min(start + _AUDIO_CHUNK_MS, speech.duration_ms)
        numbers = frame_range(offset_ms + start, offset_ms + end)
        if not numbers:
            continue
        frames = [frame_at(number, speech.mouths, offset_ms) for number in numbers]
        fields: JSON = {"frames": frames, "frame_index": numbers[0]}
        events.append((start, sdk.ServerEventResponseAnimationBlendshapeDelta, fields))
    return events
