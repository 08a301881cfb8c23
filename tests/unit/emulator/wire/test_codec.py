"""Events come from the SDK's models, errors name the client's event, bad text is refused kindly."""

from __future__ import annotations

import base64
import json

import pytest
from azure.ai.voicelive import models as sdk

from kiosk.emulator.wire.codec import (
    WireError,
    build,
    build_error,
    decode,
    decode_base64,
    decode_offer,
    encode_answer,
    short,
)


def test_an_event_has_its_type_and_a_fresh_id() -> None:
    one = build(sdk.ServerEventOutputAudioBufferCleared, {})
    two = build(sdk.ServerEventOutputAudioBufferCleared, {})
    assert one["type"] == "output_audio_buffer.cleared"
    assert one["event_id"] != two["event_id"]


def test_a_field_the_sdk_does_not_know_cannot_be_sent() -> None:
    with pytest.raises(TypeError):
        build(sdk.ServerEventResponseTextDelta, {"words": "x"})


def test_an_error_has_the_shape_of_the_service() -> None:
    event = build_error(WireError("invalid_value", "Say it so.", "session.voice"), "mine_1")
    assert event["type"] == "error"
    assert event["event_id"].startswith("event_")
    assert event["error"] == {
        "type": "invalid_request_error",
        "code": "invalid_value",
        "message": "Say it so.",
        "param": "session.voice",
        "event_id": "mine_1",
    }


def test_absent_parts_of_an_error_are_null() -> None:
    error = build_error(WireError("x", "y"), None)["error"]
    assert error["param"] is None
    assert error["event_id"] is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "invalid_json"),
        ("", "invalid_json"),
        ("[" * 100_000, "invalid_json"),
        ('{"type": NaN}', "invalid_json"),
        ('{"type": -Infinity}', "invalid_json"),
        ('{"type": 1e999}', "invalid_json"),
        ('{"type": ' + "9" * 5_000 + "}", "invalid_json"),
        ("[]", "invalid_type"),
        ("null", "invalid_type"),
        ('"session.update"', "invalid_type"),
        ("3", "invalid_type"),
        ("true", "invalid_type"),
    ],
)
def test_what_is_not_a_json_object_is_refused(text: str, code: str) -> None:
    with pytest.raises(WireError) as caught:
        decode(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r'{"a": "\ud83d"}', "\ufffd"),
        (r'{"a": "\uDE00 b"}', "\ufffd b"),
        (r'{"a": "\ud83d\ude00"}', "\U0001f600"),
        (r'{"a": "\\ud83d"}', r"\ud83d"),
    ],
)
def test_half_a_surrogate_pair_can_be_sent_back(text: str, read: str) -> None:
    message = decode(text)
    assert message == {"a": read}
    json.dumps(message, ensure_ascii=False).encode()


def test_base64_is_strict_and_bounded() -> None:
    assert decode_base64("AAA=", "audio", limit=2) == b"\0\0"
    for text in ("not base64!", "AAA", "AAAA\nAAAA", "é"):
        with pytest.raises(WireError) as caught:
            decode_base64(text, "audio", limit=100)
        assert caught.value.param == "audio"
    with pytest.raises(WireError, match="longer than 2 bytes"):
        decode_base64("AAAAAAAA", "audio", limit=2)


def test_an_offer_is_base64_of_json() -> None:
    text = base64.b64encode(json.dumps({"type": "offer", "sdp": "v=0"}).encode()).decode()
    assert decode_offer(text) == {"type": "offer", "sdp": "v=0"}


@pytest.mark.parametrize(
    "value", [b"v=0", b"[]", b'{"type":"answer","sdp":"v=0"}', b'{"type":"offer","sdp":3}']
)
def test_anything_else_is_not_an_offer(value: bytes) -> None:
    with pytest.raises(WireError) as caught:
        decode_offer(base64.b64encode(value).decode())
    assert caught.value.param == "client_sdp"


def test_an_answer_is_base64_of_json_too() -> None:
    text = encode_answer({"type": "answer", "sdp": "v=0", "more": "x"})
    assert json.loads(base64.b64decode(text)) == {"type": "answer", "sdp": "v=0"}


def test_quotes_in_messages_stay_short() -> None:
    assert len(short("x" * 1000)) == 60
    assert short("a\nb") == "a b"
