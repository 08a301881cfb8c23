"""The client's hand on the conversation: items made, looked up and deleted by event."""

from __future__ import annotations

from typing import Any, Protocol

from azure.ai.voicelive import models as sdk

from kiosk.emulator.conversation.items import Conversation, Item, Part, item_from_client
from kiosk.emulator.mcp.desk import McpDesk
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.wire.codec import JSON, WireError, decode_base64
from kiosk.emulator.wire.handlers import Handlers


class ItemHost(Protocol):
    """What the desk needs of its session."""

    conversation: Conversation
    limits: Limits

    def emit(self, model: type[sdk.ServerEvent], **fields: Any) -> JSON:
        """Queue a server event."""
        ...


class Listener(Protocol):
    """Who hears the audio of an item."""

    def listen_to_item(self, item: Item, part: Part, audio: bytes) -> None:
        """Hear `audio`, in the session's input format; the words belong to `part`."""
        ...


class ItemDesk:
    """Carries out `conversation.item.*`, but for truncation, which the responses know about."""

    def __init__(self, host: ItemHost, listener: Listener, mcp: McpDesk) -> None:
        self._host = host
        self._mcp = mcp
        self._input = listener

    def handlers(self) -> Handlers:
        """Return what takes the events of the conversation's items."""
        return {
            "conversation.item.create": self._item_create,
            "conversation.item.retrieve": self._item_retrieve,
            "conversation.item.delete": self._item_delete,
            "mcp_approval_response": self._approve,
        }

    async def _item_create(self, message: JSON, event_id: str | None) -> None:
        data = message.get("item")
        if data is None:
            raise WireError(
                "missing_required_parameter", "Missing required parameter: 'item'.", "item"
            )
        item = item_from_client(data, maximum_text=self._host.limits.text_characters)
        if item.kind == "function_call_output":
            self._host.conversation.check_call(item.call_id)
        elif item.kind == "mcp_approval_response":
            self._mcp.check_approval(item.own["approval_request_id"])
        untold = [
            (
                part,
                decode_base64(
                    given["audio"],
                    f"item.content[{index}].audio",
                    limit=self._host.limits.append_bytes,
                ),
            )
            for index, (part, given) in enumerate(
                zip(item.parts, data.get("content", ()), strict=False)
            )
            if part.kind == "input_audio" and part.text is None
        ]
        self._add(item, message.get("previous_item_id"))
        for part, audio in untold:
            self._input.listen_to_item(item, part, audio)

    async def _approve(self, message: JSON, event_id: str | None) -> None:
        """Take the approval that the SDK also names as an event of its own, like its item."""
        item = item_from_client(message, maximum_text=self._host.limits.text_characters)
        self._mcp.check_approval(item.own["approval_request_id"])
        self._add(item, None)

    def _add(self, item: Item, after: str | None) -> None:
        previous = self._host.conversation.add(item, after)
        self._host.emit(
            sdk.ServerEventConversationItemCreated, previous_item_id=previous, item=item.as_model()
        )
        if item.kind == "mcp_approval_response":
            self._mcp.approve(item.own["approval_request_id"], approve=item.own["approve"])

    async def _item_retrieve(self, message: JSON, event_id: str | None) -> None:
        item = self._host.conversation.get(message["item_id"])
        self._host.emit(sdk.ServerEventConversationItemRetrieved, item=item.as_model())

    async def _item_delete(self, message: JSON, event_id: str | None) -> None:
        self._host.conversation.remove(message["item_id"])
        self._host.emit(sdk.ServerEventConversationItemDeleted, item_id=message["item_id"])
