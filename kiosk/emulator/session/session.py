"""One Voice Live session: client events in, server events out, in the service's order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web
from azure.ai.voicelive import models as sdk

from kiosk.clock import Clock, new_id
from kiosk.emulator.avatar.faults import MEDIA_FAULTS
from kiosk.emulator.avatar.holder import NewAvatar, SessionAvatar
from kiosk.emulator.config.config import SessionConfig
from kiosk.emulator.conversation.items import Conversation
from kiosk.emulator.hearing.buffer import VoiceActivity
from kiosk.emulator.mcp.desk import McpDesk
from kiosk.emulator.mind.interface import BuiltInMind, Mind
from kiosk.emulator.responses.desk import ResponseDesk
from kiosk.emulator.scenario.faultbook import ArmedFault, FaultBook
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.scenario.quotas import Quotas
from kiosk.emulator.scenario.replay import Script
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.session.avatar import AvatarDesk
from kiosk.emulator.session.caps import MeteredMind, TokenMeter
from kiosk.emulator.session.faulting import FaultDesk
from kiosk.emulator.session.inbox import Inbox
from kiosk.emulator.session.input import SessionInput
from kiosk.emulator.session.items import ItemDesk
from kiosk.emulator.session.outbox import Outbox
from kiosk.emulator.session.replaying import Replayer
from kiosk.emulator.session.text_input import TextInput
from kiosk.emulator.speech.parts import Ears, Voice
from kiosk.emulator.speech.worker import EngineWorker
from kiosk.emulator.wire.codec import (
    INVALID_TYPE,
    JSON,
    SESSION_EXPIRED,
    UNSUPPORTED,
    WireError,
    decode,
    short,
)
from kiosk.emulator.wire.handlers import merged
from kiosk.emulator.wire.journal import Journal
from kiosk.emulator.wire.record import Recorder
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
    faults: FaultBook
    quotas: Quotas
    recorder: Recorder | None = None
    mind: Mind | None = None
    """None: the built-in mind over the scenario."""


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
        opening: Sequence[ArmedFault] = (),
        script: Script | None = None,
    ) -> None:
        self.id = session_id
        self.conversation_id = new_id("conv")
        self.scenario, self.limits, self.clock = parts.scenario, parts.limits, parts.clock
        self.conversation = Conversation(parts.limits.items)
        self._ice_servers = parts.ice_servers
        self._socket = socket
        self._journal = journal
        self._abort = abort
        self._recorder = parts.recorder
        service = parts.scenario.service
        self._seconds = service.session_seconds or parts.limits.session_seconds
        self._lasts = self._seconds / service.time_scale
        expires = int(parts.clock.now().timestamp() + self._lasts)
        self._config = SessionConfig(
            session_id=self.id, model=model, agent=agent, expires_at=expires
        )
        self._outbox = Outbox(
            socket,
            journal,
            parts.limits,
            self._overflowed,
            clock=parts.clock,
            recorder=parts.recorder,
        )
        self._avatar = SessionAvatar(
            emit=self.emit,
            new_avatar=parts.new_avatar,
            limits=parts.limits,
            second_connect=parts.scenario.second_avatar_connect,
            failed=lambda error: self.refused(error, None),
            backlog=lambda: self._outbox.waiting_bytes,
        )
        self._tasks = TaskSet(f"emulator/{self.id}", on_error=self._failed)
        self._warned: set[str] = set()
        self._avatar_desk = AvatarDesk(
            self, self._config, self._avatar, quotas=parts.quotas, tasks=self._tasks
        )
        self._outbox.observe(self._avatar_desk.caps.observe)
        self._outbox.observe(TokenMeter(parts.quotas, self._outbox).observe)
        self._mcp = McpDesk(self, self.id)
        self._desk = ResponseDesk(
            self,
            self._config,
            self._avatar,
            voice=parts.voice,
            mind=MeteredMind(parts.mind or BuiltInMind(parts.scenario), parts.quotas),
            mcp=self._mcp,
            tasks=self._tasks,
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
        self._opening = opening
        self._faults = FaultDesk(
            self, parts.faults, outbox=self._outbox, journal=journal, tasks=self._tasks
        )
        self._inbox = Inbox(
            socket,
            self._faults,
            parts.limits,
            parts.clock,
            session_id=self.id,
            take=self._take,
            cut=self.cut,
            recorder=parts.recorder,
        )
        self._replayer = self._new_replayer(script, expires) if script is not None else None
        self._items = ItemDesk(self, self._input, self._mcp)
        self._text = TextInput(self, self._desk)
        self._handlers = merged(
            {"session.update": self._session_update},
            self._avatar_desk.handlers(),
            self._input.handlers(),
            self._items.handlers(),
            self._text.handlers(),
            self._desk.handlers(),
        )

    async def run(self) -> None:
        """Serve the connection until either side ends it."""
        try:
            self._tasks.spawn(self._outbox.run(), name="outbox")
            self._tasks.spawn(self._input.hearing.run(), name="hearing")
            self._tasks.spawn(self._expire(), name="expiry")
            self._tasks.spawn(self._inbox.keep_alive(), name="keep alive")
            self._tasks.spawn(self._avatar_desk.caps.run(), name="avatar caps")
            self._faults.begin(self._opening)
            if self._replayer is not None:
                self._tasks.spawn(self._replayer.run(), name="replay")
            else:
                self.emit(sdk.ServerEventSessionCreated, session=self._config.as_model())
            await self._inbox.run()
        finally:
            self._outbox.close()
            await self._mcp.aclose()
            await self._tasks.aclose()
            await self._avatar_desk.disconnect()
            self._faults.close()
            by_server = bool(self._journal.close_reason)
            self._journal.closed(self._socket.close_code, "closed")
            if self._recorder is not None:
                code, reason = self._journal.close_code, self._journal.close_reason
                self._recorder.closed(self.id, code, reason, by_server=by_server)

    async def close(self, code: int, reason: str) -> None:
        """Send what is queued, then close with `code`."""
        if self._faults.half_open:
            # Whoever plays dead cannot say goodbye.
            self.cut(reason)
            return
        self._journal.closed(code, reason)
        self._faults.let_go()
        await self._outbox.flushed(self.limits.close_seconds)
        await self._socket.close(code=code, message=reason.encode())

    def cut(self, reason: str) -> None:
        """Cut the connection without a close frame; `reason` is for the journal."""
        self._journal.closed(1006, reason)
        self._faults.let_go()
        self._abort()

    def suffer(self, faults: frozenset[str]) -> None:
        """Have these faults in the avatar's media, and no others."""
        self._avatar.suffer(frozenset(fault for fault in MEDIA_FAULTS if fault in faults))

    def emit(self, model: type[sdk.ServerEvent], **fields: Any) -> JSON:
        """Queue a server event built from its model."""
        return self._outbox.emit(model, **fields)

    def refused(self, error: WireError, client_event_id: str | None) -> None:
        """Queue the error of a refused event."""
        self._outbox.error(error, client_event_id)

    def _overflowed(self) -> None:
        self._journal.closed(1008, "slow reader")
        self._faults.let_go()
        self._abort()

    def _failed(self, error: BaseException) -> None:
        """A task of ours failed: tell the client once; when even that cannot go out, cut."""
        if not self._outbox.works:
            self._journal.closed(1006, "failed")
            self._abort()
            return
        self._outbox.error(
            WireError("server_error", "The emulator failed; see its log.", kind="server_error"),
            None,
        )

    async def _expire(self) -> None:
        await self.clock.sleep(self._lasts)
        minutes = self._seconds / 60
        error = WireError(
            SESSION_EXPIRED, f"Your session hit the maximum duration of {minutes:.0f} minutes."
        )
        self._outbox.error(error, None)
        await self.close(_CLOSE_EXPIRED, "session expired")

    async def _take(self, data: str | bytes) -> None:
        event_id: str | None = None
        message: JSON = {}
        try:
            try:
                if isinstance(data, bytes):
                    raise WireError(INVALID_TYPE, "Binary frames are not used; send JSON text.")
                message = decode(data)
            finally:
                self._journal.received(message)
            given = message.get("event_id")
            event_id = short(given, _MAXIMUM_EVENT_ID) if isinstance(given, str) else None
            kind = check_event(message)
        except WireError as error:
            if not self._replays(message, event_id):
                self._outbox.error(error, event_id)
            return
        await self._faults.at_client_event(kind, event_id, lambda: self._handle(message, event_id))

    async def _handle(self, message: JSON, event_id: str | None) -> None:
        if self._replays(message, event_id):
            await self._follow(message, event_id)
        else:
            await self._answer(message, event_id)

    async def _answer(self, message: JSON, event_id: str | None) -> None:
        kind = message["type"]
        handler = self._handlers.get(kind)
        if handler is None:
            raise WireError(UNSUPPORTED, f"The emulator does not support '{kind}' yet.", "type")
        await handler(message, event_id)

    # Replay

    def _new_replayer(self, script: Script, expires_at: int) -> Replayer:
        assert self.scenario.replay is not None
        return Replayer(
            script,
            self.scenario.replay,
            outbox=self._outbox,
            clock=self.clock,
            session_id=self.id,
            expires_at=expires_at,
            ice_servers=self._ice_servers,
            live=self._take_over,
            close=self.close,
        )

    def _replays(self, message: JSON, event_id: str | None) -> bool:
        """Hand an event to the recording; False when it is not, or no longer, what answers."""
        if self._replayer is None or not self._replayer.active:
            return False
        try:
            self._replayer.take(message, event_id)
        except WireError as error:
            self._outbox.error(error, event_id)
        return True

    async def _follow(self, message: JSON, event_id: str | None) -> None:
        """Do what a recording cannot: keep the configuration, answer an avatar's offer."""
        if message["type"] == "session.update":
            changes = message["session"]
            self._config.apply(changes, ice_servers=self._ice_servers, limits=self.limits)
        elif message["type"] == "session.avatar.connect":
            await self._answer(message, event_id)

    async def _take_over(self, message: JSON, event_id: str | None) -> None:
        """Answer an event that the recording did not know."""
        try:
            _ = check_event(message)
            await self._answer(message, event_id)
        except WireError as error:
            self._outbox.error(error, event_id)

    # Session and avatar

    async def _session_update(self, message: JSON, event_id: str | None) -> None:
        self._input.check(message["session"])
        self._config.apply(message["session"], ice_servers=self._ice_servers, limits=self.limits)
        await self._input.configure()
        if self._config.avatar is None:
            await self._avatar_desk.disconnect()
        self.emit(sdk.ServerEventSessionUpdated, session=self._config.as_model())
        self._mcp.configure(self._config.tools)
        for param, what in self._config.not_emulated():
            self.warn("not_emulated", f"The emulator accepts {what} without effect.", param)
        self._input.warn_of_limits()
        # Behind session.updated: the stream over the WebSocket begins with it (samples' reading).
        await self._avatar_desk.configure()

    def warn(self, code: str, text: str, param: str) -> None:
        """Send a `warning`, once a session for each parameter. The codes are the emulator's own."""
        if param in self._warned:
            return
        self._warned.add(param)
        details = sdk.ServerEventWarningDetails(message=text, code=code, param=param)
        self.emit(sdk.ServerEventWarning, warning=details)
