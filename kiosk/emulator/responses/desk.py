"""One response at a time: begun, refused, cancelled, interrupted, and how much of it was heard."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, Protocol

from azure.ai.voicelive import models as sdk

from kiosk.clock import Clock
from kiosk.emulator.avatar.holder import SessionAvatar
from kiosk.emulator.config.config import SessionConfig
from kiosk.emulator.conversation.items import Conversation
from kiosk.emulator.mcp.desk import McpDesk
from kiosk.emulator.mind.interface import Mind
from kiosk.emulator.responses.request import ResponseRequest, parse_request
from kiosk.emulator.responses.run import CancelReason, ResponseRun
from kiosk.emulator.responses.streamed import StreamedText
from kiosk.emulator.responses.timing import Extras, wanted_extras
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.parts import Speech, Voice
from kiosk.emulator.wire.codec import ACTIVE_RESPONSE, JSON, NO_ACTIVE_RESPONSE, WireError
from kiosk.emulator.wire.handlers import Handlers
from kiosk.tasks import TaskSet


class DeskHost(Protocol):
    """What the desk needs of its session."""

    conversation: Conversation
    conversation_id: str
    limits: Limits
    clock: Clock
    scenario: Scenario

    def emit(self, model: type[sdk.ServerEvent], **fields: Any) -> JSON:
        """Queue a server event."""
        ...

    def warn(self, code: str, text: str, param: str) -> None:
        """Queue a warning, once a session for each parameter."""
        ...


class ResponseDesk:
    """Makes the session's responses; what each `ResponseRun` needs of the session it gets here."""

    def __init__(
        self,
        host: DeskHost,
        config: SessionConfig,
        avatar: SessionAvatar,
        *,
        voice: Voice,
        mind: Mind,
        mcp: McpDesk,
        tasks: TaskSet,
    ) -> None:
        self.conversation, self.conversation_id = host.conversation, host.conversation_id
        self.limits, self.clock, self.scenario = host.limits, host.clock, host.scenario
        self.voice, self.mind, self.mcp, self.tasks = voice, mind, mcp, tasks
        self.used_replies: Counter[int] = Counter()
        self._host = host
        self._config = config
        self._avatar = avatar
        self._active: ResponseRun | None = None
        self._active_task: asyncio.Task[Any] | None = None
        self._last: ResponseRun | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    def handlers(self) -> Handlers:
        """Return what takes the events of responses, and the truncation of their items."""
        return {
            "response.create": self._create,
            "response.cancel": self._cancel_by_client,
            "conversation.item.truncate": self._truncate,
        }

    async def _create(self, message: JSON, event_id: str | None) -> None:
        self.create(message)

    async def _cancel_by_client(self, message: JSON, event_id: str | None) -> None:
        self.cancel(message.get("response_id"))

    async def _truncate(self, message: JSON, event_id: str | None) -> None:
        self.truncate(message["item_id"], message["content_index"], message["audio_end_ms"])

    def create(self, message: JSON) -> None:
        """Carry out a `response.create`, or raise WireError."""
        request = parse_request(message, self._config, self.limits)
        if request.pre_generated_id is not None:
            self.conversation.check_new(request.pre_generated_id)
        if self._active is not None:
            if not request.cancel_previous:
                raise WireError(
                    ACTIVE_RESPONSE,
                    "Conversation already has an active response in progress: "
                    f"{self._active.id}. Wait until the response is finished before creating a "
                    "new one.",
                )
            self._cancel(self._active, "client_cancelled")
        self._begin(request)

    def answer(self) -> None:
        """Begin a response of the service's own, unless one is being generated."""
        if self._active is None:
            self._begin(parse_request({}, self._config, self.limits))

    async def wait_idle(self) -> None:
        """Wait until no response is being generated."""
        await self._idle.wait()

    def cancel(self, response_id: str | None) -> None:
        """Carry out a `response.cancel`, or raise WireError.

        Generation stops; what the avatar has queued plays on until `output_audio_buffer.clear`
        (the API reference has the two separately).
        """
        if self._active is None or response_id not in (None, self._active.id):
            raise WireError(NO_ACTIVE_RESPONSE, "Cancellation failed: no active response found.")
        self._cancel(self._active, "client_cancelled")

    @property
    def sounding(self) -> bool:
        """Whether a response is being made, or is still playing if it is played as it comes."""
        last = self._last
        if self._active is not None or last is None:
            return self._active is not None
        if last.status == "cancelled":
            return False
        return self._heard_ms(last) < last.spoken_ms

    def interrupt(self, *, auto_truncate: bool, appended_text: str = "") -> None:
        """Let the visitor's speech stop the assistant's, as `interrupt_response` asks for.

        `appended_text` is put behind what is left of a truncated answer in the context
        (auto-truncation page, `appended_text_after_truncation`).
        """
        last = self._last
        heard_ms = self._heard_ms(last) if last is not None else 0
        if self._active is not None:
            self._cancel(self._active, "turn_detected")
        if self.scenario.interruption_clears_avatar:
            _ = self._avatar.clear()
        if not auto_truncate or last is None:
            return
        for item in last.spoken_items:
            part = item.parts[0]
            length_ms = part.audio_ms
            if heard_ms < length_ms and self.conversation.find(item.id) is not None:
                self.truncate(item.id, 0, max(0, heard_ms))
                part.text = (part.text or "") + appended_text
            heard_ms -= length_ms

    def truncate(self, item_id: str, content_index: int, audio_end_ms: int) -> None:
        """Cut an item to what was heard and say so, or raise WireError."""
        self.conversation.truncate(item_id, content_index, audio_end_ms)
        _ = self.emit(
            sdk.ServerEventConversationItemTruncated,
            item_id=item_id,
            content_index=content_index,
            audio_end_ms=audio_end_ms,
        )

    def _begin(self, request: ResponseRequest) -> None:
        run = ResponseRun(self, request)
        self._active = self._last = run
        self._idle.clear()
        run.begin()
        self._active_task = self.tasks.start(run.run(), name="response")

    def _cancel(self, run: ResponseRun, reason: CancelReason) -> None:
        task = self._active_task
        run.cancel(reason)
        if task is not None:
            task.cancel()

    def _heard_ms(self, run: ResponseRun) -> int:
        """Return how much of a response the visitor heard by now.

        Without an avatar the service assumes real-time playback (auto-truncation page).
        """
        if self._avatar.connected:
            return self._avatar.heard_ms(run.id)
        if run.audio_started_at is None:
            return 0
        since = int((self.clock.monotonic() - run.audio_started_at) * 1000)
        return min(since, run.spoken_ms)

    def streamed(self, item_id: str) -> StreamedText | None:
        """Return the text of the incomplete message with this id, if it is being spoken."""
        run = self._active
        if run is None or not any(item.id == item_id for item in run.output):
            return None
        return run.streamed

    # What a ResponseRun asks for.

    def included(self, name: str) -> bool:
        """Return whether the session's `include` names something."""
        return name in (self._config.values.get("include") or ())

    def emit(self, model: type[sdk.ServerEvent], **fields: Any) -> JSON:
        """Queue a server event."""
        return self._host.emit(model, **fields)

    def response_finished(self, run: ResponseRun) -> None:
        """Make room for the next response."""
        if self._active is run:
            self._active = self._active_task = None
            self._idle.set()
        self._avatar.finish(run.id)

    def play(self, speech: Speech, response_id: str) -> bool:
        """Give speech to the avatar; return whether its audio also goes over the WebSocket."""
        avatar = self._config.avatar
        if avatar is None:
            return True
        if not self._avatar.play(speech, response_id):
            # Unsure what the service does with speech before the avatar is connected; clients
            # that greeted too early were seen to lose their first words.
            self._host.warn(
                "avatar_not_connected",
                "The avatar is not connected, so this speech is not heard.",
                "session.avatar",
            )
        return bool(avatar.get("output_audit_audio"))

    def speech_extras(self) -> Extras:
        """Return what the session wants beside the audio."""
        return wanted_extras(self._config.values)
