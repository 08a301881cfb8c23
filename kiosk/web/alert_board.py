"""Alerts as plain values: what pages show and the interface answers with."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, TypeAlias

from aiohttp import web

from kiosk import keys
from kiosk.alerts.rules import RULES
from kiosk.security.access import Access
from kiosk.storage.rows import AlertRow, SilenceRow
from kiosk.web import wording
from kiosk.web.alert_desk import firing, open_alerts
from kiosk.web.request import operator

Fields: TypeAlias = dict[str, Any]

SEVERITIES: Final = {"critical": "Critical", "warning": "Warning", "info": "For information"}
_TONES: Final = {"critical": "trouble", "warning": "trouble", "info": "calm"}


def alert(request: web.Request, row: AlertRow) -> Fields:
    """Return one alert as the parts of its line."""
    names = request.app[keys.SETTINGS].site_names()
    rule = RULES.get(row.rule)
    return {
        "id": row.id,
        "rule": row.rule,
        "title": rule.title if rule is not None else row.rule,
        "severity": SEVERITIES.get(row.severity, row.severity),
        "tone": _TONES.get(row.severity, "trouble") if row.state == "firing" else "calm",
        "state": row.state,
        "stale": row.stale,
        "site": names.get(row.site, row.site) if row.site else "Whole system",
        "site_id": row.site,
        "kiosk": row.kiosk_id,
        "what": row.what,
        "fix": row.fix,
        "since": _iso(row.since),
        "fired": _iso(row.fired_at),
        "told": _iso(row.told_at),
        "held": row.held,
        "gone": _iso(row.gone_at),
        "over": _iso(row.resolved_at),
        "lasted": wording.duration(row.resolved_at - row.since) if row.resolved_at else "",
        "acked": _iso(row.acked_at),
        "acked_by": row.acked_by,
        "acked_why": row.acked_why,
        "mine": operator(request).may(Access.ALERT_HANDLE, row.site),
    }


def silence(request: web.Request, row: SilenceRow) -> Fields:
    """Return one silence in words."""
    settings = request.app[keys.SETTINGS]
    names = settings.site_names()
    kiosks = {kiosk.id: kiosk.name for kiosk in settings.kiosks}
    where = names.get(row.site, row.site) if row.site else "every site"
    if row.kiosk_id:
        where = f"{kiosks.get(row.kiosk_id, row.kiosk_id)} ({where})"
    rule = RULES.get(row.rule)
    title = rule.title if rule is not None else "Everything"
    who = operator(request)
    sites = who.sites(Access.ALERT_HANDLE)
    return {
        "id": row.id,
        "what": f"{title}: {where}",
        "why": row.why,
        "by": row.by,
        "until": _iso(row.until),
        "mine": sites is None or row.site in sites,
    }


def banner(request: web.Request) -> Fields:
    """Return the one line at the top of every page; no text when nothing wants a person."""
    rows = firing(open_alerts(request))
    if not rows:
        return {"count": 0, "text": "", "tone": "calm"}
    first = rows[0]
    more = f", and {len(rows) - 1} more" if len(rows) > 1 else ""
    return {
        "count": len(rows),
        "text": f"{first.what}{more}.",
        "tone": _TONES.get(first.severity, "trouble"),
        "severity": SEVERITIES.get(first.severity, first.severity),
    }


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at is not None else ""
