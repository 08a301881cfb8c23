"""Sessions, tries and one-time things: bounded, shared, and decided by the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.storage.database import Storage
from kiosk.storage.engine import open_database, parse_url
from kiosk.storage.logins import MAX_SESSIONS, Attempts
from tests.unit.storage.keeping import NOON, ManualClock, kept, url

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def storage(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Storage]:
    async with kept(tmp_path, clock) as opened:
        await opened.operators.add("anna", "hash")
        await opened.operators.add("bert", "hash")
        yield opened


async def test_a_persons_logins_are_told_apart_and_ended(
    storage: Storage, clock: ManualClock
) -> None:
    await storage.logins.create("a", "anna", LATER, id="one", device="Firefox", address="::1")
    clock.advance(1)
    await storage.logins.create("b", "anna", LATER, id="two", method="oidc")
    await storage.logins.create("c", "anna", LATER, id="half", pending=True)
    await storage.logins.create("d", "bert", LATER, id="other")
    rows = await storage.logins.of("anna")
    assert [(row.id, row.device, row.method) for row in rows] == [
        ("two", "", "oidc"),
        ("one", "Firefox", "password"),
    ]
    assert not await storage.logins.end("bert", "one")
    assert await storage.logins.end("anna", "one")
    assert await storage.logins.delete_of("anna", but="two") == 1
    assert [row.id for row in await storage.logins.of("anna")] == ["two"]
    assert await storage.logins.of("bert") != ()


async def test_one_person_has_so_many_logins_and_the_oldest_ends(
    storage: Storage, clock: ManualClock
) -> None:
    for number in range(MAX_SESSIONS + 2):
        clock.advance(1)
        await storage.logins.create(f"digest-of-login-{number:03}-x", "anna", LATER, id=f"{number}")
    kept_ids = {row.id for row in await storage.logins.of("anna")}
    assert len(kept_ids) == MAX_SESSIONS
    assert not {"0", "1"} & kept_ids


async def test_proof_is_noted(storage: Storage, clock: ManualClock) -> None:
    await storage.logins.create("a", "anna", LATER)
    clock.advance(300)
    await storage.logins.prove("a")
    row = await storage.logins.get("a")
    assert row is not None
    assert row.proved_at - row.created_at == timedelta(seconds=300)


async def test_tries_are_counted_for_all_servers_and_a_pause_is_not(
    storage: Storage, clock: ManualClock
) -> None:
    keys = ("name:anna", "address:192.0.2.1")

    async def charge() -> float:
        return await storage.attempts.charge(keys, attempts=2, pause_s=60)

    assert [await charge() for _ in range(3)] == [0, 0, 60]
    assert await storage.attempts.charge(("name:anna",), attempts=2, pause_s=60) == 60
    assert await storage.attempts.charge(("name:bert",), attempts=2, pause_s=60) == 0
    clock.advance(60)
    assert [await charge() for _ in range(3)] == [0, 0, 60]
    await storage.attempts.clear(keys)
    assert await charge() == 0


async def test_tries_at_once_do_not_slip_through(storage: Storage) -> None:
    tries = (storage.attempts.charge(("name:x",), attempts=3, pause_s=60) for _ in range(8))
    assert sorted(await asyncio.gather(*tries)) == [0, 0, 0, 60, 60, 60, 60, 60]


async def test_names_that_were_tried_are_bounded(tmp_path: Path, clock: ManualClock) -> None:
    async with kept(tmp_path, clock):
        database = await open_database(parse_url(url(tmp_path)))
        attempts = Attempts(database, clock, most=3)
        for number in range(5):
            clock.advance(1)
            await attempts.charge((f"name:{number}",), attempts=1, pause_s=60)
        assert await attempts.charge(("name:0",), attempts=1, pause_s=60) == 0
        assert await attempts.charge(("name:4",), attempts=1, pause_s=60) == 60
        await database.aclose()


async def test_what_is_good_once_is_taken_once(storage: Storage, clock: ManualClock) -> None:
    assert await storage.one_time.add("code", "a", LATER, {"next": "/"})
    assert await storage.one_time.take("other", "a") is None
    taken = await asyncio.gather(*(storage.one_time.take("code", "a") for _ in range(3)))
    assert sorted(taken, key=str) == [None, None, {"next": "/"}]
    await storage.one_time.add("code", "b", LATER)
    clock.advance(3600)
    assert await storage.one_time.take("code", "b") is None
