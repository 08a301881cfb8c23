"""Settings of the people who look on: accounts, sessions, tokens."""

from __future__ import annotations

from pydantic import Field

from kiosk.settings.oidc import OidcSettings
from kiosk.settings.roles import Role
from kiosk.settings.steering import SteeringSettings


class OperatorSettings(SteeringSettings):
    """Who may look on, and take part."""

    session_hours: float = Field(12, gt=0, le=168, description="A login lasts this long, h.")
    idle_minutes: float = Field(60, gt=0, le=1440, description="Unused, it ends sooner, min.")
    attempts: int = Field(5, ge=1, le=50, description="Failed logins before a pause.")
    pause_s: float = Field(60, gt=0, le=3600, description="The pause, s.")
    min_password: int = Field(12, ge=8, le=128, description="Shortest password, characters.")
    totp_for: list[Role] = Field(
        [],
        description="Roles that need a second factor with a password: who holds one can do nothing "
        "but set it up until they have.",
    )
    prove_minutes: float = Field(
        10,
        gt=0,
        le=1440,
        description="How long after a login people and tokens may be changed; then the password or "
        "a code is asked for again, min.",
    )
    token_days: int = Field(90, ge=1, le=3650, description="An API token lasts at most this, d.")
    tokens_each: int = Field(10, ge=0, le=100, description="API tokens of one person at most.")
    token_per_minute: int = Field(
        600, ge=1, le=100_000, description="Requests a minute of one token, on each server."
    )
    requests_per_minute: int = Field(
        1200,
        ge=60,
        le=100_000,
        description="Requests a minute of one person's browsers, on each server.",
    )
    searches_per_minute: int = Field(
        30,
        ge=1,
        le=10_000,
        description="Searches and exports of transcripts a minute of one person, with tokens.",
    )
    break_glass_minutes: float = Field(
        15,
        gt=0,
        le=240,
        description="How long an emergency code, and then its login, is good, min.",
    )
    oidc: OidcSettings = Field(OidcSettings(), description="Log in with the site's own accounts.")
