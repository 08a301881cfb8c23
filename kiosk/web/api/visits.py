"""/api/visits: what was said in a visit, and taking part in one that runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from aiohttp import web
from pydantic import AwareDatetime, Field, StringConstraints

from kiosk import keys
from kiosk.security.access import Access
from kiosk.session import orders
from kiosk.web import board
from kiosk.web.api.base import ApiHandler, ApiRoute, Given, Model, Nothing
from kiosk.web.dashboard import MAX_WHY, PAGE
from kiosk.web.noting import note
from kiosk.web.request import operator, refuse
from kiosk.web.steering import steer
from kiosk.web.visit_page import found, turns

Words = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=orders.MAX_WORDS),
    Field(json_schema_extra={"pattern": r"\S"}),
]

TAG: Final = "visits"
_STATUS: Final[Mapping[str, int]] = {"too_fast": 429, "wait": 429, "silent": 503, "no_line": 503}
"""Of orders that were not followed; all others do not go with how the visit is: 409."""


class Turn(Model):
    """One thing that was said, redacted."""

    seq: int
    speaker: str = Field(description="`visitor`, `avatar` or `operator`.")
    text: str
    language: str
    at: str
    interrupted: bool
    waited_ms: int | None = Field(
        description="How long the visitor waited for the first sound of it; null: not measured."
    )


class Entry(Model):
    """One line of the timeline."""

    seq: int
    at: str
    text: str
    tone: str = Field(description="`calm`, `busy`, `trouble` or `off`.")


class Visit(Model):
    """One visit, running or over."""

    id: str
    kiosk: str
    running: bool
    language: str
    started_at: str
    state: str = Field(description="Of its screen; empty once it is over.")
    media: str = Field(description="How the picture travels; empty: not known.")
    media_detail: str
    taken_by: str = Field(description="The operator who has the conversation; empty: the model.")
    turns: list[Turn]
    timeline: list[Entry] = Field(description="Kept while the visit runs and a while after it.")


class Past(Model):
    """One visit in a list."""

    id: str
    kiosk: str
    site: str
    language: str
    started_at: AwareDatetime | datetime
    ended_at: AwareDatetime | datetime | None
    reason: str = Field(description="Why it ended; empty while it runs or when nobody knows.")
    turns: int
    tools: list[str]


class PastQuery(Model):
    """Which page of the list."""

    before: str | None = Field(None, max_length=64, description="The `id` of the last one seen.")
    limit: int = Field(PAGE, ge=1, le=500)


class Visits(Model):
    """Visits, newest first."""

    visits: list[Past]
    before: str | None = Field(description="Ask with this for the next page; null: no more.")


class Sentence(Model):
    """A sentence of the site's that operators may have said."""

    id: str
    text: dict[str, str] = Field(description="By language.")


class Sentences(Model):
    """All of them."""

    sentences: list[Sentence]


class Text(Model):
    """Words."""

    text: Words


class Which(Model):
    """A sentence by its id."""

    sentence: str = Field(min_length=1, max_length=40)


class Taking(Model):
    """How a conversation is taken."""

    insist: bool = Field(False, description="Also from another operator who has it.")


class Why(Model):
    """A reason for the audit."""

    why: str = Field("", max_length=MAX_WHY, description="For the audit, without names.")


class Done(Model):
    """What came of it."""

    done: str = Field(description="One sentence.")


async def visit(request: web.Request, given: Given[Any, Any]) -> Visit:
    """Return one visit with its words; reading it is audited."""
    row, item = await found(request)
    visit_id = given.path["visit"]
    await note(request, "visit.read", visit_id)
    said = await turns(request, item)
    waited = item.waited if item is not None else {}
    if item is not None:
        started, language, kiosk = item.started_at.isoformat(), item.language, item.kiosk_id
    else:
        assert row is not None
        started, language, kiosk = row.started_at.isoformat(), row.language, row.kiosk_id
    running = item is not None and item.ended is None
    return Visit(
        id=visit_id,
        kiosk=kiosk,
        running=running,
        language=language,
        started_at=started,
        state=item.state if item is not None and running else "",
        media=(item.media or "") if item is not None else "",
        media_detail=item.media_detail if item is not None else "",
        taken_by=item.taken_by if item is not None else "",
        turns=[
            Turn(
                seq=one["seq"],
                speaker=one["speaker"],
                text=one["text"],
                language=one["lang"],
                at=one["at"],
                interrupted=bool(one["note"]),
                waited_ms=waited.get(one["seq"]),
            )
            for one in said
        ],
        timeline=[
            Entry(seq=line["seq"], at=line["at"], text=line["text"], tone=line["tone"])
            for line in map(board.entry, item.timeline if item is not None else ())
        ],
    )


async def visits(request: web.Request, given: Given[PastQuery, Any]) -> Visits:
    """List visits of this person's sites, newest first."""
    asked = given.query
    rows = await request.app[keys.STORAGE].visits.recent(
        asked.limit + 1,
        before=asked.before,
        sites=operator(request).sites(Access.TRANSCRIPT_READ),
    )
    more = len(rows) > asked.limit
    rows = rows[: asked.limit]
    return Visits(
        visits=[
            Past(
                id=row.id,
                kiosk=row.kiosk_id,
                site=row.site,
                language=row.language,
                started_at=row.started_at,
                ended_at=row.ended_at,
                reason=row.reason.value if row.reason is not None else "",
                turns=row.turns,
                tools=list(row.tools),
            )
            for row in rows
        ],
        before=rows[-1].id if more else None,
    )


async def sentences(request: web.Request, given: Given[Any, Any]) -> Sentences:
    """List the sentences of the settings."""
    del given
    known = request.app[keys.SETTINGS].operators.sentences
    return Sentences(sentences=[Sentence(id=one.id, text=one.text) for one in known])


def _ordering(make: Callable[[str, Any], orders.Order]) -> ApiHandler:
    async def handle(request: web.Request, given: Given[Any, Any]) -> Done:
        order = make(operator(request).name[:64], given.body)
        why = given.body.why if isinstance(given.body, Why) else ""
        outcome = await steer(request, order, why)
        if not outcome.ok:
            refuse(_STATUS.get(outcome.code, 409), outcome.code, outcome.detail)
        return Done(done=outcome.detail)

    return handle


def _order(
    name: str,
    make: Callable[[str, Any], orders.Order],
    access: Access,
    summary: str,
    body: type[Model] | None = None,
) -> ApiRoute:
    return ApiRoute(
        "POST",
        f"/api/visits/{{visit}}/{name}",
        _ordering(make),
        access,
        summary,
        body=body,
        answer=Done,
        tag=TAG,
        refusals=(409, 429, 503),
    )


ROUTES: Final = [
    ApiRoute(
        "GET",
        "/api/visits",
        visits,
        Access.TRANSCRIPT_READ,
        "Visits, newest first; no words.",
        query=PastQuery,
        answer=Visits,
        tag=TAG,
    ),
    ApiRoute(
        "GET",
        "/api/visits/{visit}",
        visit,
        Access.FLEET_VIEW,
        "One visit with what was said. Needs `visit.follow` while it runs, else `transcript.read`.",
        query=Nothing,
        answer=Visit,
        tag=TAG,
    ),
    ApiRoute(
        "GET",
        "/api/sentences",
        sentences,
        Access.VISIT_STEER,
        "The sentences that may be said.",
        answer=Sentences,
        tag=TAG,
    ),
    _order(
        "whisper",
        lambda by, body: orders.Whisper(by=by, text=body.text),
        Access.VISIT_SPEAK,
        "Tell the model something for its next answer; the visitor neither sees nor hears it.",
        Text,
    ),
    _order(
        "say",
        lambda by, body: orders.Say(by=by, sentence=body.sentence),
        Access.VISIT_STEER,
        "Have a sentence of the site's said, in the visitor's language where there is one.",
        Which,
    ),
    _order(
        "speak",
        lambda by, body: orders.Say(by=by, text=body.text),
        Access.VISIT_SPEAK,
        "Have words of your own said, without taking the conversation.",
        Text,
    ),
    _order(
        "take-over",
        lambda by, body: orders.TakeOver(by=by, insist=body.insist),
        Access.VISIT_TAKE_OVER,
        "Take the conversation: the model is silent, and the visitor is told. It goes back by "
        "itself after `operators.silence_s` without a word of yours.",
        Taking,
    ),
    _order(
        "type",
        lambda by, body: orders.Type(by=by, text=body.text),
        Access.VISIT_TAKE_OVER,
        "Have your words said, in a conversation that you have taken.",
        Text,
    ),
    _order(
        "hand-back",
        lambda by, body: orders.HandBack(by=by),
        Access.VISIT_TAKE_OVER,
        "Give the conversation back to the model, which is told what was said meanwhile.",
    ),
    _order(
        "end",
        lambda by, body: orders.End(by=by),
        Access.VISIT_STEER,
        "End the visit.",
        Why,
    ),
]
