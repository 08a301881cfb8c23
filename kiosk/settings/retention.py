"""Settings of how long what is kept of visits is kept, for the whole and for single sites."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time

from pydantic import Field, field_validator

from kiosk.settings.base import Section

LONGEST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Days:
    """How long each class of data is kept at one site, in days; 0 is never stored."""

    transcripts: int
    visits: int
    outbox: int
    dead_letters: int


def ever(_kiosk: str) -> Days:
    """Store everything: the policy of who has none."""
    return Days(1, 1, 1, 1)


class SiteRetention(Section):
    """What one site keeps otherwise; what is left out is as for all."""

    transcripts_days: int | None = Field(None, ge=0, le=LONGEST_DAYS, description="Spoken words.")
    visits_days: int | None = Field(None, ge=0, le=LONGEST_DAYS, description="Visits.")
    outbox_days: int | None = Field(None, ge=0, le=LONGEST_DAYS, description="What waits.")
    dead_letters_days: int | None = Field(None, ge=0, le=LONGEST_DAYS, description="Put aside.")


class RetentionSettings(Section):
    """How long what was said, and that somebody was there, is kept."""

    nightly_at: str = Field(
        "03:30", description="Time of day at the site at which what is too old is deleted."
    )
    transcripts_days: int = Field(
        30,
        ge=0,
        le=LONGEST_DAYS,
        description="Days that spoken words are kept in the database; 0: never stored.",
    )
    visits_days: int = Field(
        400,
        ge=0,
        le=LONGEST_DAYS,
        description="Days that a visit's place, times, language and end are kept; 0: never stored. "
        "Words go with it at the latest.",
    )
    outbox_days: int = Field(
        14,
        ge=0,
        le=LONGEST_DAYS,
        description="Days that words wait for a transcript sink that is away; 0: they wait in "
        "memory only, and a restart loses them.",
    )
    dead_letters_days: int = Field(
        30,
        ge=0,
        le=LONGEST_DAYS,
        description="Days that words a sink refused are put aside; 0: they are dropped.",
    )
    audit_days: int = Field(
        800,
        ge=30,
        le=LONGEST_DAYS,
        description="Days that the audit is kept; it proves what became of the rest, so it is "
        "never off.",
    )
    sites: dict[str, SiteRetention] = Field(
        {},
        description="A table for each site that keeps some of it otherwise, such as "
        "`[retention.sites.north]` with `transcripts_days = 0`.",
    )
    visitor_code: bool = Field(
        False,
        description="Show a code when a visit ends, with which the visitor can have it deleted at "
        "`/erase`.",
    )
    visitor_code_s: float = Field(
        20, ge=5, le=120, description="How long the last screen stays when it shows a code, s."
    )

    export_visits: int = Field(
        10_000, ge=1, le=1_000_000, description="Most visits in one export of transcripts."
    )

    @field_validator("nightly_at")
    @classmethod
    def _time(cls, value: str) -> str:
        if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
            raise ValueError("write a time of day, such as 03:30")
        return value

    @property
    def at(self) -> time:
        """The time of day of the nightly run."""
        return time.fromisoformat(self.nightly_at)

    def of(self, site: str) -> Days:
        """Return how long a site keeps what."""
        own = self.sites.get(site, SiteRetention())

        def days(name: str) -> int:
            mine: int | None = getattr(own, name)
            ours: int = getattr(self, name)
            return ours if mine is None else mine

        visits = days("visits_days")
        return Days(
            # Words without the visit they were said in could be found by nobody.
            transcripts=min(days("transcripts_days"), visits),
            visits=visits,
            outbox=days("outbox_days"),
            dead_letters=days("dead_letters_days"),
        )
