"""The pages that erase and hold: asked once, refused with a reason, of the own house, audited."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kiosk.model import EndReason, VisitSummary
from kiosk.web.keeping import CODES
from tests.unit.storage.keeping import NOON
from tests.unit.web.composing import PAGE, words
from tests.unit.web.keeping_site import actions, keeping_site

KEEP = "/operator/visits/visit_n/keep"


async def test_a_visit_is_erased_and_gone_from_every_page(tmp_path: Path) -> None:
    async with keeping_site(tmp_path, "privacy_officer") as site:
        page = await site.page(KEEP)
        assert "Began 2026-03-01 12:00:00" in page
        assert "in the night after 2026-03-31" in page
        status, page, _ = await site.post(
            "/operator/visits/visit_n/erase", {"why": "she asked"}, **PAGE
        )
        assert status == 200
        assert "The visit and its 1 turns are erased." in words(page)
        assert (await site.get(KEEP, **PAGE))[0] == 404
        assert "visit_n" not in (await site.get("/operator/transcripts", **PAGE))[1]
        assert await actions(site) == [("visit.erase", "visit_n", "she asked")]


async def test_a_held_visit_is_not_erased_until_the_hold_is_lifted(tmp_path: Path) -> None:
    async with keeping_site(tmp_path) as site:
        hold = {"why": "a claim", "until": "2026-03-05"}
        status, _, headers = await site.post("/operator/visits/visit_n/hold", hold)
        assert (status, headers["Location"]) == (303, f"{KEEP}?done=held")
        page = await site.page(f"{KEEP}?done=held")
        assert "anna has it kept since" in page
        assert "neither its age nor a request erases it" in page
        status, page, _ = await site.post("/operator/visits/visit_n/erase", None, **PAGE)
        assert status == 409
        assert "lift the hold before erasing it" in page
        assert "a claim" in await site.page("/operator/retention")
        assert (await site.post("/operator/visits/visit_n/release"))[0] == 303
        status, page, _ = await site.post("/operator/visits/visit_n/release", None, **PAGE)
        assert status == 409
        assert (await site.post("/operator/visits/visit_n/hold", {"why": " "}))[0] == 422
        assert [row[0] for row in await actions(site)] == ["visit.hold.lift", "visit.hold"]


async def test_people_of_one_house_keep_what_is_theirs(tmp_path: Path) -> None:
    async with keeping_site(tmp_path, "privacy_officer", "south") as site:
        assert (await site.get(KEEP, **PAGE))[0] == 404
        for what in ("erase", "hold", "release"):
            assert (await site.post(f"/operator/visits/visit_n/{what}", {"why": "x"}))[0] == 404
        await site.storage.keeping.hold("visit_n", "anna", "a secret claim", None)
        page = await site.page("/operator/retention")
        assert "a secret claim" not in page
        assert "Delete what is too old now" not in page
        assert (await site.post("/operator/retention/run"))[0] == 403


async def test_who_may_read_may_not_erase(tmp_path: Path) -> None:
    async with keeping_site(tmp_path, "operator") as site:
        assert (await site.get(KEEP, **PAGE))[0] == 403
        assert (await site.get("/operator/retention", **PAGE))[0] == 403
        assert (await site.post("/operator/visits/visit_n/erase"))[0] == 403


async def test_what_is_too_old_goes_when_somebody_says_so(tmp_path: Path) -> None:
    async with keeping_site(tmp_path, transcripts_days=1) as site:
        assert "No run yet" in await site.page("/operator/retention")
        site.clock.advance(3 * 86_400)
        await site.log_in()
        status, _, headers = await site.post("/operator/retention/run")
        assert (status, headers["Location"]) == (303, "/operator/retention?done=running")
        async with asyncio.timeout(20):
            while not await site.storage.keeping.runs():
                await site.page("/operator/retention")
        page = await site.page("/operator/retention")
        assert "2026-03-04 12:00:00 anna 2 0 0 0 0" in page
        assert await site.storage.turns.of("visit_n") == ()


async def test_a_visitors_code_finds_the_visit(tmp_path: Path) -> None:
    async with keeping_site(tmp_path, "privacy_officer", "north") as site:
        code, kept = site.app[CODES].make()
        other, other_kept = site.app[CODES].make()
        for name, kiosk, hashed in (("visit_c", "main", kept), ("visit_o", "west", other_kept)):
            summary = VisitSummary(
                name, kiosk, "en", NOON, NOON, EndReason.GOODBYE, 1, code_hash=hashed
            )
            await site.storage.visits.ended(summary)
        status, _, headers = await site.post("/operator/retention/code", {"code": code.lower()})
        assert (status, headers["Location"]) == (303, "/operator/visits/visit_c/keep")
        for wrong in (other, "ABCDE-FGHJK", ""):
            _, page, _ = await site.post("/operator/retention/code", {"code": wrong}, **PAGE)
            assert "No visit has this code" in page
