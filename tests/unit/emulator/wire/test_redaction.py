"""A recording keeps shapes and lengths, and words only where they are wanted."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.emulator.wire.redaction import redacted

EVENT: dict[str, Any] = {
    "type": "session.updated",
    "event_id": "event_1",
    "session": {
        "id": "sess_1",
        "instructions": "You are Ada.",
        "modalities": ["text", "audio"],
        "expires_at": 1_000,
        "metadata": {"visitor": "Grace", "n": 1},
        "avatar": {
            "character": "lisa",
            "ice_servers": [{"urls": ["stun:1.2.3.4"], "username": "u", "credential": "secret"}],
        },
        "tools": [
            {
                "type": "mcp",
                "server_url": "https://a.example",
                "authorization": "Bearer x",
                "headers": {"Key": "y"},
            }
        ],
    },
}


def test_without_words() -> None:
    session = redacted(EVENT, words=False)["session"]
    assert session["id"] == "sess_1"
    assert session["instructions"] == {"redacted": 12}
    assert session["modalities"] == ["text", "audio"]
    assert session["expires_at"] == 1_000
    assert session["metadata"] == {"redacted": 2}
    assert session["avatar"]["character"] == "lisa"
    assert session["avatar"]["ice_servers"] == [
        {"urls": [{"redacted": 12}], "username": {"redacted": 1}, "credential": {"redacted": 6}}
    ]
    text = str(session)
    assert not any(word in text for word in ("Ada", "Grace", "secret", "Bearer", "1.2.3.4"))


def test_with_words_secrets_stay_out() -> None:
    session = redacted(EVENT, words=True)["session"]
    assert session["instructions"] == "You are Ada."
    assert session["metadata"] == {"visitor": "Grace", "n": 1}
    assert session["tools"][0]["authorization"] == {"redacted": 8}
    assert session["tools"][0]["headers"] == {"redacted": 1}
    assert session["avatar"]["ice_servers"][0]["credential"] == {"redacted": 6}


@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.audio.delta", "delta": "AAAA"},
        {"type": "conversation.item.create", "item": {"content": [{"text": "hello"}]}},
        {"type": "session.avatar.connect", "client_sdp": "v=0"},
        {"type": "response.create", "response": {"instructions": "secret plan"}},
        # A name that is no identifier may be anything.
        {"type": "not a type but words"},
        {"something_new": "words"},
    ],
)
def test_what_is_not_known_to_be_plain_is_left_out(event: dict[str, Any]) -> None:
    text = str(redacted(event, words=False))
    assert not any(word in text for word in ("AAAA", "hello", "v=0", "secret", "words"))
    assert "redacted" in text


def test_nothing_stays_nothing() -> None:
    assert redacted({"client_sdp": None}, words=True) == {"client_sdp": None}
