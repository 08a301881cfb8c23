"""Answers one client from a recording: its events in order, ids new, times kept."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import structlog

from kiosk.clock import Clock, new_id
from kiosk.emulator.scenario.replay import Audio, Closed, Replay, Said, Script, Sent, audio_bytes
from kiosk.emulator.session.outbox import Frame, Outbox
from kiosk.emulator.wire.codec import JSON, WireError, short

log = structlog.get_logger(__name__)

DEVIATED = "replay_deviated"  # ours
_POLICY_CODE = 1008
_MAXIMUM_WAITING = 1_000
_MAXIMUM_IDS = 100_000

_APPEND = "input_audio_buffer.append"
_CONNECTING = "session.avatar.connecting"
_ID_FIELDS = frozenset(
    {
        "id",
        "event_id",
        "item_id",
        "previous_item_id",
        "response_id",
        "call_id",
        "turn_id",
        "conversation_id",
        "approval_request_id",
    }
)
_PREFIX = re.compile(r"([a-z]+)_")

Live = Callable[[JSON, str | None], Awaitable[None]]


class Ids:
    """Recorded ids and the ones that stand for them now; equal ones stay equal."""

    def __init__(self, recorded_session: str, session_id: str) -> None:
        self._now: dict[str, str] = {recorded_session: session_id}

    def learn(self, recorded: Any, live: Any) -> None:
        """Take over the ids that the client chose this time, from one event of each."""
        if isinstance(recorded, dict) and isinstance(live, dict):
            for name, old in recorded.items():
                new = live.get(name)
                if name not in _ID_FIELDS:
                    self.learn(old, new)
                elif isinstance(old, str) and isinstance(new, str):
                    self._keep(old, new)
        elif isinstance(recorded, list) and isinstance(live, list):
            for old, new in zip(recorded, live, strict=False):
                self.learn(old, new)

    def renewed(self, value: Any, name: str = "") -> Any:
        """Return a copy of a recorded value with the ids of now."""
        if isinstance(value, dict):
            return {inner: self.renewed(one, inner) for inner, one in value.items()}
        if isinstance(value, list):
            return [self.renewed(one, name) for one in value]
        if name in _ID_FIELDS and isinstance(value, str):
            return self._now.get(value) or self._keep(value, _like(value))
        return value

    def _keep(self, old: str, new: str) -> str:
        if len(self._now) < _MAXIMUM_IDS:
            self._now.setdefault(old, new)
        return new


def _like(value: str) -> str:
    found = _PREFIX.match(value)
    return new_id(found[1] if found else "id")


class Replayer:
    """Plays one script to one client.

    The client's events are compared by type, in order, but for `input_audio_buffer.append`: it is
    counted in bytes, so that any frame size fits, and is welcome at any time. An avatar's offer
    is answered by a real peer, which stays silent: a recording has no media.
    """

    def __init__(
        self,
        script: Script,
        replay: Replay,
        *,
        outbox: Outbox,
        clock: Clock,
        session_id: str,
        expires_at: int,
        ice_servers: list[JSON],
        live: Live,
        close: Callable[[int, str], Awaitable[None]],
    ) -> None:
        self._script = script
        self._replay = replay
        self._outbox = outbox
        self._clock = clock
        self._expires_at = expires_at
        self._ice_servers = ice_servers
        self._live = live
        self._close = close
        self._ids = Ids(script.session_id, session_id)
        self._waiting: deque[tuple[JSON, str | None]] = deque()
        self._audio = 0
        self._news = asyncio.Event()
        self.active = True
        """False when the client has left the recording and is answered like any other."""

    def take(self, message: JSON, event_id: str | None) -> None:
        """Hear a client's event; {} for a message that was none. Raises WireError if too many."""
        kind = message.get("type")
        audio = message.get("audio")
        if kind == _APPEND and isinstance(audio, str):
            self._audio += audio_bytes(audio)
        elif len(self._waiting) >= _MAXIMUM_WAITING:
            raise WireError(
                DEVIATED, f"More than {_MAXIMUM_WAITING} events are ahead of the recording."
            )
        else:
            self._waiting.append((message, event_id))
        self._news.set()

    async def run(self) -> None:
        """Play the script, then deal with what still comes as with any deviation."""
        for step in self._script.steps:
            match step:
                case Said():
                    await self._say(step)
                case Audio():
                    await self._hear(step.size)
                case Closed():
                    await self._clock.sleep(step.after_s / self._replay.speed)
                    # 1005 and 1006 only say how it looked; they cannot be sent.
                    code = step.code if step.code not in (1005, 1006) else 1001
                    return await self._close(code, "end of recording")
                case Sent():
                    await self._expect(step)
            if not self.active:
                return None
        while self.active:
            message, event_id = await self._next()
            await self._deviate("has ended", message, event_id)
        return None

    async def _say(self, step: Said) -> None:
        await self._clock.sleep(step.after_s / self._replay.speed)
        if step.event is None:
            self._outbox.put([Frame(step.text)])
        elif step.event.get("type") != _CONNECTING:
            self._outbox.send(self._dated(self._ids.renewed(step.event)))

    def _dated(self, event: JSON) -> JSON:
        """Put in what belongs to now: the end of the session, and ICE servers that answer."""
        session = event.get("session")
        if isinstance(session, dict):
            if "expires_at" in session:
                session["expires_at"] = self._expires_at
            avatar = session.get("avatar")
            if isinstance(avatar, dict) and "ice_servers" in avatar:
                avatar["ice_servers"] = self._ice_servers
        return event

    async def _hear(self, size: int) -> None:
        # A client that goes on to its next event has said all it will say.
        while self._audio < size and not self._waiting:
            self._news.clear()
            await self._news.wait()
        self._audio = max(0, self._audio - size)

    async def _next(self) -> tuple[JSON, str | None]:
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()

    async def _expect(self, step: Sent) -> None:
        while self.active:
            message, event_id = await self._next()
            kind = message.get("type")
            if (kind if isinstance(kind, str) else None) == step.kind:
                self._ids.learn(step.event, message)
                return
            await self._deviate(f"expects '{step.kind}'", message, event_id)

    async def _deviate(self, what: str, message: JSON, event_id: str | None) -> None:
        policy: Literal["error", "continue", "close"] = self._replay.on_deviation
        log.info("client deviates from the recording", policy=policy)
        if policy == "continue":
            self._waiting.appendleft((message, event_id))
            while self._waiting:
                await self._live(*self._waiting.popleft())
            self.active = False
            return
        kind = short(message.get("type"))
        self._outbox.error(
            WireError(DEVIATED, f"The recording {what} here, not '{kind}'.", "type"), event_id
        )
        if policy == "close":
            self.active = False
            await self._close(_POLICY_CODE, "deviates from the recording")
