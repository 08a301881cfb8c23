"""Turns by hand, `input_audio.turn.*`: which one is open, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.emulator.hearing.buffer import Hearing
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.wire.codec import INVALID_VALUE, JSON, WireError, decode_base64, short
from kiosk.emulator.wire.handlers import Handlers

TURN_ACTIVE = "input_audio_turn_already_active"  # ours
TURN_NOT_FOUND = "input_audio_turn_not_found"  # ours

_MAXIMUM_ID = 512


class TurnDesk:
    """Carries out the turn events of the SDK's models.

    Neither the API reference nor the guides mention these events, so what the service answers is
    unsure. Here one turn is open at a time; its audio is kept apart from the input audio buffer
    and never reaches voice activity detection. `start` says nothing but interrupts an answer, and
    `end` commits the turn as `input_audio_buffer.committed` and has it answered, both only if
    turn detection is on and set to do so. `cancel` and `input_audio.clear` are answered with
    `input_audio_buffer.cleared`.
    """

    def __init__(self, hearing: Hearing, limits: Limits, *, on_start: Callable[[], None]) -> None:
        self._hearing = hearing
        self._limits = limits
        self._on_start = on_start
        self._open: str | None = None

    def handlers(self) -> Handlers:
        """Return what takes the events of turns by hand."""
        return {
            "input_audio.turn.start": self._start,
            "input_audio.turn.append": self._append,
            "input_audio.turn.end": self._end,
            "input_audio.turn.cancel": self._cancel,
            "input_audio.clear": self._clear,
        }

    async def _start(self, message: JSON, event_id: str | None) -> None:
        turn_id = message["turn_id"]
        if not 0 < len(turn_id) <= _MAXIMUM_ID:
            raise WireError(
                INVALID_VALUE, f"'turn_id' has 1 to {_MAXIMUM_ID} characters.", "turn_id"
            )
        if self._open is not None:
            raise WireError(
                TURN_ACTIVE,
                f"The turn '{short(self._open)}' is still open; end or cancel it first.",
                "turn_id",
            )
        self._open = turn_id
        self._on_start()
        await self._hearing.turn("start", event_id)

    async def _append(self, message: JSON, event_id: str | None) -> None:
        self._check(message)
        data = decode_base64(message["audio"], "audio", limit=self._limits.append_bytes)
        await self._hearing.append(data, event_id, to_turn=True)

    async def _end(self, message: JSON, event_id: str | None) -> None:
        self._check(message)
        self._open = None
        await self._hearing.turn("end", event_id)

    async def _cancel(self, message: JSON, event_id: str | None) -> None:
        self._check(message)
        self._open = None
        await self._hearing.turn("cancel", event_id)

    async def _clear(self, message: JSON, event_id: str | None) -> None:
        self._open = None
        await self._hearing.clear(with_turn=True)

    def _check(self, message: JSON) -> None:
        if self._open is None or message["turn_id"] != self._open:
            raise WireError(
                TURN_NOT_FOUND,
                f"There is no open turn '{short(message['turn_id'])}'; start it first.",
                "turn_id",
            )
