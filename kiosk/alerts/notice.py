"""A message about alerts, as every channel gets it; kept as JSON until it was taken."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from kiosk.alerts.words import clipped, count
from kiosk.settings.alerts import Severity

Kind: TypeAlias = Literal["firing", "reminder", "summary", "resolved", "test"]
MOST_ITEMS: Final = 500
"""Alerts in one message; the rest are counted."""
SHOWN: Final = 20
"""Alerts of a message that people are shown; programs get all."""
RANKS: Final[dict[Severity, int]] = {"info": 0, "warning": 1, "critical": 2}


def worst(severities: list[Severity]) -> Severity:
    """Return the worst of some severities."""
    return max(severities, key=RANKS.__getitem__, default="info")


class Item(BaseModel):
    """One alert in a message: what, where, since when, what to do."""

    model_config = ConfigDict(frozen=True)

    alert: str
    rule: str
    severity: Severity
    site: str
    kiosk: str = ""
    what: str
    since: datetime
    fix: str
    over_at: datetime | None = None


class Notice(BaseModel):
    """The message itself. `passed` counts alerts that came and went in quiet hours."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: Kind
    severity: Severity
    site: str
    site_name: str
    at: datetime
    title: str = ""
    """What the rule watches; empty where several rules are told of at once."""
    items: tuple[Item, ...] = ()
    more: int = 0
    passed: int = 0
    quiet: bool = False
    """Made in quiet hours: for machines only."""
    link: str = ""

    @property
    def shown(self) -> tuple[Item, ...]:
        """The alerts a person is shown."""
        return self.items[:SHOWN]

    @property
    def unshown(self) -> int:
        """How many more there are."""
        return len(self.items) - len(self.shown) + self.more

    @property
    def headline(self) -> str:
        """The message in one line."""
        number = len(self.items) + self.more
        where = f"{self.site_name}: " if self.site_name else ""
        if self.kind == "test":
            return f"{where}A test of the alerts; nothing is wrong"
        first = self.items[0].what if self.items else ""
        if self.kind == "summary":
            text = f"{count(number, 'alert')} from quiet hours"
            return f"{where}{text}" + (f", {self.passed} more came and went" if self.passed else "")
        start = {"reminder": "Still: ", "resolved": "Over: "}.get(self.kind, "")
        if number == 1:
            return f"{where}{start}{clipped(first, 160)}"
        return f"{where}{start}{self.title} ({number})"

    def lines(self, zone: ZoneInfo) -> list[str]:
        """Return the message as lines of plain text, times at the site's clock."""
        found = [self.headline, ""]
        for item in self.shown:
            since = item.since.astimezone(zone)
            found.append(f"- {item.what}")
            found.append(f"  Since {since:%Y-%m-%d %H:%M} ({item.severity}).")
            if item.over_at is not None:
                found.append(f"  Over since {item.over_at.astimezone(zone):%H:%M}.")
            elif item.fix:
                found.append(f"  What to do: {item.fix}")
        if self.unshown:
            found.append(f"- and {count(self.unshown, 'more alert')}")
        if self.link:
            found += ["", f"All alerts: {self.link}"]
        return found
