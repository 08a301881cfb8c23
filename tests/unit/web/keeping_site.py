"""A small site with two houses, visits that are over in each, and people who may keep them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from kiosk import keys
from kiosk.model import EndReason, TranscriptEntry, VisitSummary
from kiosk.storage.rows import Grant, Role
from kiosk.web import keeping, transcripts
from kiosk.web.api import base
from kiosk.web.api import transcripts as api
from tests.unit.storage.keeping import NOON
from tests.unit.web.composing import PASSWORD, Site, site

HOUSES = {"main": "north", "west": "south"}


@asynccontextmanager
async def keeping_site(
    folder: Path,
    role: Role | None = None,
    house: str = "*",
    operators: dict[str, Any] | None = None,
    **retention: Any,
) -> AsyncIterator[Site]:
    """Run it; logged in is cleo with one role, or anna, who is an administrator."""
    routes = [*transcripts.routes(), *keeping.routes(), *base.routes(api.ROUTES)]
    async with site(
        folder,
        routes=routes,
        houses=HOUSES,
        operators=operators,
        contexts=[keeping.running],
        sections={"retention": retention},
    ) as running:
        await over(running, "visit_n", "main", "Wo ist <b>die</b> Führung?", language="de")
        await over(running, "visit_s", "west", "Where is the tour?", hours=1)
        if role is not None:
            grants = [Grant(role, house)]
            await running.app[keys.OPERATORS].add("cleo", PASSWORD, grants=grants)
        await running.log_in("cleo" if role is not None else "anna")
        yield running


async def over(
    running: Site, name: str, kiosk: str, *words: str, language: str = "en", hours: float = 0
) -> None:
    """Keep a visit that is over."""
    began = NOON + timedelta(hours=hours)
    await running.storage.visits.started(name, kiosk, language, began)
    await running.storage.turns.add(
        [
            TranscriptEntry(name, kiosk, seq, "visitor", text, language, began)
            for seq, text in enumerate(words, 1)
        ]
    )
    ended = began + timedelta(minutes=2)
    await running.storage.visits.ended(
        VisitSummary(name, kiosk, language, began, ended, EndReason.GOODBYE, len(words))
    )


async def actions(running: Site) -> list[tuple[str, str, str]]:
    """Return what the audit has besides logging in."""
    rows = await running.storage.audit.recent()
    return [(row.action, row.target, row.detail) for row in rows if row.action != "operator.login"]


async def call(
    running: Site, method: str, path: str, body: Mapping[str, Any] | None = None
) -> tuple[int, Any]:
    """Ask the interface for programs."""
    async with running.client.request(
        method, running.address + path, json=body, headers={"Origin": running.address}
    ) as answer:
        is_json = answer.content_type == "application/json"
        return answer.status, await answer.json() if is_json else await answer.text()
