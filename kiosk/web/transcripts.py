"""The operator's page of transcripts: search, and carry out what was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from kiosk import keys
from kiosk.clock import Clock
from kiosk.model import EndReason
from kiosk.security.access import Access
from kiosk.storage.search import NO_END, WORDLESS, Found
from kiosk.storage.words import MOST_QUERY, Query
from kiosk.transcripts.export import KINDS, LEVELS
from kiosk.web import insight, keeping, wording
from kiosk.web.asking import Asked, export, look
from kiosk.web.dashboard import render
from kiosk.web.erase_page import ErasePage
from kiosk.web.request import form, operator, refuse
from kiosk.web.routes import Cost, Route

PAGE: Final = 30
"""Visits on one page."""
MAX_FIELD: Final = 64
LONG_TURN: Final = 400
"""Characters shown of a turn that was found; around the first word that was looked for."""


async def transcripts_page(request: web.Request) -> web.Response:
    """Show the form with the newest visits, or those of a screen or day that a link names."""
    return await _answer(request, request.query)


async def search(request: web.Request) -> web.Response:
    """Search. A form that is posted: what is looked for may be a name, and is in no address."""
    return await _answer(request, await form(request))


async def export_file(request: web.Request) -> web.StreamResponse:
    """Carry out what the form asks for."""
    fields = await form(request)
    kind = next((kind for kind in KINDS if kind == fields.get("kind")), None)
    level = next((level for level in LEVELS if level == fields.get("level")), None)
    if kind is None or level is None:
        refuse(422, "bad_export", "Choose CSV or JSON Lines, and with or without the words.")
    return await export(request, asked_of(fields), kind, level)


def asked_of(fields: Mapping[str, str]) -> Asked:
    """Return what the fields of a form ask for."""
    names = ("site", "kiosk", "language", "outcome", "since", "until")
    found = {name: fields.get(name, "").strip()[:MAX_FIELD] for name in names}
    return Asked(words=fields.get("words", "").strip()[:MOST_QUERY], **found)


async def _answer(request: web.Request, fields: Mapping[str, str]) -> web.Response:
    asked = asked_of(fields)
    after = fields.get("after", "")[:MAX_FIELD]
    found, more = await look(request, asked, limit=PAGE, after=after)
    query = Query.of(asked.words)
    return await render(
        request,
        "transcripts.html",
        nav="transcripts",
        asked=asked,
        looked=bool(asked.words),
        visits=[_row(request, item, query) for item in found],
        more=more,
        first=not after,
        choices=_choices(request),
    )


def _row(request: web.Request, item: Found, query: Query) -> dict[str, Any]:
    row = item.visit
    known = request.app[keys.LIVE].kiosks.get(row.kiosk_id)
    length = wording.duration(row.ended_at - row.started_at) if row.ended_at is not None else ""
    return {
        "id": row.id,
        "kiosk": known.name if known is not None else row.kiosk_id,
        "site": request.app[keys.SETTINGS].site_names().get(row.site, row.site),
        "language": wording.language(row.language),
        "since": row.started_at.isoformat(),
        "length": length,
        "turns": row.turns,
        "how": wording.reason(row.reason) if row.reason is not None else "no end on record",
        "hits": [
            {
                "who": wording.speaker(turn.speaker),
                "lang": turn.language,
                "pieces": excerpt(query.marked(turn.text)),
            }
            for turn in item.hits
        ],
    }


def excerpt(pieces: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Return a long turn from a little before the first word that was found."""
    if sum(len(text) for text, _ in pieces) <= LONG_TURN:
        return pieces
    kept: list[tuple[str, bool]] = []
    left = LONG_TURN
    for at, (text, found) in enumerate(pieces):
        if at == 0 and not found and len(text) > LONG_TURN // 4:
            text = f"… {text[-LONG_TURN // 4 :]}"
        kept.append((text[:left], found))
        left -= len(text)
        if left <= 0:
            return [*kept, (" …", False)]
    return kept


def _choices(request: web.Request) -> dict[str, list[tuple[str, str]]]:
    settings = request.app[keys.SETTINGS]
    sites = operator(request).sites(Access.TRANSCRIPT_READ)
    mine = [kiosk for kiosk in settings.kiosks if sites is None or kiosk.site in sites]
    names = settings.site_names()
    outcomes = [(reason.value, wording.reason(reason)) for reason in EndReason]
    return {
        "site": [(key, names.get(key, key)) for key in dict.fromkeys(k.site for k in mine)],
        "kiosk": [(kiosk.id, kiosk.name) for kiosk in mine],
        "language": [(code, wording.language(code)) for code in settings.site.languages],
        "outcome": [
            *((key, words[0].upper() + words[1:]) for key, words in outcomes),
            (NO_END, "No end on record"),
            (WORDLESS, "Nothing was said"),
        ],
    }


def everything(clock: Clock) -> list[Route]:
    """Return the addresses of all pages of what is kept, counted and erased."""
    erasing = ErasePage(clock).routes()
    return [*routes(), *keeping.routes(), *insight.routes(), *erasing]


def routes() -> list[Route]:
    """Return the addresses of this module."""
    return [
        Route("GET", "/operator/transcripts", transcripts_page, Access.TRANSCRIPT_READ),
        Route("POST", "/operator/transcripts", search, Access.TRANSCRIPT_READ, cost=Cost.SEARCH),
        Route(
            "POST",
            "/operator/transcripts/export",
            export_file,
            Access.TRANSCRIPT_EXPORT,
            cost=Cost.SEARCH,
        ),
    ]
