"""/operator/visits/ID: one visit, live, and what an operator may do in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from aiohttp import web
from pydantic import ValidationError

from kiosk import keys
from kiosk.security.access import Access
from kiosk.session import orders
from kiosk.settings.sections import in_language
from kiosk.storage.rows import VisitRow
from kiosk.web import board, device_board
from kiosk.web.dashboard import MAX_WHY, past, render
from kiosk.web.live import LiveVisit
from kiosk.web.middlewares import site_of
from kiosk.web.noting import note
from kiosk.web.request import form, operator, refuse
from kiosk.web.routes import Handler, Route
from kiosk.web.steering import NO_VISIT, OUTCOMES, steer

Fields = Mapping[str, str]

_RIGHTS: Final = (
    Access.VISIT_STEER,
    Access.VISIT_TAKE_OVER,
    Access.VISIT_SPEAK,
)


async def visit_page(request: web.Request) -> web.Response:
    """Show one visit: live while it runs, its transcript from storage afterwards."""
    row, item = await found(request)
    visit_id = request.match_info["visit"]
    await note(request, "visit.read", visit_id)
    live = request.app[keys.LIVE]
    screen = live.kiosks.get(item.kiosk_id) if item is not None else None
    if item is not None:
        head = board.visit(live, item)
    else:
        assert row is not None
        head = past(request, row)
        head |= {
            "running": False,
            "tone": "calm",
            "taken_by": "",
            "language": f"in {head['language']}",
        }
    feed = f"/operator/feed?visit={visit_id}&kiosk={item.kiosk_id}" if item is not None else ""
    done = request.query.get("done", "")
    site = await site_of(request)
    who = operator(request)
    return await render(
        request,
        "visit.html",
        nav="visits",
        feed=feed if head["running"] else "",
        visit=head,
        turns=await turns(request, item),
        timeline=[board.entry(change) for change in item.timeline] if item is not None else [],
        forgotten=item.forgotten if item is not None else 0,
        kept=item is not None,
        device=device_board.BLANK
        | (device_board.device(live, screen) if screen is not None else {}),
        rights={right.value for right in _RIGHTS if who.may(right, site)},
        sentences=_sentences(request, item.language if item is not None else ""),
        people=request.app[keys.SETTINGS].operators,
        most=orders.MAX_WORDS,
        # Once it is over the page says so itself.
        outcome="" if done == "end" and not head["running"] else OUTCOMES.get(done, ""),
        failed=done not in _DONE,
    )


async def found(request: web.Request) -> tuple[VisitRow | None, LiveVisit | None]:
    """Return the visit in the address as storage and the live view have it, if it may be read."""
    visit_id = request.match_info["visit"]
    row = await request.app[keys.STORAGE].visits.get(visit_id)
    item = request.app[keys.LIVE].visit(visit_id)
    if row is None and item is None:
        refuse(404, "no_visit", NO_VISIT)
    running = item is not None and item.ended is None
    right = Access.VISIT_FOLLOW if running else Access.TRANSCRIPT_READ
    if not operator(request).may(right, await site_of(request)):
        refuse(403, "no_words", "What was said is not for you to read; ask an administrator.")
    return row, item


async def turns(request: web.Request, item: LiveVisit | None) -> list[board.Fields]:
    """Return what was said, oldest first.

    Storage lags a moment behind the conversation and the live view forgets the oldest turns:
    together they are whole.
    """
    kept = await request.app[keys.STORAGE].turns.of(request.match_info["visit"])
    said = {entry.seq: board.turn(entry) for entry in kept}
    if item is not None:
        said |= {one.seq: board.turn(one, item.waited.get(one.seq)) for one in item.turns}
    return [said[seq] for seq in sorted(said)]


async def end_page(request: web.Request) -> web.Response:
    """Ask once, naming what will happen to whom."""
    visit_id = request.match_info["visit"]
    live = request.app[keys.LIVE]
    item = live.running.get(visit_id)
    if item is None:
        raise web.HTTPSeeOther(f"/operator/visits/{visit_id}?done=over")
    return await render(request, "end.html", nav="visits", visit=board.visit(live, item))


# ── orders as forms, for a page without script ───────────────────────────────────────────────


def _end(by: str, fields: Fields) -> orders.Order:
    del fields
    return orders.End(by=by)


def _whisper(by: str, fields: Fields) -> orders.Order:
    return orders.Whisper(by=by, text=fields.get("text", ""))


def _say(by: str, fields: Fields) -> orders.Order:
    return orders.Say(by=by, sentence=fields.get("sentence", ""))


def _speak(by: str, fields: Fields) -> orders.Order:
    # The same bounds as any words.
    return orders.Say(by=by, text=orders.Type(text=fields.get("text", "")).text)


def _take_over(by: str, fields: Fields) -> orders.Order:
    return orders.TakeOver(by=by, insist=fields.get("insist") == "true")


def _type(by: str, fields: Fields) -> orders.Order:
    return orders.Type(by=by, text=fields.get("text", ""))


def _hand_back(by: str, fields: Fields) -> orders.Order:
    del fields
    return orders.HandBack(by=by)


def _ordering(make: Callable[[str, Fields], orders.Order]) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        visit_id = request.match_info["visit"]
        fields = await form(request)
        try:
            order = make(operator(request).name[:64], fields)
        except ValidationError:
            raise web.HTTPSeeOther(f"/operator/visits/{visit_id}?done=words") from None
        outcome = await steer(request, order, fields.get("why", "").strip()[:MAX_WHY])
        raise web.HTTPSeeOther(f"/operator/visits/{visit_id}?done={outcome.code}")

    return handle


_FORMS: Final = (
    ("end", _end, Access.VISIT_STEER),
    ("whisper", _whisper, Access.VISIT_SPEAK),
    ("say", _say, Access.VISIT_STEER),
    ("speak", _speak, Access.VISIT_SPEAK),
    ("take-over", _take_over, Access.VISIT_TAKE_OVER),
    ("type", _type, Access.VISIT_TAKE_OVER),
    ("hand-back", _hand_back, Access.VISIT_TAKE_OVER),
)
_DONE: Final = frozenset({"end", "whisper", "say", "take_over", "type", "hand_back"})


def routes() -> list[Route]:
    """Return the addresses of this module."""
    return [
        Route("GET", "/operator/visits/{visit}", visit_page, Access.FLEET_VIEW),
        Route("GET", "/operator/visits/{visit}/end", end_page, Access.VISIT_STEER),
        *(
            Route("POST", f"/operator/visits/{{visit}}/{name}", _ordering(make), access)
            for name, make, access in _FORMS
        ),
    ]


def _sentences(request: web.Request, language: str) -> list[tuple[str, str]]:
    """Return the site's sentences, in the visitor's language where they have it."""
    listed: list[tuple[str, str]] = []
    for sentence in request.app[keys.SETTINGS].operators.sentences:
        text: Any = in_language(sentence.text, language) or next(iter(sentence.text.values()))
        listed.append((sentence.id, text))
    return listed
