"""Judging what was said by its words alone: filler words, and sentences that are not finished."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from kiosk.emulator.speech.parts import Heard

ThresholdLevel = Literal["low", "medium", "high", "default"]


def _vocabulary(words: str) -> frozenset[str]:
    return frozenset(words.split())


IGNORED_WHILE_ANSWERING = _vocabulary(
    # The service's English list (how-to, `remove_filler_words`) and other spellings of the same.
    "ah ahh aah umm um uhm mm mmm mhm uh uhh huh oh ooh yeah yah hmm hm em er erm"
)
"""Words that do not interrupt an answer when `remove_filler_words` is on."""

_HESITATION = re.compile(r"\b(?:u+h+m*|u+m+|e+r+m*|h+m+|a+h+|m{2,}h?m*)\b[,.]?\s*", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9']+")

_NEVER_LAST = _vocabulary(
    "a an the and or but because if unless although while whereas than my your our their its every"
    " whose um uh er erm uhm hmm"
)
_SELDOM_LAST = _vocabulary(
    "to of from with for at by into onto about between is are was were am do does did can could"
    " would will should shall may might must have has had i'm i'd i'll we'd we're you're they're"
    " want need like so very"
)
_SUBJECTS = _vocabulary("i you he she it we they this that there here who what")
_SHORT_ANSWERS = _vocabulary(
    "yes no yeah nope sure okay ok thanks hello hi hey goodbye bye please stop wait help sorry"
    " right exactly correct maybe perhaps never always tomorrow today"
)

# How likely an utterance must be unfinished before more is waited for. API reference: "With a
# lower setting the probability the sentence is complete will be higher"; the numbers are ours.
_WAITS_FROM: dict[ThresholdLevel, float] = {"low": 0.9, "medium": 0.6, "default": 0.6, "high": 0.3}


def only_fillers(text: str) -> bool:
    """Return whether words were said and none but filler words."""
    words = _words(text)
    return bool(words) and all(word in IGNORED_WHILE_ANSWERING for word in words)


def without_hesitations(heard: Heard) -> Heard:
    """Return what was heard without "um", "uh" and the like; "yeah" is an answer and stays."""
    text = _HESITATION.sub("", heard.text).strip()
    if text == heard.text:
        return heard
    phrases = [
        replace(
            phrase,
            text=_HESITATION.sub("", phrase.text).strip(),
            words=tuple(w for w in phrase.words if _HESITATION.sub("", w.text).strip()),
        )
        for phrase in heard.phrases
    ]
    return replace(heard, text=text, phrases=tuple(phrase for phrase in phrases if phrase.text))


def is_unfinished(text: str, level: ThresholdLevel) -> bool:
    """Return whether an English utterance sounds as if more were to come.

    The service asks a model trained for it; this looks at the last words only. No words at all
    are nothing to wait for.
    """
    return _unfinished(text) >= _WAITS_FROM[level]


def end_of_utterance(turn_detection: Mapping[str, Any]) -> tuple[ThresholdLevel, int] | None:
    """Return level and timeout in ms of `end_of_utterance_detection`, None when it is off."""
    found = turn_detection.get("end_of_utterance_detection")
    if not found:
        return None
    # API reference, RealtimeEOUDetection: "default" equals "medium", 1000 ms.
    level: ThresholdLevel = found.get("threshold_level") or "default"
    timeout_ms = found.get("timeout_ms")
    return level, 1_000 if timeout_ms is None else int(timeout_ms)


def _unfinished(text: str) -> float:
    words = _words(text)
    if not words:
        return 0.0
    if text.rstrip().endswith((",", "-", "\u2026", "...")):
        return 0.95
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _NEVER_LAST:
        return 0.95
    if last in _SELDOM_LAST:
        # "I know where it is", "Where are you from": said after a subject it may well be the end.
        return 0.4 if before in _SUBJECTS and last not in ("want", "need", "like") else 0.75
    if len(words) <= 2 and not any(word in _SHORT_ANSWERS for word in words):
        return 0.35
    return 0.1


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("\u2019", "'"))
