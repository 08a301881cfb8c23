"""A handshake is refused for what it lacks before it is counted."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from kiosk.emulator.scenario.faultbook import ArmedFault
from kiosk.emulator.scenario.faults import Fault
from kiosk.emulator.scenario.quotas import Quotas
from kiosk.emulator.scenario.service import Service
from kiosk.emulator.server.handshake import agent_of, refuse, refusing
from kiosk.testing.clock import ManualClock

UPGRADE = {
    "Host": "127.0.0.1",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "api-key": "any",
}
GOOD = "api-version=1&model=m"


def request(query: str = GOOD, **headers: str) -> Any:
    path = f"/voice-live/realtime?{query}"
    return make_mocked_request("GET", path, headers={**UPGRADE, **headers})


def refused(quotas: Quotas, query: str = GOOD, *, has_room: bool = True) -> str | None:
    refusal = refuse(request(query), quotas, ManualClock(), has_room=has_room)
    return refusal.code if refusal is not None else None


def quotas(**service: Any) -> Quotas:
    return Quotas(Service.model_validate(service), ManualClock())


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (GOOD, None),
        ("api-version=1&agent-name=a&agent-project-name=p", None),
        ("model=m", "missing_api_version"),
        ("api-version=1", "missing_model"),
        ("api-version=1&agent-name=a", "missing_agent"),
        ("api-version=1&model=m&agent-project-name=a", "missing_agent"),
    ],
)
def test_what_it_must_say(query: str, code: str | None) -> None:
    assert refused(quotas(), query) == code


async def test_only_good_ones_count() -> None:
    clock = ManualClock()
    used = Quotas(Service(connections_per_minute=1), clock)
    assert refused(used, "model=m") == "missing_api_version"
    assert refused(used, has_room=False) == "too_many_sessions"
    assert refused(used) is None
    refusal = refuse(request(), used, clock, has_room=True)
    assert refusal is not None
    assert refusal.headers["Retry-After"] == "60"
    await clock.advance(59.5)
    refusal = refuse(request(), used, clock, has_room=True)
    assert refusal is not None
    # Whole seconds, never too few.
    assert refusal.headers["Retry-After"] == "1"
    await clock.advance(0.5)
    assert refused(used) is None


def test_a_plain_request_is_told_to_upgrade() -> None:
    refusal = refuse(request(Upgrade="none"), quotas(), ManualClock(), has_room=True)
    assert refusal is not None
    assert refusal.status == 426


def test_a_planned_refusal() -> None:
    other = ArmedFault("a", Fault(on="connect", do="close"), None)
    assert refusing([other]) is None
    planned = Fault(on="connect", do="refuse", status=418, retry_after=0, code="x", message="y")
    refusal = refusing([other, ArmedFault("b", planned, None)])
    assert refusal is not None
    assert (refusal.status, refusal.headers["Retry-After"]) == (418, "0")


def test_the_agent_that_is_told_back() -> None:
    assert agent_of(request()) is None
    assert agent_of(request("agent-name=guide&agent-project-name=p&conversation-id=c")) == {
        "type": "agent",
        "agent_id": "guide",
        "name": "guide",
        "project": "p",
        "thread_id": "c",
    }
