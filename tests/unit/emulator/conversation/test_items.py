"""Items keep their order, forget the oldest at the limit, and are cut to what was heard."""

from __future__ import annotations

from typing import Any

import pytest
from azure.ai.voicelive import models as sdk

from kiosk.emulator.conversation.items import ROOT, Conversation, Item, Part, item_from_client
from kiosk.emulator.wire.codec import WireError


def message(item_id: str, text: str = "hello") -> Item:
    return Item(id=item_id, kind="message", parts=[Part(kind="input_text", text=text)])


def spoken() -> Item:
    words = [(300, "The "), (600, "cafe "), (1000, "is "), (1400, "upstairs.")]
    part = Part(kind="audio", text="The cafe is upstairs.", audio_ms=1500, words=words)
    return Item(id="said", kind="message", role="assistant", parts=[part])


def test_items_are_added_behind_each_other() -> None:
    conversation = Conversation(10)
    assert conversation.add(message("a")) is None
    assert conversation.add(message("b")) == "a"
    assert conversation.add(message("c"), after="a") == "a"
    assert conversation.add(message("d"), after=ROOT) is None
    assert [item.id for item in conversation.items()] == ["d", "a", "c", "b"]


def test_an_id_is_used_once() -> None:
    conversation = Conversation(10)
    conversation.add(message("a"))
    with pytest.raises(WireError) as caught:
        conversation.add(message("a"))
    assert caught.value.param == "item.id"


def test_an_unknown_predecessor_is_named() -> None:
    conversation = Conversation(10)
    conversation.add(message("a"))
    with pytest.raises(WireError) as caught:
        conversation.add(message("b"), after="nobody")
    assert caught.value.param == "previous_item_id"
    assert len(conversation) == 1


def test_the_oldest_is_forgotten_at_the_limit() -> None:
    conversation = Conversation(2)
    for name in "abc":
        conversation.add(message(name))
    assert [item.id for item in conversation.items()] == ["b", "c"]
    assert conversation.forgotten == 1


def test_items_are_found_and_removed() -> None:
    conversation = Conversation(10)
    conversation.add(message("a"))
    assert conversation.get("a").text == "hello"
    conversation.remove("a")
    assert conversation.find("a") is None
    with pytest.raises(WireError, match="does not exist"):
        conversation.remove("a")


def test_truncation_keeps_the_words_that_were_heard() -> None:
    conversation = Conversation(10)
    conversation.add(spoken())
    conversation.truncate("said", 0, 700)
    part = conversation.get("said").parts[0]
    assert part.text == "The cafe"
    assert part.audio_ms == 700


@pytest.mark.parametrize(
    ("item_id", "index", "end", "param"),
    [
        ("nobody", 0, 1, "item_id"),
        ("asked", 0, 1, "item_id"),
        ("said", 1, 1, "content_index"),
        ("said", -1, 1, "content_index"),
        ("said", 0, 1501, "audio_end_ms"),
        ("said", 0, -1, "audio_end_ms"),
    ],
)
def test_truncation_names_what_is_wrong(item_id: str, index: int, end: int, param: str) -> None:
    conversation = Conversation(10)
    conversation.add(message("asked"))
    conversation.add(spoken())
    with pytest.raises(WireError) as caught:
        conversation.truncate(item_id, index, end)
    assert caught.value.param == param
    assert conversation.get("said").text == "The cafe is upstairs."


def test_an_output_needs_its_call() -> None:
    conversation = Conversation(10)
    conversation.add(Item(id="c", kind="function_call", name="f", call_id="call_1"))
    conversation.check_call("call_1")
    with pytest.raises(WireError) as caught:
        conversation.check_call("call_2")
    assert caught.value.code == "invalid_tool_call_id"


def test_items_look_on_the_wire_as_the_models_say() -> None:
    assert spoken().as_model().as_dict() == {
        "id": "said",
        "object": "realtime.item",
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [{"type": "audio", "transcript": "The cafe is upstairs."}],
    }
    call = Item(id="c", kind="function_call", name="f", call_id="k", arguments="{}")
    assert call.as_model().as_dict()["arguments"] == "{}"
    heard = Item(id="u", kind="message", parts=[Part(kind="input_audio")])
    assert heard.as_model().as_dict()["content"] == [
        {"type": "input_audio", "audio": None, "transcript": None}
    ]


def client(**fields: Any) -> Item:
    return item_from_client(fields, maximum_text=100)


def test_client_items_of_every_kind() -> None:
    text = [{"type": "input_text", "text": "hi"}]
    assert client(type="message", role="user", content=text).text == "hi"
    assert client(type="message", role="system", content=text).role == "system"
    said = [{"type": "text", "text": "yes"}]
    assert client(type="message", role="assistant", content=said).text == "yes"
    call = client(type="function_call", name="f", call_id="k", arguments="{}")
    assert (call.name, call.call_id) == ("f", "k")
    assert client(type="function_call_output", call_id="k", output="x").output == "x"
    heard = [{"type": "input_audio", "audio": "", "transcript": "words"}]
    assert client(type="message", role="user", content=heard).text == "words"


def test_client_items_get_an_id() -> None:
    one = client(type="message", role="user", content=[])
    assert one.id.startswith("item_")
    assert client(id="mine", type="message", role="user", content=[]).id == "mine"


@pytest.mark.parametrize(
    ("role", "kind"), [("user", "text"), ("system", "input_audio"), ("assistant", "input_text")]
)
def test_a_role_says_only_its_own_parts(role: str, kind: str) -> None:
    part = {"type": kind, "text": "x", "audio": ""}
    with pytest.raises(WireError) as caught:
        client(type="message", role=role, content=[part])
    assert caught.value.param == "item.content[0].type"


@pytest.mark.parametrize(
    ("item", "model"),
    [
        (
            Item(id="a", kind="mcp_list_tools", own={"server_label": "x", "tools": []}),
            sdk.ResponseMCPListToolItem,
        ),
        (
            Item(id="a", kind="mcp_call", name="f", own={"server_label": "x"}),
            sdk.ResponseMCPCallItem,
        ),
        (
            Item(id="a", kind="mcp_approval_request", own={"server_label": "x", "name": "f"}),
            sdk.ResponseMCPApprovalRequestItem,
        ),
        (
            Item(
                id="a",
                kind="mcp_approval_response",
                own={"approval_request_id": "r", "approve": True},
            ),
            sdk.ResponseMCPApprovalResponseItem,
        ),
        (Item(id="a", kind="web_search_call"), sdk.ResponseWebSearchCallItem),
        (
            Item(id="a", kind="file_search_call", own={"queries": ["q"]}),
            sdk.ResponseFileSearchCallItem,
        ),
        (Item(id="a", kind="function_call", name="f"), sdk.ResponseFunctionCallItem),
        (Item(id="a", kind="function_call_output"), sdk.ResponseFunctionCallOutputItem),
        (Item(id="a", kind="message", role="user"), sdk.ResponseMessageItem),
    ],
)
def test_every_kind_is_one_of_the_sdks_items(item: Item, model: type[sdk.ResponseItem]) -> None:
    shown = item.as_model().as_dict()
    event = {"type": "conversation.item.created", "previous_item_id": None, "item": shown}
    read = sdk.ServerEventConversationItemCreated(event).item
    assert type(read) is model
    known = {name for base in model.__mro__ for name in vars(base).get("__annotations__", ())}
    assert set(shown) <= known | {"status"}


def test_texts_and_ids_have_a_limit() -> None:
    with pytest.raises(WireError):
        client(type="function_call_output", call_id="k", output="x" * 101)
    with pytest.raises(WireError):
        client(id="x" * 65, type="message", role="user", content=[])
