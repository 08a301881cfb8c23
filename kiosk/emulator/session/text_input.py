"""Text that the client streams: into the message being spoken, or into a message of the user."""

from __future__ import annotations

from typing import Protocol

from kiosk.emulator.conversation.items import Conversation, Part
from kiosk.emulator.responses.streamed import StreamedText
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.wire.codec import INVALID_VALUE, JSON, WireError, short
from kiosk.emulator.wire.handlers import Handlers


class TextHost(Protocol):
    """What streamed text needs of its session."""

    conversation: Conversation
    limits: Limits


class Streams(Protocol):
    """Who knows the incomplete message being spoken."""

    def streamed(self, item_id: str) -> StreamedText | None:
        """Return the text of the incomplete message with this id, if it is being spoken."""
        ...


class TextInput:
    """Carries out `input_text.delta` and `input_text.done`; neither is answered when it fits.

    The service was seen to refuse an unknown id with "No incomplete pre_generated_assistant_message
    found", so the text goes on with the `pre_generated_assistant_message` of a response. The API
    reference calls it "streamed user-text input" into an item, so a user's message created with
    status "incomplete" takes it too. That the status is what makes a message incomplete, and that
    `done` begins no response, is unsure.
    """

    def __init__(self, host: TextHost, streams: Streams) -> None:
        self._host = host
        self._streams = streams

    def handlers(self) -> Handlers:
        """Return what takes the events of streamed text."""
        return {"input_text.delta": self._delta, "input_text.done": self._done}

    async def _delta(self, message: JSON, event_id: str | None) -> None:
        target = self._target(message)
        if isinstance(target, StreamedText):
            target.append(message["delta"])
            return
        text = (target.text or "") + message["delta"]
        if len(text) > self._host.limits.text_characters:
            raise WireError(INVALID_VALUE, "The message's text is too long.", "delta")
        target.text = text

    async def _done(self, message: JSON, event_id: str | None) -> None:
        target = self._target(message)
        if isinstance(target, StreamedText):
            target.done()
        else:
            self._host.conversation.get(message["id"], "id").status = "completed"

    def _target(self, message: JSON) -> StreamedText | Part:
        item_id, index = message["id"], message.get("content_index") or 0
        stream = self._streams.streamed(item_id)
        if stream is not None and not stream.complete:
            if index != 0:
                raise _no_part(index)
            return stream
        item = self._host.conversation.find(item_id)
        if item is None or item.role != "user" or item.status != "incomplete":
            raise WireError(
                INVALID_VALUE,
                "No incomplete pre_generated_assistant_message found with id "
                f"'{short(item_id)}', and no incomplete message of the user.",
                "id",
            )
        if not 0 <= index < len(item.parts) or item.parts[index].kind != "input_text":
            raise _no_part(index)
        return item.parts[index]


def _no_part(index: int) -> WireError:
    return WireError(
        INVALID_VALUE, f"The message has no text content at index {index}.", "content_index"
    )
