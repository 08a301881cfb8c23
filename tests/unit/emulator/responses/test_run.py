"""Responses event by event, in the order of the Realtime protocol."""

from __future__ import annotations

import base64
from itertools import groupby
from typing import Any

import pytest

from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.parts import SAMPLE_RATE
from tests.unit.emulator.emulating import (
    FACTS,
    PLACES,
    QUICK,
    Wire,
    answer_text,
    connected,
    emulating,
)


def order(wire: Wire, start: int) -> list[str]:
    """Return the types seen from `start` on, runs of the same delta as one."""
    kinds = [k.removeprefix("response.") for k in wire.kinds()[start:]]
    mixed = {"audio.delta", "audio_transcript.delta"}
    kinds = ["deltas" if kind in mixed else kind for kind in kinds]
    return [kind for kind, _ in groupby(kinds)]


async def test_a_spoken_answer() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(instructions=FACTS)
        start = len(wire.seen)
        done = await wire.ask("When do you open?")
        assert order(wire, start) == [
            "conversation.item.created",
            "created",
            "output_item.added",
            "conversation.item.created",
            "content_part.added",
            "deltas",
            "audio.done",
            "audio_transcript.done",
            "content_part.done",
            "output_item.done",
            "done",
        ]
    events = [event for event in wire.seen[start:] if event.get("response_id")]
    assert {event["response_id"] for event in events} == {done["id"]}
    assert {event["output_index"] for event in events} == {0}
    said = "".join(e["delta"] for e in events if e["type"].endswith("transcript.delta"))
    assert said == answer_text(done) != ""
    audio = b"".join(
        base64.b64decode(e["delta"]) for e in events if e["type"] == "response.audio.delta"
    )
    seconds = len(audio) / 2 / SAMPLE_RATE
    assert 2 < seconds < 10
    assert done["status"] == "completed"
    # Each sentence counts in whole milliseconds, so two of them may fall just below a token.
    assert int(seconds * 20) - done["usage"]["output_token_details"]["audio_tokens"] in {0, 1}
    parts = done["usage"]
    assert parts["total_tokens"] == parts["input_tokens"] + parts["output_tokens"]


async def test_an_answer_in_text_alone() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(modalities=["text"], instructions=FACTS)
        start = len(wire.seen)
        done = await wire.ask("How much is a ticket?")
        assert order(wire, start)[5:] == [
            "text.delta",
            "text.done",
            "content_part.done",
            "output_item.done",
            "done",
        ]
        assert done["output"][0]["content"][0]["type"] == "text"
        assert "twelve euros" in answer_text(done)
        assert done["usage"]["output_token_details"]["audio_tokens"] == 0


async def test_a_function_call_and_its_output() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(tools=[PLACES])
        start = len(wire.seen)
        done = await wire.ask("Where are the toilets?")
        assert order(wire, start)[2:] == [
            "output_item.added",
            "conversation.item.created",
            "function_call_arguments.delta",
            "function_call_arguments.done",
            "output_item.done",
            "done",
        ]
        (call,) = done["output"]
        ready = next(e for e in wire.seen if e["type"].endswith("arguments.done"))
        assert (ready["name"], ready["arguments"]) == ("find_place", '{"place": "toilets"}')
        assert ready["call_id"] == call["call_id"]
        deltas = [e["delta"] for e in wire.seen if e["type"].endswith("arguments.delta")]
        assert "".join(deltas) == ready["arguments"]
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": "Upstairs."}
        await wire.send("conversation.item.create", item=output)
        await wire.send("response.create")
        done = (await wire.until("response.done"))["response"]
        assert answer_text(done) == "Upstairs."


async def test_words_first_then_a_call() -> None:
    reply = {"match": "toilet", "say": "Let me see.", "call": {"name": "find_place"}}
    scenario = Scenario.model_validate({"replies": [reply], "generation_speed": 1000})
    async with emulating(scenario) as emulator, connected(emulator) as wire:
        await wire.update(tools=[PLACES])
        done = await wire.ask("toilet")
        assert [item["type"] for item in done["output"]] == ["message", "function_call"]
        added = [e for e in wire.seen if e["type"] == "response.output_item.added"]
        assert [e["output_index"] for e in added] == [0, 1]


async def test_a_message_made_beforehand() -> None:
    content = [{"type": "text", "text": "Welcome to the harbour."}]
    message = {"type": "message", "role": "assistant", "content": content}
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.send("response.create", response={"pre_generated_assistant_message": message})
        done = (await wire.until("response.done"))["response"]
        assert answer_text(done) == "Welcome to the harbour."
        # It became history, so it can be asked for again.
        again = await wire.ask("Can you say that again?")
        assert answer_text(again) == "Welcome to the harbour."


async def test_the_answer_ends_at_the_token_limit() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(instructions=FACTS, max_response_output_tokens=4)
        done = await wire.ask("When do you open?")
        assert done["status"] == "incomplete"
        assert done["status_details"]["reason"] == "max_output_tokens"
        assert answer_text(done) == "The museum is"
        assert done["output"][0]["status"] == "incomplete"


async def test_an_uncommitted_answer_leaves_no_trace() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.send("response.create", response={"commit": False})
        done = (await wire.until("response.done"))["response"]
        await wire.send("conversation.item.retrieve", item_id=done["output"][0]["id"])
        assert (await wire.error())["code"] == "item_not_found"


async def test_timestamps_and_visemes() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(
            instructions=FACTS,
            output_audio_timestamp_types=["word"],
            animation={"outputs": ["viseme_id"]},
        )
        await wire.ask("When do you open?")
    stamps = [e for e in wire.seen if e["type"] == "response.audio_timestamp.delta"]
    visemes = [e for e in wire.seen if e["type"] == "response.animation_viseme.delta"]
    assert len(stamps) > 5
    offsets = [stamp["audio_offset_ms"] for stamp in stamps]
    assert offsets == sorted(offsets)
    assert len({viseme["viseme_id"] for viseme in visemes}) > 5
    kinds = wire.kinds()
    assert kinds.index("response.audio_timestamp.done") < kinds.index("response.audio.done")
    assert "response.animation_viseme.done" in kinds


@pytest.mark.parametrize(("sound", "rate"), [("pcm16_16000hz", 32_000), ("g711_ulaw", 8_000)])
async def test_other_output_formats(sound: str, rate: int) -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(output_audio_format=sound)
        done = await wire.ask("Hello")
    chunks = [e["delta"] for e in wire.seen if e["type"] == "response.audio.delta"]
    size = sum(len(base64.b64decode(chunk)) for chunk in chunks)
    tokens: Any = done["usage"]["output_token_details"]["audio_tokens"]
    assert abs(size / rate - tokens / 20) < 0.1


async def test_generation_keeps_its_pace() -> None:
    """At twice the speed of speech, an answer takes at least half of its length."""
    async with emulating(Scenario(generation_speed=2)) as emulator, connected(emulator) as wire:
        done = await wire.ask("Hello")
        entries = emulator.journal()[0]["entries"]
    assert QUICK.generation_speed > 2
    began = next(e["at"] for e in entries if e["type"] == "response.audio_transcript.delta")
    ended = next(e["at"] for e in entries if e["type"] == "response.done")
    seconds = done["usage"]["output_token_details"]["audio_tokens"] / 20
    assert ended - began > (seconds - 1) / 2
