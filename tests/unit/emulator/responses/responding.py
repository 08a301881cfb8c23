"""A session without a socket, for the parts of a response: a still voice, a clock that jumps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from azure.ai.voicelive import models as sdk

from kiosk.clock import Clock, SystemClock
from kiosk.emulator.conversation.items import Conversation
from kiosk.emulator.responses.output import ResponseOutput
from kiosk.emulator.responses.request import ResponseRequest
from kiosk.emulator.responses.timing import Extras
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.parts import SAMPLE_RATE, Speech, Voice
from kiosk.emulator.wire.codec import JSON, build

WORD_MS = 100


class StillVoice:
    """Speaks silence, as long as there are words."""

    name = "still"

    def __init__(self) -> None:
        self.spoken: list[str] = []

    async def speak(self, text: str, *_style: object) -> AsyncIterator[Speech]:
        self.spoken.append(text)
        samples = SAMPLE_RATE * WORD_MS // 1000 * len(text.split())
        yield Speech(text=text, pcm=bytes(2 * samples))

    async def aclose(self) -> None:
        """Hold nothing."""


class Session:
    """What the makers of a response's output need; every event is kept."""

    def __init__(self) -> None:
        self.conversation = Conversation(100)
        self.clock: Clock = SystemClock()
        self.scenario = Scenario(generation_speed=1000)
        self.still = StillVoice()
        self.voice: Voice = self.still
        self.extras = Extras()
        self.over_socket = True
        self.sent: list[JSON] = []

    def emit(self, model: type[sdk.ServerEvent], **fields: Any) -> JSON:
        event = build(model, fields)
        self.sent.append(event)
        return event

    def play(self, speech: Speech, response_id: str) -> bool:
        return self.over_socket

    def speech_extras(self) -> Extras:
        return self.extras

    def kinds(self) -> list[str]:
        return [event["type"].removeprefix("response.") for event in self.sent]


def request(**fields: Any) -> ResponseRequest:
    """Return the request of a plain spoken response."""
    values: dict[str, Any] = {
        "modalities": ["text", "audio"],
        "voice": {"type": "openai", "name": "alloy"},
        "output_audio_format": "pcm16",
        "temperature": 0.8,
        "max_output_tokens": "inf",
        "metadata": None,
        "instructions": "",
        "extra": "",
        "tools": [],
        "tool_choice": "auto",
    }
    return ResponseRequest(**{**values, **fields})


def output(session: Session, *, commit: bool = True) -> ResponseOutput:
    """Return the output of a response of that session."""
    return ResponseOutput(session, "resp_1", commit=commit)
