"""/api/alerts and its neighbours: what is wrong, what was, silences, rules and channels."""

from __future__ import annotations

from typing import Annotated, Any

from aiohttp import web
from pydantic import AwareDatetime, Field

from kiosk import keys
from kiosk.alerts.rules import RULES, active
from kiosk.security.access import Access
from kiosk.settings.alerts import RuleName, Severity
from kiosk.storage.rows import AlertRow, AlertState, SilenceRow
from kiosk.web import alert_desk
from kiosk.web.alert_service import ENGINE
from kiosk.web.api.base import ApiRoute, Given, Model
from kiosk.web.request import operator, refuse

Why = Annotated[str, Field(max_length=300, description="For colleagues and the audit.")]


class Alert(Model):
    """One alert. A site that is empty is the whole system."""

    id: str
    rule: str
    severity: str
    state: AlertState
    stale: bool = Field(description="Put away long ago; counted no more.")
    site: str
    kiosk: str
    what: str
    fix: str
    since: AwareDatetime
    fired_at: AwareDatetime | None
    told_at: AwareDatetime | None
    held: bool = Field(description="Its message waits for the end of quiet hours.")
    resolved_at: AwareDatetime | None
    acknowledged_at: AwareDatetime | None
    acknowledged_by: str
    acknowledged_why: str


class AlertList(Model):
    """Alerts; of those open, the worst first."""

    alerts: list[Alert]


class HistoryQuery(Model):
    """Which page of the history."""

    before: str | None = Field(None, max_length=64, description="The id of the last alert seen.")
    limit: int = Field(50, ge=1, le=200)


class History(Model):
    """Alerts that fired, newest first."""

    alerts: list[Alert]
    before: str | None = Field(description="Ask with this for the next page; null: no more.")


class Acknowledge(Model):
    """Somebody takes care of it."""

    why: Why = ""


class Silence(Model):
    """Nobody is told of what it covers; empty: any."""

    id: str
    rule: str
    site: str
    kiosk: str
    why: str
    by: str
    created_at: AwareDatetime
    until: AwareDatetime


class SilenceList(Model):
    """Silences in force, newest first."""

    silences: list[Silence]


class NewSilence(Model):
    """What is not to be told, for how long, and why."""

    rule: RuleName | None = Field(None, description="Null: every rule.")
    site: str = Field("", max_length=48, description="Empty: every site.")
    kiosk: str = Field("", max_length=48, description="Empty: every screen.")
    hours: float = Field(gt=0, le=alert_desk.LONGEST_SILENCE_H, allow_inf_nan=False)
    why: Why = Field(json_schema_extra={"minLength": 1, "pattern": r"\S"})


class RuleInForce(Model):
    """A rule as the settings have it."""

    name: str
    title: str
    on: bool
    severity: Severity
    limit: float
    unit: str
    after_s: float
    fix: str


class RuleList(Model):
    """Every rule."""

    rules: list[RuleInForce]


class ChannelInUse(Model):
    """A channel and how its messages stand."""

    name: str
    type: str
    severity: str
    sites: list[str]
    waiting: int
    dead: int
    error: str


class ChannelList(Model):
    """Every channel."""

    channels: list[ChannelInUse]


class Tried(Model):
    """What came of a test."""

    taken: bool
    error: str


async def alerts(request: web.Request, given: Given[Any, Any]) -> AlertList:
    """List what is open."""
    del given
    return AlertList(alerts=[_alert(row) for row in alert_desk.open_alerts(request)])


async def alert(request: web.Request, given: Given[Any, Any]) -> Alert:
    """Answer with one alert."""
    del given
    return _alert(await alert_desk.find(request, Access.FLEET_VIEW))


async def history(request: web.Request, given: Given[HistoryQuery, Any]) -> History:
    """List what fired, newest first."""
    kept = request.app[keys.STORAGE].alerts
    before = None
    if given.query.before is not None:
        before = await kept.get(given.query.before)
        if before is None:
            refuse(404, "no_alert", f"before: {alert_desk.NO_ALERT}")
    limit = given.query.limit
    sites = operator(request).sites(Access.FLEET_VIEW)
    rows = await kept.history(limit + 1, before=before, sites=sites)
    more = rows[limit - 1].id if len(rows) > limit else None
    return History(alerts=[_alert(row) for row in rows[:limit]], before=more)


async def acknowledge(request: web.Request, given: Given[Any, Acknowledge]) -> Alert:
    """Take care of an alert."""
    row = await alert_desk.find(request, Access.ALERT_HANDLE)
    if not await alert_desk.acknowledge(request, row, given.body.why):
        refuse(409, "not_firing", "It does not fire any more, or somebody takes care already.")
    return _alert(await alert_desk.find(request, Access.ALERT_HANDLE))


async def silences(request: web.Request, given: Given[Any, Any]) -> SilenceList:
    """List the silences in force."""
    del given
    return SilenceList(silences=[_silence(row) for row in await alert_desk.silences(request)])


async def silence(request: web.Request, given: Given[Any, NewSilence]) -> Silence:
    """Silence something for a while."""
    asked = given.body
    return _silence(
        await alert_desk.silence(
            request,
            rule=asked.rule or "",
            site=asked.site,
            kiosk=asked.kiosk,
            hours=asked.hours,
            why=asked.why,
        )
    )


async def end_silence(request: web.Request, given: Given[Any, Any]) -> Model:
    """End a silence."""
    await alert_desk.end_silence(request, given.path["silence"])
    return Model()


async def rules(request: web.Request, given: Given[Any, Any]) -> RuleList:
    """List the rules as the settings have them."""
    del given
    settings = request.app[keys.SETTINGS].alerts
    on = active(settings) if settings.on else {}
    found = []
    for name, rule in RULES.items():
        change, now = settings.rule(name), on.get(name)
        found.append(
            RuleInForce(
                name=name,
                title=rule.title,
                on=now is not None,
                severity=change.severity or rule.severity,
                limit=rule.limit if change.limit is None else change.limit,
                unit=rule.unit,
                after_s=rule.after_s if change.after_s is None else change.after_s,
                fix=rule.fix,
            )
        )
    return RuleList(rules=found)


async def channels(request: web.Request, given: Given[Any, Any]) -> ChannelList:
    """List the channels; addresses and secrets are not shown."""
    del given
    states = {one.channel: one for one in await request.app[keys.STORAGE].alerts.channels()}
    found = []
    for name, channel in request.app[ENGINE].channels.items():
        state = states.get(name)
        found.append(
            ChannelInUse(
                name=name,
                type=channel.settings.type,
                severity=channel.settings.severity,
                sites=channel.settings.sites,
                waiting=state.waiting if state is not None else 0,
                dead=state.dead if state is not None else 0,
                error=state.error if state is not None else "",
            )
        )
    return ChannelList(channels=found)


async def try_channel(request: web.Request, given: Given[Any, Any]) -> Tried:
    """Send a test to a channel."""
    wrong = await alert_desk.try_channel(request, given.path["channel"])
    return Tried(taken=not wrong, error=wrong)


def _alert(row: AlertRow) -> Alert:
    return Alert(
        id=row.id,
        rule=row.rule,
        severity=row.severity,
        state=row.state,
        stale=row.stale,
        site=row.site,
        kiosk=row.kiosk_id,
        what=row.what,
        fix=row.fix,
        since=row.since,
        fired_at=row.fired_at,
        told_at=row.told_at,
        held=row.held,
        resolved_at=row.resolved_at,
        acknowledged_at=row.acked_at,
        acknowledged_by=row.acked_by,
        acknowledged_why=row.acked_why,
    )


def _silence(row: SilenceRow) -> Silence:
    return Silence(
        id=row.id,
        rule=row.rule,
        site=row.site,
        kiosk=row.kiosk_id,
        why=row.why,
        by=row.by,
        created_at=row.created_at,
        until=row.until,
    )


_SEE, _DO = Access.FLEET_VIEW, Access.ALERT_HANDLE
ROUTES = [
    ApiRoute("GET", "/api/alerts", alerts, _SEE, "What is wrong now.", answer=AlertList),
    ApiRoute(
        "GET", "/api/alert-history", history, _SEE, "What was wrong, newest first.",
        query=HistoryQuery, answer=History,
    ),
    ApiRoute("GET", "/api/alerts/{alert}", alert, _SEE, "One alert.", answer=Alert),
    ApiRoute(
        "POST", "/api/alerts/{alert}/acknowledge", acknowledge, _DO, "Take care of an alert.",
        body=Acknowledge, answer=Alert, refusals=(409,),
    ),
    ApiRoute(
        "GET", "/api/alert-silences", silences, _SEE, "What nobody is told of now.",
        answer=SilenceList,
    ),
    ApiRoute(
        "POST", "/api/alert-silences", silence, _DO, "Have nobody told of something for a while.",
        body=NewSilence, answer=Silence, status=201, refusals=(409,),
    ),
    ApiRoute(
        "DELETE", "/api/alert-silences/{silence}", end_silence, _DO, "End a silence.", status=204
    ),
    ApiRoute(
        "GET", "/api/alert-rules", rules, _SEE, "What is watched, with the limits in force.",
        answer=RuleList,
    ),
    ApiRoute(
        "GET", "/api/alert-channels", channels, Access.SYSTEM_VIEW, "Who is told.",
        answer=ChannelList,
    ),
    ApiRoute(
        "POST", "/api/alert-channels/{channel}/test", try_channel, Access.SYSTEM_MANAGE,
        "Send a test to a channel.", answer=Tried,
    ),
]  # fmt: skip
