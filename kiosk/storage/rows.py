"""What storage gives back: one frozen value for each kind of row, times in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from kiosk.model import EndReason

Role = Literal["viewer", "operator", "editor", "privacy_officer", "auditor", "administrator"]
"""What somebody is here for; kiosk/security/access.py says what each may do."""

EVERY_SITE: Final = "*"


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
    """One person who may look on. `password_hash` is argon2's own text form."""

    name: str
    grants: tuple[Grant, ...]
    password_hash: str
    created_at: datetime
    password_at: datetime


@dataclass(frozen=True, slots=True)
class LoginRow:
    """One server-side session, with the grants its operator has now."""

    operator: str
    grants: tuple[Grant, ...]
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


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
