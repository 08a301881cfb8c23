"""Screens: the token that makes a browser a kiosk's, codes that give it, tickets for its socket."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from itsdangerous import BadSignature, TimestampSigner
from typing_extensions import override

from kiosk.clock import Clock, new_id
from kiosk.errors import KioskError
from kiosk.security.throttle import Throttle
from kiosk.settings.sections import KioskAccessSettings
from kiosk.storage.database import Storage
from kiosk.storage.rows import DeviceRow

COOKIE: Final = "kiosk_device"
STORED_AS: Final = "devices"
CODE_ATTEMPTS: Final = 10
"""Wrong codes from one address before a pause."""
CODE_PAUSE_S: Final = 300.0
CODE_GROUP: Final = 4
TOKEN_BYTES: Final = 32
MAX_COOKIE: Final = 512
SEEN_EVERY: Final = timedelta(minutes=10)
"""How often use of a device is written down."""
ON_ITS_WAY: Final = timedelta(seconds=60)
"""How long the token before is good without another being made: answers cross."""
TICKET_S: Final = 30
"""How long a ticket for the socket is good, seconds."""
OPEN: Final = "open"
"""The device of everybody at an open site."""

# Letters and digits a person can read out and type without asking back.
_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class EnrolError(KioskError):
    """A code that lets nobody in; the text is for the person at the screen."""

    code = "enrol"


@dataclass(frozen=True, slots=True)
class Screen:
    """Whose screen a browser is. `due`: it should be given another token."""

    kiosk_id: str
    device: str
    due: bool = False


def hashed(token: str) -> str:
    """Return what is kept of a token: it is long and random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


class _Signer(TimestampSigner):
    """Signs with the product's own clock, so that tests can let a cookie grow old."""

    clock: Clock

    @override
    def get_timestamp(self) -> int:
        """Return the seconds since 1970."""
        return int(self.clock.now().timestamp())


class Devices:
    """Enrolled screens. Made by `open`, which fetches or makes the signing secret."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        settings: KioskAccessSettings,
        kiosk_ids: Sequence[str],
        secret: str,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._settings = settings
        self._ids = tuple(kiosk_ids)
        self._secret = secret.encode()
        self._signer = _Signer(self._secret, salt="kiosk.device", digest_method=hashlib.sha256)
        self._signer.clock = clock
        self._tickets = _Signer(self._secret, salt="kiosk.ticket", digest_method=hashlib.sha256)
        self._tickets.clock = clock
        self._throttle = Throttle(clock, attempts=CODE_ATTEMPTS, pause_s=CODE_PAUSE_S)

    @classmethod
    async def open(
        cls,
        storage: Storage,
        clock: Clock,
        settings: KioskAccessSettings,
        kiosk_ids: Sequence[str],
    ) -> Devices:
        """Make it with the secret of the settings, or the one kept in storage."""
        if settings.secret is not None:
            secret = settings.secret.get_secret_value()
        else:
            secret = await storage.secrets.get_or_create(
                STORED_AS, lambda: secrets.token_urlsafe(48)
            )
        return cls(storage, clock, settings, kiosk_ids, secret)

    @property
    def max_age_s(self) -> int:
        """How long a screen's cookie is kept, seconds."""
        return self._settings.cookie_days * 86_400

    @property
    def ids(self) -> tuple[str, ...]:
        """The kiosks there are."""
        return self._ids

    @property
    def open_kiosk(self) -> str | None:
        """The kiosk anyone may open (`access.open`), or None when screens must be enrolled."""
        return self._ids[0] if self._settings.open and self._ids else None

    def open_cookie(self) -> str:
        """Return the cookie of anybody at an open site: it proves nothing, and needs no row."""
        assert self.open_kiosk is not None, "asked for at open sites only"
        return self._signer.sign(self.open_kiosk).decode()

    async def enrol(
        self, kiosk_id: str, *, by: str, browser: str = "", address: str = ""
    ) -> tuple[str, str]:
        """Make a device that is this kiosk's screen; returns its id and its token."""
        if kiosk_id not in self._ids:
            raise EnrolError(f"There is no kiosk {kiosk_id}; its id must be in the settings.")
        now = self._clock.now()
        token = secrets.token_urlsafe(TOKEN_BYTES)
        row = DeviceRow(
            id=new_id("device"),
            kiosk_id=kiosk_id,
            token_hash=hashed(token),
            old_hash=None,
            rotated_at=now,
            created_at=now,
            seen_at=now,
            approved_by=by[:64],
            browser=browser[:200],
            address=address[:64],
            revoked_at=None,
        )
        await self._storage.devices.purge(now - timedelta(seconds=self.max_age_s))
        await self._storage.devices.add(row)
        return row.id, token

    async def whose(self, cookie: str) -> Screen | None:
        """Return whose screen a cookie makes a browser; None when it is nobody's (any more)."""
        if len(cookie) > MAX_COOKIE or not cookie.isascii():
            return None
        opened = self.open_kiosk
        if opened is not None and self._signed(cookie) == opened:
            return Screen(opened, OPEN)
        token = hashed(cookie)
        row = await self._storage.devices.find(token)
        if row is None or row.revoked_at is not None or row.kiosk_id not in self._ids:
            return None
        now = self._clock.now()
        if now - row.seen_at > timedelta(seconds=self.max_age_s):
            return None
        is_new = row.token_hash == token
        if is_new and (row.old_hash is not None or now - row.seen_at > SEEN_EVERY):
            await self._storage.devices.seen(row.id, forget_old=True)
        return Screen(row.kiosk_id, row.id, self._due(row, is_new=is_new))

    async def rotated(self, screen: Screen, cookie: str) -> str | None:
        """Return another token for a screen whose turn it is; None when it keeps the one it has."""
        if not screen.due:
            return None
        token = secrets.token_urlsafe(TOKEN_BYTES)
        if await self._storage.devices.rotate(screen.device, hashed(cookie), hashed(token)):
            return token
        return None

    async def reissue(self, device_id: str) -> str | None:
        """Return another token for a device whose first answer may have been lost."""
        row = await self._storage.devices.get(device_id)
        if row is None or row.revoked_at is not None:
            return None
        token = secrets.token_urlsafe(TOKEN_BYTES)
        done = await self._storage.devices.rotate(row.id, row.token_hash, hashed(token))
        return token if done else None

    def ticket(self, screen: str) -> str:
        """Return what opens one socket for a device, once and within seconds."""
        return self._tickets.sign(f"{secrets.token_hex(12)}.{screen}").decode()

    def ticket_number(self, ticket: str, screen: str) -> str | None:
        """Return the number of a ticket that is this device's and not too old; else None."""
        try:
            number, _, owner = (
                self._tickets.unsign(ticket, max_age=TICKET_S).decode().partition(".")
            )
        except (BadSignature, UnicodeError):
            return None
        return number if hmac.compare_digest(owner.encode(), screen.encode()) else None

    def _due(self, row: DeviceRow, *, is_new: bool) -> bool:
        age = self._clock.now() - row.rotated_at
        if is_new:
            return age > timedelta(hours=self._settings.token_hours)
        # The answer with the new one may still be on its way; after that it was lost.
        return age > ON_ITS_WAY

    def _signed(self, cookie: str) -> str | None:
        try:
            return self._signer.unsign(cookie, max_age=self.max_age_s).decode()
        except (BadSignature, UnicodeError):
            return None

    async def make_code(self, kiosk_id: str) -> str:
        """Make a code that enrols one browser as this kiosk, once; raises EnrolError."""
        if kiosk_id not in self._ids:
            known = ", ".join(self._ids)
            raise EnrolError(f"There is no kiosk {kiosk_id}; known are {known}.")
        letters = "".join(secrets.choice(_ALPHABET) for _ in range(2 * CODE_GROUP))
        expires = self._clock.now() + timedelta(minutes=self._settings.code_minutes)
        await self._storage.codes.add(self._digest(letters), kiosk_id, expires)
        return f"{letters[:CODE_GROUP]}-{letters[CODE_GROUP:]}"

    async def redeem(self, code: str, address: str) -> str:
        """Use a code up and return its kiosk; raises EnrolError."""
        key = f"address:{address}"
        wait = self._throttle.wait_s(key)
        if wait > 0:
            raise EnrolError(f"Too many wrong codes; try again in {max(1, round(wait))} seconds.")
        self._throttle.charge(key)
        letters = "".join(char for char in code.upper() if char in _ALPHABET)[: 2 * CODE_GROUP]
        kiosk_id = await self._storage.codes.consume(self._digest(letters))
        if kiosk_id is None or kiosk_id not in self._ids:
            raise EnrolError("This code is wrong, used or too old; ask an operator for a new one.")
        self._throttle.clear(key)
        return kiosk_id

    def _digest(self, letters: str) -> str:
        # Keyed, because eight letters alone could be found again from a stolen table.
        return hmac.new(self._secret, b"enrol:" + letters.encode(), hashlib.sha256).hexdigest()
