"""What the emulated resource demands and allows: credentials, rates, caps, a faster clock."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Credential = Literal["api_key", "bearer"]
AvatarCut = Literal["close_peer", "close_socket", "error"]

# Quotas page of the Speech service (Voice Live; text-to-speech avatar). The avatar's cap while it
# speaks is 10 minutes on the stored page of 2024-09 and 30 in the newer one: the newer is taken.
_DOCUMENTED: dict[str, float] = {
    "connections_per_minute": 30,
    "tokens_per_minute": 120_000,
    "avatar_starts_per_minute": 2,
    "avatar_idle_seconds": 300,
    "avatar_speaking_seconds": 1_800,
    "session_seconds": 3_600,
}
# What one project measured on a live resource: 3 starts in 60 s, 5 avatars at once, and no refusal
# at about 120 new connections a minute without an avatar.
_MEASURED: dict[str, float] = {
    **_DOCUMENTED,
    "connections_per_minute": 0,
    "avatar_starts_per_minute": 3,
    "concurrent_avatars": 5,
}
_PRESETS = {"documented": _DOCUMENTED, "measured": _MEASURED}


class Service(BaseModel):
    """Credentials, rates and caps of the emulated resource. All off by default.

    A rate or cap of 0 is off, whatever `quotas` says.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    accepts: tuple[Credential, ...] = Field(
        default=("api_key", "bearer"),
        min_length=1,
        description="Kinds of credential that are taken. Without `api_key`, a key is refused with "
        "403 `AuthenticationTypeDisabled` (what a resource with local authentication disabled "
        "answers); without `bearer`, a token is refused with 401.",
    )
    api_keys: tuple[str, ...] = Field(
        default=(), description="The keys that open; empty: any key. Another one: 401."
    )
    bearer_tokens: tuple[str, ...] = Field(
        default=(), description="The bearer tokens that open; empty: any well-formed one."
    )
    bearer_form: Literal["token", "jwt"] = Field(
        default="token",
        description="What a well-formed token is when `bearer_tokens` is empty: the characters of "
        "RFC 6750, or a JSON Web Token that has not expired (its signature is not checked).",
    )
    agents_demand_bearer: bool = Field(
        default=False,
        description="Whether an agent session refuses an API key (documented: Entra only).",
    )
    agents_key_status: Literal[401, 403] = Field(
        default=401,
        description="The status of that refusal. Unsure: it is documented nowhere.",
    )
    quotas: Literal["off", "documented", "measured"] = Field(
        default="off",
        description="Fills in the rates and caps below that are not given: none, those of the "
        "quotas page, or those one project measured.",
    )
    connections_per_minute: int | None = Field(
        default=None,
        ge=0,
        le=100_000,
        description="New connections in 60 seconds; beyond it, 429 with Retry-After. Documented: "
        "30; measured: not enforced.",
    )
    tokens_per_minute: int | None = Field(
        default=None,
        ge=0,
        le=100_000_000,
        description="Tokens of all responses in 60 seconds; beyond it a response ends as `failed` "
        "with `rate_limit_exceeded`. Documented: 120000.",
    )
    avatar_starts_per_minute: int | None = Field(
        default=None,
        ge=0,
        le=100_000,
        description="Avatars started in 60 seconds; beyond it, an error `rate_limit_exceeded`. "
        "Closing one gives nothing back. Documented: 2; measured: 3.",
    )
    concurrent_avatars: int | None = Field(
        default=None,
        ge=0,
        le=100_000,
        description="Avatars at once; beyond it, an error `avatar_service_resource_exhausted`. "
        "Closing one makes room. Measured: 5.",
    )
    avatar_idle_seconds: float | None = Field(
        default=None,
        ge=0,
        le=86_400,
        description="Longest time an avatar is connected without speaking. Documented: 300.",
    )
    avatar_speaking_seconds: float | None = Field(
        default=None,
        ge=0,
        le=86_400,
        description="Longest connection of an avatar that does speak. Documented: 1800, on an "
        "older page 600.",
    )
    session_seconds: float | None = Field(
        default=None,
        ge=0,
        le=86_400,
        description="Longest session, told in `expires_at`; then `session_expired` and a close. "
        "Without it the emulator's own bound of 3600 holds.",
    )
    on_avatar_idle: AvatarCut = Field(
        default="close_peer",
        description="What `avatar_idle_seconds` does: close the avatar's peer connection without "
        "a word, close the WebSocket, or send an error and close the peer connection. Unsure: "
        "documented nowhere.",
    )
    on_avatar_speaking: AvatarCut = Field(
        default="close_peer", description="The same for `avatar_speaking_seconds`. Unsure too."
    )
    rate_limits_event: bool = Field(
        default=False,
        description="Sends `rate_limits.updated` after each `response.created`; the service has "
        "the event, the SDK's list of events has not. Needs `tokens_per_minute`.",
    )
    time_scale: float = Field(
        default=1.0,
        ge=0.01,
        le=10_000,
        description="How much faster the clock of everything in this table runs: 60 makes each "
        'minute of a rate or cap one second. `expires_at`, `Retry-After` and "Retry after" '
        "tell the time that is really left.",
    )

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        preset = data.get("quotas")
        return {**_PRESETS.get(preset if isinstance(preset, str) else "", {}), **data}

    @field_validator("bearer_tokens", "api_keys")
    @classmethod
    def _said(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not one.strip() for one in value):
            raise ValueError("an empty key or token opens nothing; leave it out")
        return value

    @model_validator(mode="after")
    def _fits(self) -> Service:
        if self.rate_limits_event and not self.tokens_per_minute:
            raise ValueError("rate_limits_event needs tokens_per_minute, which it tells of")
        if self.agents_demand_bearer and "bearer" not in self.accepts:
            raise ValueError("agents_demand_bearer needs 'bearer' in accepts")
        return self

    @property
    def minute(self) -> float:
        """Seconds that the minute of a rate really takes."""
        return 60.0 / self.time_scale

    def scaled(self, seconds: float | None) -> float | None:
        """Return how long a cap really lasts; None when there is none."""
        return seconds / self.time_scale if seconds else None

    def in_force(self) -> dict[str, float]:
        """Return the rates and caps that are on, by key, as they were given."""
        return {name: getattr(self, name) for name in _RATES_AND_CAPS if getattr(self, name)}


_RATES_AND_CAPS = (*_DOCUMENTED, "concurrent_avatars")


def retry_after(seconds: float) -> str:
    """Return a wait for people, never shorter than it is: "7.0"."""
    return f"{math.ceil(seconds * 10) / 10:.1f}"
