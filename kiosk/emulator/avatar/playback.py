"""What the avatar says: a queue played in packets of 20 ms that can be cleared at any moment."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import structlog

from kiosk.emulator.avatar.acting import viseme_at
from kiosk.emulator.speech.parts import SAMPLE_RATE, Speech

log = structlog.get_logger(__name__)

T = TypeVar("T")

PACKET_MS = 20
PACKET_SAMPLES = SAMPLE_RATE * PACKET_MS // 1000
_PACKET_BYTES = 2 * PACKET_SAMPLES

MAX_QUEUED_S = 240
"""Seconds of audio that may wait; what comes on top of it is dropped, counted and logged."""

LINGER_MS = 700
"""Silence after which a tag that was never finished counts as said: the next sentence of a slow
voice may still come."""

FADE_SAMPLES = 120
"""Samples (5 ms) over which cleared speech fades; a hard cut is heard as a click."""

_REMEMBERED_TAGS = 64


class Playback:
    """One avatar's voice, without any network: `take()` is called once for every packet.

    `on_speaking(tag)` is called when the first audio of a tag is taken, `on_idle(tag, completed)`
    when a tag that had begun has nothing left or was cleared. Tags cleared before they began
    have neither. The callbacks must not raise; they run inside `take` and `clear`.
    """

    def __init__(
        self, on_speaking: Callable[[str], None], on_idle: Callable[[str, bool], None]
    ) -> None:
        self.dropped_ms = 0
        self._on_speaking = on_speaking
        self._on_idle = on_idle
        self._queue: deque[tuple[Speech, str]] = deque()
        self._offset = 0
        self._queued_bytes = 0
        self._tag: str | None = None
        self._taken: tuple[Speech, int, float] | None = None
        self._silent_ms = 0
        self._tail = b""
        self._heard: OrderedDict[str, int] = OrderedDict()
        self._finished: OrderedDict[str, None] = OrderedDict()

    @property
    def queued_ms(self) -> int:
        """Milliseconds of audio that wait to be taken."""
        return self._queued_bytes * 1000 // (2 * SAMPLE_RATE)

    @property
    def speaking(self) -> str | None:
        """The tag whose audio is going out, or that has begun and may still get more."""
        return self._tag

    def play(self, speech: Speech, tag: str) -> None:
        """Queue audio behind what is already queued; beyond MAX_QUEUED_S it is dropped."""
        if not speech.pcm:
            return
        if self.queued_ms + speech.duration_ms > MAX_QUEUED_S * 1000:
            self.dropped_ms += speech.duration_ms
            log.warning("avatar audio queue is full, speech dropped", limit_s=MAX_QUEUED_S)
            return
        self._queue.append((speech, tag))
        self._queued_bytes += len(speech.pcm)

    def finish(self, tag: str) -> None:
        """Say that no more audio of `tag` will come: it is idle as soon as its last has gone."""
        _remember(self._finished, tag, None)

    def clear(self) -> int:
        """Drop what is queued and playing; return the milliseconds of the current tag heard."""
        tag = self._tag
        heard = self.heard_ms(tag) if tag is not None else 0
        if self._queue and self._offset:
            speech = self._queue[0][0]
            self._tail = _faded(speech.pcm[self._offset : self._offset + 2 * FADE_SAMPLES])
        self._queue.clear()
        self._queued_bytes = 0
        self._offset = 0
        self._taken = None
        if tag is not None:
            self._end(tag, completed=False)
        return heard

    def heard_ms(self, tag: str) -> int:
        """Milliseconds of `tag`'s audio that have been taken so far."""
        return self._heard.get(tag, 0) * 1000 // (2 * SAMPLE_RATE)

    def take(self, now: float) -> bytes | None:
        """Return the next packet of PCM16, or None for silence. `now` is the moment it goes out."""
        if self._tail:
            tail, self._tail = self._tail, b""
            return tail.ljust(_PACKET_BYTES, b"\0")
        if not self._queue:
            self._taken = None
            self._count_silence()
            return None
        speech, tag = self._queue[0]
        if self._tag != tag:
            if self._tag is not None:
                self._end(self._tag, completed=True)
            self._tag = tag
            self._on_speaking(tag)
        self._silent_ms = 0
        self._taken = (speech, self._offset, now)
        packet = bytearray()
        while self._queue and self._queue[0][1] == tag and len(packet) < _PACKET_BYTES:
            packet += self._take_from_first(_PACKET_BYTES - len(packet))
        _remember(self._heard, tag, self._heard.get(tag, 0) + len(packet))
        if tag in self._finished and not any(queued == tag for _, queued in self._queue):
            self._end(tag, completed=True)
        return bytes(packet).ljust(_PACKET_BYTES, b"\0")

    def _take_from_first(self, wanted: int) -> bytes:
        speech = self._queue[0][0]
        part = speech.pcm[self._offset : self._offset + wanted]
        self._offset += len(part)
        self._queued_bytes -= len(part)
        if self._offset >= len(speech.pcm):
            self._queue.popleft()
            self._offset = 0
        return part

    def _count_silence(self) -> None:
        if self._tag is None:
            return
        self._silent_ms += PACKET_MS
        if self._tag in self._finished or self._silent_ms >= LINGER_MS:
            self._end(self._tag, completed=True)

    def _end(self, tag: str, *, completed: bool) -> None:
        self._tag = None
        self._silent_ms = 0
        self._finished.pop(tag, None)
        self._on_idle(tag, completed)

    def viseme(self, now: float) -> int | None:
        """Return the mouth shape for `now`: None while idle, 0 in a pause between sentences."""
        if self._taken is not None:
            speech, offset, taken_at = self._taken
            position = offset * 1000 / (2 * SAMPLE_RATE) + max(0.0, now - taken_at) * 1000
            return viseme_at(speech.mouths, position)
        return None if self._tag is None else 0


def _remember(kept: OrderedDict[str, T], tag: str, value: T) -> None:
    kept[tag] = value
    kept.move_to_end(tag)
    while len(kept) > _REMEMBERED_TAGS:
        kept.popitem(last=False)


def _faded(pcm: bytes) -> bytes:
    samples = np.frombuffer(pcm, dtype="<i2")
    ramp = np.linspace(1.0, 0.0, samples.size, endpoint=False)
    return bytes((samples * ramp).astype("<i2").tobytes())
