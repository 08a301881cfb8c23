"""/api/visits: reading one, and every order, for whom and with what answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kiosk import events as ev
from kiosk import keys
from kiosk.storage.rows import Grant
from kiosk.web.api import table
from tests.unit.web.composing import PASSWORD, Site, site


async def asked(running: Site, name: str, body: Mapping[str, Any]) -> tuple[int, Any]:
    data = json.dumps(body).encode()
    status, text, _ = await running.post(
        f"/api/visits/visit_1/{name}", data, **{"Content-Type": "application/json"}
    )
    return status, json.loads(text)


def answering(running: Site, answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    heard: list[Mapping[str, Any]] = []

    async def take(payload: Mapping[str, Any]) -> Mapping[str, Any]:
        heard.append(payload)
        return answer

    running.app[keys.BUS].handle("visit:visit_1", take)
    return heard


ORDERS: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("whisper", {"text": " hi "}, {"command": "whisper", "text": "hi"}),
    ("say", {"sentence": "closing"}, {"command": "say", "sentence": "closing", "text": ""}),
    ("speak", {"text": "hi"}, {"command": "say", "sentence": "", "text": "hi"}),
    ("take-over", {"insist": True}, {"command": "take_over", "insist": True}),
    ("type", {"text": "hi"}, {"command": "type", "text": "hi"}),
    ("hand-back", {}, {"command": "hand_back"}),
    ("end", {"why": "fire drill"}, {"command": "end"}),
)


async def test_every_order_goes_to_the_visit(tmp_path: Path) -> None:
    async with site(tmp_path, routes=table.routes("1")) as running:
        await running.log_in("anna")
        await running.visit()
        heard = answering(running, {"ok": True})
        for name, body, order in ORDERS:
            status, told = await asked(running, name, body)
            assert (status, list(told)) == (200, ["done"]), name
            assert heard.pop() == {"by": "anna", **order}
        rows = await running.storage.audit.recent(1)
        assert (rows[0].action, rows[0].detail) == ("visit.end", "fire drill")


@pytest.mark.parametrize(
    ("code", "status"),
    [("held", 409), ("not_taken", 409), ("too_fast", 429), ("no_line", 503), ("strange", 503)],
)
async def test_what_could_not_be_done_is_a_refusal(tmp_path: Path, code: str, status: int) -> None:
    async with site(tmp_path, routes=table.routes("1")) as running:
        await running.log_in("anna")
        await running.visit()
        answering(running, {"ok": False, "code": code, "detail": "No."})
        answer, told = await asked(running, "type", {"text": "hi"})
        assert (answer, told["error"]["message"]) == (status, "No.")


async def test_orders_need_their_rights_and_a_visit(tmp_path: Path) -> None:
    async with site(tmp_path, routes=table.routes("1")) as running:
        await running.app[keys.OPERATORS].add("cleo", PASSWORD, grants=[Grant("editor")])
        await running.log_in("cleo")
        await running.visit()
        heard = answering(running, {"ok": True})
        allowed = {name for name, body, _ in ORDERS if (await asked(running, name, body))[0] == 200}
        assert allowed == {"whisper", "speak"}
        assert len(heard) == 2
        await running.log_in("anna")
        status, _, _ = await running.post("/api/visits/visit_x/hand-back")
        assert status == 404


async def test_a_visit_is_read_with_its_words_and_waits(tmp_path: Path) -> None:
    async with site(tmp_path, routes=table.routes("1")) as running:
        await running.log_in("bert")
        await running.visit()
        await running.said(1, "Wo?")
        stamp: dict[str, Any] = {"kiosk_id": "main", "visit_id": "visit_1", "at": running.at()}
        await running.publish(
            ev.AnswerBegan(**stamp, after_ms=700),
            ev.TurnCompleted(**stamp, seq=2, speaker="avatar", text="Links.", language="de"),
            ev.OperatorJoined(**stamp, by="bert"),
        )
        status, text, _ = await running.get("/api/visits/visit_1")
        told = json.loads(text)
        assert status == 200
        assert (told["running"], told["taken_by"], told["state"]) == (True, "bert", "listening")
        assert [(one["text"], one["waited_ms"]) for one in told["turns"]] == [
            ("Wo?", None),
            ("Links.", 700),
        ]
        assert told["timeline"][-1]["text"] == "bert has the conversation; the visitor knows"
        assert (await running.storage.audit.recent(1))[0].action == "visit.read"
        status, text, _ = await running.get("/api/visits?limit=1")
        assert [one["id"] for one in json.loads(text)["visits"]] == ["visit_1"]
        assert json.loads(text)["before"] is None
        status, text, _ = await running.get("/api/sentences")
        assert json.loads(text) == {"sentences": []}
