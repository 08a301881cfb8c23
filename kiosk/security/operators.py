"""Operators: accounts, logins and the server-side sessions behind their cookies."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

import structlog

from kiosk.clock import Clock
from kiosk.errors import KioskError
from kiosk.security.access import Operator
from kiosk.security.passwords import MAX_PASSWORD, Passwords, PasswordsBusyError
from kiosk.security.throttle import Throttle
from kiosk.settings.sections import OperatorSettings
from kiosk.storage.database import Storage
from kiosk.storage.rows import Grant, OperatorRow

log = structlog.get_logger(__name__)

COOKIE: Final = "kiosk_operator"
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,47}")
TOUCH_EVERY: Final = timedelta(seconds=60)
"""How often use of a session is written down; a page with ten pictures is one use."""


class AccountError(KioskError):
    """A name or password that cannot be taken; the text says what to write instead."""

    code = "account"


class LoginError(KioskError):
    """A login that was refused; the text is for the person at the form."""

    def __init__(
        self, code: Literal["wrong", "paused", "busy"], message: str, *, retry_after: float = 0
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Login:
    """A login that was let in; `token` goes into the cookie and is kept nowhere else."""

    token: str
    operator: Operator


class Operators:
    """Everything about people who look on. Close it once."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        settings: OperatorSettings,
        passwords: Passwords | None = None,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._settings = settings
        self._passwords = passwords if passwords is not None else Passwords()
        self._throttle = Throttle(clock, attempts=settings.attempts, pause_s=settings.pause_s)

    async def add(
        self, name: str, password: str, *, grants: Iterable[Grant] | None = None
    ) -> OperatorRow:
        """Add an account; raises AccountError.

        Without `grants` the first one is an administrator, and everybody else an operator, of
        every site.
        """
        name = name.strip().lower()
        if NAME.fullmatch(name) is None:
            raise AccountError(
                "An operator's name has 1 to 48 of a-z, 0-9, dot, dash and underscore, such as "
                "anna.berg."
            )
        self._check_password(name, password)
        if grants is None:
            first = not await self._storage.operators.count()
            grants = [Grant("administrator" if first else "operator")]
        digest = await self._passwords.hash(password)
        if not await self._storage.operators.add(name, digest, grants):
            raise AccountError(f"There is an operator {name} already; choose another name.")
        row = await self._storage.operators.get(name)
        assert row is not None
        return row

    async def set_grants(self, name: str, grants: Iterable[Grant]) -> None:
        """Give an operator exactly these roles; raises AccountError. It holds at once."""
        if not await self._storage.operators.set_grants(name, grants):
            raise AccountError(f"There is no operator {name}; see `kiosk operators list`.")

    async def set_password(self, name: str, password: str) -> None:
        """Give an operator another password and end their logins; raises AccountError."""
        name = name.strip().lower()
        self._check_password(name, password)
        digest = await self._passwords.hash(password)
        if not await self._storage.operators.set_password_hash(name, digest, changed=True):
            raise AccountError(f"There is no operator {name}; see `kiosk operators list`.")
        await self._storage.logins.delete_of(name)

    async def remove(self, name: str) -> None:
        """Remove an operator and end their logins; raises AccountError."""
        name = name.strip().lower()
        if not await self._storage.operators.remove(name):
            raise AccountError(f"There is no operator {name}; see `kiosk operators list`.")

    async def list(self) -> tuple[OperatorRow, ...]:
        """Return every operator by name."""
        return await self._storage.operators.list()

    async def login(self, name: str, password: str, address: str) -> Login:
        """Let a person in; raises LoginError, whose words tell nobody which part was wrong."""
        name = name.strip().lower()[:64]
        keys = (f"name:{name}", f"address:{address}")
        wait = self._throttle.wait_s(*keys)
        if wait > 0:
            raise LoginError(
                "paused",
                f"Too many wrong passwords; try again in {max(1, round(wait))} seconds.",
                retry_after=wait,
            )
        self._throttle.charge(*keys)
        try:
            row = await self._checked(name, password)
        except PasswordsBusyError as error:
            raise LoginError("busy", str(error), retry_after=2) from None
        if row is None:
            log.info("login refused")
            raise LoginError("wrong", "This name and password do not belong together.")
        self._throttle.clear(*keys)
        return await self._open(row)

    async def whose(self, token: str) -> Operator | None:
        """Return who is logged in with this token; None when nobody is, or no longer."""
        digest = _digest(token)
        row = await self._storage.logins.get(digest)
        if row is None:
            return None
        now = self._clock.now()
        idle = timedelta(minutes=self._settings.idle_minutes)
        if row.expires_at <= now or row.seen_at + idle <= now:
            await self._storage.logins.delete(digest)
            return None
        return Operator(row.operator, row.grants)

    async def touch(self, token: str) -> None:
        """Note that a person used a page; a socket that only listens is no use."""
        digest = _digest(token)
        row = await self._storage.logins.get(digest)
        if row is not None and self._clock.now() - row.seen_at >= TOUCH_EVERY:
            await self._storage.logins.touch(digest)

    async def logout(self, token: str) -> None:
        """End a session; harmless when it is over."""
        await self._storage.logins.delete(_digest(token))

    async def aclose(self) -> None:
        """Release the worker threads."""
        await self._passwords.aclose()

    async def _checked(self, name: str, password: str) -> OperatorRow | None:
        if len(password) > MAX_PASSWORD:
            return None
        row = await self._storage.operators.get(name)
        if row is None:
            await self._passwords.verify_nobody(password)
            return None
        if not await self._passwords.verify(row.password_hash, password):
            return None
        if self._passwords.outdated(row.password_hash):
            digest = await self._passwords.hash(password)
            await self._storage.operators.set_password_hash(name, digest, changed=False)
        return row

    async def _open(self, row: OperatorRow) -> Login:
        now = self._clock.now()
        await self._storage.logins.purge(now - timedelta(minutes=self._settings.idle_minutes))
        token = secrets.token_urlsafe(32)
        expires = now + timedelta(hours=self._settings.session_hours)
        await self._storage.logins.create(_digest(token), row.name, expires)
        return Login(token, Operator(row.name, row.grants))

    def _check_password(self, name: str, password: str) -> None:
        least = self._settings.min_password
        if len(password) < least:
            raise AccountError(f"A password has at least {least} characters.")
        if len(password) > MAX_PASSWORD:
            raise AccountError(f"A password has at most {MAX_PASSWORD} characters.")
        if name in password.lower() and len(name) >= len(password) // 2:
            raise AccountError("A password is not made of the operator's name.")


def _digest(token: str) -> str:
    # The token has 256 random bits, so a plain hash is enough to make a stolen table useless.
    # A header's stray bytes arrive as lone surrogates, which plain UTF-8 refuses.
    return hashlib.sha256(token.encode(errors="backslashreplace")).hexdigest()
