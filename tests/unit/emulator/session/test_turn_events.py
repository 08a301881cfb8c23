"""Turns by hand: answered as turn detection is set, refused when they make no sense."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from kiosk.emulator.scenario.scenario import Scenario
from tests.unit.emulator.emulating import PLACES, Wire, connected, emulating, silence, spoken


async def talk(wire: Wire, pcm: bytes, turn_id: str = "turn_1") -> None:
    """Send a whole turn."""
    await wire.send("input_audio.turn.start", turn_id=turn_id)
    audio = base64.b64encode(pcm).decode()
    await wire.send("input_audio.turn.append", turn_id=turn_id, audio=audio)
    await wire.send("input_audio.turn.end", turn_id=turn_id)


@pytest.mark.parametrize(
    ("detection", "answered"),
    [
        ({"type": "server_vad"}, True),
        ({"type": "server_vad", "create_response": False}, False),
        (None, False),
    ],
)
async def test_a_turn_is_answered_as_turn_detection_says(
    detection: dict[str, Any] | None, answered: bool
) -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(turn_detection=detection, tools=[PLACES])
        await talk(wire, await spoken("Where are the toilets?"))
        await wire.until("input_audio_buffer.committed")
        if not answered:
            await wire.send("response.create")
        done = (await wire.until("response.done"))["response"]
        assert done["output"][0]["arguments"] == '{"place": "toilets"}'
    kinds = wire.kinds()
    assert kinds.count("response.created") == 1
    assert not any("speech_" in kind for kind in kinds)


async def test_pressing_the_button_interrupts() -> None:
    slow = Scenario(generation_speed=0.2)
    async with emulating(slow) as emulator, connected(emulator) as wire:
        await wire.update(turn_detection={"type": "server_vad"})
        await wire.type("Hello.")
        await wire.send("response.create")
        await wire.until("response.created")
        await wire.send("input_audio.turn.start", turn_id="turn_1")
        done = (await wire.until("response.done"))["response"]
        assert done["status_details"] == {"type": "cancelled", "reason": "turn_detected"}


@pytest.mark.parametrize(
    ("before", "kind", "fields", "code"),
    [
        ([], "append", {"audio": ""}, "input_audio_turn_not_found"),
        ([], "end", {}, "input_audio_turn_not_found"),
        ([], "cancel", {}, "input_audio_turn_not_found"),
        (["turn_1"], "start", {}, "input_audio_turn_already_active"),
        (["other"], "append", {"audio": ""}, "input_audio_turn_not_found"),
        (["turn_1"], "append", {"audio": "?"}, "invalid_value"),
        (["turn_1"], "end", {}, "input_audio_buffer_commit_empty"),
        ([], "start", {"turn_id": ""}, "invalid_value"),
        ([], "start", {"turn_id": "x" * 513}, "invalid_value"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    before: list[str], kind: str, fields: dict[str, Any], code: str
) -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        for turn_id in before:
            await wire.send("input_audio.turn.start", turn_id=turn_id)
        event = {"turn_id": "turn_1", "event_id": "mine", **fields}
        await wire.send(f"input_audio.turn.{kind}", **event)
        error = await wire.error()
        assert (error["code"], error["event_id"]) == (code, "mine")


async def test_turns_follow_one_another() -> None:
    """After an end, a cancel and a clear the next turn may begin, under the same id even."""
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(turn_detection=None)
        await talk(wire, silence(500))
        await wire.until("input_audio_buffer.committed")
        await wire.send("input_audio.turn.start", turn_id="turn_1")
        await wire.send("input_audio.turn.cancel", turn_id="turn_1")
        await wire.until("input_audio_buffer.cleared")
        await wire.send("input_audio.turn.start", turn_id="turn_1")
        await wire.send("input_audio.clear")
        await wire.until("input_audio_buffer.cleared")
        await talk(wire, silence(500))
        await wire.until("input_audio_buffer.committed")
    assert "error" not in wire.kinds()
