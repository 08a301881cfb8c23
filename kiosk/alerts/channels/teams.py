"""Tells a Teams channel or chat: an Adaptive Card to a workflow's address."""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import ZoneInfo

import aiohttp
from pydantic_core import to_json
from typing_extensions import override

from kiosk.alerts.channels.base import Channel, secret_of
from kiosk.alerts.channels.posting import checked_address, post
from kiosk.alerts.notice import Notice
from kiosk.alerts.words import clipped, count
from kiosk.settings.alerts import Severity, TeamsSettings

COLOURS: Final[dict[Severity, str]] = {
    "critical": "Attention",
    "warning": "Warning",
    "info": "Accent",
}
LONGEST: Final = 300
"""Characters of one text: with all its items a card stays below what Teams takes (28 kB)."""


class TeamsChannel(Channel):
    """A workflow that begins `When a Teams webhook request is received`."""

    def __init__(
        self, name: str, settings: TeamsSettings, http: aiohttp.ClientSession, zone: ZoneInfo
    ) -> None:
        self.name = name
        self._settings = settings
        self._http = http
        self._zone = zone
        where = f"alerts.channels.{name}"
        self._url = checked_address(where, secret_of(where, settings.url, settings.url_file) or "")

    @property
    @override
    def settings(self) -> TeamsSettings:
        """What it has from the settings."""
        return self._settings

    @override
    async def send(self, notice: Notice) -> None:
        """Post one card; raises ChannelError."""
        body = to_json(card_message(notice, self._zone))
        await post(
            self._http,
            self._url,
            body,
            headers={"Content-Type": "application/json"},
            timeout_s=self._settings.timeout_s,
        )


def card_message(notice: Notice, zone: ZoneInfo) -> dict[str, Any]:
    """Return the message around the card."""
    colour = "Good" if notice.kind in {"resolved", "test"} else COLOURS[notice.severity]
    body: list[dict[str, Any]] = [
        _text(notice.headline, weight="Bolder", size="Medium", color=colour)
    ]
    for item in notice.shown:
        since = item.since.astimezone(zone)
        body.append(_text(item.what, weight="Bolder", separator=True))
        said = f"Since {since:%Y-%m-%d %H:%M}, {item.severity}."
        if item.over_at is not None:
            said += f" Over since {item.over_at.astimezone(zone):%H:%M}."
        body.append(_text(said, isSubtle=True, spacing="None"))
        if item.fix and item.over_at is None:
            body.append(_text(f"What to do: {item.fix}", spacing="None"))
    if notice.unshown:
        body.append(_text(f"and {count(notice.unshown, 'more alert')}"))
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    if notice.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "All alerts", "url": notice.link}]
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": card,
            }
        ],
    }


def _text(text: str, **more: Any) -> dict[str, Any]:
    # A TextBlock takes Markdown: what looks like it in a screen's name is shown as it is.
    for mark in "\\[]()*_`#":
        text = text.replace(mark, f"\\{mark}")
    return {"type": "TextBlock", "text": clipped(text, LONGEST), "wrap": True, **more}
