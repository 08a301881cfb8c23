"""Items made, looked up and deleted by event, and approvals in both of their forms."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from kiosk.emulator.scenario.limits import Limits
from tests.unit.emulator.emulating import QUICK, answer_text, connected, emulating, spoken
from tests.unit.emulator.mcping import declared, library

APPROVAL = {"type": "mcp_approval_response", "approve": True}


def message(role: str, kind: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}], **more}


async def test_an_item_keeps_its_place_status_and_id() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        first = message("system", "input_text", "Be kind.", id="first")
        await wire.send("conversation.item.create", item=first)
        await wire.until("conversation.item.created")
        second = message("user", "input_text", "Hel", id="second", status="incomplete")
        await wire.send("conversation.item.create", item=second, previous_item_id="root")
        made = await wire.until("conversation.item.created")
        assert made["previous_item_id"] is None
        assert (made["item"]["id"], made["item"]["status"]) == ("second", "incomplete")
        await wire.send("conversation.item.retrieve", item_id="second")
        assert (await wire.until("conversation.item.retrieved"))["item"] == made["item"]
        await wire.send("conversation.item.delete", item_id="first")
        assert (await wire.until("conversation.item.deleted"))["item_id"] == "first"


@pytest.mark.parametrize(
    ("event", "code", "param"),
    [
        ({"item": message("user", "text", "x")}, "invalid_value", "item.content[0].type"),
        (
            {"item": message("assistant", "input_text", "x")},
            "invalid_value",
            "item.content[0].type",
        ),
        ({"item": message("user", "input_text", "x" * 101)}, "invalid_value", "item"),
        ({"item": message("user", "input_text", "x", id="y" * 65)}, "invalid_value", "item.id"),
        (
            {"item": message("user", "input_text", "x"), "previous_item_id": "gone"},
            "item_not_found",
            "previous_item_id",
        ),
        (
            {"item": {"type": "function_call_output", "call_id": "x", "output": ""}},
            "invalid_tool_call_id",
            "item.call_id",
        ),
        (
            {
                "item": {
                    "type": "mcp_approval_response",
                    "approval_request_id": "x",
                    "approve": True,
                }
            },
            "invalid_approval_request_id",
            "item.approval_request_id",
        ),
        ({"item": {"type": "mcp_call"}}, "invalid_value", "item.type"),
    ],
)
async def test_an_item_that_cannot_be_is_not_made(
    event: dict[str, Any], code: str, param: str
) -> None:
    limits = Limits(text_characters=100)
    async with emulating(limits=limits) as emulator, connected(emulator) as wire:
        await wire.send("conversation.item.create", event_id="e1", **event)
        error = await wire.error()
        assert (error["code"], error["param"], error["event_id"]) == (code, param, "e1")
        assert "conversation.item.created" not in wire.kinds()


async def test_images_and_other_names_come_back_as_the_service_sends_them() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        image = {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}
        picture = {"type": "message", "role": "user", "content": [image]}
        await wire.send("conversation.item.create", item=picture)
        shown = (await wire.until("conversation.item.created"))["item"]["content"]
        assert shown == [{"type": "input_image", "image_url": None, "detail": "auto"}]
        told = message("assistant", "output_text", "Hello.")
        await wire.send("conversation.item.create", item=told)
        shown = (await wire.until("conversation.item.created"))["item"]["content"]
        assert shown == [{"type": "text", "text": "Hello."}]
        await wire.send(
            "conversation.item.create",
            item={"type": "function_call", "name": "f", "call_id": "c", "arguments": "{}"},
        )
        await wire.send(
            "conversation.item.create",
            item={"type": "function_call_output", "call_id": "c", "output": "42"},
        )
        await wire.until("conversation.item.created")
        assert "status" not in (await wire.until("conversation.item.created"))["item"]


async def test_audio_in_an_item_is_heard() -> None:
    async with emulating(QUICK) as emulator, connected(emulator) as wire:
        audio = base64.b64encode(await spoken("Hello")).decode()
        content = [{"type": "input_audio", "audio": audio}]
        item = {"type": "message", "role": "user", "content": content}
        await wire.send("conversation.item.create", item=item)
        made = await wire.until("conversation.item.created")
        assert made["item"]["content"][0]["audio"] is None
        await wire.send("response.create")
        done = (await wire.until("response.done"))["response"]
        assert "How can I help you?" in answer_text(done)


@pytest.mark.parametrize("form", ["item", "event"])
async def test_an_approval_has_two_forms(form: str) -> None:
    async with library() as shelf, emulating() as emulator, connected(emulator) as wire:
        await wire.update(tools=[declared(shelf)])
        await wire.until("mcp_list_tools.completed")
        await wire.ask("Reserve a seat in the reading room.")
        asked = (await wire.until("conversation.item.created"))["item"]
        assert asked["type"] == "mcp_approval_request"
        answer = {"approval_request_id": asked["id"], "approve": True}
        if form == "item":
            item = {**APPROVAL, "id": "yes", **answer}
            await wire.send("conversation.item.create", item=item)
        else:
            await wire.send("mcp_approval_response", id="yes", **answer)
        made = await wire.until("conversation.item.created")
        assert made["item"] == {
            "id": "yes",
            "object": "realtime.item",
            "type": "mcp_approval_response",
            **answer,
        }
        await wire.until("response.mcp_call.completed")
        assert [name for name, _ in shelf.calls] == ["reserve_seat"]
        await wire.until("response.output_item.done")
