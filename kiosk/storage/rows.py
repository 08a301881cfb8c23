"""What storage gives back: one frozen value for each kind of row, times in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from kiosk.model import EndReason
from kiosk.settings.roles import EVERY_SITE as EVERY_SITE
from kiosk.settings.roles import Role as Role

Origin = Literal["local", "oidc", "emergency"]
"""Where an account comes from: made here, the site's provider, a break-glass code."""
EMERGENCY: Final = "break-glass"
"""The account of emergency codes; nobody can be called so."""
Method = Literal["password", "oidc", "break-glass"]
"""How somebody logged in."""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """A role at one site, or at every site."""

    role: Role
    site: str = EVERY_SITE


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One visit. Without `ended_at` it is running, or its server went away without a word."""

    id: str
    kiosk_id: str
    site: str
    language: str
    started_at: datetime
    ended_at: datetime | None
    reason: EndReason | None
    tools: tuple[str, ...]
    turns: int


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """One person who may look on. `password_hash` is argon2's own text form; empty: no password.

    `subject` names a person at the provider, `groups` are theirs at the last login. A second factor
    is in use when `totp_at` says since when; until then `totp_secret` only waits to be confirmed.
    """

    name: str
    grants: tuple[Grant, ...]
    password_hash: str = field(repr=False)
    created_at: datetime
    password_at: datetime
    origin: Origin = "local"
    subject: str = ""
    groups: tuple[str, ...] = ()
    totp_secret: str = field(default="", repr=False)
    totp_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LoginRow:
    """One server-side session, with the grants its operator has now.

    `id` names it to people and opens nothing. `proved_at`: when a password or code was last given.
    `pending`: the password was right, the second factor has not been given yet.
    """

    id: str
    operator: str
    grants: tuple[Grant, ...]
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    proved_at: datetime
    address: str = ""
    device: str = ""
    method: Method = "password"
    pending: bool = False
    totp: bool = False
    """Whether its operator has a second factor."""


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A key for a program, narrower than its owner. `sites` None: all that the owner may."""

    id: str
    operator: str
    name: str
    scopes: tuple[str, ...]
    sites: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    used_from: str
    grants: tuple[Grant, ...] = ()
    """What the owner holds now."""
    origin: Origin = "local"
    totp: bool = False
    """Whether the owner has a second factor."""
    owner_proved_at: datetime | None = None
    """When the owner's password was set, or when the provider last let them in."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what to whom, and why."""

    id: int
    at: datetime
    actor: str
    action: str
    target: str
    detail: str
    before: str = ""
    after: str = ""
    site: str = ""
    request: str = ""


AlertState = Literal["pending", "firing", "acknowledged", "resolved"]


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert, from when it was first seen. Its state follows from its moments."""

    id: str
    key: str
    """Rule and subject: of the same key at most one is open."""
    rule: str
    severity: str
    site: str
    """Empty: of the whole system."""
    kiosk_id: str
    what: str
    fix: str
    since: datetime
    wait_from: datetime
    fired_at: datetime | None = None
    told_at: datetime | None = None
    held: bool = False
    """Its message waits for the end of quiet hours."""
    stale: bool = False
    gone_at: datetime | None = None
    resolved_at: datetime | None = None
    acked_at: datetime | None = None
    acked_by: str = ""
    acked_why: str = ""

    @property
    def state(self) -> AlertState:
        """Pending, firing, acknowledged or resolved."""
        if self.resolved_at is not None:
            return "resolved"
        if self.fired_at is None:
            return "pending"
        return "firing" if self.acked_at is None else "acknowledged"


@dataclass(frozen=True, slots=True)
class SilenceRow:
    """A person's wish not to be told; an empty rule, site or kiosk means any."""

    id: str
    rule: str
    site: str
    kiosk_id: str
    why: str
    by: str
    created_at: datetime
    until: datetime

    def covers(self, alert: AlertRow) -> bool:
        """Whether an alert is meant."""
        return (
            self.rule in {"", alert.rule}
            and self.site in {"", alert.site}
            and self.kiosk_id in {"", alert.kiosk_id}
        )


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A message on its way to a channel, as JSON."""

    id: int
    channel: str
    notice_id: str
    notice: str
    added_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class ChannelState:
    """How a channel's messages stand; `error` is the kind of the last failure."""

    channel: str
    waiting: int
    dead: int
    error: str


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One browser that is a screen of ours, or was. Tokens are kept as hashes only."""

    id: str
    kiosk_id: str
    token_hash: str
    old_hash: str | None
    rotated_at: datetime
    created_at: datetime
    seen_at: datetime
    approved_by: str
    browser: str
    address: str
    revoked_at: datetime | None


PairingState = Literal["waiting", "approved", "refused"]


@dataclass(frozen=True, slots=True)
class PairingRow:
    """One browser that shows a code and waits to be let in."""

    id: str
    secret_hash: str
    code: str
    browser: str
    address: str
    created_at: datetime
    expires_at: datetime
    state: PairingState
    kiosk_id: str | None
    decided_by: str
    device_id: str | None
