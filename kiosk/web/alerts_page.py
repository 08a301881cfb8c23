"""The operator's pages of alerts: what is wrong, what is being done, what was, and who is told."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from kiosk import keys
from kiosk.alerts.rules import RULES
from kiosk.alerts.words import count
from kiosk.security.access import Access
from kiosk.web import alert_board, alert_desk
from kiosk.web.alert_service import ENGINE, PAGE
from kiosk.web.dashboard import render
from kiosk.web.request import form, operator, refuse
from kiosk.web.routes import Route

HISTORY: Final = 50
HOURS: Final = {"1": "1 hour", "4": "4 hours", "12": "12 hours", "24": "1 day", "168": "1 week"}
_DONE: Final = {
    "acknowledged": "You take care of it: nobody is reminded of it any more.",
    "late": "It was over by then, or somebody else takes care of it already.",
    "silenced": "Silenced. It is still watched, and listed here.",
    "unsilenced": "The silence has ended; what is still wrong is told now.",
    "tested": "The channel has taken the test.",
}


async def alerts_page(request: web.Request) -> web.Response:
    """Show what wants a person, what is taken care of, and what is silent."""
    return await _page(request, _DONE.get(request.query.get("done", ""), ""))


async def banner(request: web.Request) -> web.Response:
    """Answer with the line at the top of every page, for a page that is open already."""
    return await render(request, "_alert_banner.html")


async def history_page(request: web.Request) -> web.Response:
    """List alerts that fired, newest first."""
    alerts = request.app[keys.STORAGE].alerts
    before = await alerts.get(request.query.get("before", ""))
    rows = await alerts.history(
        HISTORY + 1, before=before, sites=operator(request).sites(Access.FLEET_VIEW)
    )
    return await render(
        request,
        "alert_history.html",
        nav="alerts",
        alerts=[alert_board.alert(request, row) for row in rows[:HISTORY]],
        older=rows[HISTORY - 1].id if len(rows) > HISTORY else "",
        newest=before is None,
    )


async def acknowledge(request: web.Request) -> web.Response:
    """Take care of an alert."""
    row = await alert_desk.find(request, Access.ALERT_HANDLE)
    fields = await form(request)
    done = await alert_desk.acknowledge(request, row, fields.get("why", ""))
    raise web.HTTPSeeOther(f"{PAGE}?done={'acknowledged' if done else 'late'}")


async def silence(request: web.Request) -> web.Response:
    """Silence a rule, a site or a screen for a while."""
    fields = await form(request)
    rule, hours = fields.get("rule", ""), fields.get("hours", "")
    if rule not in {"", *RULES} or hours not in HOURS:
        refuse(400, "bad_form", "Choose a rule and a time of the lists.")
    if not fields.get("why", "").strip():
        text = "Say why it is silenced, for those who wonder."
        return await _page(request, text, failed=True, making=True)
    await alert_desk.silence(
        request,
        rule=rule,
        site=fields.get("site", ""),
        kiosk=fields.get("kiosk", ""),
        hours=float(hours),
        why=fields["why"],
    )
    raise web.HTTPSeeOther(f"{PAGE}?done=silenced")


async def end_silence(request: web.Request) -> web.Response:
    """End a silence."""
    await form(request)
    await alert_desk.end_silence(request, request.match_info["silence"])
    raise web.HTTPSeeOther(f"{PAGE}?done=unsilenced")


async def test(request: web.Request) -> web.Response:
    """Send a test to a channel, and say what came of it."""
    await form(request)
    name = request.match_info["channel"]
    wrong = await alert_desk.try_channel(request, name)
    if wrong:
        return await _page(request, f"{name} did not take the test. {wrong}", failed=True)
    raise web.HTTPSeeOther(f"{PAGE}?done=tested")


async def _page(
    request: web.Request, outcome: str, *, failed: bool = False, making: bool = False
) -> web.Response:
    rows = [alert_board.alert(request, row) for row in alert_desk.open_alerts(request)]
    engine = request.app[ENGINE]
    who = operator(request)
    settings = request.app[keys.SETTINGS]
    mine = who.sites(Access.ALERT_HANDLE)
    names = settings.site_names()
    return await render(
        request,
        "alerts.html",
        nav="alerts",
        feed="/operator/feed",
        on=engine.settings.on,
        outcome=outcome,
        failed=failed,
        making=making,
        firing=[row for row in rows if row["state"] == "firing" and not row["stale"]],
        acknowledged=[row for row in rows if row["state"] == "acknowledged" and not row["stale"]],
        stale=[row for row in rows if row["stale"]],
        watched=_watched(sum(row["state"] == "pending" for row in rows)),
        silences=[alert_board.silence(request, row) for row in await alert_desk.silences(request)],
        rules=[(name, rule.title) for name, rule in RULES.items()],
        hours=list(HOURS.items()),
        sites=[(s, name) for s, name in names.items() if mine is None or s in mine],
        screens=[(k.id, k.name) for k in settings.kiosks if mine is None or k.site in mine],
        everywhere=mine is None,
        handles=mine is None or bool(mine),
        channels=await _channels(request) if who.may(Access.SYSTEM_VIEW) else [],
        tries=who.may(Access.SYSTEM_MANAGE),
    )


def _watched(number: int) -> str:
    if not number:
        return ""
    stays = "it stays" if number == 1 else "they stay"
    return f"{count(number, 'trouble')} seen a moment ago; told if {stays}."


async def _channels(request: web.Request) -> list[dict[str, Any]]:
    states = {one.channel: one for one in await request.app[keys.STORAGE].alerts.channels()}
    found = []
    for name, channel in request.app[ENGINE].channels.items():
        state = states.get(name)
        found.append(
            {
                "name": name,
                "type": channel.settings.type,
                "severity": alert_board.SEVERITIES[channel.settings.severity].lower(),
                "sites": ", ".join(channel.settings.sites) or "all sites",
                "waiting": state.waiting if state is not None else 0,
                "dead": state.dead if state is not None else 0,
                "error": state.error if state is not None else "",
            }
        )
    return found


def routes() -> list[Route]:
    """Return the addresses of this module; who may handle which alert is checked at each."""
    return [
        Route("GET", PAGE, alerts_page, Access.FLEET_VIEW),
        Route("GET", f"{PAGE}/banner", banner, Access.FLEET_VIEW),
        Route("GET", f"{PAGE}/history", history_page, Access.FLEET_VIEW),
        Route("POST", f"{PAGE}/silences", silence, Access.ALERT_HANDLE),
        Route("POST", f"{PAGE}/silences/{{silence}}/end", end_silence, Access.ALERT_HANDLE),
        Route("POST", f"{PAGE}/channels/{{channel}}/test", test, Access.SYSTEM_MANAGE),
        Route("POST", f"{PAGE}/{{alert}}/acknowledge", acknowledge, Access.ALERT_HANDLE),
    ]
