"""One response from `response.created` to `response.done`: thought, spoken, called, cancelled."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Any, Literal, Protocol

import structlog
from azure.ai.voicelive import models as sdk

from kiosk.clock import Clock, new_id
from kiosk.emulator.conversation.items import Conversation, Item, Part
from kiosk.emulator.mind.mind import FunctionCall, Plan, think
from kiosk.emulator.responses.request import ResponseRequest, build_context, heard_text
from kiosk.emulator.responses.timing import (
    TimedEvent,
    audio_events,
    count_tokens,
    mark_events,
    split_text,
    word_groups,
    word_times,
)
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.parts import Speech, Voice
from kiosk.emulator.wire.codec import JSON
from kiosk.errors import KioskError

log = structlog.get_logger(__name__)

CancelReason = Literal["turn_detected", "client_cancelled"]

_ARGUMENT_CHARACTERS = 24
_SHORTEST_WAIT = 0.004
# Tokens of audio are counted as the Realtime protocol does: one for 100 ms in, one for 50 ms out.
_INPUT_TOKEN_MS, _OUTPUT_TOKEN_MS = 100, 50


class ResponseHost(Protocol):
    """What a response needs of its session."""

    conversation: Conversation
    conversation_id: str
    limits: Limits
    clock: Clock
    scenario: Scenario
    voice: Voice
    used_replies: set[int]

    def emit(self, model: type[sdk.ServerEvent], **fields: Any) -> JSON:
        """Queue a server event."""
        ...

    def play(self, speech: Speech, response_id: str) -> bool:
        """Give speech to the avatar; return whether its audio must also go over the WebSocket."""
        ...

    def speech_extras(self) -> tuple[bool, bool]:
        """Return whether the session wants word timestamps, and visemes."""
        ...

    def response_finished(self, run: ResponseRun) -> None:
        """Hear that generation is over (the avatar may go on speaking)."""
        ...


class ResponseRun:
    """One response. `begin()` announces it, `run()` is its task, `cancel()` ends it at once."""

    def __init__(self, host: ResponseHost, request: ResponseRequest) -> None:
        self.id = new_id("resp")
        self.status = "in_progress"
        self.output: list[Item] = []
        self.audio_started_at: float | None = None
        self._host = host
        self._request = request
        self._details: JSON | None = None
        self._transcript = ""
        self._open_extras: tuple[bool, bool] = (False, False)
        self._pace_from: float | None = None
        self._input_tokens = (0, 0)

    @property
    def finished(self) -> bool:
        """Whether `response.done` was sent."""
        return self.status != "in_progress"

    @property
    def spoken_item(self) -> Item | None:
        """The message being or having been spoken, if there is one."""
        return next((i for i in self.output if i.parts and i.parts[0].kind == "audio"), None)

    def begin(self) -> None:
        """Send `response.created`."""
        self._host.emit(sdk.ServerEventResponseCreated, response=self._as_model())

    async def run(self) -> None:
        """Think, then say and call; whatever happens, the response ends with `response.done`."""
        try:
            async with asyncio.timeout(self._host.limits.response_seconds):
                plan = await self._plan()
                if plan.say:
                    await self._say(plan.say)
                for call in plan.calls:
                    self._call(call)
            self._finish("incomplete" if self._details else "completed")
        except TimeoutError:
            self._fail("timeout", "The response took too long.")
        except KioskError as error:
            log.warning("response failed", response_id=self.id, code=error.code)
            self._fail(error.code, "The emulator could not make this response.")
        finally:
            if not self.finished:
                self._fail("server_error", "The response was given up.")

    def cancel(self, reason: CancelReason) -> None:
        """End the response now; its task must be cancelled by the caller afterwards."""
        self._details = {"type": "cancelled", "reason": reason}
        self._finish("cancelled")

    def _fail(self, code: str, message: str) -> None:
        if self.finished:
            return
        self._details = {"type": "failed", "error": {"code": code, "message": message}}
        self._finish("failed")

    def _finish(self, status: str) -> None:
        if self.finished:
            return
        for item in self.output:
            if item.status == "in_progress":
                self._close_item(item, "incomplete")
        self.status = status
        self._host.emit(sdk.ServerEventResponseDone, response=self._as_model())
        self._host.response_finished(self)

    def _as_model(self) -> sdk.Response:
        request = self._request
        fields: JSON = {
            "id": self.id,
            "object": "realtime.response",
            "status": self.status,
            "status_details": self._details,
            "output": [item.as_model().as_dict() for item in self.output],
            "usage": self._usage() if self.finished else None,
            "conversation_id": self._host.conversation_id if request.commit else None,
            "voice": request.voice,
            "modalities": request.modalities,
            "output_audio_format": request.output_audio_format,
            "temperature": request.temperature,
            "max_output_tokens": request.max_output_tokens,
            "metadata": request.metadata,
        }
        return sdk.Response(fields)

    def _usage(self) -> JSON:
        text_in, audio_in = self._input_tokens
        text_out = sum(count_tokens(i.text) + count_tokens(i.arguments) for i in self.output)
        audio_out = sum(p.audio_ms for i in self.output for p in i.parts) // _OUTPUT_TOKEN_MS
        zero = {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0}
        return {
            "total_tokens": text_in + audio_in + text_out + audio_out,
            "input_tokens": text_in + audio_in,
            "output_tokens": text_out + audio_out,
            "input_token_details": {
                "cached_tokens": 0,
                "text_tokens": text_in,
                "audio_tokens": audio_in,
                "image_tokens": 0,
                "cached_tokens_details": zero,
            },
            "output_token_details": {"text_tokens": text_out, "audio_tokens": audio_out},
        }

    async def _plan(self) -> Plan:
        """Wait until everything said was heard, then think."""
        host, request = self._host, self._request
        delay_ms = host.scenario.reply_delay_ms
        pending = host.conversation.pending()
        if pending and request.context_items is None:
            await asyncio.wait(pending)
        context = build_context(request, host.conversation, frozenset(host.used_replies))
        self._count_input()
        if request.pre_generated is not None:
            return Plan(say=request.pre_generated)
        plan = think(context, host.scenario)
        if plan.reply is not None:
            host.used_replies.add(plan.reply)
        if delay_ms + plan.delay_ms:
            await host.clock.sleep((delay_ms + plan.delay_ms) / 1000)
        return plan

    def _count_input(self) -> None:
        items = self._host.conversation.items()
        words = sum(
            count_tokens(heard_text(i)) + count_tokens(i.output + i.arguments) for i in items
        )
        audio = sum(p.audio_ms for i in items for p in i.parts if p.kind == "input_audio")
        self._input_tokens = (
            words + count_tokens(self._request.instructions),
            audio // _INPUT_TOKEN_MS,
        )

    def _add_item(self, item: Item) -> None:
        self.output.append(item)
        index = len(self.output) - 1
        self._host.emit(
            sdk.ServerEventResponseOutputItemAdded,
            response_id=self.id,
            output_index=index,
            item=item.as_model(),
        )
        if self._request.commit:
            previous = self._host.conversation.add(item)
            self._host.emit(
                sdk.ServerEventConversationItemCreated,
                previous_item_id=previous,
                item=item.as_model(),
            )

    def _close_item(self, item: Item, status: Literal["completed", "incomplete"]) -> None:
        """Send everything that ends an item, in the protocol's order."""
        index = self.output.index(item)
        if item.parts:
            part = item.parts[0]
            part.text = self._transcript.rstrip()
            where = self._where(item)
            if part.kind == "audio":
                timestamps, visemes = self._open_extras
                if timestamps:
                    self._host.emit(sdk.ServerEventResponseAudioTimestampDone, **where)
                if visemes:
                    self._host.emit(sdk.ServerEventResponseAnimationVisemeDone, **where)
                # Unsure with a WebRTC avatar; the Realtime protocol sends it over WebRTC too.
                self._host.emit(sdk.ServerEventResponseAudioDone, **where)
                self._host.emit(
                    sdk.ServerEventResponseAudioTranscriptDone, transcript=part.text, **where
                )
            else:
                self._host.emit(sdk.ServerEventResponseTextDone, text=part.text, **where)
            self._host.emit(sdk.ServerEventResponseContentPartDone, part=part.as_model(), **where)
        item.status = status
        self._host.emit(
            sdk.ServerEventResponseOutputItemDone,
            response_id=self.id,
            output_index=index,
            item=item.as_model(),
        )

    def _where(self, item: Item) -> JSON:
        return {
            "response_id": self.id,
            "item_id": item.id,
            "output_index": self.output.index(item),
            "content_index": 0,
        }

    def _call(self, call: FunctionCall) -> None:
        arguments = json.dumps(call.arguments, ensure_ascii=False)
        item = Item(
            id=new_id("item"),
            kind="function_call",
            status="in_progress",
            name=call.name,
            call_id=new_id("call"),
        )
        self._add_item(item)
        where = {
            "response_id": self.id,
            "item_id": item.id,
            "output_index": self.output.index(item),
            "call_id": item.call_id,
        }
        for start in range(0, len(arguments), _ARGUMENT_CHARACTERS):
            self._host.emit(
                sdk.ServerEventResponseFunctionCallArgumentsDelta,
                delta=arguments[start : start + _ARGUMENT_CHARACTERS],
                **where,
            )
        item.arguments = arguments
        self._host.emit(
            sdk.ServerEventResponseFunctionCallArgumentsDone,
            arguments=arguments,
            name=item.name,
            **where,
        )
        self._close_item(item, "completed")

    async def _say(self, text: str) -> None:
        text = self._cut(text)
        spoken = self._request.spoken
        part = Part(kind="audio" if spoken else "text", text="")
        item = Item(id=new_id("item"), kind="message", role="assistant", status="in_progress")
        self._transcript = ""
        self._add_item(item)
        item.parts.append(part)
        self._host.emit(
            sdk.ServerEventResponseContentPartAdded, part=part.as_model(), **self._where(item)
        )
        if spoken:
            await self._speak(text, item, part)
        else:
            for group in word_groups(split_text(text)):
                self._host.emit(
                    sdk.ServerEventResponseTextDelta, delta="".join(group), **self._where(item)
                )
                self._transcript += "".join(group)
                await self._host.clock.sleep(0)
        self._close_item(item, "incomplete" if self._details else "completed")

    def _cut(self, text: str) -> str:
        """Keep to `max_output_tokens`, about four tokens for three words."""
        limit = self._request.max_output_tokens
        words = split_text(text)
        if not isinstance(limit, int) or count_tokens(text) <= limit:
            return text
        self._details = {"type": "incomplete", "reason": "max_output_tokens"}
        return "".join(words[: max(1, limit * 3 // 4)]).rstrip()

    async def _speak(self, text: str, item: Item, part: Part) -> None:
        """Speak piece by piece; the transcript and the audio come faster than they are heard."""
        self._open_extras = self._host.speech_extras()
        remaining = split_text(text)
        offset_ms = 0
        async with AsyncExitStack() as stack:
            pieces = self._host.voice.speak(text)
            if isinstance(pieces, AsyncGenerator):
                await stack.enter_async_context(aclosing(pieces))
            async for speech in pieces:
                # A voice may say "20 percent" for "20%", so the count is close, not exact; what
                # is left at the end follows below.
                count = min(len(speech.text.split()), len(remaining))
                words, remaining = remaining[:count], remaining[count:]
                await self._speak_piece(speech, words, offset_ms, item, part)
                offset_ms += speech.duration_ms
        if remaining:
            rest = "".join(remaining)
            part.words.append((offset_ms, rest))
            self._transcript += rest
            self._host.emit(
                sdk.ServerEventResponseAudioTranscriptDelta, delta=rest, **self._where(item)
            )

    async def _speak_piece(
        self, speech: Speech, words: list[str], offset_ms: int, item: Item, part: Part
    ) -> None:
        host, where = self._host, self._where(item)
        if self._pace_from is None:
            self._pace_from = host.clock.monotonic()
        if self.audio_started_at is None:
            self.audio_started_at = host.clock.monotonic()
        over_socket = host.play(speech, self.id)
        times = word_times(speech, words)
        part.words += [(offset_ms + end, word) for (_, end), word in zip(times, words, strict=True)]
        part.audio_ms = offset_ms + speech.duration_ms
        timeline: list[TimedEvent] = []
        if over_socket:
            timeline += audio_events(speech, self._request.output_audio_format)
        place = 0
        for group in word_groups(words):
            timeline.append(
                (
                    times[place][0],
                    sdk.ServerEventResponseAudioTranscriptDelta,
                    {"delta": "".join(group)},
                )
            )
            place += len(group)
        timeline += mark_events(speech, offset_ms, *self._open_extras)
        for at_ms, model, fields in sorted(timeline, key=lambda entry: entry[0]):
            await self._pace(offset_ms + at_ms)
            host.emit(model, **where, **fields)
            if model is sdk.ServerEventResponseAudioTranscriptDelta:
                self._transcript += fields["delta"]

    async def _pace(self, audio_ms: int) -> None:
        """Wait until this moment of the audio is due at the scenario's generation speed."""
        assert self._pace_from is not None
        due = self._pace_from + audio_ms / 1000 / self._host.scenario.generation_speed
        wait = due - self._host.clock.monotonic()
        if wait > _SHORTEST_WAIT:
            await self._host.clock.sleep(wait)
