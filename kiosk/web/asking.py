"""Which transcripts are asked for: the same for pages and programs, checked, scoped and audited."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from kiosk import keys
from kiosk.security.access import Access
from kiosk.storage.search import OUTCOMES, Found, Wanted
from kiosk.storage.words import Query
from kiosk.transcripts.export import MEDIA, Export, Kind, Level
from kiosk.web.noting import note
from kiosk.web.request import operator, refuse
from kiosk.web.wording import count as count_of

MOST_EXPORT_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for, as it was written; days are the site's own, both included."""

    words: str = ""
    site: str = ""
    kiosk: str = ""
    language: str = ""
    outcome: str = ""
    since: str = ""
    until: str = ""

    @property
    def narrowed(self) -> str:
        """Say for the audit what was asked for: never the words, which may name a person."""
        query = Query.of(self.words)
        parts = [count_of(len(query.words), "word")] if query else []
        names = ("site", "kiosk", "language", "outcome", "since", "until")
        parts += [f"{name} {getattr(self, name)}" for name in names if getattr(self, name)]
        return ", ".join(parts) or "everything"


def wanted(request: web.Request, asked: Asked, right: Access) -> Wanted:
    """Return what is looked for, within the sites where the person has `right`."""
    zone = ZoneInfo(request.app[keys.SETTINGS].site.time_zone)
    if asked.outcome and asked.outcome not in OUTCOMES:
        refuse(422, "bad_outcome", "There is no such outcome; choose one of the list.")
    since, until = day(asked.since, zone), day(asked.until, zone)
    if since is not None and until is not None and since > until:
        refuse(422, "bad_range", "The last day is before the first; exchange them.")
    sites = operator(request).sites(right)
    if asked.site:
        sites = frozenset({asked.site}) & (sites if sites is not None else {asked.site})
    return Wanted(
        sites=sites,
        kiosk=asked.kiosk,
        language=asked.language,
        outcome=asked.outcome,
        since=since,
        until=until + timedelta(days=1) if until is not None else None,
    )


def day(text: str, zone: ZoneInfo) -> datetime | None:
    """Return the first moment of a day at the site; None for no day."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), tzinfo=zone)
    except (ValueError, OverflowError):
        refuse(422, "bad_day", "Write days as 2026-11-30.")


async def look(
    request: web.Request, asked: Asked, *, limit: int, after: str
) -> tuple[list[Found], str]:
    """Return one page of visits and where the next begins; looking for words is audited."""
    query = Query.of(asked.words)
    if asked.words.strip() and not query:
        refuse(422, "no_words", "There is no letter or digit in that; search for a word.")
    found = await request.app[keys.STORAGE].search.find(
        wanted(request, asked, Access.TRANSCRIPT_READ), query, limit=limit + 1, after=after
    )
    more = found[limit - 1].visit.id if len(found) > limit else ""
    if query:
        some = count_of(len(found[:limit]), "visit")
        detail = f"{asked.narrowed}: {some}{' and more' if more else ''}"
        await note(request, "transcripts.search", "", detail, site=asked.site)
    return list(found[:limit]), more


async def export(
    request: web.Request, asked: Asked, kind: Kind, level: Level
) -> web.StreamResponse:
    """Stream a file; refuses too long a time and too many visits, with what to do about it."""
    settings = request.app[keys.SETTINGS].retention
    chosen = wanted(request, asked, Access.TRANSCRIPT_EXPORT)
    if chosen.since is None or chosen.until is None:
        refuse(422, "no_range", "Say from which day to which day.")
    if chosen.until - chosen.since > timedelta(days=MOST_EXPORT_DAYS):
        refuse(422, "long_range", f"Export at most {MOST_EXPORT_DAYS} days at once.")
    # Whoever exports reads: both rights are needed, and hold at the same sites.
    readable = operator(request).sites(Access.TRANSCRIPT_READ)
    if readable is not None:
        sites = readable if chosen.sites is None else chosen.sites & readable
        chosen = replace(chosen, sites=sites)
    query = Query.of(asked.words) or None
    storage, most = request.app[keys.STORAGE], settings.export_visits
    count = await storage.search.count(chosen, query, most=most)
    if count > most:
        refuse(422, "too_many", f"These are more than {most} visits; choose a shorter time.")
    made = Export(chosen, query, kind, level)
    detail = f"{count_of(count, 'visit')}, {level}, {kind}; {asked.narrowed}"
    await note(request, "transcripts.export", "", detail, site=asked.site)
    response = web.StreamResponse(
        headers={
            "Content-Type": f"{MEDIA[kind]}; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{made.name()}"',
        }
    )
    await response.prepare(request)
    async for part in made.parts(storage, most):
        await response.write(part)
    await response.write_eof()
    return response
