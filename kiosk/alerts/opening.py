"""Makes the channels of the settings."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import aiohttp

from kiosk.alerts.channels.alertmanager import AlertmanagerChannel
from kiosk.alerts.channels.base import Channel
from kiosk.alerts.channels.email import EmailChannel
from kiosk.alerts.channels.teams import TeamsChannel
from kiosk.alerts.channels.webhook import WebhookChannel
from kiosk.clock import Clock
from kiosk.settings.alerts import (
    AlertmanagerSettings,
    AlertSettings,
    EmailSettings,
    TeamsSettings,
    WebhookSettings,
)


def open_channels(
    settings: AlertSettings, zone: ZoneInfo, http: aiohttp.ClientSession, clock: Clock
) -> dict[str, Channel]:
    """Return every channel by name; reads their secrets' files. Raises StartupError."""
    found: dict[str, Channel] = {}
    for name, one in settings.channels.items():
        match one:
            case EmailSettings():
                found[name] = EmailChannel(name, one, zone)
            case WebhookSettings():
                found[name] = WebhookChannel(name, one, http, clock)
            case TeamsSettings():
                found[name] = TeamsChannel(name, one, http, zone)
            case AlertmanagerSettings():
                remind = timedelta(hours=settings.remind_h)
                found[name] = AlertmanagerChannel(name, one, http, remind)
    return found
