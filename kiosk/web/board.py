"""The live picture as plain values: what a page shows at first and the feed keeps up to date."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeAlias

from kiosk.events import (
    AnswerBegan,
    BargedIn,
    ToolCalled,
    TurnCompleted,
    UpstreamRestored,
    Whispered,
)
from kiosk.model import TranscriptEntry
from kiosk.web import device_board, wording
from kiosk.web.live import Change, LiveKiosk, LiveView, LiveVisit

Fields: TypeAlias = dict[str, Any]
"""JSON values; times are ISO 8601 in UTC, empty strings show as nothing."""

MAX_BAR_MS = 5000
"""A delay this long fills the whole bar beside it."""


Sites: TypeAlias = Collection[str] | None
"""The houses a person may see; None for all."""


def kiosks(view: LiveView, sites: Sites = None) -> list[Fields]:
    """Return every screen of `sites`, in the order of the settings: rows keep their place."""
    return [kiosk(view, item) for item in of_sites(view, sites)]


def kiosk(view: LiveView, item: LiveKiosk) -> Fields:
    """Return one screen as the parts of a sentence."""
    visit = view.running.get(item.visit_id) if item.visit_id is not None else None
    if visit is not None:
        tone: wording.Tone = "trouble" if _troubled(item, visit) else "busy"
        state = wording.state(visit.state)
        if visit.lost_at is not None:
            state = "Line lost, reconnecting"
        elif not item.connected:
            state = f"{state}, screen disconnected"
    else:
        tone = "calm" if item.connected else "off"
        state = _waiting(item) if item.connected else "Not connected"
    last = wording.line(item.last).text if item.last is not None else "Nothing heard yet"
    since = visit.started_at if visit is not None else None
    return {
        "id": item.id,
        "name": item.name,
        "place": item.place,
        "tone": tone,
        "state": state,
        "language": f"in {wording.language(visit.language)}" if visit and visit.language else "",
        "since": _iso(since),
        "media": wording.media(visit.media) if visit is not None else "",
        "last": last,
        "last_at": _iso(item.last.at) if item.last is not None else "",
        "visit": visit.id if visit is not None else "",
    }


def attention(view: LiveView, sites: Sites = None) -> list[Fields]:
    """Return what needs a person at `sites`, worst first; empty when all is well."""
    found: list[tuple[int, Fields]] = []
    for item in of_sites(view, sites):
        visit = view.running.get(item.visit_id) if item.visit_id is not None else None
        if not item.connected:
            if item.changed_at is not None:
                found.append((1, _need(item, "screen", "is not connected", item.changed_at, None)))
            else:
                text = "has not connected since this server started"
                found.append((2, _need(item, "screen", text, view.started_at, None)))
        found += [
            (rank, _need(item, kind, text, device_board.since(item, kind), visit))
            for rank, kind, text in device_board.needs(view, item, visit)
        ]
        if visit is None:
            continue
        if visit.lost_at is not None:
            text = "has lost its line to Voice Live and seeks a new one"
            found.append((0, _need(item, "line", text, visit.lost_at, visit)))
        elif visit.state in wording.TROUBLED_STATES:
            found.append(
                (0, _need(item, "error", "shows the visitor an error", visit.started_at, visit))
            )
        if visit.wanted is not None:
            text = "asks for a person" if visit.wanted.state == "wanted" else "awaits a colleague"
            text += f": {visit.wanted.reason}" if visit.wanted.reason else ""
            rank = 0 if visit.wanted.state == "wanted" else 2
            found.append((rank, _need(item, "person", text, visit.wanted.at, visit)))
        if visit.media in wording.NO_PICTURE:
            detail = f": {visit.media_detail}" if visit.media_detail else ""
            text = f"shows no picture ({wording.media(visit.media)}){detail}"
            found.append(
                (1, _need(item, "picture", text, visit.media_at or visit.started_at, visit))
            )
    return [fields for _, fields in sorted(found, key=lambda pair: pair[0])]


def headline(view: LiveView, sites: Sites = None) -> str:
    """Return the one line that says how things are at `sites`."""
    shown = of_sites(view, sites)
    total = len(shown)
    if total == 0:
        return "No screen is yours to look after."
    connected = sum(item.connected for item in shown)
    ids = {item.id for item in shown}
    visits = sum(item.kiosk_id in ids for item in view.running.values())
    if connected == total:
        screens = "The screen is connected" if total == 1 else f"All {total} screens are connected"
    else:
        screens = f"{connected} of {wording.count(total, 'screen')} connected"
    running = f"{wording.count(visits, 'visit')} running" if visits else "no visit running"
    lost = f"; {wording.count(view.missed, 'event')} missed" if view.missed else ""
    return f"{screens}, {running}{lost}."


def visit(view: LiveView, item: LiveVisit) -> Fields:
    """Return one visit's head line."""
    place = view.kiosks.get(item.kiosk_id)
    ended = item.ended
    return {
        "id": item.id,
        "kiosk": place.name if place is not None else item.kiosk_id,
        "tone": "calm" if ended else "trouble" if _troubled(place, item) else "busy",
        "state": "Ended" if ended else _visit_state(place, item),
        "language": f"in {wording.language(item.language)}" if item.language else "",
        "media": wording.media(item.media),
        "media_detail": item.media_detail,
        "media_at": _iso(item.media_at),
        "taken_by": item.taken_by,
        "taken_at": _iso(item.taken_at),
        "since": _iso(item.started_at),
        "ended": ""
        if ended is None
        else f"Ended after {wording.duration(ended.seconds)}: {wording.reason(ended.reason)}",
        "running": ended is None,
    }


def turn(said: TurnCompleted | TranscriptEntry, waited: int | None = None) -> Fields:
    """Return one turn; its text has been through redaction. `waited` for it did the visitor, ms."""
    return {
        "seq": said.seq,
        "who": wording.speaker(said.speaker),
        "speaker": said.speaker,
        "text": said.text,
        "lang": said.language,
        "at": _iso(said.at),
        "note": "interrupted" if said.interrupted else "",
        "waited": "" if waited is None else f"began after {wording.milliseconds(waited)}",
        "wait": 0 if waited is None else _bar(waited),
    }


def entry(change: Change) -> Fields:
    """Return one line of a visit's timeline; `ms` is set where time was spent."""
    event = change.event
    line = wording.line(event)
    text, ms, bar = line.text, "", 0
    if isinstance(event, Whispered):
        text += f": {event.text}"
    if isinstance(event, ToolCalled):
        ms, bar = wording.milliseconds(event.ms), event.ms
    elif isinstance(event, UpstreamRestored | AnswerBegan):
        ms, bar = wording.milliseconds(event.after_ms), event.after_ms
    elif isinstance(event, BargedIn):
        ms = wording.milliseconds(event.heard_ms)
    return {
        "seq": change.seq,
        "text": text,
        "tone": line.tone,
        "at": _iso(event.at),
        "ms": ms,
        "bar": _bar(bar),
    }


def of_sites(view: LiveView, sites: Sites) -> list[LiveKiosk]:
    """Return the screens of some houses, in the order of the settings."""
    return [item for item in view.kiosks.values() if sites is None or item.site in sites]


def _bar(ms: int) -> int:
    return round(min(ms, MAX_BAR_MS) * 100 / MAX_BAR_MS)


def _need(
    item: LiveKiosk, kind: str, text: str, since: datetime, visit: LiveVisit | None
) -> Fields:
    return {
        "key": f"{item.id}:{kind}",
        "text": f"{item.name} {text}",
        "since": _iso(since),
        "visit": visit.id if visit is not None else "",
        "kiosk": item.id,
    }


def _troubled(item: LiveKiosk | None, visit: LiveVisit) -> bool:
    return (
        visit.lost_at is not None
        or visit.state in wording.TROUBLED_STATES
        or visit.media in wording.NO_PICTURE
        or (item is not None and not item.connected)
    )


def _waiting(item: LiveKiosk) -> str:
    # A screen that has the line and shows that it has none was taken out of service.
    if item.report is not None and item.report.state in wording.TROUBLED_STATES:
        return "Out of service; visitors read why"
    if item.report is not None and item.report.dark:
        return "Dark, as an operator wants it"
    return "Dark on purpose, outside its hours" if item.resting else "Waiting for a visitor"


def _visit_state(item: LiveKiosk | None, visit: LiveVisit) -> str:
    if visit.lost_at is not None:
        return "Line lost, reconnecting"
    if item is not None and not item.connected:
        return f"{wording.state(visit.state)}, screen disconnected"
    return wording.state(visit.state)


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at is not None else ""
