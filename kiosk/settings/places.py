"""Settings of the houses and the screens, and what each has otherwise than the site."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from kiosk.settings.attract import Presence, SpeakStarts
from kiosk.settings.base import Section
from kiosk.settings.overrides import of
from kiosk.settings.sections import (
    Contrast,
    Keyboard,
    Reach,
    SpokenNotice,
    TalkMode,
    TextSize,
    Wording,
)

SITE_ID: Final = r"^[a-z0-9][a-z0-9-]{0,47}$"


class Otherwise(Section):
    """What a house or a screen may have otherwise: overrides.py says how to add a line."""

    languages: list[str] | None = of("site.languages")
    instructions: str | None = of("site.instructions")
    consent: bool | None = of("site.consent")
    talk: TalkMode | None = of("site.talk")
    wording: Wording | None = of("site.wording")
    spoken_notice: SpokenNotice | None = of("site.spoken_notice")
    staff: dict[str, str] | None = of("site.staff")
    hearing_note: dict[str, str] | None = of("site.hearing_note")
    sign_language: Path | None = of("site.sign_language")
    reach: Reach | None = of("site.reach")
    microphone: bool | None = of("site.microphone")
    time_zone: str | None = of("site.time_zone")
    keyboard: Keyboard | None = of("site.keyboard")
    theme: str | None = of("site.theme")
    volume: float | None = of("site.volume")
    text_size: TextSize | None = of("site.text_size")
    contrast: Contrast | None = of("site.contrast")
    slides: Path | None = of("attract.slides")
    hours: list[str] | None = of("attract.hours")
    closed_days: list[date] | None = of("attract.closed_days")
    night: str | None = of("attract.night")
    greet_in: list[str] | None = of("attract.greet_in")
    presence: Presence | None = of("attract.presence")
    presence_starts: bool | None = of("attract.presence_starts")
    speak_starts: SpeakStarts | None = of("attract.speak_starts")
    print: bool | None = of("site.print")


class HouseSettings(Otherwise):
    """One of several houses whose screens this server has: `[sites.NAME]`."""

    name: str = Field(
        "",
        max_length=80,
        description="Its name, for its visitors and for operators; empty: the site's, and NAME.",
    )


class KioskSettings(Otherwise):
    """One screen this server knows from the start, and what it has otherwise than its house."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$", description="Short name in addresses.")
    name: str = Field(min_length=1, max_length=80, description="Name operators see.")
    place: str = Field("", max_length=80, description="Where it stands, for plugins.")
    site: str = Field(
        "main",
        pattern=SITE_ID,
        description="The house it stands in, by the short name of a `[sites.NAME]` table; people "
        "may have rights at some houses only.",
    )
    language: str | None = Field(None, description="Its first language; empty: the site's first.")
    maintenance: Literal["in_service", "maintenance", "cleaning", "event", "out_of_order"] = Field(
        "in_service", description="What it is unless an operator says otherwise."
    )
