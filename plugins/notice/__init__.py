"""Shows a line on the waiting screen, such as "The lift is out of order today"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from kiosk import hookimpl
from kiosk.hooks.site import Site
from kiosk.hooks.specs import RegisterSettings
from kiosk.hooks.values import PageView


class Notice(BaseModel):
    """One line, from a day to a day, at some places or everywhere."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: dict[str, str] = Field(min_length=1, description='By language: { en = "…", de = "…" }.')
    begins: date = date.min
    ends: date = date.max
    places: tuple[str, ...] = ()

    def counts(self, day: date, place: str) -> bool:
        """Whether it is shown on `day` at `place`."""
        return self.begins <= day <= self.ends and (not self.places or place in self.places)


class NoticeSettings(BaseModel):
    """`[plugins.notice]`: lines as `[[plugins.notice.notices]]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    notices: tuple[Notice, ...] = Field((), max_length=5)


@hookimpl
def register_settings(register: RegisterSettings) -> None:
    """Which lines, and when."""
    register(NoticeSettings)


@hookimpl
def extra_template_vars(site: Site, page: PageView) -> Mapping[str, Any]:
    """Give the waiting screen today's lines, in every language that they have."""
    if page.kiosk is None:
        return {}
    today, place = site.now().date(), page.kiosk.place
    notices = site.settings(NoticeSettings).notices
    return {"lines": [item.text for item in notices if item.counts(today, place)]}
