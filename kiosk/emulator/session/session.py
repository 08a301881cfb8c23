"""One Voice Live session: client events in, server events out, in the service's order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import WSMsgType, web
from azure.ai.voicelive import models as sdk

from kiosk.clock import Clock, new_id
from kiosk.emulator.avatar.holder import NewAvatar, SessionAvatar
from kiosk.emulator.config.config import SessionConfig
from kiosk.emulator.conversation.items import Conversation
from kiosk.emulator.hearing.buffer import VoiceActivity
from kiosk.emulator.responses.desk import ResponseDesk
from kiosk.emulator.scenario.faults import Fault, FaultPlan
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.session.input import SessionInput
from kiosk.emulator.session.items import ItemDesk
from kiosk.emulator.session.outbox import Outbox
from kiosk.emulator.speech.parts import Ears, Voice
from kiosk.emulator.speech.worker import EngineWorker
from kiosk.emulator.wire.codec import (
    AVATAR_NOT_CONFIGURED,
    INVALID_TYPE,
    JSON,
    SESSION_EXPIRED,
    UNSUPPORTED,
    WireError,
    decode,
    decode_offer,
    short,
)
from kiosk.emulator.wire.handlers import Handlers
from kiosk.emulator.wire.journal import Journal
from kiosk.emulator.wire.schema import check_event
from kiosk.tasks import TaskSet

log = structlog.get_logger(__name__)

_MAXIMUM_EVENT_ID = 512
_CLOSE_EXPIRED = 1000  # unsure: how the service closes an expired session is not documented


@dataclass(frozen=True, slots=True)
class SessionParts:
    """What a session is made with; all of it belongs to the server."""

    scenario: Scenario
    limits: Limits
    clock: Clock
    voice: Voice
    ears: Ears
    new_vad: Callable[[], VoiceActivity]
    vad_worker: EngineWorker
    new_avatar: NewAvatar | None
    ice_servers: list[JSON]


class EmulatorSession:
    """One connection. `run()` returns when it has ended and everything of it is released."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        parts: SessionParts,
        *,
        session_id: str,
        journal: Journal,
        model: str | None,
        agent: JSON | None,
        abort: Callable[[], None],
    ) -> None:
        self.id = session_id
        self.conversation_id = new_id("conv")
        self.scenario, self.limits, self.clock = parts.scenario, parts.limits, parts.clock
        self.conversation = Conversation(parts.limits.items)
        self._ice_servers = parts.ice_servers
        self._socket = socket
        self._journal = journal
        self._abort = abort
        expires = int(parts.clock.now().timestamp() + parts.limits.session_seconds)
        self._config = SessionConfig(
            session_id=self.id, model=model, agent=agent, expires_at=expires
        )
        self._outbox = Outbox(socket, journal, parts.limits, self._overflowed)
        self._avatar = SessionAvatar(
            emit=self.emit,
            new_avatar=parts.new_avatar,
            limits=parts.limits,
            second_connect=parts.scenario.second_avatar_connect,
        )
        self._tasks = TaskSet(f"emulator/{self.id}", on_error=self._failed)
        self._warned: set[str] = set()
        self._desk = ResponseDesk(
            self, self._config, self._avatar, voice=parts.voice, tasks=self._tasks
        )
        self._input = SessionInput(
            self,
            self._config,
            self._desk,
            new_vad=parts.new_vad,
            vad_worker=parts.vad_worker,
            ears=parts.ears,
            tasks=self._tasks,
        )
        self._faults = FaultPlan(parts.scenario.faults)
        self._items = ItemDesk(self, self._input)
        self._handlers: Handlers = {
            "session.update": self._session_update,
            "session.avatar.connect": self._avatar_connect,
            "output_audio_buffer.clear": self._output_clear,
            **self._input.handlers(),
            **self._items.handlers(),
            **self._desk.handlers(),
        }

    async def run(self) -> None:
        """Serve the connection until either side ends it."""
        try:
            self._tasks.spawn(self._outbox.run(), name="outbox")
            self._tasks.spawn(self._input.hearing.run(), name="hearing")
            self._tasks.spawn(self._expire(), name="expiry")
            self.emit(sdk.ServerEventSessionCreated, session=self._config.as_model())
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    await self._receive(message.data)
                elif message.type is WSMsgType.BINARY:
                    error = WireError(INVALID_TYPE, "Binary frames are not used; send JSON text.")
                    self._journal.received({})
                    self._outbox.error(error, None)
        finally:
            self._outbox.close()
            await self._tasks.aclose()
            await self._avatar.disconnect()
            self._journal.closed(self._socket.close_code, "closed")

    async def close(self, code: int, reason: str) -> None:
        """Send what is queued, then close with `code`."""
        self._journal.closed(code, reason)
        await self._outbox.flushed(self.limits.close_seconds)
        await self._socket.close(code=code, message=reason.encode())

    def emit(self, model: type[sdk.ServerEvent], **fields: Any) -> JSON:
        """Queue a server event built from its model."""
        return self._outbox.emit(model, **fields)

    def refused(self, error: WireError, client_event_id: str | None) -> None:
        """Queue the error of a refused event."""
        self._outbox.error(error, client_event_id)

    def _overflowed(self) -> None:
        self._journal.closed(1008, "slow reader")
        self._abort()

    def _failed(self, error: BaseException) -> None:
        """A task of ours failed: tell the client once; without hearing there is no session."""
        self._outbox.error(
            WireError("server_error", "The emulator failed; see its log.", kind="server_error"),
            None,
        )

    async def _expire(self) -> None:
        await self.clock.sleep(self.limits.session_seconds)
        minutes = self.limits.session_seconds / 60
        error = WireError(
            SESSION_EXPIRED, f"Your session hit the maximum duration of {minutes:.0f} minutes."
        )
        self._outbox.error(error, None)
        await self.close(_CLOSE_EXPIRED, "session expired")

    async def _receive(self, text: str) -> None:
        event_id: str | None = None
        try:
            message = decode(text)
            given = message.get("event_id")
            event_id = short(given, _MAXIMUM_EVENT_ID) if isinstance(given, str) else None
            self._journal.received(message)
            kind = check_event(message)
            fault = self._faults.strike(kind)
            if fault is not None and not await self._suffer(fault):
                return
            handler = self._handlers.get(kind)
            if handler is None:
                raise WireError(UNSUPPORTED, f"The emulator does not support '{kind}' yet.", "type")
            await handler(message, event_id)
        except WireError as error:
            self._outbox.error(error, event_id)

    async def _suffer(self, fault: Fault) -> bool:
        """Carry out a fault; return whether the event is handled all the same."""
        log.info("fault strikes", on=fault.on, nth=fault.nth, do=fault.do)
        if fault.do == "delay":
            await self.clock.sleep(fault.delay_ms / 1000)
            return True
        if fault.do == "close":
            await self.close(fault.close_code, "fault")
        elif fault.do == "abort":
            self._journal.closed(1006, "fault")
            self._abort()
        elif fault.do == "error":
            raise WireError(fault.code, fault.message, kind="server_error")
        return False

    # Session and avatar

    async def _session_update(self, message: JSON, event_id: str | None) -> None:
        self._config.apply(message["session"], ice_servers=self._ice_servers, limits=self.limits)
        await self._input.configure()
        if self._config.avatar is None:
            await self._avatar.disconnect()
        self.emit(sdk.ServerEventSessionUpdated, session=self._config.as_model())
        for param, what in self._config.not_emulated():
            self.warn("not_emulated", f"The emulator accepts {what} without effect.", param)

    def warn(self, code: str, text: str, param: str) -> None:
        """Send a `warning`, once a session for each parameter. The codes are the emulator's own."""
        if param in self._warned:
            return
        self._warned.add(param)
        details = sdk.ServerEventWarningDetails(message=text, code=code, param=param)
        self.emit(sdk.ServerEventWarning, warning=details)

    async def _avatar_connect(self, message: JSON, event_id: str | None) -> None:
        config = self._config.avatar
        if config is None:
            raise WireError(
                AVATAR_NOT_CONFIGURED,
                "The session has no avatar; send session.update with 'session.avatar' first.",
                "session.avatar",
            )
        offer = decode_offer(message["client_sdp"])
        self._tasks.spawn(self._answer_offer(config, offer, event_id), name="avatar")

    async def _answer_offer(
        self, config: JSON, offer: dict[str, str], event_id: str | None
    ) -> None:
        try:
            await self._avatar.connect(config, offer)
        except WireError as error:
            self._outbox.error(error, event_id)

    async def _output_clear(self, message: JSON, event_id: str | None) -> None:
        if self._config.avatar is None:
            # API reference: only supported in avatar mode. How it is refused is unsure.
            raise WireError(
                AVATAR_NOT_CONFIGURED, "Only an avatar has an output audio buffer to clear.", "type"
            )
        self._avatar.clear()
        self.emit(sdk.ServerEventOutputAudioBufferCleared)
