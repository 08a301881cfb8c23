"""Settings of the waiting screen: slides, greetings, hours, night, and what wakes it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from kiosk.settings.base import Section
from kiosk.settings.hours import Hours, parse_line, parse_span

Presence = Literal["off", "camera"]
SpeakStarts = Literal["off", "low", "medium", "high"]


class AttractSettings(Section):
    """What the screen shows while nobody is there, and what wakes it."""

    slides: Path | None = Field(
        None,
        description="Folder of pictures and muted videos shown in turn with the avatar, in the "
        "order of their names, or as `slides.toml` in it says.",
    )
    order: Literal["given", "shuffled"] = Field("given", description="Order of the slides.")
    slide_s: float = Field(10, ge=4, le=300, description="How long a slide stays, s.")
    avatar_s: float = Field(20, ge=4, le=600, description="How long the avatar stays, s.")
    greet_in: list[str] | None = Field(
        None,
        description="Languages the greeting line goes through; empty: all of the screen's. "
        "`[]` keeps it still.",
    )
    greet_s: float = Field(5, ge=3, le=60, description="How long a line stays, s.")
    hours: list[str] = Field(
        [],
        max_length=30,
        description="When the screen waits for visitors, such as `mon-fri 09:00-18:00` and "
        "`sat,sun 10:00-17:00`; empty: always. Outside, it rests and says when it opens; a touch "
        "still wakes it.",
    )
    closed_days: list[date] = Field([], max_length=400, description="Days it rests all day.")
    resting: Literal["dark", "dim"] = Field(
        "dark", description="A resting screen is black but for one line, or the same one dimmed."
    )
    night: str | None = Field(
        None, description="Span in which the waiting screen is dimmed, such as `21:00-07:00`."
    )
    night_dim: float = Field(0.5, ge=0, le=0.9, description="How much darker it is at night.")
    presence: Presence = Field(
        "off",
        description="`camera`: the screen's own camera notices that somebody came close. The "
        "picture is made tiny and compared on the device; it is never kept or sent.",
    )
    sensitivity: Literal["low", "medium", "high"] = Field(
        "medium", description="How little movement is taken for a person."
    )
    presence_starts: bool = Field(
        False,
        description="Whoever is noticed finds the notice open, and needs no first touch; needs "
        "`site.consent`. Each time costs a connection to Voice Live.",
    )
    speak_starts: SpeakStarts = Field(
        "off",
        description="Whoever speaks to the waiting screen needs no first touch. How sensitive it "
        "is; `low` for loud rooms. Only the loudness is looked at, on the device; no sound is kept "
        "or sent before the visit. Needs `site.talk = 'open'`, and where `site.consent` is off, a "
        "spoken notice. Each time costs a connection to Voice Live.",
    )
    leave_s: float = Field(8, ge=2, le=120, description="Quiet time until nobody is there, s.")
    cooldown_s: float = Field(
        20, ge=0, le=600, description="After a visit, and between two wakes, nobody is noticed, s."
    )
    hello: Path | None = Field(
        None,
        description="A sound file (.wav, .mp3 or .ogg) played when somebody is noticed, where the "
        "browser lets it.",
    )

    @field_validator("hours")
    @classmethod
    def _hours(cls, value: list[str]) -> list[str]:
        for line in value:
            parse_line(line)
        return value

    @field_validator("night")
    @classmethod
    def _night(cls, value: str | None) -> str | None:
        if value is not None:
            parse_span(value)
        return value

    @model_validator(mode="after")
    def _sound(self) -> AttractSettings:
        if self.hello is not None and self.hello.suffix.lower() not in {".wav", ".mp3", ".ogg"}:
            raise ValueError("hello is a .wav, .mp3 or .ogg file")
        return self

    @property
    def opening(self) -> Hours:
        """When the screen waits for visitors."""
        return Hours([parse_line(line) for line in self.hours], self.closed_days)

    @property
    def nights(self) -> Hours | None:
        """When it is night; None without one."""
        return Hours([parse_span(self.night)]) if self.night is not None else None
