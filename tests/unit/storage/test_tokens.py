"""Tokens and recovery codes: kept as hashes, gone with their owner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.storage.database import Storage
from kiosk.storage.rows import Grant
from tests.unit.storage.keeping import NOON, ManualClock, kept

LATER = NOON + timedelta(days=1)
NORTH = Grant("operator", "north")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def storage(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Storage]:
    async with kept(tmp_path, clock) as opened:
        await opened.operators.add("anna", "hash", [NORTH])
        yield opened


async def make(storage: Storage, id: str, *, most: int = 2) -> bool:
    return await storage.tokens.add(
        id, f"digest of {id}", "anna", id, scopes=["fleet.view"], sites=None, expires_at=LATER,
        most=most,
    )  # fmt: skip


async def test_a_token_comes_back_with_what_its_owner_holds(
    storage: Storage, clock: ManualClock
) -> None:
    assert await make(storage, "t1")
    clock.advance(5)
    await storage.tokens.touch("t1", "192.0.2.7")
    row = await storage.tokens.get("digest of t1")
    assert row is not None
    assert (row.operator, row.grants, row.scopes, row.sites) == (
        "anna",
        (NORTH,),
        ("fleet.view",),
        None,
    )
    assert (row.used_at, row.used_from) == (clock.now(), "192.0.2.7")
    assert not await storage.tokens.revoke("bert", "t1")
    assert await storage.tokens.revoke("anna", "t1")
    assert await storage.tokens.get("digest of t1") is None


async def test_one_person_has_so_many_and_those_that_are_over_do_not_count(
    storage: Storage, clock: ManualClock
) -> None:
    made = await asyncio.gather(*(make(storage, f"t{number}") for number in range(4)))
    assert sorted(made) == [False, False, True, True]
    clock.advance(86_400)
    assert await make(storage, "late")
    assert [row.id for row in await storage.tokens.of("anna")] == ["late"]


async def test_tokens_and_codes_go_with_their_owner(storage: Storage) -> None:
    await make(storage, "t1")
    await storage.recovery_codes.replace("anna", ["a", "b"])
    assert await storage.recovery_codes.left("anna") == 2
    assert await storage.recovery_codes.use("anna", "a")
    assert not await storage.recovery_codes.use("anna", "a")
    await storage.recovery_codes.replace("anna", ["c"])
    assert await storage.recovery_codes.left("anna") == 1
    await storage.operators.remove("anna")
    assert await storage.tokens.get("digest of t1") is None
    assert await storage.recovery_codes.left("anna") == 0
