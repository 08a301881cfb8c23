"""The same as the pages, for programs: search, export, erase, hold, retention."""

from __future__ import annotations

import json
from pathlib import Path

from kiosk.model import EndReason, VisitSummary
from kiosk.web.keeping import CODES
from tests.unit.storage.keeping import NOON
from tests.unit.web.keeping_site import actions, call, keeping_site

SEARCH = "/api/transcripts/search"


async def test_a_search_gives_pages_of_visits_with_their_hits(tmp_path: Path) -> None:
    async with keeping_site(tmp_path) as site:
        status, found = await call(site, "POST", SEARCH, {"words": "Führung"})
        assert status == 200
        (visit,) = found["visits"]
        assert (visit["id"], visit["site"], visit["outcome"]) == ("visit_n", "north", "goodbye")
        assert visit["hits"][0]["text"] == "Wo ist <b>die</b> Führung?"
        assert found["next"] is None
        _, first = await call(site, "POST", SEARCH, {"limit": 1})
        _, second = await call(site, "POST", SEARCH, {"limit": 1, "after": first["next"]})
        assert [first["visits"][0]["id"], second["visits"][0]["id"]] == ["visit_s", "visit_n"]
        status, wrong = await call(site, "POST", SEARCH, {"words": "?", "kiosk": "main"})
        assert (status, wrong["error"]["code"]) == (422, "no_words")


async def test_reading_is_audited_and_of_the_own_house(tmp_path: Path) -> None:
    async with keeping_site(tmp_path, "operator", "south") as site:
        status, found = await call(site, "GET", "/api/transcripts/visit_s")
        assert status == 200
        assert found["turns"][0]["text"] == "Where is the tour?"
        assert (await call(site, "GET", "/api/transcripts/visit_n"))[0] == 404
        assert (await call(site, "GET", "/api/transcripts/visit_x"))[0] == 404
        assert await actions(site) == [("visit.read", "visit_s", "")]
        assert (await call(site, "POST", "/api/transcripts/visit_s/erase", {}))[0] == 403


async def test_exports_are_files(tmp_path: Path) -> None:
    async with keeping_site(tmp_path) as site:
        days = {"since": "2026-03-01", "until": "2026-03-01"}
        status, text = await call(site, "POST", "/api/transcripts/export.jsonl", days)
        assert status == 200
        assert [json.loads(line)["visit"] for line in text.splitlines()] == ["visit_s", "visit_n"]
        body = days | {"level": "wordless"}
        _, text = await call(site, "POST", "/api/transcripts/export.csv", body)
        assert "tour" not in text
        assert (await call(site, "POST", "/api/transcripts/export.csv", {}))[0] == 422


async def test_holding_and_erasing(tmp_path: Path) -> None:
    async with keeping_site(tmp_path) as site:
        here = "/api/transcripts/visit_n"
        body = {"why": "a claim", "until": "2026-03-05"}
        status, held = await call(site, "POST", f"{here}/hold", body)
        assert status == 200
        assert (held["by"], held["until"]) == ("anna", "2026-03-06T00:00:00Z")
        _, holds = await call(site, "GET", "/api/transcripts/holds")
        assert holds == {"holds": [held]}
        status, refused = await call(site, "POST", f"{here}/erase", {})
        assert (status, refused["error"]["code"]) == (409, "held")
        assert (await call(site, "POST", f"{here}/release", {}))[0] == 204
        status, erased = await call(site, "POST", f"{here}/erase", {"why": "asked"})
        assert (status, erased["removed"]["turns"], erased["failed"]) == (200, 1, [])
        assert (await call(site, "POST", f"{here}/erase", {}))[0] == 404
        assert (await call(site, "POST", f"{here}/hold", {"why": ""}))[0] == 422


async def test_a_code_finds_its_visit(tmp_path: Path) -> None:
    async with keeping_site(tmp_path) as site:
        code, kept = site.app[CODES].make()
        summary = VisitSummary(
            "visit_c", "main", "en", NOON, NOON, EndReason.GOODBYE, 1, code_hash=kept
        )
        await site.storage.visits.ended(summary)
        assert await call(site, "POST", "/api/transcripts/code", {"code": code}) == (
            200, {"visit": "visit_c"},
        )  # fmt: skip
        assert (await call(site, "POST", "/api/transcripts/code", {"code": "nope"}))[0] == 404


async def test_retention_is_told_counted_and_run(tmp_path: Path) -> None:
    async with keeping_site(tmp_path, transcripts_days=1) as site:
        site.clock.advance(3 * 86_400)
        await site.log_in()
        status, answer = await call(site, "POST", "/api/retention/run", {"dry_run": True})
        assert (status, answer["begun"], answer["counted"]["transcripts"]) == (200, False, 2)
        status, told = await call(site, "GET", "/api/retention")
        assert status == 200
        assert told["runs"] == []
        assert [policy["transcripts"] for policy in told["sites"]] == [1, 1]
        _, answer = await call(site, "POST", "/api/retention/run", {})
        assert answer["begun"]
