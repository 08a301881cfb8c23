"""Pairing: an unknown screen shows a short code, somebody lets it in, and it goes on by itself."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from kiosk.clock import Clock, new_id
from kiosk.security.devices import Devices, EnrolError, hashed
from kiosk.security.throttle import Throttle
from kiosk.settings.sections import KioskAccessSettings
from kiosk.storage.database import Storage
from kiosk.storage.rows import PairingRow

COOKIE: Final = "kiosk_pairing"
GROUP: Final = 3
RENEW_S: Final = 60.0
"""A code that has less time left is replaced: who reads it out must get to the end."""
ATTEMPTS: Final = 20
"""Wrong codes by one person before a pause."""
PAUSE_S: Final = 300.0
STARTS: Final = 60
"""New codes for one address before a pause; screens that wait keep theirs."""
START_PAUSE_S: Final = 600.0
CLAIM_S: Final = 600.0
"""How long a screen that was let in may take to come for its token."""

# Letters and digits a person can read out across a hall: none of them looks like another.
_ALPHABET: Final = "ACDEFHJKLMNPQRTUVWXY3479"


class TooManyError(EnrolError):
    """Too many screens wait; the text is for the person at the screen."""

    code = "too_many"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A browser that waits; `secret` is for its cookie and None when it has one already."""

    row: PairingRow
    secret: str | None = None


class Pairing:
    """Who waits, who lets in. Bounded in number, by address and in wrong codes."""

    def __init__(
        self, storage: Storage, clock: Clock, settings: KioskAccessSettings, devices: Devices
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._settings = settings
        self._devices = devices
        self._starts = Throttle(clock, attempts=STARTS, pause_s=START_PAUSE_S)
        self._guesses = Throttle(clock, attempts=ATTEMPTS, pause_s=PAUSE_S)

    async def wait(self, secret: str | None, *, browser: str, address: str) -> Waiting:
        """Let a browser wait, or go on waiting; raises TooManyError."""
        if secret:
            known = await self._storage.pairings.find(secret_hash=hashed(secret))
            # One that was let in and comes again was revoked meanwhile: it begins anew.
            if known is not None and known.state != "approved":
                return Waiting(await self._renewed(known))
        key = f"address:{address}"
        if self._starts.wait_s(key) > 0:
            raise TooManyError("Too many codes were made here; wait ten minutes.")
        self._starts.charge(key)
        fresh = secrets.token_urlsafe(32)
        now = self._clock.now()
        row = PairingRow(
            id=new_id("pairing"),
            secret_hash=hashed(fresh),
            code=_code(),
            browser=browser[:200],
            address=address[:64],
            created_at=now,
            expires_at=now + timedelta(minutes=self._settings.pairing_minutes),
            state="waiting",
            kiosk_id=None,
            decided_by="",
            device_id=None,
        )
        kept = await self._storage.pairings.add(
            row,
            most=self._settings.pairings,
            most_from_address=self._settings.pairings_per_address,
        )
        if not kept:
            raise TooManyError("Too many screens wait to be let in; let some in, or wait.")
        return Waiting(row, fresh)

    async def look(self, secret: str) -> PairingRow | None:
        """Return how it stands with a browser that waits; None when it does not (any more)."""
        return await self._storage.pairings.find(secret_hash=hashed(secret))

    async def token(self, row: PairingRow) -> str | None:
        """Return the token of a browser that was let in; another one when it asks again."""
        if row.state != "approved" or row.kiosk_id is None:
            return None
        if row.device_id is not None:
            return await self._devices.reissue(row.device_id)
        device, token = await self._devices.enrol(
            row.kiosk_id, by=row.decided_by, browser=row.browser, address=row.address
        )
        await self._storage.pairings.claim(row.id, device)
        return token

    async def by_code(self, code: str, who: str) -> PairingRow:
        """Return who waits with a code, however it is typed; raises EnrolError."""
        key = f"person:{who}"
        wait = self._guesses.wait_s(key)
        if wait > 0:
            raise EnrolError(f"Too many wrong codes; try again in {max(1, round(wait))} seconds.")
        self._guesses.charge(key)
        letters = "".join(char for char in code.upper() if char in _ALPHABET)[: 2 * GROUP]
        row = await self._storage.pairings.find(code=f"{letters[:GROUP]}-{letters[GROUP:]}")
        if row is None or row.state != "waiting":
            raise EnrolError("No screen shows this code now; read it again, it changes.")
        self._guesses.clear(key)
        return row

    async def approve(self, row: PairingRow, kiosk_id: str, by: str) -> None:
        """Let a screen in as a kiosk's; raises EnrolError."""
        if kiosk_id not in self._devices.ids:
            known = ", ".join(self._devices.ids)
            raise EnrolError(f"There is no kiosk {kiosk_id}; known are {known}.")
        until = self._clock.now() + timedelta(seconds=CLAIM_S)
        if not await self._storage.pairings.decide(row.id, "approved", by, kiosk_id, until):
            raise EnrolError("This screen does not wait any more; look at the list again.")

    async def refuse(self, row: PairingRow, by: str) -> None:
        """Refuse a screen; it says so and asks nobody for a while. Raises EnrolError."""
        until = self._clock.now() + timedelta(minutes=self._settings.pairing_minutes)
        if not await self._storage.pairings.decide(row.id, "refused", by, None, until):
            raise EnrolError("This screen does not wait any more; look at the list again.")

    async def _renewed(self, row: PairingRow) -> PairingRow:
        left = (row.expires_at - self._clock.now()).total_seconds()
        if row.state != "waiting" or left > RENEW_S:
            return row
        until = self._clock.now() + timedelta(minutes=self._settings.pairing_minutes)
        await self._storage.pairings.renew(row.id, _code(), until)
        return await self._storage.pairings.find(id=row.id) or row

    def seconds(self, row: PairingRow) -> float:
        """Return how long a code still has before it is replaced."""
        left = (row.expires_at - self._clock.now()).total_seconds()
        return max(1.0, left - RENEW_S + 1)


def _code() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(2 * GROUP))
    return f"{letters[:GROUP]}-{letters[GROUP:]}"
