"""Tests of the small pieces of the wire: SDP in base64 JSON, ICE servers, error events."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import UpstreamError
from kiosk.voicelive.codec import (
    IceServerEntry,
    decode_answer,
    encode_offer,
    error_info,
    ice_servers,
)

SDP = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=8,
)


def packed(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def test_an_offer_is_base64_of_json_as_the_reference_says() -> None:
    sent = json.loads(base64.b64decode(encode_offer(SDP), validate=True))
    assert sent == {"type": "offer", "sdp": SDP}


@pytest.mark.parametrize(
    "server_sdp",
    [packed({"type": "answer", "sdp": SDP}), SDP, base64.b64encode(SDP.encode()).decode()],
    ids=["documented", "bare", "base64 of bare"],
)
def test_every_published_form_of_an_answer_is_read(server_sdp: str) -> None:
    assert decode_answer(server_sdp) == SDP


@given(st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_any_sdp_survives_the_documented_form(sdp: str) -> None:
    assert decode_answer(packed({"type": "answer", "sdp": sdp})) == sdp


@pytest.mark.parametrize(
    "server_sdp",
    [
        None,
        "",
        7,
        ["v=0"],
        "not base64!",
        packed([1]),
        packed({"sdp": 1}),
        packed({"sdp": ""}),
        packed({}),
        base64.b64encode(b"\xff\xfe").decode(),
        base64.b64encode(b"[" * 100_000).decode(),
    ],
)
def test_what_is_no_answer_is_one_error_that_no_retry_mends(server_sdp: object) -> None:
    with pytest.raises(UpstreamError) as caught:
        decode_answer(server_sdp)
    assert (caught.value.code, caught.value.retryable) == ("protocol", False)


@given(st.text() | st.binary().map(lambda data: base64.b64encode(data).decode()) | JSON_VALUES)
def test_nothing_else_than_an_upstream_error_comes_of_any_answer(server_sdp: object) -> None:
    try:
        assert isinstance(decode_answer(server_sdp), str)
    except UpstreamError:
        pass


def test_ice_servers_are_read_with_urls_as_a_list_or_one_string() -> None:
    session = {
        "avatar": {
            "ice_servers": [
                {"urls": ["stun:a", "turn:b"], "username": "u", "credential": "c"},
                {"urls": "turn:d"},
            ]
        }
    }
    assert ice_servers(session) == (
        IceServerEntry(("stun:a", "turn:b"), "u", "c"),
        IceServerEntry(("turn:d",), None, None),
    )


@pytest.mark.parametrize(
    "session",
    [
        {},
        {"avatar": None},
        {"avatar": {"ice_servers": None}},
        {"avatar": {"ice_servers": ["stun:a", None, {}, {"urls": []}, {"urls": [7, ""]}]}},
    ],
)
def test_entries_without_an_address_are_left_out(session: dict[str, Any]) -> None:
    assert ice_servers(session) == ()


@given(st.dictionaries(st.sampled_from(["avatar", "voice"]), JSON_VALUES))
def test_ice_servers_of_anything_is_a_tuple(session: dict[str, Any]) -> None:
    assert isinstance(ice_servers(session), tuple)


def test_a_credential_does_not_show_when_printed() -> None:
    entry = IceServerEntry(("turn:relay",), "user-name", "top-secret")
    for shown in (repr(entry), str(entry), f"{[entry]}"):
        assert "top-secret" not in shown
        assert "user-name" not in shown
        assert "relay" not in shown


def test_an_error_names_our_event_and_the_wait() -> None:
    info = error_info(
        {
            "type": "error",
            "event_id": "event_of_the_service",
            "error": {
                "type": "invalid_request_error",
                "code": "rate_limit_exceeded",
                "message": "Avatar request was rate-limited. Retry after 7.5s.",
                "param": "session.avatar",
                "event_id": "kiosk_3",
            },
        }
    )
    assert (info.code, info.kind) == ("rate_limit_exceeded", "invalid_request_error")
    assert (info.param, info.event_id) == ("session.avatar", "kiosk_3")
    assert info.retry_after_s == 7.5
    assert not info.benign


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Retry after 7s", 7.0),
        ("Please wait. Retry after 12 s.", 12.0),
        ("Retry after a while", None),
        ("Retry after s", None),
        ("Retry after 1.2.3s", None),
        ("Retry after -4s", None),
        ("Retry after \u00b2s", None),
        ("Something else", None),
        ("", None),
    ],
)
def test_a_wait_is_read_only_where_there_is_a_number(message: str, seconds: float | None) -> None:
    assert error_info({"error": {"message": message}}).retry_after_s == seconds


def test_an_interruption_that_came_too_late_is_benign() -> None:
    assert error_info({"error": {"code": "response_cancel_not_active"}}).benign
    assert not error_info({"error": {"code": "server_error"}}).benign


@given(
    st.dictionaries(st.sampled_from(["error", "type"]), JSON_VALUES)
    | st.fixed_dictionaries(
        {"error": st.dictionaries(st.sampled_from(["code", "message", "event_id"]), JSON_VALUES)}
    )
    | st.text().map(lambda text: {"error": {"message": f"Retry after {text}s"}})
)
def test_any_error_event_is_readable(event: dict[str, Any]) -> None:
    info = error_info(event)
    assert isinstance(info.code, str)
    assert isinstance(info.event_id, str)
    assert info.retry_after_s is None or 0 <= info.retry_after_s < float("inf")


def test_the_message_of_an_error_is_not_kept_because_it_may_repeat_what_was_said() -> None:
    assert "my secret" not in repr(error_info({"error": {"message": "You said: my secret"}}))
