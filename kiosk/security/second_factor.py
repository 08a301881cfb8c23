"""The second factor: time-based codes, each good once, and recovery codes for a lost device."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

import pyotp
from pyotp.utils import strings_equal

from kiosk.clock import Clock
from kiosk.errors import KioskError
from kiosk.storage.database import Storage

STEP_S: Final = 30
DRIFT: Final = 1
"""Steps that a device's clock may be wrong by, either way."""
RECOVERY_CODES: Final = 10

# No letter or digit that is read for another: 0 o, 1 l i.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


class SecondFactorError(KioskError):
    """A second factor that cannot be set up; the text says what to do."""

    code = "second_factor"


@dataclass(frozen=True, slots=True)
class Offer:
    """A factor that waits for its first code; `uri` is what the QR code says."""

    secret: str
    uri: str


class SecondFactor:
    """Codes of a person's device. The secret is kept; recovery codes only as hashes."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def offer(self, name: str, issuer: str, *, anew: bool = True) -> Offer:
        """Offer a new factor, or with `anew` off the one that waits already.

        It counts once `confirm` has seen a code; raises SecondFactorError when one is in use.
        """
        row = await self._storage.operators.get(name)
        if row is None or row.origin == "emergency":
            raise SecondFactorError("Only an account of this server can have a second factor.")
        if row.totp_at is not None:
            raise SecondFactorError("A second factor is in use; remove it to set up another.")
        secret = row.totp_secret
        if anew or not secret:
            secret = pyotp.random_base32()
            await self._storage.operators.offer_totp(name, secret)
        return Offer(secret, pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer))

    async def confirm(self, name: str, code: str) -> tuple[str, ...]:
        """Begin to use the factor that was offered; returns recovery codes, shown this once."""
        row = await self._storage.operators.get(name)
        if row is None or not row.totp_secret or row.totp_at is not None:
            raise SecondFactorError("No second factor waits for a code; begin again.")
        step = self._step_of(row.totp_secret, code)
        if step is None or not await self._storage.operators.use_totp(
            name, row.totp_secret, step, confirm=True
        ):
            raise SecondFactorError(
                "This code does not fit; see that the device's clock is right, and use a new one."
            )
        return await self.new_recovery_codes(name)

    async def new_recovery_codes(self, name: str) -> tuple[str, ...]:
        """Make new recovery codes; those of before are good no more."""
        codes = tuple(_recovery_code() for _ in range(RECOVERY_CODES))
        await self._storage.recovery_codes.replace(name, [_digest(code) for code in codes])
        return codes

    async def check(self, name: str, code: str, *, recovery: bool = True) -> bool:
        """Whether a code of the device, or a recovery code, fits; it is used up."""
        row = await self._storage.operators.get(name)
        if row is None or row.totp_at is None:
            return False
        step = self._step_of(row.totp_secret, code)
        if step is not None:
            return await self._storage.operators.use_totp(name, row.totp_secret, step)
        if not recovery:
            return False
        return await self._storage.recovery_codes.use(name, _digest(code))

    def _step_of(self, secret: str, code: str) -> int | None:
        """Return the step whose code this is; every one is compared, so that time tells nothing."""
        digits = "".join(code.split())
        if not (digits.isascii() and digits.isdecimal()):
            return None
        totp = pyotp.TOTP(secret, interval=STEP_S)
        now = int(self._clock.now().timestamp()) // STEP_S
        found = None
        for step in range(now - DRIFT, now + DRIFT + 1):
            if strings_equal(totp.generate_otp(step), digits):
                found = step
        return found


def _recovery_code() -> str:
    # 79 bits: a plain hash of it is of no use to whoever has the table.
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def _digest(code: str) -> str:
    letters = "".join(char for char in code.lower() if char in _ALPHABET)
    return hashlib.sha256(f"recovery:{letters}".encode()).hexdigest()
