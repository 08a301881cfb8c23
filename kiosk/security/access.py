"""Access levels of addresses, and who passes them. The default is no."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from kiosk.storage.rows import Role


class Access(Enum):
    """Who may use an address. Every route names one."""

    PUBLIC = "public"
    """Anyone who reaches the server."""
    KIOSK = "kiosk"
    """A screen that has been enrolled."""
    OPERATOR = "operator"
    """A person who is logged in."""
    ADMIN = "admin"
    """A person who is logged in as an admin."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A person who is logged in."""

    name: str
    role: Role = "operator"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a request has proved: an enrolled screen, a logged-in person, both, or neither."""

    kiosk_id: str | None = None
    operator: Operator | None = None


NOBODY = Identity()


def allowed(access: Access, who: Identity) -> bool:
    """Whether `who` may use an address of this access."""
    match access:
        case Access.PUBLIC:
            return True
        case Access.KIOSK:
            return who.kiosk_id is not None
        case Access.OPERATOR:
            return who.operator is not None
        case Access.ADMIN:
            return who.operator is not None and who.operator.role == "admin"
        case _:
            assert_never(access)
