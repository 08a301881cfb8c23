"""A response's items: announced, placed, closed, and kept unless it is out of band."""

from __future__ import annotations

from kiosk.emulator.conversation.items import Item
from tests.unit.emulator.responses.responding import Session, output


def test_items_are_announced_in_the_response_and_in_the_conversation() -> None:
    session = Session()
    made = output(session)
    first = Item(id="a", kind="message", role="assistant", status="in_progress")
    second = Item(id="b", kind="function_call", status="in_progress")
    made.add(first)
    made.add(second)
    made.close(first, "incomplete")
    assert session.kinds() == [
        "output_item.added",
        "conversation.item.created",
        "output_item.added",
        "conversation.item.created",
        "output_item.done",
    ]
    assert session.sent[3]["previous_item_id"] == "a"
    assert made.place(second) == {"response_id": "resp_1", "item_id": "b", "output_index": 1}
    assert (session.sent[-1]["output_index"], session.sent[-1]["item"]["status"]) == (
        0,
        "incomplete",
    )
    assert [item.id for item in session.conversation.items()] == ["a", "b"]


def test_out_of_band_nothing_is_kept() -> None:
    session = Session()
    output(session, commit=False).add(Item(id="a", kind="message", role="assistant"))
    assert session.kinds() == ["output_item.added"]
    assert session.conversation.items() == []
