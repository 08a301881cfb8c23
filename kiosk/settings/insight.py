"""Settings of what operators read from counts."""

from __future__ import annotations

from pydantic import Field

from kiosk.settings.base import Section


class InsightSettings(Section):
    """Against what the counts are held."""

    avatar_starts_per_minute: float = Field(
        2,
        gt=0,
        le=10_000,
        description="Avatars that your Azure resources may start a minute, all together; 2 is what "
        "one has by default.",
    )
