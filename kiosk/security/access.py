"""Rights, the roles that have them, and who may use an address. The default is no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from kiosk.storage.rows import EVERY_SITE, Grant, LoginRow, Role


class Access(Enum):
    """Who may use an address. Every route names one; all after PERSON are rights of roles."""

    PUBLIC = "public"
    """Anyone who reaches the server."""
    KIOSK = "kiosk"
    """A screen that has been enrolled."""
    PERSON = "person"
    """Anybody who is logged in."""

    FLEET_VIEW = "fleet.view"
    """See screens, their state and their visits' course; no words."""
    VISIT_FOLLOW = "visit.follow"
    """Read what is said in a running visit."""
    VISIT_STEER = "visit.steer"
    """End a visit, have a sentence of the site's list said, answer a call for a person."""
    VISIT_TAKE_OVER = "visit.take_over"
    """Speak to the visitor, who is told that a person has joined."""
    VISIT_SPEAK = "visit.speak"
    """Put words into the avatar's mouth or ear that the visitor cannot tell from its own."""
    KIOSK_COMMAND = "kiosk.command"
    """Have a screen do something."""
    KIOSK_CONFIGURE = "kiosk.configure"
    """Change what every visitor of a screen meets."""
    KIOSK_ENROL = "kiosk.enrol"
    """Let screens in and take them out."""
    TRANSCRIPT_READ = "transcript.read"
    """Read and search visits that are over."""
    TRANSCRIPT_EXPORT = "transcript.export"
    """Carry transcripts out."""
    TRANSCRIPT_ERASE = "transcript.erase"
    """Erase visits, and keep them from being erased."""
    INSIGHT_VIEW = "insight.view"
    """See counts and charts, which hold no words."""
    ALERT_HANDLE = "alert.handle"
    """Acknowledge and silence alerts."""
    CONTENT_EDIT = "content.edit"
    """Look after themes and what screens show."""
    SYSTEM_VIEW = "system.view"
    """See plugins, sinks and the server's health."""
    SYSTEM_MANAGE = "system.manage"
    """Change them."""
    PEOPLE_MANAGE = "people.manage"
    """Manage accounts, roles and tokens of others."""
    AUDIT_READ = "audit.read"
    """Read who did what."""


RIGHTS: Final = frozenset(Access) - {Access.PUBLIC, Access.KIOSK, Access.PERSON}

_VIEWER: Final = frozenset({Access.FLEET_VIEW, Access.INSIGHT_VIEW})

ROLES: Final[Mapping[Role, frozenset[Access]]] = {
    "viewer": _VIEWER,
    "operator": _VIEWER
    | {
        Access.VISIT_FOLLOW,
        Access.VISIT_STEER,
        Access.VISIT_TAKE_OVER,
        Access.KIOSK_COMMAND,
        Access.TRANSCRIPT_READ,
        Access.ALERT_HANDLE,
        Access.SYSTEM_VIEW,
    },
    "editor": _VIEWER
    | {
        Access.VISIT_FOLLOW,
        Access.VISIT_SPEAK,
        Access.KIOSK_CONFIGURE,
        Access.CONTENT_EDIT,
        Access.SYSTEM_VIEW,
    },
    "privacy_officer": _VIEWER
    | {
        Access.TRANSCRIPT_READ,
        Access.TRANSCRIPT_EXPORT,
        Access.TRANSCRIPT_ERASE,
        Access.AUDIT_READ,
    },
    "auditor": _VIEWER | {Access.SYSTEM_VIEW, Access.AUDIT_READ},
    "administrator": RIGHTS,
}
"""What each role may do. A person holds roles, each for one site or for all."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A person who is logged in, or a program with a token of theirs.

    `only` narrows every role to some rights, `within` to some sites; `token` is a token's name.
    """

    name: str
    grants: tuple[Grant, ...] = ()
    only: frozenset[Access] | None = None
    within: frozenset[str] | None = None
    token: str = ""

    @property
    def actor(self) -> str:
        """Return who this is for the audit: a token is named beside its owner; 64 characters."""
        return (f"{self.name}/{self.token}" if self.token else self.name)[:64]

    def sites(self, access: Access) -> frozenset[str] | None:
        """Return the sites where this person has a right; None for every site."""
        if self.only is not None and access not in self.only:
            return frozenset()
        found = {grant.site for grant in self.grants if access in ROLES.get(grant.role, ())}
        if EVERY_SITE in found:
            return self.within
        return frozenset(found) if self.within is None else self.within & found

    def covers(self, grant: Grant) -> bool:
        """Whether this person may do all that `grant` lets somebody do, wherever it does."""
        for right in ROLES.get(grant.role, ()):
            sites = self.sites(right)
            if sites is not None and grant.site not in sites:
                return False
        return True

    def may(self, access: Access, site: str | None = None) -> bool:
        """Whether this person has a right at `site`; without one, at any site at all."""
        sites = self.sites(access)
        if sites is None:
            return True
        return site in sites if site is not None else bool(sites)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a request has proved: an enrolled screen, a logged-in person, both, or neither."""

    kiosk_id: str | None = None
    device: str = ""
    """Which of the kiosk's devices it is."""
    operator: Operator | None = None
    login: LoginRow | None = None
    """The session of a browser; None for a token, and for whom a plugin vouches for."""
    must_enrol: bool = False
    """Nothing may be done but to set up the second factor that this person's roles need."""


NOBODY = Identity()


def allowed(access: Access, who: Identity, site: str | None = None) -> bool:
    """Whether `who` may use an address of this access, for something that belongs to `site`."""
    if access is Access.PUBLIC:
        return True
    if access is Access.KIOSK:
        return who.kiosk_id is not None
    if who.operator is None:
        return False
    return access is Access.PERSON or who.operator.may(access, site)
