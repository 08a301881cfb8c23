"""A session takes every client event, refuses what it must by name, and never breaks."""

from __future__ import annotations

import base64
from typing import Any

import aiohttp
import pytest

from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.scenario.scenario import Scenario
from tests.unit.emulator.emulating import QUICK, Wire, connected, emulating


async def test_the_first_event_is_the_session() -> None:
    async with emulating() as emulator, connected(emulator, model="gpt-4o") as wire:
        session = wire.seen[0]["session"]
        assert wire.kinds() == ["session.created"]
        assert session["id"].startswith("sess_")
        assert session["model"] == "gpt-4o"
        assert session["avatar"] is None


async def test_an_agents_session_has_no_instructions() -> None:
    query = {"agent-name": "guide", "agent-project-name": "museum"}
    async with emulating() as emulator, connected(emulator, **query) as wire:
        assert wire.seen[0]["session"]["agent"]["name"] == "guide"
        await wire.send("session.update", session={"instructions": "Mine."})
        assert (await wire.error())["code"] == "instructions_configuration_not_supported"


async def test_updates_are_echoed_whole() -> None:
    voice = {"type": "azure-standard", "name": "en-US-AndrewNeural"}
    async with emulating() as emulator, connected(emulator) as wire:
        session = await wire.update(voice=voice, avatar={"character": "lisa"})
        assert {name: x for name, x in session["voice"].items() if x is not None} == voice
        assert session["modalities"] == ["audio", "avatar"]
        (server,) = session["avatar"]["ice_servers"]
        assert server["urls"][0].startswith("stun:127.0.0.1:")
        assert server["username"]
        assert server["credential"]


async def test_what_has_no_effect_is_warned_of_once() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        for _ in range(2):
            await wire.update(input_audio_noise_reduction={"type": "near_field"})
        await wire.ask("Hello")
        warnings = [event["warning"] for event in wire.seen if event["type"] == "warning"]
        assert [warning["param"] for warning in warnings] == ["session.input_audio_noise_reduction"]


async def test_items_are_made_shown_and_deleted() -> None:
    content = [{"type": "input_text", "text": "Hello"}]
    item = {"id": "mine", "type": "message", "role": "user", "content": content}
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.send("conversation.item.create", item=item)
        created = await wire.until("conversation.item.created")
        assert created["previous_item_id"] is None
        assert created["item"]["status"] == "completed"
        await wire.send("conversation.item.retrieve", item_id="mine")
        shown = await wire.until("conversation.item.retrieved")
        assert shown["item"] == created["item"]
        await wire.send("conversation.item.delete", item_id="mine")
        assert (await wire.until("conversation.item.deleted"))["item_id"] == "mine"
        await wire.send("conversation.item.delete", item_id="mine", event_id="again")
        error = await wire.error()
        assert (error["code"], error["event_id"]) == ("item_not_found", "again")


@pytest.mark.parametrize(
    ("event", "code", "param"),
    [
        ({"type": "conversation.item.create"}, "missing_required_parameter", "item"),
        (
            {
                "type": "conversation.item.create",
                "item": {
                    "type": "mcp_approval_response",
                    "approval_request_id": "x",
                    "approve": True,
                },
            },
            "invalid_approval_request_id",
            "item.approval_request_id",
        ),
        (
            {
                "type": "conversation.item.create",
                "item": {"type": "function_call_output", "call_id": "x", "output": ""},
            },
            "invalid_tool_call_id",
            "item.call_id",
        ),
        (
            {
                "type": "conversation.item.create",
                "item": {
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_audio", "audio": "?"}],
                },
            },
            "invalid_value",
            "item.content[0].audio",
        ),
        ({"type": "input_audio_buffer.append", "audio": "%%%"}, "invalid_value", "audio"),
        ({"type": "input_text.delta", "id": "x", "delta": "y"}, "invalid_value", "id"),
        (
            {"type": "response.create", "response": {"tool_choice": "fly"}},
            "invalid_value",
            "tool_choice",
        ),
    ],
)
async def test_refusals_leave_the_session_as_it_was(
    event: dict[str, Any], code: str, param: str
) -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.socket.send_json({**event, "event_id": "e1"})
        error = await wire.error()
        assert (error["code"], error["param"], error["event_id"]) == (code, param, "e1")
        assert (await wire.ask("Hello"))["status"] == "completed"


async def test_frames_that_are_no_json_objects() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.socket.send_str("{")
        assert (await wire.error())["code"] == "invalid_json"
        await wire.socket.send_str("[1]")
        assert (await wire.error())["code"] == "invalid_type"
        await wire.socket.send_bytes(b"\0\1")
        assert "Binary" in (await wire.error())["message"]
        assert (await wire.ask("Hello"))["status"] == "completed"


async def test_too_large_a_frame_ends_the_connection_and_nothing_else() -> None:
    async with (
        emulating(QUICK, Limits(message_bytes=1_000)) as emulator,
        connected(emulator) as one,
        connected(emulator) as other,
    ):
        await one.socket.send_str("x" * 2_000)
        message = await one.socket.receive(timeout=10)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == 1009
        assert (await other.ask("Hello"))["status"] == "completed"


async def test_an_append_has_its_documented_limit() -> None:
    limits = Limits(append_bytes=100)
    async with emulating(QUICK, limits) as emulator, connected(emulator) as wire:
        audio = base64.b64encode(bytes(102)).decode()
        await wire.send("input_audio_buffer.append", audio=audio)
        assert "longer than 100 bytes" in (await wire.error())["message"]


async def test_a_session_ends_when_its_time_is_over() -> None:
    async with emulating(QUICK, Limits(session_seconds=0.2)) as emulator:
        async with connected(emulator) as wire:
            assert (await wire.error())["code"] == "session_expired"
            message = await wire.socket.receive(timeout=10)
            assert message.type is aiohttp.WSMsgType.CLOSE
        assert emulator.journal()[0]["close_reason"] == "session expired"


def broken(**fault: Any) -> Scenario:
    return Scenario.model_validate(
        {"generation_speed": 1000, "faults": [{"on": "response.create", **fault}]}
    )


async def greet(wire: Wire) -> None:
    await wire.send("response.create", event_id="r1")


async def test_a_fault_answers_with_an_error() -> None:
    scenario = broken(do="error", code="rate_limit_exceeded", message="Retry after 7.0s.")
    async with emulating(scenario) as emulator, connected(emulator) as wire:
        await greet(wire)
        error = await wire.error()
        assert error["code"] == "rate_limit_exceeded"
        assert error["message"] == "Retry after 7.0s."
        assert error["event_id"] == "r1"
        await greet(wire)
        assert (await wire.until("response.done"))["response"]["status"] == "completed"


async def test_a_fault_closes() -> None:
    async with emulating(broken(do="close", close_code=4001)) as emulator:
        async with connected(emulator) as wire:
            await greet(wire)
            message = await wire.socket.receive(timeout=10)
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 4001)
        assert emulator.journal()[0]["close_code"] == 4001


async def test_a_fault_cuts() -> None:
    async with emulating(broken(do="abort")) as emulator, connected(emulator) as wire:
        await greet(wire)
        message = await wire.socket.receive(timeout=10)
        assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        assert wire.socket.close_code == 1006


async def test_a_fault_swallows_or_delays() -> None:
    async with emulating(broken(do="drop")) as emulator, connected(emulator) as wire:
        await greet(wire)
        await greet(wire)
        await wire.until("response.done")
        assert wire.kinds().count("response.created") == 1
    async with emulating(broken(do="delay", delay_ms=120)) as emulator:
        async with connected(emulator) as wire:
            await greet(wire)
            await wire.until("response.done")
        entries = emulator.journal()[0]["entries"]
        asked = next(e["at"] for e in entries if e["type"] == "response.create")
        begun = next(e["at"] for e in entries if e["type"] == "response.created")
        assert begun - asked >= 0.12
