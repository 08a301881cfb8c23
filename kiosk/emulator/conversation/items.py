"""The conversation: its items in order, what they say on the wire and to the mind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal

from azure.ai.voicelive import models as sdk

from kiosk.clock import new_id
from kiosk.emulator.wire.codec import INVALID_VALUE, WireError, short

ItemKind = Literal[
    "message",
    "function_call",
    "function_call_output",
    "mcp_list_tools",
    "mcp_call",
    "mcp_approval_request",
    "mcp_approval_response",
    "web_search_call",
    "file_search_call",
]
Role = Literal["system", "user", "assistant"]
Status = Literal["in_progress", "completed", "incomplete"]
PartKind = Literal["input_text", "input_audio", "input_image", "text", "audio"]

# Codes unsure: the Realtime protocol's names for these refusals are not documented for Voice Live.
ITEM_NOT_FOUND = "item_not_found"
ITEM_EXISTS = "item_already_exists"
TRUNCATE_INVALID = "item_truncate_invalid"
UNKNOWN_CALL = "invalid_tool_call_id"
UNKNOWN_APPROVAL = "invalid_approval_request_id"

_MAXIMUM_ID = 64
ROOT = "root"
"""`previous_item_id` that inserts before everything (Realtime protocol)."""


@dataclass(slots=True)
class Part:
    """One content part. `text` is the text, or the transcript of audio (None: not known).

    Of an image only the detail is kept.
    """

    kind: PartKind
    text: str | None = None
    audio_ms: int = 0
    words: list[tuple[int, str]] = field(default_factory=list)
    """Spoken parts only: (end in milliseconds, word with the space after it) in order."""
    detail: str = "auto"
    heard: asyncio.Future[str] | None = None
    """Resolves to the words of audio that is still being transcribed ("" when that failed)."""

    def as_model(self) -> sdk.ContentPart:
        """Return the part as the service sends it; audio itself is never sent back."""
        if self.kind == "input_text":
            return sdk.RequestTextContentPart(text=self.text or "")
        if self.kind == "input_audio":
            return sdk.ContentPart({"type": "input_audio", "audio": None, "transcript": self.text})
        if self.kind == "input_image":
            # As the service was recorded to: without the picture.
            return sdk.ContentPart(
                {"type": "input_image", "image_url": None, "detail": self.detail}
            )
        if self.kind == "audio":
            return sdk.ResponseAudioContentPart(transcript=self.text or "")
        return sdk.ResponseTextContentPart(text=self.text or "")

    def truncate(self, audio_end_ms: int) -> None:
        """Keep the words that had ended by `audio_end_ms`; nobody heard the rest."""
        self.words = [word for word in self.words if word[0] <= audio_end_ms]
        self.text = "".join(word for _, word in self.words).rstrip()
        self.audio_ms = min(self.audio_ms, audio_end_ms)


@dataclass(slots=True)
class Item:
    """One conversation item of any kind; unused fields keep their defaults.

    `output` and `error` of an `mcp_call` are None until it has ended. `own` holds the fields that
    only one kind has, as the SDK's model of that kind names them.
    """

    id: str
    kind: ItemKind
    status: Status = "completed"
    role: Role = "user"
    parts: list[Part] = field(default_factory=list)
    name: str = ""
    call_id: str = ""
    arguments: str = ""
    output: str | None = None
    error: dict[str, str] | None = None
    own: dict[str, Any] = field(default_factory=dict)
    returned_after: str | None = None
    """Of a call made here: the last item when its result came, which is where it is known."""

    @property
    def text(self) -> str:
        """All that the item's parts say, joined."""
        return " ".join(part.text for part in self.parts if part.text)

    def as_model(self) -> sdk.ResponseItem:
        """Return the item as `conversation.item.created` and its like carry it."""
        base: dict[str, Any] = {"id": self.id, "object": "realtime.item", "type": self.kind}
        if self.kind == "message":
            content = [part.as_model().as_dict() for part in self.parts]
            fields: dict[str, Any] = {"role": self.role, "content": content}
        elif self.kind == "function_call":
            fields = {"name": self.name, "call_id": self.call_id, "arguments": self.arguments}
        elif self.kind == "function_call_output":
            # Without a status, as the service was recorded to send it.
            return sdk.ResponseItem({**base, "call_id": self.call_id, "output": self.output or ""})
        elif self.kind == "mcp_call":
            called = {"name": self.name, "arguments": self.arguments}
            ended = {"output": self.output, "error": self.error}
            return sdk.ResponseItem({**base, **called, **ended, **self.own})
        elif self.kind in ("web_search_call", "file_search_call"):
            fields = self.own
        else:
            # The SDK's models of the other items of MCP have no status.
            return sdk.ResponseItem({**base, **self.own})
        return sdk.ResponseItem({**base, "status": self.status, **fields})


class Conversation:
    """The items of one session in order, at most `maximum`: the oldest is forgotten first."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._items: dict[str, Item] = {}
        self.forgotten = 0

    def __len__(self) -> int:
        return len(self._items)

    def items(self) -> list[Item]:
        """Return the items, oldest first."""
        return list(self._items.values())

    @property
    def last_id(self) -> str | None:
        """Id of the last item, None while there is none."""
        return next(reversed(self._items), None)

    def get(self, item_id: str, param: str = "item_id") -> Item:
        """Return an item, or raise WireError naming `param`."""
        item = self._items.get(item_id)
        if item is None:
            raise WireError(
                ITEM_NOT_FOUND, f"The item with id '{short(item_id)}' does not exist.", param
            )
        return item

    def find(self, item_id: str) -> Item | None:
        """Return an item, or None."""
        return self._items.get(item_id)

    def check_new(self, item_id: str) -> None:
        """Raise WireError if there is an item with this id, or the id is too long."""
        _check_id(item_id)
        if item_id in self._items:
            raise WireError(
                ITEM_EXISTS, f"An item with id '{short(item_id)}' already exists.", "item.id"
            )

    def add(self, item: Item, after: str | None = None) -> str | None:
        """Insert an item behind `after` (None: at the end) and return the id it follows, if any."""
        self.check_new(item.id)
        if after is None or after == self.last_id:
            previous = self.last_id
            self._items[item.id] = item
        else:
            order = list(self._items.values())
            place = 0 if after == ROOT else order.index(self.get(after, "previous_item_id")) + 1
            order.insert(place, item)
            previous = order[place - 1].id if place else None
            self._items = {entry.id: entry for entry in order}
        while len(self._items) > self._maximum:
            self._items.pop(next(iter(self._items)))
            self.forgotten += 1
        return previous

    def remove(self, item_id: str) -> None:
        """Delete an item, or raise WireError."""
        self.get(item_id)
        del self._items[item_id]

    def truncate(self, item_id: str, content_index: int, audio_end_ms: int) -> Item:
        """Cut an assistant's spoken part to what was heard, or raise WireError naming the field."""
        item = self.get(item_id)
        if item.kind != "message" or item.role != "assistant":
            raise WireError(
                TRUNCATE_INVALID, "Only an assistant's message can be truncated.", "item_id"
            )
        if not 0 <= content_index < len(item.parts) or item.parts[content_index].kind != "audio":
            raise WireError(
                TRUNCATE_INVALID,
                f"The item has no audio content at index {content_index}.",
                "content_index",
            )
        part = item.parts[content_index]
        if audio_end_ms < 0 or audio_end_ms > part.audio_ms:
            # Realtime protocol: audio cannot be cut to more than there is.
            raise WireError(
                INVALID_VALUE,
                f"Audio content of {part.audio_ms}ms is already shorter than {audio_end_ms}ms.",
                "audio_end_ms",
            )
        part.truncate(audio_end_ms)
        return item

    def check_call(self, call_id: str) -> None:
        """Raise WireError unless a function call with this id is in the conversation."""
        if not any(i.kind == "function_call" and i.call_id == call_id for i in self.items()):
            raise WireError(
                UNKNOWN_CALL,
                f"Tool call ID '{short(call_id)}' not found in conversation.",
                "item.call_id",
            )

    def pending(self) -> list[asyncio.Future[str]]:
        """Return what is still being transcribed."""
        parts = [part for item in self._items.values() for part in item.parts]
        return [part.heard for part in parts if part.heard is not None and not part.heard.done()]

    def approval_request(self, request_id: str) -> Item:
        """Return the request an approval answers, or raise WireError."""
        item = self._items.get(request_id)
        if item is None or item.kind != "mcp_approval_request":
            raise WireError(
                UNKNOWN_APPROVAL,
                f"Approval request ID '{short(request_id)}' not found in conversation.",
                "item.approval_request_id",
            )
        return item


def item_from_client(data: dict[str, Any], *, maximum_text: int) -> Item:
    """Return the item of a `conversation.item.create`, already checked against the SDK's models.

    Audio content keeps its transcript if it has one; `Part.text` is None otherwise.
    Raises WireError naming the field.
    """
    item_id = data.get("id") or new_id("item")
    _check_id(item_id)
    kind: ItemKind = data["type"]
    item = Item(id=item_id, kind=kind)
    if kind == "message":
        item.role = data["role"]
        item.status = data.get("status") or "completed"
        for index, part in enumerate(data["content"]):
            # A client's `output_text` was recorded to become `text`.
            part_kind: PartKind = "text" if part["type"] == "output_text" else part["type"]
            _check_part(item.role, part_kind, f"item.content[{index}].type")
            text = part.get("transcript" if part_kind == "input_audio" else "text")
            made = Part(kind=part_kind, text=text)
            made.detail = part.get("detail") or "auto"
            item.parts.append(made)
    elif kind == "function_call":
        item.name, item.call_id = data["name"], data["call_id"]
        item.arguments = data["arguments"]
    elif kind == "mcp_approval_response":
        item.own = {name: data[name] for name in ("approval_request_id", "approve")}
    else:
        item.call_id, item.output = data["call_id"], data["output"]
    longest = max([len(item.text), len(item.output or ""), len(item.arguments)])
    if longest > maximum_text:
        raise WireError(
            INVALID_VALUE, f"The item's text is longer than {maximum_text} characters.", "item"
        )
    return item


def _check_id(item_id: str) -> None:
    if len(item_id) > _MAXIMUM_ID:
        raise WireError(
            INVALID_VALUE, f"'item.id' has at most {_MAXIMUM_ID} characters.", "item.id"
        )


def _check_part(role: Role, kind: str, param: str) -> None:
    """Check that a role may say a kind of part (Realtime protocol: input_* to us, text from us)."""
    allowed = {
        "system": {"input_text"},
        "user": {"input_text", "input_audio", "input_image"},
        "assistant": {"text"},
    }[role]
    if kind not in allowed:
        names = ", ".join(f"'{name}'" for name in sorted(allowed))
        raise WireError(
            INVALID_VALUE,
            f"Invalid value: '{kind}'. A {role} message takes {names}.",
            param,
        )
