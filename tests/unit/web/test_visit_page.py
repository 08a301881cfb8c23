"""One visit's page over real HTTP: what was said, and every order as a form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kiosk import events as ev
from kiosk import keys
from kiosk.storage.rows import Grant
from tests.unit.storage.keeping import said
from tests.unit.web.composing import PAGE, PASSWORD, Site, site
from tests.unit.web.test_dashboard import audited, past


async def test_a_running_visit_shows_its_words_and_what_happened(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in("bert")
        await running.visit()
        await running.said(1, "<b>Wo</b> sind die Aufzüge?")
        await running.publish(
            ev.ToolCalled(
                kiosk_id="main", visit_id="visit_1", at=running.at(2),
                tool="wayfinding", outcome="ok", ms=120,
            )
        )  # fmt: skip
        status, html, _ = await running.get("/operator/visits/visit_1", **PAGE)
        assert status == 200
        assert "&lt;b&gt;Wo&lt;/b&gt; sind die Aufzüge?" in html
        assert "Tool wayfinding answered in 120 ms" in html
        assert 'href="/operator/visits/visit_1/end"' in html
        assert (await audited(running))[0][:3] == ("bert", "visit.read", "visit_1")


async def test_turns_from_storage_and_from_the_bus_are_one_transcript(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        await running.visit()
        await running.storage.turns.add([said(1, "first"), said(2, "second")])
        await running.said(2, "second")
        await running.said(3, "third")
        text = await running.page("/operator/visits/visit_1")
        assert re.search(r"first .*second .*third", text)
        assert text.count("second") == 1


async def test_a_past_visit_is_read_from_storage_and_that_is_audited(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        await past(running, "visit_old", 0, tools=("map",))
        await running.storage.turns.add([said(1, "call me on [phone]", visit="visit_old")])
        text = await running.page("/operator/visits/visit_old")
        assert "Visit at Lobby West" in text
        assert "in Portuguese" in text
        assert "Ended after 1 min 35 s: nobody answered any more" in text
        assert "call me on [phone]" in text
        assert "Tools used: map" in text
        assert "End this visit" not in text
        assert (await audited(running))[0][:3] == ("anna", "visit.read", "visit_old")


async def test_a_visit_nobody_ended_is_told_apart(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        await running.storage.visits.started("visit_cut", "main", "en", running.at())
        assert "the server stopped during the visit" in await running.page("/operator/visits")
        text = await running.page("/operator/visits/visit_cut")
        assert "No end on record" in text


async def answering(running: Site, answer: Mapping[str, Any] | Exception) -> list[Any]:
    """Stand where a session stands on the bus."""
    heard: list[Any] = []

    async def handler(payload: Mapping[str, Any]) -> Mapping[str, Any]:
        heard.append(dict(payload))
        if isinstance(answer, Exception):
            raise answer
        return answer

    running.app[keys.BUS].handle("visit:visit_1", handler)
    return heard


async def test_ending_a_visit_asks_once_and_is_audited_with_its_why(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in("bert")
        await running.visit()
        heard = await answering(running, {"ok": True})
        question = await running.page("/operator/visits/visit_1/end")
        assert "End the visit at Main entrance?" in question
        assert heard == []
        status, _, headers = await running.post(
            "/operator/visits/visit_1/end", {"why": "fire drill"}
        )
        assert (status, headers["Location"]) == (303, "/operator/visits/visit_1?done=end")
        assert heard == [{"command": "end", "by": "bert"}]
        assert ("bert", "visit.end", "visit_1", "fire drill") in await audited(running)
        assert "The visit is ending" in await running.page(headers["Location"])


@pytest.mark.parametrize(
    ("answer", "done", "words"),
    [
        (None, "over", "was over already"),
        ({"ok": False, "code": "strange"}, "silent", "did not answer"),
        (TimeoutError(), "silent", "did not answer"),
    ],
)
async def test_a_visit_that_cannot_be_ended_is_said_to_be(
    tmp_path: Path, answer: Any, done: str, words: str
) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        await running.visit()
        if answer is not None:
            await answering(running, answer)
        _, _, headers = await running.post("/operator/visits/visit_1/end")
        assert headers["Location"].endswith(f"?done={done}")
        assert words in await running.page(headers["Location"])
        assert (await audited(running))[1][1] == "visit.end.undone"


async def test_orders_are_sent_in_the_operators_name_and_audited_without_words(
    tmp_path: Path,
) -> None:
    async with site(tmp_path) as running:
        await running.log_in("anna")
        await running.visit()
        heard = await answering(running, {"ok": True})
        secret = "about Mr Moss"
        for form, fields, order in (
            ("whisper", {"text": secret}, {"command": "whisper", "text": secret}),
            ("say", {"sentence": "closing"}, {"command": "say", "sentence": "closing", "text": ""}),
            ("speak", {"text": secret}, {"command": "say", "sentence": "", "text": secret}),
            ("take-over", {}, {"command": "take_over", "insist": False}),
            ("take-over", {"insist": "true"}, {"command": "take_over", "insist": True}),
            ("type", {"text": secret}, {"command": "type", "text": secret}),
            ("hand-back", {}, {"command": "hand_back"}),
        ):
            status, _, headers = await running.post(f"/operator/visits/visit_1/{form}", fields)
            assert status == 303
            assert heard.pop() == {"by": "anna", **order}
            page = await running.page(headers["Location"])
            assert "visit" in page
        rows = await audited(running)
        told = [row for row in rows if row[1] != "visit.read"]
        assert [row[1] for row in told[:-1]] == [
            "visit.hand_back", "visit.type", "visit.take_over", "visit.take_over", "visit.say",
            "visit.say", "visit.whisper",
        ]  # fmt: skip
        assert secret not in str(rows)
        assert told[2][3] == "from whoever had it"


async def test_a_refused_order_is_said_and_written_down(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in("bert")
        await running.visit()
        await answering(running, {"ok": False, "code": "held", "detail": "anna has it now."})
        _, _, headers = await running.post("/operator/visits/visit_1/take-over")
        assert headers["Location"].endswith("?done=held")
        assert "Somebody else has this conversation" in await running.page(headers["Location"])
        undone = [row for row in await audited(running) if row[1] == "visit.take_over.undone"]
        assert undone[0][3] == "anna has it now."


@pytest.mark.parametrize("text", ["", "   ", "x" * 501])
async def test_words_have_their_bounds(tmp_path: Path, text: str) -> None:
    async with site(tmp_path) as running:
        await running.log_in("anna")
        await running.visit()
        heard = await answering(running, {"ok": True})
        for form in ("whisper", "speak", "type"):
            _, _, headers = await running.post(f"/operator/visits/visit_1/{form}", {"text": text})
            assert headers["Location"].endswith("?done=words")
        assert heard == []


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        ("operator", {"end", "take-over", "type", "hand-back"}),
        ("editor", {"whisper", "speak"}),
        ("administrator", {"end", "take-over", "type", "hand-back", "whisper", "speak"}),
    ],
)
async def test_a_page_offers_what_its_reader_may_do(
    tmp_path: Path, role: Any, offered: set[str]
) -> None:
    async with site(tmp_path) as running:
        await running.app[keys.OPERATORS].add("cleo", PASSWORD, grants=[Grant(role)])
        await running.log_in("cleo")
        await running.visit()
        heard = await answering(running, {"ok": True})
        _, html, _ = await running.get("/operator/visits/visit_1", **PAGE)
        for name in ("end", "take-over", "type", "hand-back", "whisper", "speak"):
            assert (f'action="/operator/visits/visit_1/{name}"' in html) == (name in offered), name
            status, _, _ = await running.post(f"/operator/visits/visit_1/{name}", {"text": "hi"})
            assert status == (303 if name in offered else 403)
        assert len(heard) == len(offered)


async def test_the_page_says_who_has_the_conversation(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in("anna")
        await running.visit()
        stamp: dict[str, Any] = {"kiosk_id": "main", "visit_id": "visit_1", "at": running.at()}
        _, html, _ = await running.get("/operator/visits/visit_1", **PAGE)
        assert 'data-whose="free"' in html
        await running.publish(ev.OperatorJoined(**stamp, by="anna"))
        _, html, _ = await running.get("/operator/visits/visit_1", **PAGE)
        assert 'data-whose="mine"' in html
        await running.publish(ev.OperatorJoined(**stamp, by="bert", instead_of="anna"))
        _, html, _ = await running.get("/operator/visits/visit_1", **PAGE)
        assert 'data-whose="other"' in html
        assert "<b data-holder>bert</b> has the conversation" in html
        await running.publish(ev.OperatorLeft(**stamp, by="bert"))
        _, html, _ = await running.get("/operator/visits/visit_1", **PAGE)
        assert 'data-whose="free"' in html


async def test_the_wait_is_drawn_at_the_answer(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in("anna")
        await running.visit()
        await running.said(1, "Wo sind die Aufzüge?")
        stamp: dict[str, Any] = {"kiosk_id": "main", "visit_id": "visit_1", "at": running.at()}
        await running.publish(
            ev.AnswerBegan(**stamp, after_ms=2500),
            ev.TurnCompleted(**stamp, seq=2, speaker="avatar", text="Links.", language="de"),
        )
        _, html, _ = await running.get("/operator/visits/visit_1", **PAGE)
        assert "began after 2.5 s" in html
        assert '<rect data-bar="wait" width="50"' in html
        assert "Answer began 2.5 s after the visitor spoke" in html
