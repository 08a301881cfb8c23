"""Accounts of the site's provider: let in by their groups, and out again when those are gone."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from kiosk.errors import KioskError
from kiosk.security.operators import Login, Operators
from kiosk.settings.oidc import OidcSettings
from kiosk.settings.roles import role_and_site
from kiosk.storage.database import Storage
from kiosk.storage.rows import Grant

log = structlog.get_logger(__name__)

MAX_NAME: Final = 64
_FOREIGN: Final = re.compile(r"[^a-z0-9._@+-]+")


class ProviderError(KioskError):
    """The provider cannot be used or is not believed; the text is for whoever wants to log in."""

    code = "provider"


@dataclass(frozen=True, slots=True)
class Asked:
    """A fetched answer."""

    status: int
    body: bytes


Fetch = Callable[[str, Mapping[str, str] | None, Mapping[str, str]], Awaitable[Asked]]
"""Gets an address, or posts a form to it, with headers; raises ProviderError within its time."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A login that is at the provider now: where to send the browser, and what to remember."""

    url: str
    remembered: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Provided:
    """Whom the provider says somebody is. `auth_time`: when it last asked for a proof."""

    subject: str
    name: str
    groups: tuple[str, ...]
    auth_time: float | None


class NotLetInError(KioskError):
    """The provider vouches for somebody who has no place here; the text is for them."""

    code = "not_let_in"

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class ProvidedAccounts:
    """Accounts that follow the provider. Their roles are those of their groups, at each login."""

    def __init__(self, operators: Operators, storage: Storage, settings: OidcSettings) -> None:
        self._operators = operators
        self._storage = storage
        self._settings = settings

    async def enter(self, person: Provided, address: str, device: str) -> Login:
        """Let somebody in; raises NotLetInError, and then their logins are over."""
        known = await self._storage.operators.find_subject(person.subject)
        # A name that changes at the provider stays what it was here: the audit knows it.
        name = known.name if known is not None else plain_name(person.name)
        grants = self.grants(person.groups)
        if not grants:
            if known is not None:
                await self._storage.operators.put_provided(name, person.subject, (), ())
                await self._storage.logins.delete_of(name)
            raise NotLetInError(
                name, "Your account is in none of the groups that may log in here; ask for one."
            )
        if not name:
            raise NotLetInError("", "The provider gives no name that can be used here.")
        kept = await self._storage.operators.put_provided(
            name, person.subject, person.groups, grants
        )
        row = await self._storage.operators.get(name)
        if not kept or row is None:
            raise NotLetInError(
                name, f"Another account here is named {name}; have an administrator remove it."
            )
        return await self._operators.open(row, "oidc", address, device)

    async def end(self, subject: str) -> str | None:
        """End the logins of somebody who logged out at the provider; returns their name."""
        row = await self._storage.operators.find_subject(subject)
        if row is None:
            return None
        await self._storage.logins.delete_of(row.name)
        return row.name

    async def follow(self) -> None:
        """Bring accounts in line with the settings of now: a group that gives nothing any more."""
        for row in await self._storage.operators.list():
            if row.origin != "oidc":
                continue
            ours = bool(self._settings.issuer) and row.subject.startswith(
                f"{self._settings.issuer} "
            )
            grants = self.grants(row.groups) if ours else ()
            if grants == row.grants:
                continue
            await self._storage.operators.follow_groups(row.name, grants)
            if not grants:
                await self._storage.logins.delete_of(row.name)
            log.info("roles of a provider's account changed with the settings")

    def grants(self, groups: tuple[str, ...]) -> tuple[Grant, ...]:
        """Return the roles that groups give."""
        words = (word for group in groups for word in self._settings.roles.get(group, ()))
        return tuple(sorted({Grant(*role_and_site(word)) for word in words}))


def plain_name(claimed: str) -> str:
    """Return a name as it can stand in addresses: `Anna Berg` is `anna-berg`."""
    return _FOREIGN.sub("-", claimed.strip().lower()).strip("-.")[:MAX_NAME]
