"""Settings of alerts: what is watched, when it is quiet, and who is told by which channel."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, SecretStr, field_validator, model_validator

from kiosk.settings.base import Section
from kiosk.settings.hours import Hours, parse_span

RuleName = Literal[
    "offline",
    "frame",
    "microphone",
    "starts",
    "quota",
    "latency",
    "runaway",
    "sinks",
    "breaker",
    "certificate",
    "disk",
    "clock",
    "version",
    "silence",
]
RULE_NAMES: tuple[str, ...] = get_args(RuleName)
Severity = Literal["info", "warning", "critical"]
ADDRESS = r"[^@\s,;<>]+@[^@\s,;<>]+"


class RuleChange(Section):
    """What one rule has otherwise than docs/alerts.md lists; empty: as listed there."""

    on: bool = Field(True, description="Off: the rule is never asked.")
    severity: Severity | None = Field(None, description="How bad it is.")
    limit: float | None = Field(None, ge=0, description="Threshold, in the rule's own unit.")
    after_s: float | None = Field(
        None, ge=0, le=86_400, description="How long it must last before anybody is told, s."
    )


class ChannelSettings(Section):
    """What every channel has."""

    type: str
    sites: list[str] = Field([], description="Only alerts of these sites; empty: all of them.")
    severity: Severity = Field("warning", description="The least that is told.")
    resolved: bool = Field(False, description="Also tell when it is over, outside quiet hours.")
    timeout_s: float = Field(10, gt=0, le=60, description="Longest single attempt, s.")


class EmailSettings(ChannelSettings):
    """E-mail by an SMTP server."""

    type: Literal["email"]
    host: str = Field(min_length=1, description="The SMTP server.")
    port: int = Field(587, ge=1, le=65535, description="Its port.")
    tls: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="`none` is for a relay that takes no password."
    )
    ca_file: Path | None = Field(None, description="Further authority to trust, PEM.")
    user: str | None = Field(None, description="Name to log in with.")
    password: SecretStr | None = Field(None, description="Password; better from a file.")
    password_file: Path | None = Field(None, description="File with the password.")
    sender: str = Field(pattern=f"^{ADDRESS}$", description="Address it comes from.")
    to: list[str] = Field(min_length=1, max_length=50, description="Addresses it goes to.")

    @field_validator("to")
    @classmethod
    def _to(cls, value: list[str]) -> list[str]:
        for address in value:
            if not re.fullmatch(ADDRESS, address):
                raise ValueError("an address is written as name@example.org")
        return value

    @model_validator(mode="after")
    def _login(self) -> EmailSettings:
        secret = self.password is not None or self.password_file is not None
        if (self.user is not None) != secret:
            raise ValueError("user and password (or password_file) go together")
        if secret and self.tls == "none":
            raise ValueError("a password needs tls = 'starttls' or 'tls', or it travels in clear")
        return self


class WebhookSettings(ChannelSettings):
    """A signed post to an address of the site, as Standard Webhooks say."""

    type: Literal["webhook"]
    url: str = Field(description="Where to post: https, or http to this machine.")
    secret: SecretStr | None = Field(None, description="Signs each post: `whsec_` and base64.")
    secret_file: Path | None = Field(None, description="File with the secret.")

    @model_validator(mode="after")
    def _signs(self) -> WebhookSettings:
        if (self.secret is None) == (self.secret_file is None):
            raise ValueError("set either secret or secret_file, to sign with")
        return self


class TeamsSettings(ChannelSettings):
    """An Adaptive Card to a Teams workflow (`When a Teams webhook request is received`)."""

    type: Literal["teams"]
    url: SecretStr | None = Field(
        None, description="The workflow's address; whoever has it may post, so it is a secret."
    )
    url_file: Path | None = Field(None, description="File with the address.")

    @model_validator(mode="after")
    def _one(self) -> TeamsSettings:
        if (self.url is None) == (self.url_file is None):
            raise ValueError("set either url or url_file")
        return self


class AlertmanagerSettings(ChannelSettings):
    """Prometheus Alertmanager by its API v2; it is always told when an alert is over."""

    type: Literal["alertmanager"]
    url: str = Field(description="Its address, such as `https://alerts.example:9093`.")
    token: SecretStr | None = Field(None, description="Bearer token, if it wants one.")
    token_file: Path | None = Field(None, description="File with the token.")
    severity: Severity = Field("info", description="The least that is told.")


AnyChannel = Annotated[
    EmailSettings | WebhookSettings | TeamsSettings | AlertmanagerSettings,
    Field(discriminator="type"),
]


class AlertSettings(Section):
    """What operators are told about by itself."""

    on: bool = Field(True, description="Off: nothing is watched and nobody is told.")
    every_s: float = Field(15, ge=5, le=300, description="How often the rules are asked, s.")
    clear_s: float = Field(
        120, ge=0, le=3600, description="A trouble must be gone this long to count as over, s."
    )
    group_s: float = Field(
        30,
        ge=0,
        le=900,
        description="What fires in the same rule and site within this time is one message, s.",
    )
    remind_h: float = Field(
        4,
        ge=0,
        le=168,
        description="An alert nobody acknowledged is told again after this, h; 0: never.",
    )
    quiet: dict[str, str] = Field(
        {},
        description='Quiet hours by site, such as `main = "22:00-07:00"`; `"*"` is for sites not '
        "named. What is not critical waits and is summed up at their end.",
    )
    stale_days: float = Field(
        7, gt=0, le=365, description="A screen away for longer leaves the counts, days."
    )
    keep_days: int = Field(90, ge=1, le=3650, description="How long history is kept, days.")
    most: int = Field(
        2000, ge=10, le=20_000, description="Alerts open at once; further ones are left out."
    )
    outbox: int = Field(
        1000, ge=10, le=100_000, description="Messages waiting for one channel; the oldest goes."
    )
    give_up_h: float = Field(
        24,
        gt=0,
        le=720,
        description="A message a channel did not take for so long is put aside, h.",
    )
    avatar_starts_per_minute: float = Field(
        2,
        ge=0,
        description="Quota of avatars that your Azure resources may start a minute, all together; "
        "Azure's own default is 2. The alert `quota` and the page of insight hold counts against "
        "it. 0: neither does.",
    )
    connections_per_minute: float = Field(
        30,
        ge=0,
        description="Quota of new connections a minute; Azure's own default is 30. 0: do not "
        "watch it.",
    )
    rules: dict[RuleName, RuleChange] = Field(
        {},
        description="Changes of single rules, `[alerts.rules.NAME]` with `on`, `severity`, "
        "`limit` and `after_s`; docs/alerts.md lists them.",
    )
    channels: dict[str, AnyChannel] = Field(
        {},
        max_length=20,
        description="Who is told, `[alerts.channels.NAME]` with a `type`; docs/alerts.md lists "
        "what each takes.",
    )

    @field_validator("quiet")
    @classmethod
    def _quiet(cls, value: dict[str, str]) -> dict[str, str]:
        for span in value.values():
            parse_span(span)
        return value

    @field_validator("channels")
    @classmethod
    def _names(cls, value: dict[str, AnyChannel]) -> dict[str, AnyChannel]:
        for name in value:
            if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", name):
                raise ValueError(f"{name!r}: a channel's name is small letters, digits and dashes")
        return value

    def rule(self, name: str) -> RuleChange:
        """Return what a rule has otherwise than by default."""
        for known, change in self.rules.items():
            if known == name:
                return change
        return RuleChange()

    def quiet_hours(self, site: str) -> Hours | None:
        """Return the quiet hours of a site; None without any."""
        span = self.quiet.get(site, self.quiet.get("*"))
        return Hours([parse_span(span)]) if span is not None else None
