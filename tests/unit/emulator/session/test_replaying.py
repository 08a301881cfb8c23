"""Ids stay equal and become new; a real avatar answers beside a recording."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kiosk.emulator.scenario.replay import Replay
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.session.replaying import Ids
from tests.unit.emulator.emulating import avatar_connected, connected, emulating


def test_ids_of_the_service_are_new_and_consistent() -> None:
    ids = Ids("sess_old", "sess_new")
    event = {
        "event_id": "event_1",
        "item": {"id": "item_1", "call_id": "call_1", "name": "item_1"},
        "items": [{"previous_item_id": "item_1"}],
        "session": {"id": "sess_old"},
        "item_id": None,
        "strange": {"id": "nothing like it"},
    }
    now = ids.renewed(event)
    assert now["session"]["id"] == "sess_new"
    assert now["item"]["id"].startswith("item_")
    assert now["item"]["id"] != "item_1"
    assert now["items"][0]["previous_item_id"] == now["item"]["id"]
    assert now["item"]["name"] == "item_1"
    assert now["item_id"] is None
    assert now["strange"]["id"].startswith("id_")
    assert ids.renewed({"id": "call_1"})["id"] == now["item"]["call_id"]


def test_ids_of_the_client_are_those_it_uses_now() -> None:
    ids = Ids("a", "b")
    recorded = {"type": "x", "event_id": "then", "item": {"id": "mine", "content": [{"id": "c"}]}}
    live = {"type": "x", "event_id": "now", "item": {"id": "yours", "content": [{"id": "d"}]}}
    ids.learn(recorded, live)
    assert ids.renewed({"error": {"event_id": "then"}}) == {"error": {"event_id": "now"}}
    assert ids.renewed([{"item_id": "mine"}, {"id": "c"}]) == [{"item_id": "yours"}, {"id": "d"}]


def line(at: float, direction: str, **event: Any) -> dict[str, Any]:
    return {"at": at, "session": "one", "direction": direction, "event": event}


async def test_an_offer_is_answered_by_a_real_avatar(tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    avatar = {"character": "lisa", "ice_servers": [{"urls": ["stun:then"]}]}
    lines = [
        {"recording": 1, "started_at": "2026-01-01T00:00:00+00:00", "words": True},
        line(0, "out", type="session.created", event_id="e_1", session={"id": "one"}),
        line(0, "in", type="session.update", session={}),
        line(0, "out", type="session.updated", event_id="e_2", session={"avatar": avatar}),
        line(0, "in", type="session.avatar.connect", client_sdp={"redacted": 10}),
        line(0, "out", type="session.avatar.connecting", server_sdp={"redacted": 10}),
        line(0, "out", type="session.avatar.switch_to_speaking", turn_id="resp_1"),
    ]
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    scenario = Scenario(replay=Replay(file=path))
    async with emulating(scenario) as emulator, connected(emulator) as wire:
        async with avatar_connected(wire) as browser:
            assert await browser.loudness() < 5
        updated = next(event for event in wire.seen if event["type"] == "session.updated")
        (server,) = updated["session"]["avatar"]["ice_servers"]
        assert server["urls"][0].startswith("stun:127.0.0.1")
        if "session.avatar.switch_to_speaking" not in wire.kinds():
            await wire.until("session.avatar.switch_to_speaking")
        assert wire.kinds().count("session.avatar.connecting") == 1
