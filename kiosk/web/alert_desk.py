"""What people do about alerts: see those of their sites, acknowledge, silence, try a channel."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from aiohttp import web

from kiosk import keys
from kiosk.alerts.channels.base import ChannelError
from kiosk.alerts.engine import counts
from kiosk.alerts.notice import RANKS
from kiosk.clock import new_id
from kiosk.security.access import Access
from kiosk.storage.alerts import MAX_SILENCES, MAX_WHY
from kiosk.storage.rows import AlertRow, SilenceRow
from kiosk.web.alert_service import ENGINE
from kiosk.web.noting import note
from kiosk.web.request import identity, operator, refuse

LONGEST_SILENCE_H: Final = 24.0 * 31
NO_ALERT: Final = "There is no such alert; it may have been forgotten by now."


def open_alerts(request: web.Request) -> list[AlertRow]:
    """Return what is not over, of the sites of who asks: the worst first, then the oldest."""
    who = identity(request).operator
    engine = request.app.get(ENGINE)
    if who is None or engine is None:
        return []
    sites = who.sites(Access.FLEET_VIEW)
    rows = [row for row in engine.current if sites is None or row.site in sites]
    return sorted(rows, key=lambda row: (-RANKS.get(row.severity, 0), row.since, row.id))  # type: ignore[call-overload]  # text of the database


def firing(rows: list[AlertRow]) -> list[AlertRow]:
    """Return those that want a person."""
    return [row for row in rows if counts(row)]


async def find(request: web.Request, access: Access) -> AlertRow:
    """Return the alert of the address; one of another site is not there."""
    who = operator(request)
    row = await request.app[keys.STORAGE].alerts.get(request.match_info["alert"])
    if row is None or not who.may(Access.FLEET_VIEW, row.site):
        refuse(404, "no_alert", NO_ALERT)
    if not who.may(access, row.site):
        refuse(403, "forbidden", "You may see this alert, not handle it; ask an administrator.")
    return row


async def acknowledge(request: web.Request, row: AlertRow, why: str) -> bool:
    """Say that somebody takes care; False when it does not fire any more or somebody does."""
    who = operator(request)
    done = await request.app[ENGINE].acknowledge(row, who.actor, why.strip()[:MAX_WHY])
    if done:
        before = row.state
        await note(
            request, "alert.acknowledge", row.id, f"{row.what}. {why.strip()}".strip(),
            before=before, after="acknowledged", site=row.site,
        )  # fmt: skip
    return done


async def silences(request: web.Request) -> list[SilenceRow]:
    """Return the silences in force at the sites of who asks, and those of all sites."""
    sites = operator(request).sites(Access.FLEET_VIEW)
    rows = await request.app[keys.STORAGE].alerts.silences()
    return [row for row in rows if sites is None or row.site in sites or not row.site]


async def silence(
    request: web.Request, *, rule: str, site: str, kiosk: str, hours: float, why: str
) -> SilenceRow:
    """Keep people from being told of something for a while; why is for those who wonder."""
    who = operator(request)
    settings = request.app[keys.SETTINGS]
    if kiosk:
        of = settings.site_of(kiosk)
        if of is None or not who.may(Access.FLEET_VIEW, of) or site not in {"", of}:
            refuse(422, "no_kiosk", "kiosk: there is no such screen at that site.")
        site = of
    if site and (site not in settings.site_names() or not who.may(Access.FLEET_VIEW, site)):
        refuse(422, "no_site", "site: there is no such site.")
    # Without a site it is for all of them, so it takes the right at all of them.
    allowed = who.may(Access.ALERT_HANDLE, site) if site else _everywhere(request)
    if not allowed:
        refuse(403, "forbidden", "You may silence alerts at your own sites only; name one.")
    if not why.strip():
        refuse(422, "no_reason", "why: say why, for those who wonder.")
    kept = request.app[keys.STORAGE].alerts
    if len(await kept.silences()) >= MAX_SILENCES:
        refuse(409, "too_many", "There are too many silences; end some first.")
    now = request.app[keys.CLOCK].now()
    row = SilenceRow(
        id=new_id("silence"),
        rule=rule,
        site=site,
        kiosk_id=kiosk,
        why=why.strip()[:MAX_WHY],
        by=who.actor,
        created_at=now,
        until=now + timedelta(hours=min(hours, LONGEST_SILENCE_H)),
    )
    await kept.silence(row)
    what = f"{rule or 'every rule'}, {kiosk or site or 'every site'}, {hours:g} h: {row.why}"
    await note(request, "alert.silence", row.id, what, site=site)
    return row


async def end_silence(request: web.Request, silence_id: str) -> None:
    """Let a silence end; what it kept back and still is wrong is told then."""
    who = operator(request)
    found = next((row for row in await silences(request) if row.id == silence_id), None)
    if found is None:
        refuse(404, "no_silence", "There is no such silence; it may have ended by now.")
    allowed = who.may(Access.ALERT_HANDLE, found.site) if found.site else _everywhere(request)
    if not allowed:
        refuse(403, "forbidden", "This silence is for other sites, too; ask an administrator.")
    if await request.app[keys.STORAGE].alerts.end_silence(found.id):
        await note(request, "alert.silence.end", found.id, found.why, site=found.site)


async def try_channel(request: web.Request, channel: str) -> str:
    """Send a test to a channel; return what went wrong, or nothing."""
    engine = request.app[ENGINE]
    if channel not in engine.channels:
        refuse(404, "no_channel", "There is no such channel in the settings.")
    wrong = ""
    try:
        await engine.test(channel)
    except ChannelError as error:
        wrong = str(error)
    await note(request, "alert.test", channel, wrong or "taken")
    return wrong


def _everywhere(request: web.Request) -> bool:
    return operator(request).sites(Access.ALERT_HANDLE) is None
