"""Passwords: argon2 in worker threads of their own, and how new ones are made."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kiosk.errors import KioskError

T = TypeVar("T")

THREADS: Final = 2
MAX_WAITING: Final = 16
"""Checks under way or waiting at once, each of 64 MiB for a moment; beyond it they are refused."""
MAX_PASSWORD: Final = 1024
"""Characters; hashing a novel would be a way to keep the server busy."""

# No letter or digit that is read for another: 0 o, 1 l i.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


class PasswordsBusyError(KioskError):
    """Too many logins at this moment."""

    code = "busy"


class Passwords:
    """Hashes and checks; the parameters are argon2-cffi's own unless given. Close it once."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher if hasher is not None else PasswordHasher()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")
        self._waiting = 0
        self._dummy: str | None = None

    async def hash(self, password: str) -> str:
        """Return argon2's text form of a hash with a fresh salt."""
        return await self._run(self._hasher.hash, password)

    async def verify(self, stored: str, password: str) -> bool:
        """Whether `password` is the one that was hashed; a damaged hash fits nothing."""
        return await self._run(self._verify, stored, password)

    async def verify_nobody(self, password: str) -> None:
        """Take as long as a real check: how long an answer takes must not tell who exists."""
        await self._run(self._verify_nobody, password)

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    async def aclose(self) -> None:
        """Let checks under way end, refuse the rest."""
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)

    async def _run(self, function: Callable[..., T], *args: str) -> T:
        if self._waiting >= MAX_WAITING:
            raise PasswordsBusyError("Too many logins at once; try again in a few seconds.")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, function, *args)
        finally:
            self._waiting -= 1

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def _verify_nobody(self, password: str) -> None:
        if self._dummy is None:
            self._dummy = self._hasher.hash(secrets.token_hex(16))
        self._verify(self._dummy, password)


def make_password() -> str:
    """Return a password a person can copy from a screen: four groups of five, 99 bits."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
    return "-".join(groups)
