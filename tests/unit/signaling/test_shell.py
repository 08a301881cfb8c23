"""Tests of the messages about the page itself."""

from __future__ import annotations

import json

import pytest

from kiosk.errors import SignalingError
from kiosk.signaling import messages as m
from kiosk.signaling.protocol import KioskProtocol


def test_a_page_tells_of_itself_whether_somebody_visits_or_not() -> None:
    protocol = KioskProtocol()
    protocol.receive_text('{"type": "hello", "protocol": 1}')
    told = '{"type": "page", "event": "reloaded", "reason": "stale", "count": 2}'
    expected = m.PageEvent(event="reloaded", reason="stale", count=2)
    assert protocol.receive_text(told) == expected
    protocol.visit_began()
    assert protocol.receive_text(told) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"event": "danced"},
        {"event": "slept", "seconds": 1e300},
        {"event": "reloaded", "reason": "because"},
        {"event": "reloaded", "words": "what the visitor said"},
        {"event": "reloaded", "count": -1},
    ],
)
def test_what_is_no_fact_of_a_page_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(SignalingError, match="malformed"):
        m.parse(json.dumps({"type": "page", **fields}))


def test_service_again_is_service_without_a_reason() -> None:
    assert json.loads(m.dump(m.Service())) == {"type": "service"}
    assert json.loads(m.dump(m.Service(reason="maintenance")))["reason"] == "maintenance"
