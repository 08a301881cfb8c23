"""Managing others: who may change whom, and never more than one may oneself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from kiosk.errors import KioskError
from kiosk.security.access import Access, Operator
from kiosk.security.operators import Operators
from kiosk.storage.database import Storage
from kiosk.storage.rows import EVERY_SITE, Grant, LoginRow, OperatorRow, TokenRow

MAX_GRANTS: Final = 100
"""Roles one person may hold."""


class PeopleError(KioskError):
    """Something about a person that may not be done; the text is for whoever tried."""

    def __init__(self, code: Literal["unknown", "forbidden", "conflict"], message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Person:
    """An account as one manager may see it; `whole`: they may do anything with it."""

    row: OperatorRow
    whole: bool


class People:
    """What somebody with the right `people.manage` may do with others' accounts.

    A manager of one site sees who has a role there, gives and takes roles there, none beyond what
    the manager holds, and has a person's password, logins and tokens in hand only when that person
    can do nothing that the manager cannot.
    """

    def __init__(self, operators: Operators, storage: Storage) -> None:
        self._operators = operators
        self._storage = storage

    async def list(self, by: Operator) -> tuple[Person, ...]:
        """Return everybody that `by` may see, by name."""
        rows = await self._operators.list()
        return tuple(self._person(by, row) for row in rows if _seen(by, row))

    async def get(self, by: Operator, name: str) -> Person:
        """Return one person; raises PeopleError as if there were none when `by` may not see."""
        row = await self._storage.operators.get(name)
        if row is None or not _seen(by, row):
            raise PeopleError("unknown", f"There is no person {name[:64]!r} that you manage.")
        return self._person(by, row)

    async def add(
        self, by: Operator, name: str, password: str, grants: Iterable[Grant]
    ) -> OperatorRow:
        """Add an account; raises PeopleError or AccountError."""
        wanted = frozenset(grants)
        if not wanted:
            raise PeopleError("conflict", "Give the person a role at least.")
        self._may_give(by, wanted)
        return await self._operators.add(name, password, grants=wanted)

    async def set_roles(
        self, by: Operator, name: str, grants: Iterable[Grant]
    ) -> tuple[tuple[Grant, ...], tuple[Grant, ...]]:
        """Give a person exactly these roles; returns those of before and after.

        Only what changes must be the manager's to give. Raises PeopleError, AccountError or
        LastAdministratorError.
        """
        person = await self.get(by, name)
        if person.row.origin != "local":
            raise PeopleError("conflict", f"The roles of {name} come from the site's provider.")
        wanted, held = frozenset(grants), frozenset(person.row.grants)
        self._may_give(by, wanted ^ held)
        await self._operators.set_grants(name, wanted)
        return tuple(sorted(held)), tuple(sorted(wanted))

    async def set_password(self, by: Operator, name: str, password: str) -> None:
        """Give a person another password; their logins end."""
        await self._whole(by, name)
        await self._operators.set_password(name, password)

    async def logins(self, by: Operator, name: str) -> tuple[LoginRow, ...]:
        """Return where a person is logged in."""
        await self._whole(by, name)
        return await self._storage.logins.of(name)

    async def end_logins(self, by: Operator, name: str, id: str | None = None) -> int:
        """End one login of a person, or all; returns how many."""
        await self._whole(by, name)
        if id is None:
            return await self._storage.logins.delete_of(name)
        if not await self._storage.logins.end(name, id):
            raise PeopleError("unknown", "This login is over already.")
        return 1

    async def tokens(self, by: Operator, name: str) -> tuple[TokenRow, ...]:
        """Return a person's tokens that are not over."""
        await self._whole(by, name)
        return await self._operators.tokens.of(name)

    async def revoke(self, by: Operator, name: str, id: str) -> None:
        """End a person's token."""
        await self._whole(by, name)
        if not await self._operators.tokens.revoke(name, id):
            raise PeopleError("unknown", "This token is gone already.")

    async def drop_second_factor(self, by: Operator, name: str) -> None:
        """Take a person's second factor away, for a lost device; their logins end."""
        await self._whole(by, name)
        if not await self._storage.operators.drop_totp(name):
            raise PeopleError("conflict", f"{name} has no second factor.")
        await self._storage.logins.delete_of(name)

    async def remove(self, by: Operator, name: str) -> None:
        """Remove a person with logins and tokens; raises LastAdministratorError too."""
        await self._whole(by, name)
        await self._operators.remove(name)

    async def _whole(self, by: Operator, name: str) -> None:
        if not (await self.get(by, name)).whole:
            raise PeopleError(
                "forbidden",
                f"{name} may do what you may not; ask somebody who manages all of their sites.",
            )

    def _person(self, by: Operator, row: OperatorRow) -> Person:
        return Person(row, all(by.covers(grant) for grant in row.grants))

    def _may_give(self, by: Operator, grants: Iterable[Grant]) -> None:
        changed = sorted(grants)
        if len(changed) > MAX_GRANTS:
            raise PeopleError("conflict", f"A person has at most {MAX_GRANTS} roles.")
        for grant in changed:
            where = None if grant.site == EVERY_SITE else grant.site
            sites = by.sites(Access.PEOPLE_MANAGE)
            if sites is not None and where not in sites:
                raise PeopleError("forbidden", f"You do not manage people {_at(grant)}.")
            if not by.covers(grant):
                raise PeopleError(
                    "forbidden",
                    f"The role {grant.role} {_at(grant)} may do more than you; ask somebody else.",
                )


def _at(grant: Grant) -> str:
    return "of every site" if grant.site == EVERY_SITE else f"of the site {grant.site}"


def _seen(by: Operator, row: OperatorRow) -> bool:
    if row.origin == "emergency":
        return False
    sites = by.sites(Access.PEOPLE_MANAGE)
    return sites is None or any(grant.site in sites for grant in row.grants)
