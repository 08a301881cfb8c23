"""What each Voice Live event means to the visit: a table, one small method for each event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog

from kiosk import events
from kiosk.errors import UpstreamError
from kiosk.model import Speaker
from kiosk.session.context import VisitContext
from kiosk.session.interruption import Interruption
from kiosk.session.line import Line
from kiosk.session.opening import tell_settings
from kiosk.session.tools import ToolRunner
from kiosk.session.turns import spoken_ms
from kiosk.signaling import messages as m
from kiosk.voicelive import codec
from kiosk.voicelive.connection import Event

log = structlog.get_logger(__name__)

OVERLAP: Final = "conversation_already_has_active_response"

ANSWER_S: Final = 30.0
"""Longest silence of the service about a response that it owes, then it is given up, s."""
UNANSWERED_S: Final = 10.0
"""Longest wait for a response to begin when none was asked for: noise is not always called so."""
SPEECH_SLACK_S: Final = 10.0
SLOWEST: Final = 4
"""Times the assumed pace; a letter of Chinese takes as long as four of English."""


class UpstreamEvents:
    """Reads one line until it is lost. Unknown events pass: the service adds some every month."""

    def __init__(
        self,
        ctx: VisitContext,
        line: Line,
        tools: ToolRunner,
        interruption: Interruption,
    ) -> None:
        self._ctx = ctx
        self._line = line
        self._tools = tools
        self._interruption = interruption
        self._speech_over: float | None = None
        self._sign_at = ctx.clock.monotonic()
        self._owed_since: float | None = None
        # The response that nobody wants; what still arrives of it is not shown.
        self._ignored = ""
        self._persons_items: set[str] = set()
        self._handlers: dict[str, Callable[[Event], Awaitable[None]]] = {
            "input_audio_buffer.speech_started": self._speech_started,
            "input_audio_buffer.speech_stopped": self._speech_stopped,
            "conversation.item.input_audio_transcription.delta": self._heard_delta,
            "conversation.item.input_audio_transcription.completed": self._heard,
            "conversation.item.input_audio_transcription.failed": self._heard_nothing,
            "response.created": self._response_created,
            "response.output_item.added": self._item_added,
            "response.audio_transcript.delta": self._spoken_delta,
            "response.text.delta": self._spoken_delta,
            "response.audio_transcript.done": self._spoken,
            "response.text.done": self._spoken,
            "response.audio_timestamp.delta": self._word_time,
            "response.function_call_arguments.done": self._function_call,
            "response.mcp_call.completed": self._hosted_done,
            "response.mcp_call.failed": self._hosted_failed,
            "response.done": self._response_done,
            "session.avatar.connecting": self._avatar_connecting,
            "session.avatar.switch_to_speaking": self._speaking,
            "session.avatar.switch_to_idle": self._idle,
            "error": self._error,
            "warning": self._warning,
        }

    async def pump(self) -> None:
        """Handle events until the line is lost, which is raised as UpstreamError."""
        while True:
            event = await self._line.receive()
            kind = str(event.get("type"))
            if kind.startswith("response."):
                self._sign_at = self._ctx.clock.monotonic()
            handler = self._handlers.get(kind)
            if handler is not None:
                await handler(event)

    # ── hearing ──────────────────────────────────────────────────────────────────────────

    async def _speech_started(self, _event: Event) -> None:
        self._ctx.active()
        self._ctx.delay.called_off()
        await self._interruption.speech_started()

    async def _speech_stopped(self, _event: Event) -> None:
        self._ctx.active()
        self._interruption.speech_stopped()
        if not self._ctx.avatar_audible:
            self._ctx.delay.asked("speech", self._ctx.clock.monotonic())
        if self._ctx.machine.state == "listening" and not self._ctx.held:
            self._ctx.to("thinking")

    async def _heard_delta(self, event: Event) -> None:
        turn = self._ctx.book.delta(_text(event, "item_id"), "visitor", _text(event, "delta"))
        if turn is not None:
            self._ctx.send(m.Caption(turn=turn.id, speaker="visitor", text=turn.text))

    async def _heard(self, event: Event) -> None:
        self._ctx.active()
        item_id, words = _text(event, "item_id"), _text(event, "transcript").strip()
        if not words:
            await self._heard_nothing(event)
            return
        self._tools.visitor_spoke()
        self._ctx.book.whole(item_id, "visitor", words)
        self._ctx.finish_turn(self._ctx.book.finish(item_id))
        detection = self._ctx.services.settings.upstream.turn_detection
        if detection.type != "none" and not detection.create_response:
            # The site switched off that the service answers by itself, so we ask.
            await self._line.respond()

    async def _heard_nothing(self, event: Event) -> None:
        # Noise taken for speech: nothing to show, and nobody is thinking about it.
        self._ctx.book.finish(_text(event, "item_id"))
        self._ctx.delay.called_off()
        await self._tools.nothing_was_said(self._line)
        if self._ctx.machine.state == "thinking" and not self._line.gate.busy:
            self._ctx.to("listening")

    # ── answering ────────────────────────────────────────────────────────────────────────

    async def _response_created(self, event: Event) -> None:
        gate, response_id = self._line.gate, _text(event.get("response"), "id")
        # Of its own accord the service should begin none while a person has the conversation. It
        # does when it had begun before it was told, or does not take that setting in a session.
        uncalled = self._ctx.held and not gate.asked
        self._persons_items.clear()
        if gate.created(response_id) or uncalled:
            await self._ignore(response_id)
        elif self._ctx.machine.state == "listening" and not self._ctx.held:
            self._ctx.to("thinking")

    async def _ignore(self, response_id: str) -> None:
        self._ignored = response_id
        await self._line.cancel()

    def _is_ignored(self, event: Event) -> bool:
        return self._ignored != "" and _text(event, "response_id") == self._ignored

    async def _item_added(self, event: Event) -> None:
        item = event.get("item")
        kind = _text(item, "type")
        if kind == "message":
            if self._is_ignored(event):
                return
            self._interruption.item_began(_text(item, "id"))
            if self._line.gate.persons:
                self._persons_items.add(_text(item, "id"))
        elif kind == "function_call":
            self._tools.named(_text(item, "call_id"), _text(item, "name"))
        elif kind == "mcp_call":
            self._tools.hosted(
                self._line,
                _text(event, "response_id"),
                _text(item, "id"),
                _text(item, "server_label"),
                _text(item, "name"),
            )

    async def _spoken_delta(self, event: Event) -> None:
        if self._is_ignored(event):
            return
        item_id = _text(event, "item_id")
        turn = self._ctx.book.delta(item_id, self._speaker(item_id), _text(event, "delta"))
        if turn is None:
            return
        self._ctx.send(m.Caption(turn=turn.id, speaker=turn.speaker, text=turn.text))
        # With a picture, the avatar itself says when its mouth moves; without one, words are all.
        if not self._line.avatar_connected or self._line.switches_seen == 0:
            self._begin_speaking()

    def _speaker(self, item_id: str) -> Speaker:
        return "operator" if item_id in self._persons_items else "avatar"

    async def _spoken(self, event: Event) -> None:
        if self._is_ignored(event):
            return
        words = _text(event, "transcript") or _text(event, "text")
        item_id = _text(event, "item_id")
        turn = self._ctx.book.whole(item_id, self._speaker(item_id), words)
        if turn is not None:
            self._ctx.answered(words)
            self._ctx.send(m.Caption(turn=turn.id, speaker=turn.speaker, text=turn.text))

    async def _word_time(self, event: Event) -> None:
        offset, length = event.get("audio_offset_ms"), event.get("audio_duration_ms")
        if isinstance(offset, int | float) and isinstance(length, int | float):
            end_ms = round(offset + length)
            self._ctx.book.word(_text(event, "item_id"), _text(event, "text"), end_ms)

    async def _function_call(self, event: Event) -> None:
        self._tools.call(
            self._line,
            _text(event, "response_id"),
            _text(event, "call_id"),
            _text(event, "name"),
            _text(event, "arguments"),
        )

    async def _hosted_done(self, event: Event) -> None:
        self._tools.hosted_done(_text(event, "item_id"), "ok")

    async def _hosted_failed(self, event: Event) -> None:
        # The model knows why, and says so in its own words.
        self._tools.hosted_done(_text(event, "item_id"), "failed")

    async def _response_done(self, event: Event) -> None:
        response = event.get("response")
        response_id, status = _text(response, "id"), _text(response, "status")
        self._ctx.tally.usage(response)
        calls_tools = any(
            _text(item, "type") in {"function_call", "mcp_call"}
            for item in _items(response, "output")
        )
        if status == "failed":
            log.warning("a response failed upstream", visit=self._ctx.id)
            self._ctx.services.metrics.upstream_errors.labels("response_failed").inc()
            self._ctx.send(
                m.Failure(code="answer_failed", message=self._ctx.text("error.answer_failed"))
            )
        await self._line.response_done(response_id)
        await self._tools.response_done(self._line, response_id)
        turn = self._ctx.book.current("avatar")
        if self._ctx.avatar_audible and self._line.avatar_connected and self._line.switches_seen:
            # switch_to_idle says when it is over. Its picture may have gone, and that with it.
            words_s = sum(map(spoken_ms, self._ctx.book.complete("avatar"))) / 1000
            slowest_s = SLOWEST * words_s + SPEECH_SLACK_S
            self._speech_over = self._ctx.clock.monotonic() + slowest_s
            return
        if turn is not None and self._line.avatar_connected and status == "completed":
            # Generated, but not heard yet: switch_to_idle closes the turn. Should the service
            # not send it, the watchdog does after the time the words take.
            self._speech_over = self._ctx.clock.monotonic() + spoken_ms(turn) / 1000 + 3
            return
        if not calls_tools or turn is not None:
            self.speech_ended()

    async def give_up_waiting(self) -> None:
        """Listen again when the service owes an answer for too long; the visitor is told."""
        ctx, gate = self._ctx, self._line.gate
        now = ctx.clock.monotonic()
        if not gate.busy:
            self._owed_since = None
        elif self._owed_since is None:
            self._owed_since = now
        if ctx.tools_running:
            self._sign_at = now
        elif self._owed_since is not None and now - self._latest(self._owed_since) > ANSWER_S:
            log.warning("the service never finished a response", visit=ctx.id)
            ctx.services.metrics.upstream_errors.labels("response_silent").inc()
            gate.give_up()
            for turn in ctx.book.cut("avatar", self._interruption.heard_ms)[0]:
                ctx.finish_turn(turn)
            ctx.send(m.Failure(code="answer_failed", message=ctx.text("error.answer_failed")))
            self.speech_ended()
            await self._line.cancel()
        elif (
            ctx.machine.state == "thinking"
            and not gate.busy
            and self._speech_over is None
            and now - self._latest(ctx.state_since) > UNANSWERED_S
        ):
            ctx.to("listening")

    def _latest(self, since: float) -> float:
        return max(since, self._sign_at)

    def overdue(self) -> bool:
        """Whether speech should be over by now, though the service never said so."""
        return self._speech_over is not None and self._ctx.clock.monotonic() > self._speech_over

    # ── the avatar ───────────────────────────────────────────────────────────────────────

    async def _avatar_connecting(self, event: Event) -> None:
        self._line.avatar_answered(event)

    async def _speaking(self, _event: Event) -> None:
        self._line.switches_seen += 1
        self._speech_over = None
        self._interruption.audible()
        self._begin_speaking(again=True)

    def _begin_speaking(self, *, again: bool = False) -> None:
        if not self._ctx.avatar_audible:
            self._interruption.audible()
        waited = self._ctx.delay.heard(self._ctx.clock.monotonic())
        if waited is not None and not self._ctx.held:
            stamp = self._ctx.stamp()
            self._ctx.emit(events.AnswerBegan(**stamp, after_ms=waited.ms, by=waited.by))
        if self._ctx.machine.talking:
            self._ctx.to("speaking")
            if again:
                # Said once more although the state may be the same: it ends the hush.
                self._ctx.send(m.State(state=self._ctx.machine.state, media=self._ctx.rung))

    async def _idle(self, _event: Event) -> None:
        self._line.switches_seen += 1
        self.speech_ended()

    def speech_ended(self) -> None:
        """The avatar fell silent: close what it said, listen again, or end as was asked."""
        self._speech_over = None
        self._interruption.silent()
        # More than one: words before a tool call and the answer behind it are spoken in one breath.
        for turn in self._ctx.book.complete("avatar"):
            self._ctx.finish_turn(self._ctx.book.finish(turn.id))
        if self._ctx.machine.state in {"speaking", "thinking", "greeting"}:
            waits = self._line.gate.busy and not self._ctx.held
            self._ctx.to("thinking" if waits else "listening")
        if not self._line.gate.busy and self._ctx.end_after_speech is not None:
            self._ctx.end(self._ctx.end_after_speech)

    # ── trouble ──────────────────────────────────────────────────────────────────────────

    async def _error(self, event: Event) -> None:
        info = codec.error_info(event)
        if self._line.harmless(info):
            return
        self._ctx.services.metrics.upstream_errors.labels(info.code).inc()
        if self._line.avatar_refused(info):
            return
        if self._line.update_refused(info) and await self._try_without_rate():
            return
        if self._line.gate.refused(info.event_id, overlap=info.code == OVERLAP):
            if info.code == OVERLAP and self._ctx.held and self._line.gate.active is not None:
                # So the one that is active is the service's own.
                self._persons_items.clear()
                await self._ignore(self._line.gate.active)
            if info.code != OVERLAP:
                self._ctx.send(
                    m.Failure(code="answer_failed", message=self._ctx.text("error.answer_failed"))
                )
                if self._ctx.machine.talking:
                    self._ctx.to("listening")
                await self._line.response_done("")  # what waited behind it may go now
            return
        if self._line.voice_refused(info):
            # The visitor chose a language with a voice of its own: a new line begins with it.
            raise UpstreamError(
                "voice_change", "The session did not take another voice.", retryable=True
            )
        log.warning(
            "upstream error", code=info.code, kind=info.kind, param=info.param, visit=self._ctx.id
        )
        if info.code in {"session_expired", "authentication_failed"}:
            raise UpstreamError("closed", "The upstream session ended.", retryable=True)

    async def _try_without_rate(self) -> bool:
        """Whether a slower voice may be why; then the model is told to speak slowly instead."""
        ctx = self._ctx
        if ctx.comfort.pace == "normal" or not ctx.rate_works:
            return False
        log.warning("the service takes no slower voice in a session", visit=ctx.id)
        ctx.rate_works = False
        await tell_settings(ctx, self._line)
        return True

    async def _warning(self, event: Event) -> None:
        log.info("upstream warning", code=_text(event.get("warning"), "code"))


def _text(mapping: Any, key: str) -> str:
    value = mapping.get(key) if hasattr(mapping, "get") else None
    return value if isinstance(value, str) else ""


def _items(mapping: Any, key: str) -> list[Any]:
    value = mapping.get(key) if hasattr(mapping, "get") else None
    return value if isinstance(value, list) else []
