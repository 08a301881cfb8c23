"""What any storage must do; every kind of database is held to this file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.model import EndReason, Kiosk, VisitSummary
from kiosk.storage.database import Storage
from kiosk.storage.rows import Grant
from tests.unit.storage.keeping import NOON, ManualClock, kept, said

ADMIN = (Grant("administrator"),)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def storage(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Storage]:
    async with kept(tmp_path, clock) as opened:
        yield opened


def summary(visit: str, minutes: float = 2, reason: EndReason = EndReason.GOODBYE) -> VisitSummary:
    ended = NOON + timedelta(minutes=minutes)
    return VisitSummary(visit, "main", "de", NOON, ended, reason, 2, ("map", "hours"))


async def test_kiosks_are_made_equal_to_the_settings(storage: Storage) -> None:
    first, second = Kiosk("a", "Alpha", "hall", "en"), Kiosk("b", "Beta", "", "de")
    await storage.kiosks.sync([second, first])
    assert await storage.kiosks.all() == (first, second)
    renamed = Kiosk("b", "Bravo", "shop", "de")
    await storage.kiosks.sync([renamed])
    assert await storage.kiosks.all() == (renamed,)
    await storage.kiosks.sync([first, renamed])
    assert await storage.kiosks.all() == (first, renamed)
    await storage.kiosks.sync([])
    assert await storage.kiosks.all() == ()


async def test_a_visit_from_start_to_end(storage: Storage) -> None:
    await storage.visits.started("visit_1", "main", "en", NOON)
    await storage.turns.add([said(1), said(2)])
    row = await storage.visits.get("visit_1")
    assert row is not None
    assert (row.language, row.ended_at, row.reason, row.turns) == ("en", None, None, 2)
    await storage.visits.ended(summary("visit_1"))
    row = await storage.visits.get("visit_1")
    assert row is not None
    assert row.language == "de"
    assert row.started_at == NOON
    assert row.ended_at == NOON + timedelta(minutes=2)
    assert row.reason is EndReason.GOODBYE
    assert row.tools == ("map", "hours")
    assert await storage.visits.get("visit_2") is None


async def test_the_end_of_a_visit_nobody_saw_start_is_kept(storage: Storage) -> None:
    await storage.visits.ended(summary("visit_9"))
    await storage.visits.started("visit_9", "main", "en", NOON)
    row = await storage.visits.get("visit_9")
    assert row is not None
    assert row.reason is EndReason.GOODBYE


async def test_every_reason_a_visit_can_end_with_comes_back(storage: Storage) -> None:
    for reason in EndReason:
        await storage.visits.ended(summary(f"visit_{reason}", reason=reason))
        row = await storage.visits.get(f"visit_{reason}")
        assert row is not None
        assert row.reason is reason


async def test_turns_are_kept_once_in_order_and_without_their_visit(storage: Storage) -> None:
    await storage.turns.add([said(2, "second"), said(1, "first")])
    await storage.turns.add([said(2, "again"), said(3, "third")])
    await storage.turns.add([])
    kept_turns = await storage.turns.of("visit_1")
    assert [turn.text for turn in kept_turns] == ["first", "second", "third"]
    assert kept_turns[0] == said(1, "first")
    assert await storage.turns.of("visit_2") == ()


async def test_a_visit_keeps_the_house_its_screen_stood_in(storage: Storage) -> None:
    await storage.kiosks.sync([Kiosk("west", "West", site="north"), Kiosk("main", "Main")])
    await storage.visits.started("visit_1", "west", "en", NOON)
    await storage.visits.ended(summary("visit_2"))
    await storage.kiosks.sync([Kiosk("west", "West", site="south")])
    await storage.visits.started("visit_3", "gone", "en", NOON)
    rows = {row.id: row.site for row in await storage.visits.recent()}
    assert rows == {"visit_1": "north", "visit_2": "main", "visit_3": "main"}
    assert [row.id for row in await storage.visits.recent(sites=["north"])] == ["visit_1"]
    assert await storage.visits.recent(sites=[]) == ()


async def test_grants_are_replaced_as_a_whole_and_go_with_their_operator(storage: Storage) -> None:
    north, south = Grant("operator", "north"), Grant("editor", "south")
    await storage.operators.add("anna", "hash", [south, north, north])
    row = await storage.operators.get("anna")
    assert row is not None
    assert row.grants == (south, north)
    assert await storage.operators.set_grants("anna", [north])
    assert not await storage.operators.set_grants("bert", [north])
    assert [(row.name, row.grants) for row in await storage.operators.list()] == [
        ("anna", (north,))
    ]
    await storage.operators.remove("anna")
    await storage.operators.add("anna", "hash")
    row = await storage.operators.get("anna")
    assert row is not None
    assert row.grants == ()


async def test_the_audit_of_a_house_is_read_with_what_concerns_none(storage: Storage) -> None:
    for target, site in (("a", "north"), ("b", "south"), ("c", "")):
        await storage.audit.add("anna", "visit.end", target, site=site, before="x", after="y")
    assert [row.target for row in await storage.audit.recent(sites=["north"])] == ["c", "a"]
    row = (await storage.audit.recent(1))[0]
    assert (row.before, row.after, row.site, row.request) == ("x", "y", "", "")


async def test_turns_after_the_end_are_kept(storage: Storage) -> None:
    await storage.visits.ended(summary("visit_1"))
    await storage.turns.add([said(1, "late")])
    row = await storage.visits.get("visit_1")
    assert row is not None
    assert row.turns == 1


async def test_pages_of_visits_are_whole_and_do_not_overlap(storage: Storage) -> None:
    for number in range(7):
        # Pairs share their moment, as visits of two screens may.
        at = NOON + timedelta(seconds=number // 2)
        await storage.visits.started(f"visit_{number}", "main", "en", at)
    seen: list[str] = []
    before = None
    while page := await storage.visits.recent(3, before=before):
        seen += [row.id for row in page]
        before = page[-1].id
    assert seen == [f"visit_{number}" for number in (6, 5, 4, 3, 2, 1, 0)]
    assert await storage.visits.recent(3, before="visit_gone") == ()


async def test_text_of_every_script_comes_back(storage: Storage) -> None:
    text = "Grüße, 你好, مرحبا, \u0000-free, 'quoted\"; DROP TABLE turns; --"
    await storage.turns.add([said(1, text)])
    assert (await storage.turns.of("visit_1"))[0].text == text


async def test_an_operators_name_is_taken_once(storage: Storage) -> None:
    assert await storage.operators.add("anna", "hash one", ADMIN)
    assert not await storage.operators.add("anna", "hash two")
    row = await storage.operators.get("anna")
    assert row is not None
    assert (row.password_hash, row.grants, row.created_at) == ("hash one", ADMIN, NOON)
    assert await storage.operators.count() == 1


async def test_a_stronger_hash_is_not_a_new_password(storage: Storage, clock: ManualClock) -> None:
    await storage.operators.add("anna", "old")
    clock.advance(60)
    assert await storage.operators.set_password_hash("anna", "rehashed", changed=False)
    row = await storage.operators.get("anna")
    assert row is not None
    assert (row.password_hash, row.password_at) == ("rehashed", NOON)
    assert await storage.operators.set_password_hash("anna", "new", changed=True)
    row = await storage.operators.get("anna")
    assert row is not None
    assert row.password_at == NOON + timedelta(seconds=60)
    assert not await storage.operators.set_password_hash("nobody", "x", changed=True)


async def test_logins_live_are_used_and_end_with_their_operator(
    storage: Storage, clock: ManualClock
) -> None:
    await storage.operators.add("anna", "hash", ADMIN)
    await storage.logins.create("digest", "anna", NOON + timedelta(hours=1))
    clock.advance(90)
    await storage.logins.touch("digest")
    row = await storage.logins.get("digest")
    assert row is not None
    assert (row.operator, row.grants, row.seen_at - row.created_at) == (
        "anna",
        ADMIN,
        timedelta(seconds=90),
    )
    assert [item.name for item in await storage.operators.list()] == ["anna"]
    await storage.operators.add("bert", "hash", ADMIN)
    assert await storage.operators.remove("anna")
    assert await storage.logins.get("digest") is None
    assert not await storage.operators.remove("anna")


async def test_logins_that_are_over_or_unused_are_purged(
    storage: Storage, clock: ManualClock
) -> None:
    await storage.operators.add("anna", "hash")
    await storage.logins.create("short", "anna", NOON + timedelta(seconds=10))
    await storage.logins.create("unused", "anna", NOON + timedelta(hours=1))
    clock.advance(30)
    await storage.logins.create("fresh", "anna", NOON + timedelta(hours=1))
    assert await storage.logins.purge(NOON + timedelta(seconds=20)) == 2
    assert await storage.logins.get("fresh") is not None
    assert await storage.logins.delete_of("anna") == 1


async def test_visits_that_are_there_are_told_with_their_house(storage: Storage) -> None:
    await storage.kiosks.sync([Kiosk("main", "Main", "", "en", site="north")])
    await storage.visits.started("visit_1", "main", "en", NOON)
    assert await storage.visits.sites_of({"visit_1", "visit_2"}) == {"visit_1": "north"}
    assert await storage.visits.sites_of(()) == {}


async def test_the_audit_is_newest_first_and_in_pages(storage: Storage) -> None:
    for number in range(5):
        await storage.audit.add("anna", "visit.end", f"visit_{number}", "x" * 900)
    page = await storage.audit.recent(3)
    assert [row.target for row in page] == ["visit_4", "visit_3", "visit_2"]
    assert len(page[0].detail) == 500
    rest = await storage.audit.recent(3, before=page[-1].id)
    assert [row.target for row in rest] == ["visit_1", "visit_0"]


async def test_one_secret_is_made_for_all_who_ask_at_once(storage: Storage) -> None:
    made = iter(range(100))
    asked = [storage.secrets.get_or_create("key", lambda: str(next(made))) for _ in range(12)]
    assert len(set(await asyncio.gather(*asked))) == 1


async def test_a_code_lets_one_screen_in_once(storage: Storage) -> None:
    await storage.codes.add("digest", "main", NOON + timedelta(minutes=5))
    results = await asyncio.gather(*(storage.codes.consume("digest") for _ in range(6)))
    assert sorted(results, key=str) == [None] * 5 + ["main"]
    assert await storage.codes.consume("other") is None


async def test_a_code_grows_old(storage: Storage, clock: ManualClock) -> None:
    await storage.codes.add("digest", "main", NOON + timedelta(minutes=5))
    clock.advance(300)
    assert await storage.codes.consume("digest") is None


async def test_many_writers_at_once_all_succeed(storage: Storage) -> None:
    await asyncio.gather(
        *(storage.turns.add([said(seq, visit=f"visit_{n}")]) for n in range(20) for seq in (1, 2))
    )
    counts = [len(await storage.turns.of(f"visit_{n}")) for n in range(20)]
    assert counts == [2] * 20


async def test_what_was_kept_is_there_after_opening_again(tmp_path: Path) -> None:
    async with kept(tmp_path) as storage:
        await storage.turns.add([said(1, "remember")])
    async with kept(tmp_path) as storage:
        await storage.ping()
        assert (await storage.turns.of("visit_1"))[0].text == "remember"
