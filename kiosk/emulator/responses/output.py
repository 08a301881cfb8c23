"""The output of one response: its items, announced and closed in the protocol's order."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from azure.ai.voicelive import models as sdk

from kiosk.clock import Clock
from kiosk.emulator.config.family import REALTIME, Family
from kiosk.emulator.conversation.items import Conversation, Item
from kiosk.emulator.responses.timing import Extras
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.parts import Speech, Voice
from kiosk.emulator.wire.codec import JSON


class OutputHost(Protocol):
    """What the makers of a response's output need of its session."""

    conversation: Conversation
    clock: Clock
    scenario: Scenario
    voice: Voice

    def emit(self, model: type[sdk.ServerEvent], **fields: Any) -> JSON:
        """Queue a server event."""
        ...

    def play(self, speech: Speech, response_id: str) -> bool:
        """Give speech to the avatar; return whether its audio must also go over the WebSocket."""
        ...

    def speech_extras(self) -> Extras:
        """Return what the session wants beside the audio."""
        ...


class ResponseOutput:
    """The items of one response. `commit` says whether they also join the conversation."""

    def __init__(
        self, host: OutputHost, response_id: str, *, commit: bool, family: Family = REALTIME
    ) -> None:
        self.response_id = response_id
        self.family = family
        self.items: list[Item] = []
        self._host = host
        self._commit = commit

    def add(self, item: Item) -> None:
        """Announce a new item."""
        self.items.append(item)
        self._host.emit(
            sdk.ServerEventResponseOutputItemAdded,
            response_id=self.response_id,
            output_index=len(self.items) - 1,
            item=self._begun(item),
        )
        if self._commit:
            previous = self._host.conversation.add(item)
            self._host.emit(
                sdk.ServerEventConversationItemCreated,
                previous_item_id=previous,
                item=self._begun(item),
            )

    def _begun(self, item: Item) -> sdk.ResponseItem:
        """Return a new item as it is told: a message's status is the family's own."""
        model = item.as_model()
        if item.kind == "message" and item.status == "in_progress":
            model["status"] = self.family.first_status
        return model

    def place(self, item: Item) -> JSON:
        """Return the fields that say which item of which response an event is about."""
        return {
            "response_id": self.response_id,
            "item_id": item.id,
            "output_index": self.items.index(item),
        }

    def close(self, item: Item, status: Literal["completed", "incomplete"]) -> None:
        """Send an item's last event."""
        item.status = status
        self._host.emit(
            sdk.ServerEventResponseOutputItemDone,
            response_id=self.response_id,
            output_index=self.items.index(item),
            item=item.as_model(),
        )
