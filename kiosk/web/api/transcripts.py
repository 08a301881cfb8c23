"""/api/transcripts and what keeps or erases visits: the same as the pages, for programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from aiohttp import web
from pydantic import AwareDatetime, Field

from kiosk import keys
from kiosk.security.access import Access
from kiosk.storage.keeping import Hold as Held
from kiosk.storage.rows import VisitRow
from kiosk.storage.search import OUTCOMES
from kiosk.storage.words import MOST_QUERY
from kiosk.transcripts.erasing import KeepError
from kiosk.transcripts.export import MEDIA
from kiosk.transcripts.retention import CLASSES
from kiosk.web.api.base import ApiRoute, Given, Model, Nothing
from kiosk.web.asking import Asked, export, look
from kiosk.web.keeping import CODES, MAX_WHY, by, refused, until_of
from kiosk.web.noting import note
from kiosk.web.request import operator, refuse
from kiosk.web.routes import Cost

MOST_VISITS = 100

Name = Field("", max_length=64)


class Wanted(Model):
    """Which visits; what is left out does not matter."""

    words: str = Field("", max_length=MOST_QUERY, description="All of them in one turn.")
    site: str = Name
    kiosk: str = Name
    language: str = Name
    outcome: str = Field(
        "",
        max_length=40,
        description="A reason, `no_end` or `nothing_said`.",
        json_schema_extra={"enum": ["", *OUTCOMES]},
    )
    since: date | None = Field(None, description="First day, by the site's calendar.")
    until: date | None = Field(None, description="Last day.")

    def asked(self) -> Asked:
        """Return it as pages ask."""
        return Asked(
            words=self.words.strip(),
            site=self.site,
            kiosk=self.kiosk,
            language=self.language,
            outcome=self.outcome,
            since=self.since.isoformat() if self.since is not None else "",
            until=self.until.isoformat() if self.until is not None else "",
        )


class SearchBody(Wanted):
    """A search; a body, because what is looked for may be a name and belongs in no address."""

    after: str = Field("", max_length=64, description="`next` of the page before.")
    limit: int = Field(30, ge=1, le=MOST_VISITS)


class ExportBody(Wanted):
    """What to carry out; first and last day are needed."""

    since: date = Field(description="First day, by the site's calendar.")
    until: date = Field(description="Last day.")
    level: Literal["redacted", "wordless"] = "redacted"


class Turn(Model):
    """One turn, as it is stored: redacted."""

    seq: int
    speaker: str
    text: str
    language: str
    at: AwareDatetime
    interrupted: bool


class Visit(Model):
    """One visit, and of a search the first turns that have the words."""

    id: str
    site: str
    kiosk: str
    language: str
    began: AwareDatetime
    ended: AwareDatetime | None
    outcome: str | None
    turns: int
    hits: list[Turn] = Field(default_factory=list)


class Visits(Model):
    """A page of visits, newest first."""

    visits: list[Visit]
    next: str | None = Field(description="Ask with this as `after` for more; null: no more.")


class Transcript(Model):
    """A visit with all its turns."""

    visit: Visit
    turns: list[Turn]


class Why(Model):
    """A reason, for the audit."""

    why: str = Field("", max_length=MAX_WHY)


class HoldBody(Model):
    """A legal hold."""

    why: str = Field(min_length=1, max_length=MAX_WHY)
    until: date | None = Field(None, description="Last day; null: until it is lifted.")


class Hold(Model):
    """Who keeps a visit, why and until when."""

    visit: str
    at: AwareDatetime
    by: str
    why: str
    until: AwareDatetime | None


class Holds(Model):
    """The holds there are now."""

    holds: list[Hold]


class Erased(Model):
    """What was erased, and which plugins are asked again."""

    removed: dict[str, int]
    failed: list[str]
    message: str


class Code(Model):
    """A code that a visitor brought along."""

    code: str = Field(min_length=1, max_length=64)


class CodeVisit(Model):
    """The visit of a code."""

    visit: str


class Run(Model):
    """One run of the retention and what it deleted, by class."""

    began: AwareDatetime
    ended: AwareDatetime
    by: str
    removed: dict[str, int]
    error: str


class Policy(Model):
    """Days that a site keeps each class; 0: never stored."""

    site: str
    transcripts: int
    visits: int
    outbox: int
    dead_letters: int


class Retention(Model):
    """What is kept for how long, and what the last runs deleted."""

    sites: list[Policy]
    audit_days: int
    next_run: AwareDatetime
    busy: bool
    runs: list[Run]


class RunBody(Model):
    """A run; dry: only counted."""

    dry_run: bool = False


class RunAnswer(Model):
    """What goes or would go; of a run that was begun it is told by /api/retention later."""

    begun: bool
    counted: dict[str, int]


def _visit(row: VisitRow, hits: list[Turn] | None = None) -> Visit:
    return Visit(
        id=row.id,
        site=row.site,
        kiosk=row.kiosk_id,
        language=row.language,
        began=row.started_at,
        ended=row.ended_at,
        outcome=row.reason.value if row.reason is not None else None,
        turns=row.turns,
        hits=hits or [],
    )


def _turn(entry: Any) -> Turn:
    return Turn(**{name: getattr(entry, name) for name in Turn.model_fields})


def _hold(held: Held) -> Hold:
    return Hold(visit=held.visit_id, at=held.at, by=held.actor, why=held.why, until=held.until)


async def search(request: web.Request, given: Given[Any, SearchBody]) -> Visits:
    """Search."""
    found, more = await look(
        request, given.body.asked(), limit=given.body.limit, after=given.body.after
    )
    visits = [_visit(item.visit, [_turn(hit) for hit in item.hits]) for item in found]
    return Visits(visits=visits, next=more or None)


async def export_csv(request: web.Request, given: Given[Any, ExportBody]) -> web.StreamResponse:
    """Export for a spreadsheet."""
    return await export(request, given.body.asked(), "csv", given.body.level)


async def export_lines(request: web.Request, given: Given[Any, ExportBody]) -> web.StreamResponse:
    """Export for a program."""
    return await export(request, given.body.asked(), "jsonl", given.body.level)


async def read(request: web.Request, given: Given[Any, Any]) -> Transcript:
    """Read one visit."""
    visit_id = given.path["visit"]
    storage = request.app[keys.STORAGE]
    row = await storage.visits.get(visit_id)
    if row is None:
        refuse(404, "no_visit", "There is no such visit; it may have been erased.")
    await note(request, "visit.read", visit_id)
    turns = await storage.turns.of(visit_id)
    return Transcript(visit=_visit(row), turns=[_turn(turn) for turn in turns])


async def erase(request: web.Request, given: Given[Any, Why]) -> Erased:
    """Erase one visit."""
    try:
        done = await request.app[keys.ERASER].erase(
            given.path["visit"], by(request, given.body.why)
        )
    except KeepError as error:
        refused(error)
    return Erased(removed=done.removed, failed=list(done.failed), message=done.sentence)


async def hold(request: web.Request, given: Given[Any, HoldBody]) -> Hold:
    """Hold one visit."""
    until = given.body.until
    end = until_of(request, until.isoformat() if until is not None else "")
    try:
        held = await request.app[keys.ERASER].hold(
            given.path["visit"], by(request, given.body.why), end
        )
    except KeepError as error:
        refused(error)
    return _hold(held)


async def release(request: web.Request, given: Given[Any, Why]) -> Nothing:
    """Lift a hold."""
    try:
        await request.app[keys.ERASER].release(given.path["visit"], by(request, given.body.why))
    except KeepError as error:
        refused(error)
    return Nothing()


async def holds(request: web.Request, given: Given[Any, Any]) -> Holds:
    """List the holds."""
    del given
    sites = operator(request).sites(Access.TRANSCRIPT_ERASE)
    found = await request.app[keys.STORAGE].keeping.holds(sites=sites)
    return Holds(holds=[_hold(item) for item in found])


async def of_code(request: web.Request, given: Given[Any, Code]) -> CodeVisit:
    """Find the visit of a visitor's code."""
    sought = request.app[CODES].hash_of(given.body.code)
    storage = request.app[keys.STORAGE]
    visit_id = await storage.keeping.visit_of_code(sought) if sought is not None else None
    row = await storage.visits.get(visit_id) if visit_id is not None else None
    if row is None or not operator(request).may(Access.TRANSCRIPT_ERASE, row.site):
        refuse(404, "no_visit", "No visit has this code; it may have been erased already.")
    return CodeVisit(visit=row.id)


async def retention(request: web.Request, given: Given[Any, Any]) -> Retention:
    """Say what is kept, and what was deleted."""
    del given
    app = request.app
    settings = app[keys.SETTINGS]
    sites = operator(request).sites(Access.TRANSCRIPT_ERASE)
    policies = []
    for site in settings.site_names():
        if sites is None or site in sites:
            days = settings.retention.of(site)
            kept = {name: getattr(days, name) for name in Policy.model_fields if name != "site"}
            policies.append(Policy(site=site, **kept))
    runs = await app[keys.STORAGE].keeping.runs()
    next_run: datetime = app[keys.RETENTION].next_run(app[keys.CLOCK].now())
    return Retention(
        sites=policies,
        audit_days=settings.retention.audit_days,
        next_run=next_run,
        busy=app[keys.RETENTION].busy,
        runs=[
            Run(
                began=run.began_at,
                ended=run.ended_at,
                by=run.actor,
                removed={name: run.removed.get(name, 0) for name in CLASSES},
                error=run.error,
            )
            for run in runs
        ],
    )


async def run(request: web.Request, given: Given[Any, RunBody]) -> RunAnswer:
    """Run the retention, or only count."""
    who = operator(request)
    if who.sites(Access.TRANSCRIPT_ERASE) is not None:
        refuse(403, "forbidden", "A run is for all sites; you may erase at some of them only.")
    keeper = request.app[keys.RETENTION]
    if given.body.dry_run:
        return RunAnswer(begun=False, counted=await keeper.run(who.actor, dry_run=True))
    return RunAnswer(begun=await keeper.begin(who.actor), counted={})


_READ, _ERASE = Access.TRANSCRIPT_READ, Access.TRANSCRIPT_ERASE
_VISIT = "/api/transcripts/{visit:visit_[^/]+}"
"""A visit's id begins so; everything else below is an address of its own."""


ROUTES = [
    ApiRoute(
        "POST", "/api/transcripts/search", search, _READ, "Search transcripts.",
        body=SearchBody, answer=Visits, cost=Cost.SEARCH,
    ),
    ApiRoute(
        "POST", "/api/transcripts/export.csv", export_csv, Access.TRANSCRIPT_EXPORT,
        "Export transcripts as CSV.", body=ExportBody, media=MEDIA["csv"], cost=Cost.SEARCH,
    ),
    ApiRoute(
        "POST", "/api/transcripts/export.jsonl", export_lines, Access.TRANSCRIPT_EXPORT,
        "Export transcripts as JSON Lines, a visit each.", body=ExportBody, media=MEDIA["jsonl"],
        cost=Cost.SEARCH,
    ),
    ApiRoute(
        "POST", "/api/transcripts/code", of_code, _ERASE, "Find the visit of a visitor's code.",
        body=Code, answer=CodeVisit,
    ),
    ApiRoute("GET", "/api/transcripts/holds", holds, _ERASE, "List legal holds.", answer=Holds),
    ApiRoute("GET", _VISIT, read, _READ, "Read one visit; audited.", answer=Transcript),
    ApiRoute(
        "POST", f"{_VISIT}/erase", erase, _ERASE, "Erase one visit everywhere.",
        body=Why, answer=Erased, refusals=(409,),
    ),
    ApiRoute(
        "POST", f"{_VISIT}/hold", hold, _ERASE, "Put a visit under a legal hold.",
        body=HoldBody, answer=Hold,
    ),
    ApiRoute(
        "POST", f"{_VISIT}/release", release, _ERASE, "Lift a legal hold.",
        body=Why, status=204, refusals=(409,),
    ),
    ApiRoute(
        "GET", "/api/retention", retention, _ERASE, "What is kept for how long, and what went.",
        answer=Retention,
    ),
    ApiRoute(
        "POST", "/api/retention/run", run, _ERASE, "Delete what is too old now, or count it.",
        body=RunBody, answer=RunAnswer,
    ),
]  # fmt: skip
