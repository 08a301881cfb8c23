"""Searching, forgetting and holding what was said: every kind of database does the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kiosk.model import EndReason, TranscriptEntry, VisitSummary
from kiosk.storage.database import Storage
from kiosk.storage.keeping import Scope
from kiosk.storage.search import NO_END, WORDLESS, Wanted
from kiosk.storage.words import Query
from tests.contract.conftest import Open
from tests.unit.storage.keeping import NOON, ManualClock, said

EVERYTHING = Scope()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def storage(open_either: Open, clock: ManualClock) -> Storage:
    return await open_either(clock)


async def visit(
    storage: Storage,
    name: str,
    *words: str,
    kiosk: str = "main",
    language: str = "en",
    minutes: float = 0,
    reason: EndReason | None = EndReason.GOODBYE,
) -> None:
    began = NOON + timedelta(minutes=minutes)
    await storage.visits.started(name, kiosk, language, began)
    await storage.turns.add(
        [
            TranscriptEntry(name, kiosk, seq, "visitor", text, language, began)
            for seq, text in enumerate(words, 1)
        ]
    )
    if reason is not None:
        ended = began + timedelta(minutes=1)
        await storage.visits.ended(
            VisitSummary(name, kiosk, language, began, ended, reason, len(words))
        )


async def found(storage: Storage, words: str, wanted: Wanted | None = None) -> list[str]:
    hits = await storage.search.find(wanted or Wanted(), Query.of(words))
    return [hit.visit.id for hit in hits]


# ── search ───────────────────────────────────────────────────────────────────────────────────


async def test_words_are_found_in_every_script_whatever_their_case_and_accents(
    storage: Storage,
) -> None:
    await visit(storage, "v1", "Wann beginnt die Führung?", language="de")
    await visit(storage, "v2", "Where are the lifts, please?", minutes=1)
    await visit(storage, "v3", "请问博物馆在哪里", language="zh", minutes=2)
    await visit(storage, "v4", "トイレはどこですか", language="ja", minutes=3)
    await visit(storage, "v5", "أين المتحف", language="ar", minutes=4)
    await visit(storage, "v6", "Де знаходиться музей?", language="uk", minutes=5)
    for words, expected in (
        ("fuhrung", "v1"), ("FÜHRUNG die", "v1"), ("lift", "v2"), ("博物馆", "v3"), ("物", "v3"),
        ("トイレ", "v4"), ("متحف", ""), ("المتحف", "v5"), ("МУЗЕЙ", "v6"), ("馆博", ""),
    ):  # fmt: skip
        assert await found(storage, words) == ([expected] if expected else []), words


@pytest.mark.parametrize(
    "words",
    ["lift OR stairs", '"lift', "NOT lift", "lift*)", "words:lift", "NEAR(lift)", "lift & !x",
     "lift'; DROP TABLE turns", "-lift", "^lift", "lift\\", "lift:*", "a | b", "<-> lift"],
)  # fmt: skip
async def test_what_a_database_takes_for_a_sign_is_only_a_word(
    storage: Storage, words: str
) -> None:
    await visit(storage, "v1", "the lift is left")
    await visit(storage, "v2", f"I said {words} to you", minutes=1)
    assert await found(storage, words) == (
        ["v2", "v1"] if [word.text for word in Query.of(words).words] == ["lift"] else ["v2"]
    )


async def test_all_words_have_to_be_in_one_turn(storage: Storage) -> None:
    await visit(storage, "v1", "the lift", "the stairs")
    await visit(storage, "v2", "lift or stairs", minutes=1)
    assert await found(storage, "stairs lift") == ["v2"]
    assert await found(storage, "lift stairs escalator") == []


async def test_the_turns_that_were_found_come_along(storage: Storage) -> None:
    await visit(storage, "v1", "a lift", "a stair", "lifts", "lift", "lift again")
    (hit,) = await storage.search.find(Wanted(), Query.of("lift"))
    assert [turn.text for turn in hit.hits] == ["a lift", "lifts", "lift"]
    assert hit.visit.turns == 5


async def test_visits_are_found_by_kiosk_time_language_and_outcome(storage: Storage) -> None:
    await visit(storage, "v1", "hello")
    await visit(storage, "v2", "hello", kiosk="shop", language="pt-BR", minutes=60)
    await visit(storage, "v3", minutes=120, reason=EndReason.IDLE)
    await visit(storage, "v4", "hello", minutes=180, reason=None, language="pt")
    hour = NOON + timedelta(minutes=60)

    async def ids(wanted: Wanted) -> list[str]:
        return [hit.visit.id for hit in await storage.search.find(wanted)]

    assert await ids(Wanted()) == ["v4", "v3", "v2", "v1"]
    assert await ids(Wanted(kiosk="shop")) == ["v2"]
    assert await ids(Wanted(language="pt")) == ["v4", "v2"]
    assert await ids(Wanted(language="pt-BR")) == ["v2"]
    assert await ids(Wanted(since=hour)) == ["v4", "v3", "v2"]
    assert await ids(Wanted(until=hour)) == ["v1"]
    assert await ids(Wanted(outcome="idle")) == ["v3"]
    assert await ids(Wanted(outcome=NO_END)) == ["v4"]
    assert await ids(Wanted(outcome=WORDLESS)) == ["v3"]
    assert await ids(Wanted(sites=frozenset())) == []
    assert await ids(Wanted(sites=frozenset({"main"}))) == ["v4", "v3", "v2", "v1"]
    assert await found(storage, "hello", Wanted(kiosk="shop", until=hour)) == []


async def test_pages_are_whole_and_do_not_overlap(storage: Storage) -> None:
    for number in range(7):
        await visit(storage, f"v{number}", "hello" if number != 3 else "no", minutes=number // 2)
    seen: list[str] = []
    after = ""
    while page := await storage.search.find(Wanted(), Query.of("hello"), limit=2, after=after):
        seen += [hit.visit.id for hit in page]
        after = page[-1].visit.id
    assert seen == ["v6", "v5", "v4", "v2", "v1", "v0"]


async def test_a_turn_that_comes_twice_is_found_once(storage: Storage) -> None:
    await visit(storage, "v1", "the lift")
    await storage.turns.add([said(1, "something else", visit="v1"), said(2, "stairs", visit="v1")])
    assert await found(storage, "lift") == ["v1"]
    assert await found(storage, "something") == []
    assert await found(storage, "stairs") == ["v1"]


# ── forgetting ───────────────────────────────────────────────────────────────────────────────


async def test_an_erased_visit_is_nowhere_and_nothing_of_it_comes_back(storage: Storage) -> None:
    await visit(storage, "v1", "my name is Ada", "hello")
    await visit(storage, "v2", "my name is Bo", minutes=1)
    late = [said(seq, "late words", visit="v1") for seq in (2, 3)]
    await storage.outbox.add(["sink"], [said(1, "my name is Ada", visit="v1"), *late])
    await storage.plugin("desk").set("calls", {"visit": "v1x", "who": "v1"})
    await storage.plugin("desk").set("other", {"visit": "v2"})
    assert await storage.keeping.erase({"v1", "gone"}, whole=True) == {
        "visits": 1, "turns": 2, "outbox": 3, "plugin_data": 1,
    }  # fmt: skip
    await storage.keeping.scrub()
    await storage.turns.add(late)
    await storage.outbox.add(["sink"], [*late, said(1, visit="v2")])
    await storage.visits.ended(VisitSummary("v1", "main", "en", NOON, NOON, EndReason.GOODBYE, 2))
    assert await storage.visits.get("v1") is None
    assert await storage.turns.of("v1") == ()
    assert [item.entry.visit_id for item in await storage.outbox.waiting("sink", 9)] == ["v2"]
    assert await found(storage, "name") == ["v2"]
    assert await storage.keeping.is_erased("v1")
    assert await storage.keeping.erased(NOON) == {"v1", "gone"}
    assert [key for key, _ in await storage.plugin("desk").items()] == ["other"]


async def test_words_may_go_while_the_visit_stays(storage: Storage) -> None:
    await visit(storage, "v1", "hello")
    await storage.keeping.erase({"v1"}, whole=False)
    row = await storage.visits.get("v1")
    assert row is not None
    assert row.turns == 0
    assert await found(storage, "hello") == []


async def test_what_is_too_old_is_found_by_place_and_held_visits_are_not(
    storage: Storage, clock: ManualClock
) -> None:
    for number, kiosk in enumerate(("main", "shop", "main")):
        await visit(storage, f"v{number}", "hello", kiosk=kiosk, minutes=number * 60)
    keeping = storage.keeping
    edge = NOON + timedelta(minutes=90)
    shop = frozenset({"shop"})
    for old in (keeping.old_words, keeping.old_visits):
        assert await old(edge, EVERYTHING, 9) == ["v0", "v1"]
        assert await old(edge, Scope(shop, but=False), 9) == ["v1"]
        assert await old(edge, Scope(shop), 9) == ["v0"]
    await storage.outbox.add(
        ["sink"], [said(1, visit="v0"), said(1, visit="v1"), said(1, visit="x")]
    )
    (first, *_) = await storage.outbox.waiting("sink", 9)
    await storage.outbox.refused([first.id], "OSError", dead=True)
    assert len(await keeping.old_outbox(edge, EVERYTHING, 9, dead=True)) == 1
    assert len(await keeping.old_outbox(edge, Scope(shop, but=False), 9, dead=False)) == 1
    assert len(await keeping.old_outbox(edge, Scope(shop), 9, dead=False)) == 1
    await keeping.hold("v0", "ada", "a claim", NOON + timedelta(minutes=5))
    assert await keeping.old_words(edge, EVERYTHING, 9) == ["v1"]
    assert await keeping.old_outbox(edge, EVERYTHING, 9, dead=True) == []
    assert (await keeping.erase({"v0", "v1"}, whole=True))["visits"] == 1
    assert len(await storage.turns.of("v0")) == 1
    clock.advance(300)
    assert await keeping.old_words(edge, EVERYTHING, 9) == ["v0"], "the hold is over"
    ids = await keeping.old_outbox(edge, EVERYTHING, 9, dead=False)
    assert await keeping.drop_outbox(ids) == 1


async def test_a_hold_names_who_and_why_until_it_is_lifted_or_over(
    storage: Storage, clock: ManualClock
) -> None:
    keeping = storage.keeping
    await keeping.hold("v1", "ada", "a claim", None)
    await keeping.hold("v1", "bo", "another claim", NOON + timedelta(days=1))
    held = await keeping.held("v1")
    assert held is not None
    assert (held.actor, held.why, held.at) == ("bo", "another claim", NOON)
    assert await keeping.holds() == (held,)
    clock.advance(86_400)
    assert await keeping.held("v1") is None
    assert await keeping.holds() == ()
    await keeping.hold("v2", "ada", "", None)
    assert await keeping.release("v2")
    assert not await keeping.release("v2")


async def test_erased_visits_are_remembered_for_a_while(
    storage: Storage, clock: ManualClock
) -> None:
    await storage.keeping.erase({"v1"}, whole=True)
    clock.advance(60)
    await storage.keeping.erase({"v2"}, whole=True)
    assert await storage.keeping.forget_erased(NOON + timedelta(seconds=30)) == 1
    assert await storage.keeping.erased(NOON) == {"v2"}


async def test_the_audit_grows_old_and_runs_are_noted(storage: Storage, clock: ManualClock) -> None:
    await storage.audit.add("ada", "visit.read", "v1")
    clock.advance(60)
    await storage.audit.add("ada", "visit.read", "v2")
    edge = NOON + timedelta(seconds=30)
    assert await storage.keeping.old_audit(edge) == 1
    assert await storage.keeping.drop_audit(edge) == 1
    assert [row.target for row in await storage.audit.recent()] == ["v2"]
    await storage.keeping.ran(NOON, "nightly", {"turns": 3})
    await storage.keeping.ran(NOON, "ada", {}, "the disk is full")
    assert [(run.actor, run.removed, run.error) for run in await storage.keeping.runs()] == [
        ("ada", {}, "the disk is full"),
        ("nightly", {"turns": 3}, ""),
    ]
