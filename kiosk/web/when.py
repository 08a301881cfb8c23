"""Times as operators' pages show them, at the site's clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


class When:
    """Times for templates, at the site's clock."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self.zone = zone

    def clock(self, at: datetime | str) -> str:
        """Return the time of day; nothing for no time."""
        moment = self._local(at)
        return moment.strftime("%H:%M:%S") if moment is not None else ""

    def full(self, at: datetime | str) -> str:
        """Return day and time."""
        moment = self._local(at)
        return moment.strftime("%Y-%m-%d %H:%M:%S") if moment is not None else ""

    def _local(self, at: datetime | str) -> datetime | None:
        if at == "":
            return None
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        return moment.astimezone(self._zone)
