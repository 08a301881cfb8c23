"""Operators: accounts, logins and the server-side sessions behind their cookies."""

from __future__ import annotations

import hashlib
import inspect
import re
import secrets
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

import structlog

from kiosk.clock import Clock, new_id
from kiosk.errors import KioskError
from kiosk.security.access import Access, Operator
from kiosk.security.guards import network_of
from kiosk.security.passwords import (
    MAX_PASSWORD,
    Passwords,
    PasswordsBusyError,
    make_password,
)
from kiosk.security.second_factor import SecondFactor
from kiosk.security.tokens import Tokens, needs_second_factor
from kiosk.settings.people import OperatorSettings
from kiosk.storage.database import Storage
from kiosk.storage.rows import EMERGENCY, Grant, LoginRow, Method, OperatorRow, Origin

log = structlog.get_logger(__name__)

COOKIE: Final = "kiosk_operator"
OIDC_COOKIE: Final = "kiosk_oidc"
"""Of a browser that is at the provider just now."""
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,47}")
PENDING: Final = timedelta(minutes=5)
"""How long a right password waits for its code."""
TOUCH_EVERY: Final = timedelta(seconds=60)
"""How often use of a session is written down; a page with ten pictures is one use."""


class AccountError(KioskError):
    """A name or password that cannot be taken; the text says what to write instead."""

    code = "account"


class LoginError(KioskError):
    """A login that was refused; the text is for the person at the form."""

    def __init__(
        self,
        code: Literal["wrong", "paused", "busy", "over"],
        message: str,
        *,
        retry_after: float = 0,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Login:
    """A login that was let in; `token` goes into the cookie and is kept nowhere else.

    `pending`: a code of the second factor is still needed, and until then it opens nothing.
    """

    token: str
    operator: Operator
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A login as it is now."""

    operator: Operator
    row: LoginRow
    must_enrol: bool


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
        self.second_factor = SecondFactor(storage, clock)
        self.tokens = Tokens(storage, clock, settings)

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
        if name == EMERGENCY:
            raise AccountError(f"The name {EMERGENCY} is kept for emergencies; choose another.")
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
        """Give an operator exactly these roles; it holds at once.

        Raises AccountError, or LastAdministratorError.
        """
        if not await self._storage.operators.set_grants(name, grants):
            raise AccountError(f"There is no operator {name}; see `kiosk operators list`.")

    async def set_password(self, name: str, password: str, *, keep: str = "") -> None:
        """Give an operator another password and end their logins, but the one with id `keep`.

        Raises AccountError.
        """
        name = name.strip().lower()
        self._check_password(name, password)
        row = await self._storage.operators.get(name)
        if row is not None and row.origin != "local":
            raise AccountError(f"{name} has no password here: this account is not of this server.")
        digest = await self._passwords.hash(password)
        if not await self._storage.operators.set_password_hash(name, digest, changed=True):
            raise AccountError(f"There is no operator {name}; see `kiosk operators list`.")
        await self._storage.logins.delete_of(name, but=keep)

    async def change_password(self, login: LoginRow, old: str, password: str, address: str) -> None:
        """Change one's own password; other logins end. Raises LoginError or AccountError."""
        await self._tried(login.operator, address, self._password_fits(login.operator, old))
        await self.set_password(login.operator, password, keep=login.id)

    async def remove(self, name: str) -> None:
        """Remove an operator, and end their logins and tokens.

        Raises AccountError, or LastAdministratorError.
        """
        name = name.strip().lower()
        if not await self._storage.operators.remove(name):
            raise AccountError(f"There is no operator {name}; see `kiosk operators list`.")

    async def list(self) -> tuple[OperatorRow, ...]:
        """Return every operator by name."""
        return await self._storage.operators.list()

    async def login(self, name: str, password: str, address: str, *, device: str = "") -> Login:
        """Let a person in; raises LoginError, whose words tell nobody which part was wrong."""
        name = name.strip().lower()[:64]
        keys = await self._charge(name, address)
        try:
            row = await self._checked(name, password)
        except PasswordsBusyError as error:
            raise LoginError("busy", str(error), retry_after=2) from None
        if row is None:
            log.info("login refused")
            raise LoginError("wrong", "This name and password do not belong together.")
        if row.totp_at is not None:
            # Tries stay counted until the code was right, too.
            return await self.open(row, "password", address, device, pending=True)
        await self._storage.attempts.clear(keys)
        return await self.open(row, "password", address, device)

    async def second_step(self, token: str, code: str, address: str, *, device: str = "") -> Login:
        """Take the code of the second factor after the password; raises LoginError."""
        digest = _digest(token)
        found = await self._storage.logins.get(digest)
        if found is None or not found.pending or found.expires_at <= self._clock.now():
            raise LoginError("over", "This took too long; log in again.")
        keys = await self._charge(found.operator, address)
        if not await self.second_factor.check(found.operator, code):
            log.info("login refused")
            raise LoginError("wrong", "This code is wrong or was used already; wait for the next.")
        await self._storage.attempts.clear(keys)
        row = await self._storage.operators.get(found.operator)
        if row is None or not await self._storage.logins.delete(digest):
            raise LoginError("over", "This took too long; log in again.")
        return await self.open(row, "password", address, device)

    async def prove(self, token: str, given: str, address: str) -> None:
        """Let somebody who is logged in prove it anew, by password or code; raises LoginError."""
        session = await self.session(token)
        if session is None:
            raise LoginError("over", "This login is over; log in again.")
        name = session.row.operator
        await self._tried(name, address, self._proof_fits(name, given))
        await self._storage.logins.prove(_digest(token))

    async def proved_now(self, token: str) -> None:
        """Note that the provider has asked this person again."""
        await self._storage.logins.prove(_digest(token))

    def is_proved(self, login: LoginRow) -> bool:
        """Whether a login is young enough to change people and tokens."""
        if login.method == "break-glass":
            return True  # it is over in minutes, and there is nothing to ask for again
        fresh = timedelta(minutes=self._settings.prove_minutes)
        return self._clock.now() - login.proved_at < fresh

    async def whose(self, token: str) -> Operator | None:
        """Return who is logged in with this token; None when nobody is, or no longer."""
        found = await self.session(token)
        return found.operator if found is not None else None

    async def session(self, token: str) -> Session | None:
        """Return a login with what it may; None when it is over or not complete."""
        digest = _digest(token)
        row = await self._storage.logins.get(digest)
        if row is None:
            return None
        now = self._clock.now()
        idle = timedelta(minutes=self._settings.idle_minutes)
        if row.expires_at <= now or row.seen_at + idle <= now:
            await self._storage.logins.delete(digest)
            return None
        if row.pending:
            return None
        if row.method == "break-glass":
            return Session(Operator(row.operator, (Grant("administrator"),)), row, must_enrol=False)
        origin: Origin = "local" if row.method == "password" else "oidc"
        must = not row.totp and needs_second_factor(self._settings, row.grants, origin)
        only: frozenset[Access] | None = frozenset() if must else None
        return Session(Operator(row.operator, row.grants, only), row, must)

    async def make_emergency_code(self) -> str:
        """Make a code that lets one person in as an administrator, once, for minutes."""
        code = make_password()
        until = self._clock.now() + timedelta(minutes=self._settings.break_glass_minutes)
        if not await self._storage.one_time.add("break-glass", _digest(code), until):
            raise AccountError("Too many emergency codes wait; try again in some minutes.")
        return code

    async def break_glass(self, code: str, address: str, *, device: str = "") -> Login:
        """Let somebody in with an emergency code; raises LoginError."""
        # By address only: guessing at it must not keep out who has it.
        keys = await self._charge(None, address)
        plain = "".join(code.lower().split())
        if await self._storage.one_time.take("break-glass", _digest(plain)) is None:
            log.warning("an emergency code was refused")
            raise LoginError("wrong", "This code is wrong, used or over; make a new one.")
        await self._storage.attempts.clear(keys)
        if not await self._storage.operators.put_emergency(EMERGENCY):
            raise LoginError("over", f"There is an account named {EMERGENCY}; remove it first.")
        row = await self._storage.operators.get(EMERGENCY)
        assert row is not None
        log.warning("an emergency code was used")
        return await self.open(row, "break-glass", address, device)

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
        if row is None or row.origin != "local":
            # No such account, or one without a password: it must take as long as a wrong one.
            await self._passwords.verify_nobody(password)
            return None
        if not await self._passwords.verify(row.password_hash, password):
            return None
        if self._passwords.outdated(row.password_hash):
            digest = await self._passwords.hash(password)
            await self._storage.operators.set_password_hash(name, digest, changed=False)
        return row

    async def open(
        self,
        row: OperatorRow,
        method: Method,
        address: str,
        device: str,
        *,
        pending: bool = False,
    ) -> Login:
        """Begin a session for somebody who has proved who they are."""
        now = self._clock.now()
        await self._storage.logins.purge(now - timedelta(minutes=self._settings.idle_minutes))
        token = secrets.token_urlsafe(32)
        length = timedelta(hours=self._settings.session_hours)
        if method == "break-glass":
            length = timedelta(minutes=self._settings.break_glass_minutes)
        if pending:
            length = min(length, PENDING)
        await self._storage.logins.create(
            _digest(token),
            row.name,
            now + length,
            id=new_id("login"),
            address=address,
            device=device,
            method=method,
            pending=pending,
        )
        return Login(token, Operator(row.name, row.grants), pending)

    async def _charge(self, name: str | None, address: str) -> tuple[str, ...]:
        """Count a try before it is made; raises LoginError while there is a pause."""
        keys: tuple[str, ...] = (f"address:{network_of(address)}",)
        if name is not None:
            keys = (*keys, f"name:{name}")
        wait = await self._storage.attempts.charge(
            keys, attempts=self._settings.attempts, pause_s=self._settings.pause_s
        )
        if wait > 0:
            raise LoginError(
                "paused",
                f"Too many wrong passwords; try again in {max(1, round(wait))} seconds.",
                retry_after=wait,
            )
        return keys

    async def _tried(self, name: str, address: str, fits: Awaitable[bool]) -> None:
        """Raise LoginError unless what somebody who is logged in gave is right."""
        try:
            keys = await self._charge(name, address)
        except LoginError:
            if inspect.iscoroutine(fits):
                fits.close()
            raise
        try:
            right = await fits
        except PasswordsBusyError as error:
            raise LoginError("busy", str(error), retry_after=2) from None
        if not right:
            raise LoginError("wrong", "This is wrong; try again.")
        await self._storage.attempts.clear(keys)

    async def _password_fits(self, name: str, password: str) -> bool:
        return await self._checked(name, password) is not None

    async def _proof_fits(self, name: str, given: str) -> bool:
        if await self.second_factor.check(name, given, recovery=False):
            return True
        return await self._password_fits(name, given)

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
