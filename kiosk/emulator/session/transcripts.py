"""The transcription events of one spoken item: deltas, the whole with its details, a failure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from azure.ai.voicelive import models as sdk

from kiosk.emulator.speech.parts import Heard, HeardPhrase
from kiosk.emulator.wire.codec import JSON

LOGPROBS = "item.input_audio_transcription.logprobs"
PHRASES = "item.input_audio_transcription.phrases"
DETAILS = frozenset({LOGPROBS, PHRASES})
"""Values of `session.include` that need words with times (SDK, SessionIncludeOption)."""

_WORDS_OF_A_DELTA = 3
_TOKEN = re.compile(r"\s*\S+")

Event = tuple[type[sdk.ServerEvent], dict[str, Any]]


def transcription_events(
    heard: Heard,
    *,
    item_id: str,
    content_index: int,
    include: frozenset[str],
    transcription: JSON,
) -> Iterator[Event]:
    """Yield what tells a client what was heard: deltas first, then `completed`.

    The ears hear an utterance when it is over, so deltas come together; in the service they may
    come while it is spoken (unsure). whisper-1 sends one delta with everything (Realtime guide).
    Times count from the start of the item's audio, padding included (unsure: the SDK only says
    "from the start of the audio").
    """
    where: JSON = {"item_id": item_id, "content_index": content_index}
    logprobs = _logprobs(heard) if LOGPROBS in include else None
    tokens = _TOKEN.findall(heard.text)
    step = len(tokens) if transcription["model"] == "whisper-1" else _WORDS_OF_A_DELTA
    for start in range(0, len(tokens), max(1, step)):
        fields: JSON = {**where, "delta": "".join(tokens[start : start + step])}
        if logprobs is not None:
            fields["logprobs"] = logprobs[start : start + step]
        yield sdk.ServerEventConversationItemInputAudioTranscriptionDelta, fields
    whole: JSON = {**where, "transcript": heard.text}
    if logprobs is not None:
        whole["logprobs"] = logprobs
    if PHRASES in include:
        locale = _locale(heard.language, transcription.get("language"))
        whole["phrases"] = [_phrase(phrase, locale) for phrase in heard.phrases]
    yield sdk.ServerEventConversationItemInputAudioTranscriptionCompleted, whole


def failure_event(code: str, *, item_id: str, content_index: int) -> Event:
    """Return `failed`: its code is the emulator's own."""
    details = sdk.VoiceLiveErrorDetails(
        code=code, message="The audio could not be transcribed.", type="server_error"
    )
    fields = {"item_id": item_id, "content_index": content_index, "error": details}
    return sdk.ServerEventConversationItemInputAudioTranscriptionFailed, fields


def _logprobs(heard: Heard) -> list[sdk.LogProbProperties]:
    """Return one entry a word: joined they are the transcript, spaces included.

    The service's tokens are those of its model; a word is the least that every engine tells.
    """
    words = heard.words
    tokens = _TOKEN.findall(heard.text)
    sure = [word.log_probability for word in words]
    if len(sure) != len(tokens):
        # Words that were taken out or written together: the average is all that can be said.
        sure = [sum(sure) / len(sure) if sure else 0.0] * len(tokens)
    return [
        sdk.LogProbProperties(token=token, logprob=round(value, 6), bytes=list(token.encode()))
        for token, value in zip(tokens, sure, strict=True)
    ]


def _phrase(phrase: HeardPhrase, locale: str) -> sdk.TranscriptionPhrase:
    return sdk.TranscriptionPhrase(
        offset_milliseconds=phrase.start_ms,
        duration_milliseconds=phrase.end_ms - phrase.start_ms,
        text=phrase.text,
        words=[
            sdk.TranscriptionWord(
                text=word.text,
                offset_milliseconds=word.start_ms,
                duration_milliseconds=word.end_ms - word.start_ms,
            )
            for word in phrase.words
        ],
        locale=locale,
        confidence=round(math.exp(min(0.0, phrase.log_probability)), 4),
    )


def _locale(heard: str, configured: str | None) -> str:
    """Return the configured locale if it is one of the language that was heard."""
    same = configured is not None and configured.partition("-")[0] == heard.partition("-")[0]
    return configured if configured is not None and same and "-" in configured else heard
