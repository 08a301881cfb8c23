"""The messages of one response: text or speech, streamed at the pace it is generated."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import AsyncExitStack, aclosing
from typing import Any, Literal

from azure.ai.voicelive import models as sdk

from kiosk.clock import new_id
from kiosk.emulator.conversation.items import Item, Part
from kiosk.emulator.responses.output import OutputHost, ResponseOutput
from kiosk.emulator.responses.request import ResponseRequest
from kiosk.emulator.responses.timing import (
    Extras,
    TimedEvent,
    audio_events,
    count_tokens,
    mark_events,
    split_text,
    word_groups,
    word_times,
)
from kiosk.emulator.speech.parts import Speech
from kiosk.emulator.speech.voices import voice_style
from kiosk.emulator.wire.codec import JSON

Text = str | AsyncIterable[str]
"""What is said: known already, or coming in pieces of any length."""

_SHORTEST_WAIT = 0.004
_SENTENCE = re.compile(r".*?[.!?:;]+[\"')\]]*\s+", re.DOTALL)


async def _whole(text: str) -> AsyncGenerator[str]:
    yield text


async def sentences(pieces: AsyncIterable[str]) -> AsyncGenerator[str]:
    """Yield streamed text sentence by sentence, because a voice needs whole ones."""
    waiting = ""
    async with AsyncExitStack() as stack:
        if isinstance(pieces, AsyncGenerator):
            # Whatever ends this ends what makes the text too, such as a request to a chat endpoint.
            await stack.enter_async_context(aclosing(pieces))
        async for piece in pieces:
            waiting += piece
            while (match := _SENTENCE.match(waiting)) is not None:
                yield match.group()
                waiting = waiting[match.end() :]
    if waiting.strip():
        yield waiting


class Speaker:
    """Says the messages of one response. `close()` ends one early, in the protocol's order."""

    def __init__(self, host: OutputHost, output: ResponseOutput, request: ResponseRequest) -> None:
        self.audio_started_at: float | None = None
        self.cut = False
        """Whether `max_output_tokens` ended what was said."""
        limit = request.max_output_tokens
        self._tokens_left = limit if isinstance(limit, int) else None
        self._host = host
        self._output = output
        self._request = request
        self._transcript = ""
        self._extras = Extras()
        self._style = voice_style(request.voice)
        self._pace_from: float | None = None
        self._generated_ms = 0

    async def say(
        self,
        text: Text,
        *,
        annotations: tuple[JSON, ...] = (),
        item_id: str | None = None,
        filtered: bool = False,
        language: str = "",
    ) -> None:
        """Say a text as a message of its own; `language` is what it is in, if that is known.

        It ends incomplete if the response's tokens do not suffice, or the content is `filtered`.
        """
        spoken = self._request.spoken
        part = Part(kind="audio" if spoken else "text", text="")
        item = Item(
            id=item_id or new_id(self._request.family.message_prefix),
            kind="message",
            role="assistant",
            status="in_progress",
        )
        self._transcript = ""
        self._style = voice_style(self._request.voice, language)
        self._extras = self._host.speech_extras() if spoken else Extras()
        self._output.add(item)
        item.parts.append(part)
        self._host.emit(
            sdk.ServerEventResponseContentPartAdded, part=part.as_model(), **self._where(item)
        )
        pieces = _whole(text) if isinstance(text, str) else sentences(text)
        async with aclosing(pieces):
            async for piece in pieces:
                words = self._within_limit(piece)
                if words.strip():
                    await (self._speak(words, item, part) if spoken else self._write(words, item))
                if self.cut:
                    break
        self._generated_ms += part.audio_ms
        if spoken:
            for index, annotation in enumerate(annotations):
                self._host.emit(
                    sdk.ServerEventResponseAudioTranscriptAnnotationAdded,
                    annotation_index=index,
                    annotation=annotation,
                    **self._where(item),
                )
        self.close(item, "incomplete" if self.cut or filtered else "completed")

    def close(self, item: Item, status: Literal["completed", "incomplete"]) -> None:
        """Send everything that ends the message."""
        part = item.parts[0]
        part.text = self._transcript.rstrip()
        host, where = self._host, self._where(item)
        if part.kind == "audio":
            if self._extras.timestamps:
                host.emit(sdk.ServerEventResponseAudioTimestampDone, **where)
            if self._extras.visemes:
                host.emit(sdk.ServerEventResponseAnimationVisemeDone, **where)
            if self._extras.blendshapes:
                # The model has no content index here, unlike its delta.
                host.emit(
                    sdk.ServerEventResponseAnimationBlendshapeDone, **self._output.place(item)
                )
            # Unsure with a WebRTC avatar; the Realtime protocol sends it over WebRTC too.
            host.emit(sdk.ServerEventResponseAudioDone, **where)
            host.emit(sdk.ServerEventResponseAudioTranscriptDone, transcript=part.text, **where)
            ended = part
        else:
            host.emit(sdk.ServerEventResponseTextDone, text=part.text, **where)
            # Empty, as the service was recorded to send it; the item that follows has the text.
            ended = Part(kind="text", text="")
        host.emit(sdk.ServerEventResponseContentPartDone, part=ended.as_model(), **where)
        self._output.close(item, status)

    def _where(self, item: Item) -> JSON:
        return {**self._output.place(item), "content_index": 0}

    def _within_limit(self, text: str) -> str:
        """Keep to the response's tokens, about four for three words."""
        if self._tokens_left is None:
            return text
        if count_tokens(text) > self._tokens_left:
            self.cut = True
            text = "".join(split_text(text)[: max(1, self._tokens_left * 3 // 4)]).rstrip()
        self._tokens_left = max(0, self._tokens_left - count_tokens(text))
        return text

    async def _write(self, text: str, item: Item) -> None:
        for group in word_groups(split_text(text)):
            delta = "".join(group)
            self._host.emit(sdk.ServerEventResponseTextDelta, delta=delta, **self._where(item))
            self._transcript += delta
            await self._host.clock.sleep(0)

    async def _speak(self, text: str, item: Item, part: Part) -> None:
        """Speak piece by piece; the transcript and the audio come faster than they are heard."""
        remaining = split_text(text)
        async with AsyncExitStack() as stack:
            pieces = self._host.voice.speak(text, self._style)
            if isinstance(pieces, AsyncGenerator):
                await stack.enter_async_context(aclosing(pieces))
            async for speech in pieces:
                # A voice may say "20 percent" for "20%", so the count is close, not exact; what
                # is left at the end follows below.
                count = min(len(speech.text.split()), len(remaining))
                words, remaining = remaining[:count], remaining[count:]
                await self._speak_piece(speech, words, item, part)
        if remaining:
            rest = "".join(remaining)
            part.words.append((part.audio_ms, rest))
            self._say_words(rest, self._where(item))

    def _say_words(self, delta: str, where: JSON) -> None:
        self._transcript += delta
        self._host.emit(sdk.ServerEventResponseAudioTranscriptDelta, delta=delta, **where)

    async def _speak_piece(self, speech: Speech, words: list[str], item: Item, part: Part) -> None:
        host, where, offset_ms = self._host, self._where(item), part.audio_ms
        if self._pace_from is None:
            self._pace_from = host.clock.monotonic()
        if self.audio_started_at is None:
            self.audio_started_at = host.clock.monotonic()
        over_socket = host.play(speech, self._output.response_id)
        times = word_times(speech, words)
        part.words += [(offset_ms + end, word) for (_, end), word in zip(times, words, strict=True)]
        part.audio_ms = offset_ms + speech.duration_ms
        timeline: list[TimedEvent] = []
        if over_socket:
            timeline += audio_events(speech, self._request.output_audio_format)
        place = 0
        for group in word_groups(words):
            fields: dict[str, Any] = {"delta": "".join(group)}
            timeline.append((times[place][0], sdk.ServerEventResponseAudioTranscriptDelta, fields))
            place += len(group)
        timeline += mark_events(speech, offset_ms, self._extras)
        for at_ms, model, fields in sorted(timeline, key=lambda entry: entry[0]):
            await self._pace(offset_ms + at_ms)
            if model is sdk.ServerEventResponseAudioTranscriptDelta:
                self._say_words(fields["delta"], where)
            else:
                host.emit(model, **where, **fields)

    async def _pace(self, audio_ms: int) -> None:
        """Wait until this moment of the message is due at the scenario's generation speed."""
        assert self._pace_from is not None
        due_ms = (self._generated_ms + audio_ms) / self._host.scenario.generation_speed
        wait = self._pace_from + due_ms / 1000 - self._host.clock.monotonic()
        if wait > _SHORTEST_WAIT:
            await self._host.clock.sleep(wait)
