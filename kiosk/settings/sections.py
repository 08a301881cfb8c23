"""Settings of the server, the site, the visit, plugins, storage and people."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator

from kiosk.settings.base import LANGUAGE_CODE, SECRET, Section

TalkMode = Literal["open", "push", "hybrid"]
Wording = Literal["standard", "children"]
SpokenNotice = Literal["off", "consent", "greeting", "both"]
Reach = Literal["standard", "seated"]
Keyboard = Literal["auto", "always", "never"]
TextSize = Literal["normal", "large", "largest"]
Contrast = Literal["normal", "more", "dark"]


def in_language(sentences: Mapping[str, str], language: str) -> str:
    """Return a sentence that is set by language, in it or its base; empty when there is none."""
    return sentences.get(language) or sentences.get(language.partition("-")[0], "")


class ServerSettings(Section):
    """Where the server listens and what it takes."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    public_url: str | None = Field(
        None,
        description="Address visitors' browsers use, such as `https://kiosk.example`. Empty: "
        "the request's own host. Sockets and forms from any other origin are refused.",
    )
    trusted_proxies: int = Field(
        0, ge=0, le=8, description="Reverse proxies in front, whose forwarded headers count."
    )
    max_body_bytes: int = Field(65_536, ge=1024, description="Largest HTTP request body.")
    max_socket_bytes: int = Field(131_072, ge=70_000, description="Largest WebSocket message.")
    socket_queue: int = Field(256, ge=8, description="Messages waiting for one slow browser.")
    heartbeat_s: float = Field(10, gt=0, le=60, description="Ping interval to browsers, s.")
    report_s: float = Field(
        30, ge=2, le=600, description="How often a screen reports about itself to operators, s."
    )
    body_s: float = Field(20, gt=0, le=600, description="Longest wait for a request's body, s.")
    idle_connection_s: float = Field(
        75, gt=0, le=3600, description="A connection without a whole request is closed then, s."
    )
    drain_s: float = Field(20, ge=0, le=7200, description="Longest wait for visits at stop, s.")
    requests_per_minute: int = Field(
        6000,
        ge=60,
        le=1_000_000,
        description="Requests a minute of one address, on each server; an IPv6 address counts with "
        "its /64. Not counted are files, and whoever has proved to be a screen or a person.",
    )
    screen_requests_per_minute: int = Field(
        240, ge=20, le=100_000, description="Requests and openings a minute of one screen."
    )


class SiteSettings(Section):
    """What the visitor meets."""

    name: str = Field("Avatar kiosk", min_length=1, max_length=80, description="Name on screen.")
    languages: list[str] = Field(["en", "de"], min_length=1, description="Languages offered.")
    instructions: str = Field(
        "You are a calm, friendly host at the entrance. Answer in one to three short sentences "
        "of plain words. When you do not know, say so and point to the staff.",
        description="Who the avatar is and what it knows.",
    )
    consent: bool = Field(True, description="Ask before the microphone opens.")
    talk: TalkMode = Field(
        "open",
        description="`open` microphone, `push` to talk, or `hybrid` for loud rooms: a tap listens "
        "for one turn, a held button for as long as it is held.",
    )
    wording: Wording = Field(
        "standard", description="Whom the sentences on the screen and the model's are made for."
    )
    spoken_notice: SpokenNotice = Field(
        "consent",
        description="Speak the notice too: with the consent screen, by a voice of the browser's "
        "own machine if it has one for the language; or by the avatar before its greeting.",
    )
    staff: dict[str, str] = Field(
        {},
        description="By language, where a person is found: the answer to `Talk to a person` when "
        "no plugin calls one.",
    )
    hearing_note: dict[str, str] = Field(
        {}, description="By language, a sentence on the hearing loop or the headphone socket."
    )
    sign_language: Path | None = Field(
        None,
        description="Folder with sign-language videos `welcome`, `consent` and `conversation` "
        "(.mp4 or .webm); one that is missing is stood in for by `welcome`.",
    )
    reach: Reach = Field(
        "standard", description="`seated` begins with everything to touch in the lower part."
    )
    microphone: bool = Field(
        True, description="Off: visitors type; the page never asks for the microphone."
    )
    theme: str = Field(
        "gallery",
        pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$",
        description="Look: `gallery`, `dark`, `bright`, or a theme of `site.themes`.",
    )
    themes: Path | None = Field(
        None, description="Folder of the site's own themes, a folder with a `theme.toml` each."
    )
    templates: Path | None = Field(
        None, description="Folder of the site's own templates; one of our names replaces ours."
    )
    volume: float = Field(
        0.6,
        ge=0.2,
        le=1,
        description="Loudness a visit begins with, as a share of the device's own; the visitor may "
        "have it louder or quieter.",
    )
    text_size: TextSize = Field("normal", description="Size of words a visit begins with.")
    contrast: Contrast = Field("normal", description="Contrast a visit begins with.")
    print: bool = Field(
        False,
        description="Offer to print a card; the screen has a printer and a browser that prints "
        "without asking.",
    )
    texts: Path | None = Field(
        None,
        description="Folder of your own sentences, `kiosk.<language>.po`: others than ours, or a "
        "further language.",
    )
    keyboard: Keyboard = Field(
        "auto",
        description="Keyboard on the screen: when the field is touched, whenever it has the "
        "focus, or never.",
    )
    time_zone: str = Field("UTC", description="IANA name of the site's time zone.")

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("it is no IANA time zone, such as Europe/Lisbon") from None
        return value

    @property
    def speaks_notice(self) -> bool:
        """Whether the avatar says the notice before its greeting."""
        return self.spoken_notice in {"greeting", "both"}

    @field_validator("languages")
    @classmethod
    def _languages(cls, value: list[str]) -> list[str]:
        for code in value:
            if not re.fullmatch(LANGUAGE_CODE, code):
                raise ValueError(f"{code!r} is no language code; write `en` or `pt-BR`")
        if len(set(value)) != len(value):
            raise ValueError("a language is listed twice")
        return value


class VisitSettings(Section):
    """Limits and habits of one visit."""

    idle_s: float = Field(45, gt=0, le=3600, description="Quiet time before the warning, s.")
    idle_warning_s: float = Field(20, gt=0, le=600, description="Time to answer the warning, s.")
    max_s: float = Field(900, gt=0, le=3300, description="Longest visit, s.")
    limit_warning_s: float = Field(
        60,
        gt=0,
        le=600,
        description="How long before the end of its time a visit is warned, a third of it at most, "
        "s.",
    )
    extensions: int = Field(
        1, ge=0, le=10, description="How often the visitor may ask for more time."
    )
    extend_s: float = Field(300, gt=0, le=1800, description="How much more that is, s.")
    consent_s: float = Field(
        60,
        gt=0,
        le=600,
        description="Quiet time on the notice until the visitor is asked, s.",
    )
    media_s: float = Field(12, gt=0, le=120, description="Longest wait for a picture, s.")
    resume_s: float = Field(30, ge=0, le=600, description="A reloaded page may come back, s.")
    goodbye_s: float = Field(4, ge=0, le=60, description="How long the last screen stays, s.")
    tool_progress_s: float = Field(
        2, gt=0, le=60, description="After how long a tool's progress phrase is said, s."
    )
    greet: bool = Field(True, description="Speak first.")
    slow_rate: float = Field(
        0.8, ge=0.5, lt=1, description="Speed of an Azure voice that was asked to speak slower."
    )
    asks_per_minute: int = Field(
        12,
        ge=1,
        le=120,
        description="Times a minute that buttons (repeat, slower, a person, more time, a sample of "
        "the volume) may have something said; beyond them nothing is.",
    )
    barge_in: bool = Field(True, description="Visitors may interrupt by speaking.")
    barge_in_after_ms: int = Field(
        0,
        ge=0,
        le=2000,
        description="Speech must last this long, beyond the service's own turn detection, ms.",
    )
    echo_guard_ms: int = Field(
        250, ge=0, le=3000, description="Right after the avatar begins, wait this long first, ms."
    )
    history_turns: int = Field(12, ge=0, le=50, description="Turns told to a new connection.")
    microphone_queue: int = Field(
        50, ge=2, le=500, description="Audio frames waiting for a slow upstream; oldest dropped."
    )
    max_turns: int = Field(400, ge=10, le=5000, description="Turns kept of one visit.")
    max_cards: int = Field(6, ge=1, le=20, description="Cards on screen; the oldest goes.")
    confirm_s: float = Field(
        60,
        gt=0,
        le=300,
        description="Quiet time to touch the confirmation that a tool asks for, s; its end is "
        "announced.",
    )
    tool_timeout_s: float = Field(10, gt=0, le=120, description="Deadline of a tool, s.")
    max_tool_rounds: int = Field(6, ge=1, le=20, description="Tool rounds in a row, then words.")
    max_tool_output: int = Field(8000, ge=200, description="Characters of a tool's result.")
    max_visits: int = Field(50, ge=1, le=2000, description="Visits at once on this server.")

    @property
    def longest_s(self) -> float:
        """How long a visit lasts when all the time is asked for that may be."""
        return self.max_s + self.extensions * self.extend_s


class HookSettings(Section):
    """How plugins are found and watched."""

    dir: Path | None = Field(
        None, description="Folder of plugin files and packages; empty: `plugins` here, if any."
    )
    block: list[str] = Field([], description="Plugins not to load, by name.")
    off: bool = Field(False, description="Load no plugin but the built-in ones.")
    installed: bool = Field(True, description="Load the plugins of installed packages, too.")
    trace: bool = Field(
        False, description="Log every call of a plugin: names, time, how it ended; no words."
    )
    queue: int = Field(200, ge=10, description="Events waiting for one slow plugin.")
    slow_ms: int = Field(50, ge=5, description="A hook that holds the loop longer is reported.")
    hold_ms: int = Field(
        3000,
        ge=100,
        description="A hook or a tool that holds the loop longer, while every visitor of the "
        "server waits, is left out at once.",
    )
    reach: list[str] = Field(
        [],
        description="Addresses and networks that are not public and that plugins may connect to "
        "all the same, such as `127.0.0.1` or `10.0.0.0/8`.",
    )
    lifespan_s: float = Field(
        30, gt=0, le=600, description="How long a plugin's lifespan may take to begin, s."
    )
    breaker_failures: int = Field(
        5, ge=1, le=1000, description="Failures in a row after which a plugin's hook is left out."
    )
    breaker_s: float = Field(
        60, gt=0, le=86_400, description="How long it is left out; then it is tried once again, s."
    )

    @field_validator("reach")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for text in value:
            try:
                ipaddress.ip_network(text, strict=False)
            except ValueError:
                raise ValueError(f"{text} is no address or network, such as 10.0.0.0/8") from None
        return value


class StorageSettings(Section):
    """Where visits are kept."""

    url: str = Field(
        "sqlite+aiosqlite:///var/kiosk.sqlite3",
        description="SQLAlchemy address of the database.",
        # With PostgreSQL it may have a password in it.
        json_schema_extra=SECRET,
    )
    migrate: bool = Field(True, description="Bring the database up to date at start.")
    sink_queue: int = Field(1000, ge=10, description="Transcript entries waiting for a sink.")
    sink_batch: int = Field(50, ge=1, le=500, description="Entries handed to a sink at once.")
    sink_attempts: int = Field(
        8, ge=1, le=50, description="Tries before the database gives entries up."
    )
    sink_give_up_h: float = Field(
        72,
        gt=0,
        le=8760,
        description="How long a sink may be away before its entries become dead letters, h.",
    )
    sink_outbox: int = Field(
        100_000, ge=100, description="Entries kept for one sink; beyond them the oldest is lost."
    )


class KioskAccessSettings(Section):
    """How a screen proves that it is one of ours."""

    secret: SecretStr | None = Field(
        None,
        description="Signs what screens get. Empty: made at first start, kept in the database.",
    )
    open: bool = Field(
        False,
        description="The first kiosk's screen opens for anyone who reaches the server, as in the "
        "demo. Off: an unknown screen shows a code and waits until an operator lets it in.",
    )
    code_minutes: int = Field(15, ge=1, le=1440, description="An enrolment code lasts this long.")
    cookie_days: int = Field(
        400,
        ge=1,
        le=400,
        description="A screen that was not opened for so long must pair anew, days.",
    )
    token_hours: float = Field(
        24, gt=0, le=8760, description="A screen gets another token after this long, when it opens."
    )
    pairing_minutes: float = Field(
        10,
        ge=1,
        le=60,
        description="A pairing code lasts this long; the screen shows a new one before.",
    )
    pairings: int = Field(100, ge=1, le=1000, description="Screens that may wait to be let in.")
    pairings_per_address: int = Field(
        20, ge=1, le=1000, description="How many of them may come from one address."
    )
    service_pin: SecretStr | None = Field(
        None,
        description="Four to twelve digits that open the service panel on a screen. Empty: the "
        "panel only shows and changes nothing.",
    )

    @field_validator("service_pin")
    @classmethod
    def _digits(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[0-9]{4,12}", value.get_secret_value()):
            raise ValueError("four to twelve digits, because the panel has no other keys")
        return value


class LogSettings(Section):
    """What is written down about the running server."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level.")
    format: Literal["auto", "console", "json"] = Field(
        "auto", description="`auto`: console on a terminal, else JSON lines."
    )
