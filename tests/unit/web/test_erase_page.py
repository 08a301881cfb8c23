"""The page on which a visitor erases a visit: by its code only, a few tries, in nine languages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from kiosk.i18n import Texts
from kiosk.model import EndReason, VisitSummary
from kiosk.web import keeping
from kiosk.web.erase_page import ATTEMPTS, ErasePage, language_of
from kiosk.web.keeping import CODES
from kiosk.web.signaling import TEXTS
from tests.unit.storage.keeping import NOON, ManualClock, said
from tests.unit.web.composing import PAGE, Site, site, words


@asynccontextmanager
async def erasing(folder: Path) -> AsyncIterator[tuple[Site, str, ManualClock]]:
    """Run the page, with one visit that has a code."""
    clock = ManualClock()
    async with site(
        folder, routes=ErasePage(clock).routes(), contexts=[_texts, keeping.running]
    ) as it:
        code, kept = it.app[CODES].make()
        await it.storage.turns.add([said(1)])
        summary = VisitSummary(
            "visit_1", "main", "en", NOON, NOON, EndReason.IDLE, 1, code_hash=kept
        )
        await it.storage.visits.ended(summary)
        yield it, code, clock


async def _texts(app: web.Application) -> AsyncIterator[None]:
    app[TEXTS] = await asyncio.to_thread(Texts.load)
    yield


async def test_a_visitor_erases_the_visit_and_it_is_gone(tmp_path: Path) -> None:
    async with erasing(tmp_path) as (it, code, _):
        page = await it.page("/erase")
        assert "Delete a conversation" in page
        status, page, headers = await it.post("/erase", {"code": code.lower()}, **PAGE)
        assert status == 200
        assert "It is deleted." in page
        assert headers["Cache-Control"] == "no-store"
        assert await it.storage.visits.get("visit_1") is None
        (row,) = await it.storage.audit.recent()
        assert (row.actor, row.action, row.target) == ("visitor", "visit.erase", "visit_1")
        assert (await it.post("/erase", {"code": code}, **PAGE))[0] == 404


async def test_guessing_is_slowed_down(tmp_path: Path) -> None:
    async with erasing(tmp_path) as (it, code, clock):
        for _ in range(ATTEMPTS):
            status, page, _ = await it.post("/erase", {"code": "ABCDE-FGHJK"}, **PAGE)
            assert status == 404
            assert "No conversation has this code" in page
        status, page, headers = await it.post("/erase", {"code": code}, **PAGE)
        assert (status, headers["Retry-After"]) == (429, "600")
        assert "wait 10 minutes" in words(page)
        clock.advance(600)
        assert (await it.post("/erase", {"code": code}, **PAGE))[0] == 200


async def test_a_held_visit_stays(tmp_path: Path) -> None:
    async with erasing(tmp_path) as (it, code, _):
        await it.storage.keeping.hold("visit_1", "ada", "a secret claim", None)
        status, page, _ = await it.post("/erase", {"code": code}, **PAGE)
        assert status == 409
        assert "legal reasons" in page
        assert "secret" not in page


async def test_it_speaks_the_visitors_language(tmp_path: Path) -> None:
    async with erasing(tmp_path) as (it, _, _):
        _, page, _ = await it.get("/erase?language=ar", **PAGE)
        assert '<html lang="ar" dir="rtl">' in page
        assert "حذف المحادثة" in page
        _, page, _ = await it.get("/erase", **PAGE, **{"Accept-Language": "xx, ja;q=0.8"})
        assert '<html lang="ja"' in page


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en;q=0.1, uk;q=0.9", "uk"),
        ("", "en"),
        ("xx;q=y,*", "en"),
        ("pt-BR", "pt"),
    ],
)
def test_the_browsers_wishes_are_heard(header: str, language: str) -> None:
    request = make_mocked_request("GET", "/erase", headers={"Accept-Language": header})
    assert language_of(request, Texts.load()) == language
