"""Settings of the page as an appliance: when it loads itself anew, and what it holds still."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from kiosk.settings.base import Section


class ScreenSettings(Section):
    """How a screen keeps itself going; for all screens."""

    service_worker: bool = Field(
        True,
        description="Keep the page on the device, so that it opens while the server is away. "
        "Off: screens remove what they kept.",
    )
    shortcuts: bool = Field(
        False,
        description="Leave the browser's own keys (reload, print, full screen, back) to whoever "
        "stands there; for developing.",
    )
    reload_at: str | None = Field(
        "04:00",
        description="Time of day at the site after which the page is loaded anew, between visits. "
        "Empty: never.",
    )
    reload_after_visits: int = Field(
        100, ge=1, le=100_000, description="The page is loaded anew after so many visits."
    )
    reload_heap_mb: int = Field(
        300, ge=20, le=16_000, description="Memory in use that has the page loaded anew, MB."
    )
    reload_nodes: int = Field(
        8000, ge=1000, le=1_000_000, description="Elements that have the page loaded anew."
    )
    reload_spread_s: float = Field(
        20,
        ge=0,
        le=3600,
        description="A new version is loaded by each screen at its own moment within this time, s.",
    )
    clock_skew_s: float = Field(
        60, ge=1, le=86_400, description="A device's clock further off than this is reported, s."
    )

    @field_validator("reload_at")
    @classmethod
    def _time(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
            raise ValueError("write a time of day, such as 04:00, or nothing for never")
        return value or None
