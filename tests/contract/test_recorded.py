"""The order and shape of events as recorded on the service, one conversation for each family.

Source: recordings of gpt-realtime, gpt-4.1 and gpt-5 on Voice Live, kept by pydantic-ai as test
cassettes (2026). Only facts are repeated here: types in order, names of fields, what is null.
"""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.emulator.speech.engines import Engines
from tests.unit.emulator.emulating import Wire, connected, emulating, share_engines, spoken

SPOKEN_TURN = {
    "gpt-realtime": [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        # The recording has the transcript after response.created, the emulator before it: the
        # order of those two is not held here.
        "conversation.item.created",
        "response.created",
    ],
    "gpt-4.1": [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.input_audio_transcription.completed",
        "conversation.item.created",
        "response.created",
    ],
}
SPOKEN_ANSWER = [
    "response.created",
    "response.output_item.added",
    "conversation.item.created",
    "response.content_part.added",
    "response.audio_transcript.delta",
    "response.audio.done",
    "response.audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.done",
]


def in_order(wire: Wire, wanted: list[str]) -> list[dict[str, Any]]:
    """Return the first events of these types, checking that they came in this order."""
    rest = iter(wire.seen)
    found = []
    for kind in wanted:
        event = next((event for event in rest if event["type"] == kind), None)
        assert event is not None, f"{kind} is missing or came too early"
        found.append(event)
    return found


@pytest.mark.parametrize("model", sorted(SPOKEN_TURN))
async def test_a_spoken_turn(engines: Engines, model: str) -> None:
    share_engines(engines)
    async with emulating() as emulator, connected(emulator, model=model) as wire:
        await wire.update(input_audio_transcription={"model": "azure-speech"})
        await wire.hear(await spoken("Where are the toilets?"))
        await wire.until("response.done")
        turn = {event["type"]: event for event in in_order(wire, SPOKEN_TURN[model])}
        item = turn["conversation.item.created"]["item"]
        told = "conversation.item.input_audio_transcription.completed"
        words = next(event for event in wire.seen if event["type"] == told)["transcript"]
        assert item["content"][0]["transcript"] == (words if model == "gpt-4.1" else None)
        assert item["status"] == "completed"
        assert turn["input_audio_buffer.committed"]["previous_item_id"] is None


@pytest.mark.parametrize(
    ("model", "status", "prefix", "limit"),
    [("gpt-realtime", "in_progress", "item_", "inf"), ("gpt-4.1", "incomplete", "msg_", None)],
)
async def test_an_answer(
    engines: Engines, model: str, status: str, prefix: str, limit: str | None
) -> None:
    share_engines(engines)
    async with emulating() as emulator, connected(emulator, model=model) as wire:
        await wire.ask("Say a short greeting.")
        answer = in_order(wire, SPOKEN_ANSWER)
        created, added, joined, done = answer[0], answer[1], answer[2], answer[-1]
        assert added["item"]["status"] == joined["item"]["status"] == status
        assert added["item"]["id"].startswith(prefix)
        assert done["response"]["output"][0]["status"] == "completed"
        for response in (created["response"], done["response"]):
            assert response["max_output_tokens"] == limit
            has_id = response["conversation_id"].startswith("conv_")
            assert has_id is (model == "gpt-realtime")
        assert created["response"]["temperature"] == (None if model == "gpt-realtime" else 0.8)
        usage = done["response"]["usage"]
        assert {"cached_tokens", "text_tokens", "audio_tokens"} <= set(usage["input_token_details"])
        assert "reasoning_tokens" in usage["output_token_details"]
