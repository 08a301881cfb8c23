"""Streamed text goes where it is expected, in bounds, and nowhere else."""

from __future__ import annotations

import pytest

from kiosk.emulator.conversation.items import Conversation, Item, Part
from kiosk.emulator.responses.streamed import StreamedText
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.session.text_input import TextInput
from kiosk.emulator.wire.codec import JSON, WireError


class Session:
    """A conversation with one message of the user that is being typed, and one being spoken."""

    def __init__(self) -> None:
        self.conversation = Conversation(10)
        self.limits = Limits(text_characters=20)
        typed = Part(kind="input_text", text="")
        self.item = Item(id="typed", kind="message", status="incomplete", parts=[typed])
        self.conversation.add(self.item)
        ended = Part(kind="input_text", text="Hello")
        self.conversation.add(Item(id="ended", kind="message", parts=[ended]))
        self.stream = StreamedText("", maximum=20)

    def streamed(self, item_id: str) -> StreamedText | None:
        return self.stream if item_id == "spoken" else None


async def send(session: Session, kind: str, item_id: str, **fields: object) -> None:
    handlers = TextInput(session, session).handlers()
    message: JSON = {"type": f"input_text.{kind}", "id": item_id, **fields}
    await handlers[f"input_text.{kind}"](message, None)


async def test_a_users_message_grows_until_it_is_done() -> None:
    session = Session()
    await send(session, "delta", "typed", delta="Hello, ")
    await send(session, "delta", "typed", delta="you.", content_index=0)
    assert (session.item.text, session.item.status) == ("Hello, you.", "incomplete")
    await send(session, "done", "typed")
    assert session.item.status == "completed"
    with pytest.raises(WireError):
        await send(session, "delta", "typed", delta="More.")


async def test_a_message_being_spoken_gets_its_pieces() -> None:
    session = Session()
    await send(session, "delta", "spoken", delta="One ")
    await send(session, "delta", "spoken", delta="two.")
    await send(session, "done", "spoken")
    assert [piece async for piece in session.stream] == ["One ", "two."]
    with pytest.raises(WireError, match="No incomplete"):
        await send(session, "done", "spoken")


@pytest.mark.parametrize(
    ("item_id", "fields", "param"),
    [
        ("nowhere", {"delta": "x"}, "id"),
        ("ended", {"delta": "x"}, "id"),
        ("typed", {"delta": "x" * 21}, "delta"),
        ("spoken", {"delta": "x" * 21}, "delta"),
        ("typed", {"delta": "x", "content_index": 1}, "content_index"),
        ("typed", {"delta": "x", "content_index": -1}, "content_index"),
        ("spoken", {"delta": "x", "content_index": 1}, "content_index"),
    ],
)
async def test_what_does_not_fit_is_refused(
    item_id: str, fields: dict[str, object], param: str
) -> None:
    session = Session()
    with pytest.raises(WireError) as caught:
        await send(session, "delta", item_id, **fields)
    assert caught.value.param == param
    assert session.item.text == ""
