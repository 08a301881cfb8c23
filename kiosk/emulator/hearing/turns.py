"""Turn detection: speech probabilities in, speech started and stopped out. Pure, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kiosk.emulator.hearing.words import ThresholdLevel, end_of_utterance

_HYSTERESIS = 0.15
"""Once somebody speaks, a frame this much below the threshold still counts as speech."""
_BRIDGED_GAP_MS = 100
"""A dip this short inside the first sound of an utterance does not start the count again."""

# Realtime API reference: eagerness gives the longest wait for more, 8, 4 and 2 seconds. The silence
# before the words are looked at is ours.
_EAGERNESS = {
    "low": (600, 8_000),
    "medium": (400, 4_000),
    "auto": (400, 4_000),
    "high": (250, 2_000),
}


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """The numbers a detector works with; durations are milliseconds.

    With a `level`, a pause is a `Paused` first: the words decide whether the turn is over or up to
    `timeout_ms` more are waited for.
    """

    threshold: float = 0.5
    prefix_padding_ms: int = 400
    speech_duration_ms: int = 200
    silence_duration_ms: int = 500
    level: ThresholdLevel | None = None
    timeout_ms: int = 0

    @classmethod
    def from_config(cls, turn_detection: Mapping[str, Any]) -> TurnSettings:
        """Return the settings of a filled-in `turn_detection` of any type."""
        if turn_detection["type"] == "semantic_vad":
            silence_ms, timeout_ms = _EAGERNESS[turn_detection["eagerness"]]
            return cls(
                prefix_padding_ms=300,
                speech_duration_ms=80,
                silence_duration_ms=silence_ms,
                level="medium",
                timeout_ms=timeout_ms,
            )
        level, timeout_ms = end_of_utterance(turn_detection) or (None, 0)
        return cls(
            threshold=turn_detection["threshold"],
            prefix_padding_ms=turn_detection["prefix_padding_ms"],
            speech_duration_ms=turn_detection["speech_duration_ms"],
            silence_duration_ms=turn_detection["silence_duration_ms"],
            level=level,
            timeout_ms=timeout_ms,
        )


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Somebody speaks since `start_ms` of all audio sent, prefix padding included."""

    start_ms: int


@dataclass(frozen=True, slots=True)
class Paused:
    """Silence as long as it takes: answer with `stop()` or `wait()`. Nothing happens until then."""

    end_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The utterance ended; `end_ms` includes the silence waited for (Realtime protocol)."""

    end_ms: int


TurnEvent = SpeechStarted | Paused | SpeechStopped


class TurnDetector:
    """Follows one stream of audio. Times are milliseconds of all audio since the session began."""

    def __init__(self, settings: TurnSettings, *, maximum_ms: int, start_ms: int = 0) -> None:
        self._settings = settings
        self._maximum_ms = maximum_ms
        self._floor_ms = start_ms
        self._speech_ms = 0
        self._gap_ms = 0
        self._waiting = False
        self._onset_ms = start_ms
        self._started_ms: int | None = None

    @property
    def speaking(self) -> bool:
        """Whether an utterance is open."""
        return self._started_ms is not None

    @property
    def waiting(self) -> bool:
        """Whether a pause goes on that was answered with `wait()`."""
        return self._waiting

    @property
    def onset_ms(self) -> int:
        """When the sound of the last utterance began, without padding."""
        return self._onset_ms

    def feed(self, start_ms: int, end_ms: int, probability: float) -> TurnEvent | None:
        """Take the probability that somebody speaks between two moments; return what it decides."""
        length = end_ms - start_ms
        if self._started_ms is None:
            return self._begin(start_ms, length, probability)
        if probability >= self._settings.threshold - _HYSTERESIS:
            self._gap_ms = 0
            self._waiting = False
        else:
            self._gap_ms += length
        if end_ms - self._started_ms >= self._maximum_ms:
            return self.stop(end_ms)
        if self._gap_ms < self._settings.silence_duration_ms:
            return None
        if self._settings.level is None:
            return self.stop(end_ms)
        if not self._waiting:
            return Paused(end_ms)
        if self._gap_ms >= self._settings.silence_duration_ms + self._settings.timeout_ms:
            return self.stop(end_ms)
        return None

    def wait(self) -> None:
        """Answer a pause: more is to come; it ends with speech or when the timeout is over."""
        self._waiting = True

    def stop(self, end_ms: int) -> SpeechStopped:
        """End the utterance now, which also answers a pause."""
        self._started_ms = None
        self._floor_ms = end_ms
        self._speech_ms = self._gap_ms = 0
        self._waiting = False
        return SpeechStopped(end_ms)

    def _begin(self, start_ms: int, length: int, probability: float) -> SpeechStarted | None:
        if probability >= self._settings.threshold:
            if self._speech_ms == 0:
                self._onset_ms = start_ms
            self._speech_ms += length
            self._gap_ms = 0
        elif self._speech_ms:
            self._gap_ms += length
            if self._gap_ms > _BRIDGED_GAP_MS:
                self._speech_ms = 0
        if self._speech_ms == 0 or self._speech_ms < self._settings.speech_duration_ms:
            return None
        padded = self._onset_ms - self._settings.prefix_padding_ms
        self._started_ms = max(self._floor_ms, padded, 0)
        self._speech_ms = self._gap_ms = 0
        return SpeechStarted(self._started_ms)

    def keep_from_ms(self, now_ms: int) -> int:
        """Return the moment before which audio can no longer become part of an utterance."""
        if self._started_ms is not None:
            return self._started_ms
        onset = self._onset_ms if self._speech_ms else now_ms
        return max(self._floor_ms, onset - self._settings.prefix_padding_ms, 0)
