"""Tells Prometheus Alertmanager, by its API v2, when an alert begins and when it is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import aiohttp
from pydantic_core import to_json
from typing_extensions import override

from kiosk.alerts.channels.base import Channel, secret_of
from kiosk.alerts.channels.posting import checked_address, post
from kiosk.alerts.notice import Notice
from kiosk.settings.alerts import AlertmanagerSettings

UNREMINDED: Final = timedelta(days=7)
"""How long an alert stays without another word, where reminders are off."""
AT_LEAST: Final = timedelta(hours=24)


class AlertmanagerChannel(Channel):
    """One Alertmanager. Reminders keep an alert there; without them it would lapse."""

    def __init__(
        self,
        name: str,
        settings: AlertmanagerSettings,
        http: aiohttp.ClientSession,
        remind: timedelta,
    ) -> None:
        self.name = name
        self._settings = settings
        self._http = http
        self._stays = max(AT_LEAST, 2 * remind) if remind else UNREMINDED
        where = f"alerts.channels.{name}"
        self._url = checked_address(where, settings.url.rstrip("/")) + "/api/v2/alerts"
        self._token = secret_of(where, settings.token, settings.token_file)

    @property
    @override
    def settings(self) -> AlertmanagerSettings:
        """What it has from the settings."""
        return self._settings

    @override
    async def send(self, notice: Notice) -> None:
        """Post its alerts; raises ChannelError."""
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        await post(
            self._http,
            self._url,
            to_json(alerts_of(notice, self._stays)),
            headers=headers,
            timeout_s=self._settings.timeout_s,
        )


def alerts_of(notice: Notice, stays: timedelta) -> list[dict[str, Any]]:
    """Return a message's alerts as Alertmanager has them; the labels say which one is meant."""
    if notice.kind == "test":
        ends = notice.at + timedelta(minutes=1)
        labels = {"alertname": "kiosk_test", "severity": "info"}
        return [_alert(labels, notice.headline, "", notice.at.isoformat(), ends.isoformat(), "")]
    return [
        _alert(
            {
                "alertname": f"kiosk_{item.rule}",
                "severity": item.severity,
                "site": item.site,
                "kiosk": item.kiosk,
                "alert": item.alert,
            },
            item.what,
            item.fix,
            item.since.isoformat(),
            (item.over_at or notice.at + stays).isoformat(),
            notice.link,
        )
        for item in notice.items
    ]


def _alert(
    labels: dict[str, str], summary: str, fix: str, starts: str, ends: str, link: str
) -> dict[str, Any]:
    alert: dict[str, Any] = {
        # An empty label is no label there.
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": {"summary": summary, "description": fix},
        "startsAt": starts,
        "endsAt": ends,
    }
    if link:
        alert["generatorURL"] = link
    return alert
