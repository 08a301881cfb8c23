"""Keys of programs: made by a person, narrower than that person, over in time, paced."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from kiosk.clock import Clock, new_id
from kiosk.errors import KioskError
from kiosk.security.access import RIGHTS, ROLES, Access, Operator
from kiosk.security.pace import Pace
from kiosk.settings.people import OperatorSettings
from kiosk.storage.database import Storage
from kiosk.storage.rows import EMERGENCY, Grant, Origin, TokenRow

PREFIX: Final = "kiosk_"
"""So that a token is known for one wherever it turns up, by people and by scanners."""
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
TOUCH_EVERY: Final = timedelta(seconds=60)

_SHAPE: Final = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")


class TokenError(KioskError):
    """A token that cannot be made; the text says what to write instead."""

    code = "token"


class TooFastError(KioskError):
    """More requests than one token or address may make."""

    code = "too_fast"

    def __init__(self, retry_after: float) -> None:
        super().__init__(
            f"Too many requests with this token; try again in {max(1, round(retry_after))} seconds."
        )
        self.retry_after = retry_after


class Tokens:
    """API tokens. Only a hash of each is kept."""

    def __init__(self, storage: Storage, clock: Clock, settings: OperatorSettings) -> None:
        self._storage = storage
        self._clock = clock
        self._settings = settings
        self._pace = Pace(clock, settings.token_per_minute)

    async def make(
        self,
        owner: Operator,
        name: str,
        *,
        scopes: Sequence[str],
        sites: Sequence[str] | None = None,
        days: int | None = None,
    ) -> tuple[str, TokenRow]:
        """Make a token for its owner; returns it, to be shown this once. Raises TokenError."""
        if owner.name == EMERGENCY:
            raise TokenError("An emergency login makes no tokens; log in as yourself.")
        name = name.strip().lower()
        longest = self._settings.token_days
        days = longest if days is None else days
        if NAME.fullmatch(name) is None:
            raise TokenError("A token's name has 1 to 32 of a-z, 0-9, dot, dash and underscore.")
        if any(row.name == name for row in await self.of(owner.name)):
            raise TokenError(f"There is a token {name} already; choose another name or revoke it.")
        if not 1 <= days <= longest:
            raise TokenError(f"A token lasts 1 to {longest} days (operators.token_days).")
        rights = sorted({_right(word).value for word in scopes})
        if not rights:
            raise TokenError("A token needs a right at least; without one it can do nothing.")
        for right in rights:
            if not owner.may(Access(right)):
                raise TokenError(f"You have no right {right} yourself; leave it out.")
        for site in sites or ():
            if not any(owner.may(Access(right), site) for right in rights):
                raise TokenError(f"You have none of these rights at {site}; leave it out.")
        if sites is not None and not sites:
            raise TokenError("Name a site at least, or none for all that you may.")
        secret = PREFIX + secrets.token_urlsafe(32)
        id = new_id("token")
        kept = await self._storage.tokens.add(
            id,
            _digest(secret),
            owner.name,
            name,
            scopes=rights,
            sites=sorted(set(sites)) if sites is not None else None,
            expires_at=self._clock.now() + timedelta(days=days),
            most=self._settings.tokens_each,
        )
        if not kept:
            most = self._settings.tokens_each
            raise TokenError(f"You have {most} tokens already; revoke one (operators.tokens_each).")
        made = next(row for row in await self.of(owner.name) if row.id == id)
        return secret, made

    async def of(self, operator: str) -> tuple[TokenRow, ...]:
        """Return a person's tokens that are not over."""
        now = self._clock.now()
        return tuple(row for row in await self._storage.tokens.of(operator) if row.expires_at > now)

    async def revoke(self, operator: str, id: str) -> bool:
        """End a token at once; False when there is none."""
        return await self._storage.tokens.revoke(operator, id)

    async def whose(self, secret: str, address: str, *, again: bool = False) -> Operator | None:
        """Return whom a token speaks for, with what it may; None for none. TooFastError.

        `again`: an open socket asks whether it still holds; that is no further request.
        """
        place = f"address:{address}"
        self._wait(place)
        row = None
        if _SHAPE.fullmatch(secret):
            row = await self._storage.tokens.get(_digest(secret))
        now = self._clock.now()
        if row is None or row.expires_at <= now or not self._good(row):
            self._pace.count(place)
            return None
        if not again:
            self._wait(row.id)
            self._pace.count(row.id)
        if row.used_at is None or now - row.used_at >= TOUCH_EVERY:
            await self._storage.tokens.touch(row.id, address)
        return Operator(
            row.operator,
            row.grants,
            frozenset(right for right in RIGHTS if right.value in row.scopes),
            frozenset(row.sites) if row.sites is not None else None,
            row.name,
        )

    def _good(self, row: TokenRow) -> bool:
        if needs_second_factor(self._settings, row.grants, row.origin) and not row.totp:
            return False
        if row.origin != "oidc" or row.owner_proved_at is None:
            return row.origin == "local"
        # Nobody tells us when the provider closes an account; who stays away is doubted.
        stale = timedelta(days=self._settings.oidc.token_stale_days)
        return self._clock.now() - row.owner_proved_at < stale

    def _wait(self, key: str) -> None:
        wait = self._pace.wait_s(key)
        if wait > 0:
            raise TooFastError(wait)


def needs_second_factor(
    settings: OperatorSettings, grants: Sequence[Grant], origin: Origin
) -> bool:
    """Whether somebody's roles need a second factor here; a provider asks for its own."""
    return origin == "local" and any(grant.role in settings.totp_for for grant in grants)


def _right(word: str) -> Access:
    found = next((right for right in RIGHTS if right.value == word), None)
    if found is not None:
        return found
    if word in ROLES:
        raise TokenError(f"{word} is a role; a token has rights, such as fleet.view.")
    known = ", ".join(sorted(right.value for right in RIGHTS))
    raise TokenError(f"There is no right {word[:40]!r}; there are {known}.")


def _digest(secret: str) -> str:
    # 256 random bits: a plain hash is enough to make a stolen table useless.
    return hashlib.sha256(secret.encode(errors="backslashreplace")).hexdigest()
