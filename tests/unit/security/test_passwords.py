"""Real argon2: right and wrong, damaged and outdated, and a bound on work at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher

from kiosk.security.passwords import MAX_WAITING, Passwords, PasswordsBusyError, make_password


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    made = Passwords()
    yield made
    await made.aclose()


async def test_only_the_right_password_fits(passwords: Passwords) -> None:
    stored = await passwords.hash("correct horse")
    assert stored.startswith("$argon2id$")
    assert await passwords.verify(stored, "correct horse")
    assert not await passwords.verify(stored, "correct horsf")
    assert not await passwords.verify("$argon2id$damaged", "correct horse")
    assert not passwords.outdated(stored)


async def test_a_weak_old_hash_is_outdated(passwords: Passwords) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct horse")
    assert await passwords.verify(weak, "correct horse")
    assert passwords.outdated(weak)


async def test_more_than_the_bound_is_refused_and_the_rest_is_served() -> None:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    tries = [passwords.verify_nobody("x") for _ in range(MAX_WAITING + 2)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    refused = [item for item in results if isinstance(item, PasswordsBusyError)]
    assert len(refused) == 2
    await passwords.verify_nobody("x")
    await passwords.aclose()


def test_made_passwords_are_long_readable_and_never_the_same() -> None:
    made = {make_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(item) == 23 and not set(item) & set("01ilo") for item in made)
