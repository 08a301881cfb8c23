"""Settings of the site's own provider of accounts, by OpenID Connect."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from kiosk.settings.base import Section
from kiosk.settings.roles import role_and_site

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class OidcSettings(Section):
    """Log in with the site's own accounts, by OpenID Connect. Without `issuer` it is off."""

    issuer: str = Field(
        "",
        max_length=200,
        description="The provider's issuer, such as "
        "`https://login.microsoftonline.com/TENANT/v2.0`; its discovery document names the rest.",
    )
    client_id: str = Field("", max_length=200, description="This server's id at the provider.")
    client_secret: SecretStr | None = Field(
        None, description="Its secret; empty with a public client, or with the next one."
    )
    client_secret_file: Path | None = Field(
        None, description="File with the secret alone in it, read at each start."
    )
    scopes: list[str] = Field(
        ["openid", "profile", "email"], description="What is asked of the provider."
    )
    label: str = Field(
        "your work account",
        min_length=1,
        max_length=60,
        description="How the button ends that begins with `Log in with`.",
    )
    name_claim: str = Field(
        "preferred_username", min_length=1, description="The claim that is a person's name here."
    )
    groups_claim: str = Field(
        "groups",
        min_length=1,
        description="The claim with a person's groups; Entra ID has `groups` (ids) and `roles`.",
    )
    roles: dict[str, list[str]] = Field(
        {},
        description="By group, the roles that it gives, such as `operator@north`. Who is in none "
        "of these groups is not let in.",
    )
    leeway_s: int = Field(60, ge=0, le=300, description="Difference of clocks that is allowed, s.")
    timeout_s: float = Field(10, gt=0, le=60, description="Longest wait for the provider, s.")
    keys_s: float = Field(
        3600, ge=60, le=86_400, description="How long the provider's keys are used unasked, s."
    )
    token_stale_days: int = Field(
        30,
        ge=1,
        le=3650,
        description="API tokens rest when their owner has not come through the provider for this "
        "long, d.",
    )

    @field_validator("issuer")
    @classmethod
    def _https(cls, value: str) -> str:
        parts = urlsplit(value)
        secure = parts.scheme == "https" or parts.hostname in _LOOPBACK
        if value and (not parts.hostname or not secure or parts.query or parts.fragment):
            raise ValueError("an https:// address without a query, as the provider writes it")
        return value

    @field_validator("roles")
    @classmethod
    def _known(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        for words in value.values():
            for word in words:
                role_and_site(word)
        return value

    @model_validator(mode="after")
    def _whole(self) -> OidcSettings:
        if self.issuer and not self.client_id:
            raise ValueError("issuer needs client_id, which the provider gives this server")
        if self.client_secret is not None and self.client_secret_file is not None:
            raise ValueError("give client_secret or client_secret_file, not both")
        if "openid" not in self.scopes:
            raise ValueError("scopes must have openid in it")
        return self
