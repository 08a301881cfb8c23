"""The roles people have, and how one at a site is written in settings and commands."""

from __future__ import annotations

from typing import Final, Literal, get_args

Role = Literal["viewer", "operator", "editor", "privacy_officer", "auditor", "administrator"]
"""What somebody is here for; kiosk/security/access.py says what each may do."""

ROLE_NAMES: Final[tuple[Role, ...]] = get_args(Role)
EVERY_SITE: Final = "*"


def role_and_site(word: str) -> tuple[Role, str]:
    """Read `operator@north`, or `operator` for every site; raises ValueError with what there is."""
    name, _, site = word.strip().partition("@")
    role = next((known for known in ROLE_NAMES if known == name), None)
    if role is None:
        raise ValueError(f"there is no role {name!r}; there are {', '.join(ROLE_NAMES)}")
    return role, site or EVERY_SITE
