"""One response from `response.created` to `response.done`: planned, carried out, cancelled."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Literal, Protocol

import structlog
from azure.ai.voicelive import models as sdk

from kiosk.clock import new_id
from kiosk.emulator.conversation.items import Item
from kiosk.emulator.mcp.desk import McpCall, McpDesk, McpTool
from kiosk.emulator.mind.interface import Mind
from kiosk.emulator.mind.thought import Context, Plan
from kiosk.emulator.responses.calling import announce_mcp_call, call_function
from kiosk.emulator.responses.hosted import FILE_RESULTS, act_hosted
from kiosk.emulator.responses.interim import Interim
from kiosk.emulator.responses.output import OutputHost, ResponseOutput
from kiosk.emulator.responses.request import ResponseRequest, build_context, heard_text
from kiosk.emulator.responses.speaking import Speaker
from kiosk.emulator.responses.streamed import StreamedText
from kiosk.emulator.responses.timing import count_tokens
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.wire.codec import JSON, WireError
from kiosk.errors import KioskError
from kiosk.tasks import TaskSet

log = structlog.get_logger(__name__)

CancelReason = Literal["turn_detected", "client_cancelled"]

# Tokens of audio are counted as the Realtime protocol does: one for 100 ms in, one for 50 ms out.
_INPUT_TOKEN_MS, _OUTPUT_TOKEN_MS = 100, 50


class ResponseHost(OutputHost, Protocol):
    """What a response needs of its session."""

    conversation_id: str
    limits: Limits
    mind: Mind
    mcp: McpDesk
    tasks: TaskSet
    used_replies: Counter[int]

    def included(self, name: str) -> bool:
        """Return whether the session's `include` names something."""
        ...

    def response_finished(self, run: ResponseRun) -> None:
        """Hear that generation is over (the avatar may go on speaking)."""
        ...


class ResponseRun:
    """One response. `begin()` announces it, `run()` is its task, `cancel()` ends it at once."""

    def __init__(self, host: ResponseHost, request: ResponseRequest) -> None:
        self.id = new_id("resp")
        self.status = "in_progress"
        self.streamed: StreamedText | None = None
        """What `input_text.delta` goes on with, in a response to an incomplete message."""
        self._host = host
        self._request = request
        self._output = ResponseOutput(host, self.id, commit=request.commit, family=request.family)
        self._speaker = Speaker(host, self._output, request)
        self._interim = Interim(host, request.interim)
        self._details: JSON | None = None
        self._input_tokens = (0, 0)
        self._mcp_calls: list[McpCall] = []
        if request.streamed:
            text, maximum = request.pre_generated or "", host.limits.text_characters
            self.streamed = StreamedText(text, maximum=maximum)

    @property
    def finished(self) -> bool:
        """Whether `response.done` was sent."""
        return self.status != "in_progress"

    @property
    def output(self) -> list[Item]:
        """The items made so far."""
        return self._output.items

    @property
    def audio_started_at(self) -> float | None:
        """When the first audio was generated, on the monotonic clock."""
        return self._speaker.audio_started_at

    @property
    def spoken_items(self) -> list[Item]:
        """The messages spoken so far, in the order they are heard."""
        return [item for item in self.output if item.parts and item.parts[0].kind == "audio"]

    @property
    def spoken_ms(self) -> int:
        """How much audio was generated so far."""
        return sum(item.parts[0].audio_ms for item in self.spoken_items)

    def begin(self) -> None:
        """Send `response.created`."""
        self._host.emit(sdk.ServerEventResponseCreated, response=self._as_model())

    async def run(self) -> None:
        """Think, then say and call; whatever happens, the response ends with `response.done`."""
        try:
            async with asyncio.timeout(self._host.limits.response_seconds):
                if self._request.pre_generated is not None:
                    await self._say_given(self._request.pre_generated)
                else:
                    await self._answer()
            self._finish("incomplete" if self._details else "completed")
            for call in self._mcp_calls:
                self._host.mcp.begin(call)
        except TimeoutError:
            self._fail("timeout", "The response took too long.")
        except WireError as error:
            self._fail(error.code, error.message)
        except KioskError as error:
            log.warning("response failed", response_id=self.id, code=error.code)
            self._fail(error.code, str(error))
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
            if item.status == "in_progress" and item.parts:
                self._speaker.close(item, "incomplete")
        self.status = status
        self._host.emit(sdk.ServerEventResponseDone, response=self._as_model())
        self._host.response_finished(self)

    def _as_model(self) -> sdk.Response:
        request, family = self._request, self._request.family
        conversation = self._host.conversation_id if family.has_conversation_id else ""
        limit = request.max_output_tokens
        fields: JSON = {
            "id": self.id,
            "object": "realtime.response",
            "status": self.status,
            "status_details": self._details,
            "output": [item.as_model().as_dict() for item in self.output],
            "usage": self._usage() if self.finished else None,
            "conversation_id": conversation if request.commit else None,
            "voice": request.voice,
            "modalities": request.modalities,
            "output_audio_format": request.output_audio_format,
            "temperature": request.temperature,
            "max_output_tokens": family.default_tokens if limit == "inf" else limit,
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
            "output_token_details": {
                "text_tokens": text_out,
                "audio_tokens": audio_out,
                "reasoning_tokens": 0,
            },
        }

    async def _say_given(self, text: str) -> None:
        """Say what the client gave, which needs no mind; what it streams is said as it comes."""
        self._count_input()
        await self._speaker.say(self.streamed or text, item_id=self._request.pre_generated_id)
        self._note_cut()

    async def _answer(self) -> None:
        host, request = self._host, self._request
        pending = host.conversation.pending()
        if pending and request.context_items is None:
            await asyncio.wait(pending)
        tools: dict[str, McpTool] = {}
        if request.tool_choice != "none":
            tools = await host.mcp.tools(request.tools)
        context = build_context(request, host.conversation, host.used_replies, tools)
        self._count_input()
        plan = await self._plan(context)
        hosted = None
        if plan.reply is not None:
            host.used_replies[plan.reply] += 1
            hosted = host.scenario.replies[plan.reply].hosted
        if hosted is not None:
            shown = host.included(FILE_RESULTS)
            act_hosted(host, self._output, hosted, file_results=shown)
        if plan.words:
            await self._speaker.say(
                plan.words,
                language=plan.language,
                annotations=hosted.annotations if hosted else (),
                filtered=hosted is not None and hosted.content_filter,
            )
            self._note_cut()
        if hosted is not None and hosted.content_filter:
            self._details = {"type": "incomplete", "reason": "content_filter"}
        for call in plan.calls:
            if call.name in tools:
                tool = tools[call.name]
                self._mcp_calls.append(announce_mcp_call(host, self._output, tool, call))
            else:
                call_function(host, self._output, call)
        if plan.calls and self._interim.triggers("tool"):
            # Behind the calls, so that the client's functions run while it is said.
            await self._speaker.say(await self._interim.words(context))

    async def _plan(self, context: Context) -> Plan:
        """Think; if that takes too long and the session wants it, say something meanwhile."""
        thinking = self._think(context)
        if not self._interim.triggers("latency"):
            return await thinking
        task = self._host.tasks.start(self._bridge(context), name="interim response")
        async with AsyncExitStack() as stack:
            stack.callback(task.cancel)
            plan = await thinking
            if self._interim.triggers("latency"):  # not begun: the answer was quick
                return plan
            if isinstance(plan.say, AsyncGenerator):
                await stack.enter_async_context(aclosing(plan.say))
            await asyncio.wait([task])
            stack.pop_all()
        return plan

    async def _think(self, context: Context) -> Plan:
        host = self._host
        if host.scenario.reply_delay_ms:
            # Before thinking: a plan may hold a stream, which nobody closes while it waits.
            await host.clock.sleep(host.scenario.reply_delay_ms / 1000)
        plan = await host.mind.plan(context)
        if plan.delay_ms:
            await host.clock.sleep(plan.delay_ms / 1000)
        return plan

    async def _bridge(self, context: Context) -> None:
        """Say the interim response when its time has come; without it the answer still comes."""
        await self._interim.wait()
        try:
            await self._speaker.say(await self._interim.words(context))
        except KioskError as error:
            log.warning("interim response failed", response_id=self.id, code=error.code)

    def _note_cut(self) -> None:
        if self._speaker.cut:
            self._details = {"type": "incomplete", "reason": "max_output_tokens"}

    def _count_input(self) -> None:
        items = self._host.conversation.items()
        words = sum(
            count_tokens(heard_text(i)) + count_tokens((i.output or "") + i.arguments)
            for i in items
        )
        audio = sum(p.audio_ms for i in items for p in i.parts if p.kind == "input_audio")
        self._input_tokens = (
            words + count_tokens(self._request.instructions),
            audio // _INPUT_TOKEN_MS,
        )
