"""Screens: the signed cookie that says which kiosk a browser is, and the codes that give it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from itsdangerous import BadSignature, TimestampSigner
from typing_extensions import override

from kiosk.clock import Clock
from kiosk.errors import KioskError
from kiosk.security.throttle import Throttle
from kiosk.settings.sections import KioskAccessSettings
from kiosk.storage.database import Storage

COOKIE: Final = "kiosk_device"
STORED_AS: Final = "devices"
CODE_ATTEMPTS: Final = 10
"""Wrong codes from one address before a pause."""
CODE_PAUSE_S: Final = 300.0
CODE_GROUP: Final = 4

# Letters and digits a person can read out and type without asking back.
_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class EnrolError(KioskError):
    """A code that lets nobody in; the text is for the person at the screen."""

    code = "enrol"


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
        """How long a screen's cookie is good for, seconds."""
        return self._settings.cookie_days * 86_400

    @property
    def open_kiosk(self) -> str | None:
        """The kiosk anyone may open (`access.open`), or None when screens must be enrolled."""
        return self._ids[0] if self._settings.open and self._ids else None

    def issue(self, kiosk_id: str) -> str:
        """Return the cookie's value for a kiosk."""
        if kiosk_id not in self._ids:
            raise EnrolError(f"There is no kiosk {kiosk_id}; its id must be in the settings.")
        return self._signer.sign(kiosk_id).decode()

    def kiosk_of(self, cookie: str) -> str | None:
        """Return which kiosk a cookie names; None when it is forged, too old or of no kiosk."""
        try:
            kiosk_id = self._signer.unsign(cookie, max_age=self.max_age_s).decode()
        except (BadSignature, UnicodeError):
            return None
        return kiosk_id if kiosk_id in self._ids else None

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
