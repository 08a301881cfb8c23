"""What storage gives back: one frozen value for each kind of row, times in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from kiosk.model import EndReason

Role = Literal["operator", "admin"]
"""What an operator may do: an admin also reads the audit and manages people and screens."""


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One visit. Without `ended_at` it is running, or its server went away without a word."""

    id: str
    kiosk_id: str
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
    role: Role
    password_hash: str
    created_at: datetime
    password_at: datetime


@dataclass(frozen=True, slots=True)
class LoginRow:
    """One server-side session, with the role its operator has now."""

    operator: str
    role: Role
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
