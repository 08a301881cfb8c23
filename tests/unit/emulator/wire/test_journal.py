"""The journal tells what happened and never what was said."""

from __future__ import annotations

import json

from kiosk.clock import SystemClock
from kiosk.emulator.wire.journal import Journal


def journal(maximum: int = 100) -> Journal:
    return Journal("sess_1", SystemClock(), maximum)


SECRET = "the visitor's own words"


def test_words_sdp_and_keys_never_enter() -> None:
    book = journal()
    book.received({"type": "session.avatar.connect", "client_sdp": SECRET, "event_id": SECRET})
    book.received({"type": SECRET, "item_id": SECRET})
    book.received({"type": "conversation.item.create", "item": {"id": SECRET, "content": SECRET}})
    book.received({"type": "response.create", "response": {"instructions": SECRET}})
    book.sent({"type": "response.text.delta", "delta": SECRET, "response_id": "resp_1"})
    book.sent({"type": "error", "error": {"code": SECRET, "message": SECRET, "event_id": SECRET}})
    book.sent({"type": "session.updated", "session": {"avatar": {"ice_servers": [SECRET]}}})
    text = json.dumps(book.as_json())
    assert SECRET not in text
    assert "unknown" in text
    assert "invalid" in text


def test_ids_codes_and_states_do() -> None:
    book = journal()
    book.received({"type": "response.cancel", "event_id": "mine"})
    book.sent(
        {
            "type": "error",
            "event_id": "event_1",
            "error": {"code": "response_cancel_not_active", "event_id": "mine"},
        }
    )
    book.sent(
        {
            "type": "response.done",
            "response": {
                "id": "resp_1",
                "object": "realtime.response",
                "status": "cancelled",
                "status_details": {"type": "cancelled", "reason": "turn_detected"},
            },
        }
    )
    first, second, third = book.as_json()["entries"]
    assert (first["direction"], first["type"], first["event_id"]) == (
        "in",
        "response.cancel",
        "mine",
    )
    assert (second["code"], second["caused_by"]) == ("response_cancel_not_active", "mine")
    assert (third["response_id"], third["status"], third["reason"]) == (
        "resp_1", "cancelled", "turn_detected",
    )  # fmt: skip


def test_a_stream_is_one_entry() -> None:
    book = journal()
    for _ in range(50):
        book.received({"type": "input_audio_buffer.append", "audio": "AAAA"})
    book.received({"type": "input_audio_buffer.commit"})
    entries = book.as_json()["entries"]
    assert [entry["type"] for entry in entries] == [
        "input_audio_buffer.append", "input_audio_buffer.commit",
    ]  # fmt: skip
    assert entries[0]["count"] == 50


def test_streams_of_different_responses_stay_apart() -> None:
    book = journal()
    for response in ("resp_1", "resp_1", "resp_2"):
        book.sent({"type": "response.audio.delta", "response_id": response, "event_id": "e"})
    assert [entry.get("count", 1) for entry in book.as_json()["entries"]] == [2, 1]


def test_the_oldest_is_forgotten_and_counted() -> None:
    book = journal(3)
    for _ in range(5):
        book.received({"type": "response.cancel"})
    assert book.as_json()["forgotten"] == 2
    assert len(book.as_json()["entries"]) == 3


def test_the_first_reason_for_the_end_stays() -> None:
    book = journal()
    assert book.as_json()["open"]
    book.closed(4001, "fault")
    book.closed(1000, "closed")
    shown = book.as_json()
    assert (shown["open"], shown["close_code"], shown["close_reason"]) == (False, 4001, "fault")


def test_a_fault_that_struck_is_on_record() -> None:
    book = journal()
    book.struck("fault_1", "response.create", "close")
    (entry,) = book.as_json()["entries"]
    assert entry.pop("at") >= 0
    assert entry == {
        "direction": "fault",
        "type": "close",
        "on": "response.create",
        "event_id": "fault_1",
    }
