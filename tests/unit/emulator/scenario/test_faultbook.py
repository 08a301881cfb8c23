"""Armed faults count what they are meant to count, strike when due, and can be taken back."""

from __future__ import annotations

from typing import Any

from kiosk.emulator.scenario.faultbook import ArmedFault, FaultBook, Watcher
from kiosk.emulator.scenario.faults import MAXIMUM_FAULTS, Fault


def fault(on: str = "response.create", **more: Any) -> Fault:
    return Fault.model_validate({"on": on, "do": "error", **more})


def struck(book: FaultBook, kind: str, session: str = "a") -> list[str]:
    return [armed.id for armed in book.at_event(kind, session)]


def test_each_session_counts_for_itself() -> None:
    book = FaultBook((fault(nth=2),))
    assert struck(book, "response.create", "a") == []
    assert struck(book, "response.create", "b") == []
    assert struck(book, "response.create", "b") == ["scenario_0"]
    assert struck(book, "response.create", "a") == ["scenario_0"]


def test_or_all_sessions_together() -> None:
    book = FaultBook((fault(nth=2, count="emulator"),))
    assert struck(book, "response.create", "a") == []
    assert struck(book, "response.create", "b") == ["scenario_0"]
    assert struck(book, "response.create", "a") == []


def test_handshakes_are_counted_together() -> None:
    book = FaultBook((fault("connect", nth=2),))
    assert [len(book.at_connect()) for _ in range(3)] == [0, 1, 0]


def test_a_fault_for_one_session() -> None:
    book = FaultBook()
    armed = book.add(fault(every=1), "a")
    assert struck(book, "response.create", "b") == []
    assert struck(book, "response.create", "a") == [armed.id]


def test_several_strike_in_their_order() -> None:
    book = FaultBook((fault("*"), fault()))
    assert struck(book, "response.create") == ["scenario_0", "scenario_1"]


def test_watchers_hear_of_changes_until_they_leave() -> None:
    book = FaultBook()
    heard: list[str] = []

    def added(armed: ArmedFault) -> None:
        heard.append(f"+{armed.id}")

    watcher = Watcher(added, lambda fault_id: heard.append(f"-{fault_id}"))
    book.watch(watcher)
    armed = book.add(fault())
    assert book.remove(armed.id)
    assert not book.remove(armed.id)
    book.unwatch(watcher, "a")
    book.add(fault())
    assert heard == [f"+{armed.id}", f"-{armed.id}"]


def test_a_sessions_own_faults_end_with_it() -> None:
    book = FaultBook()
    watcher = Watcher(lambda armed: None, lambda fault_id: None)
    book.watch(watcher)
    book.add(fault(), "a")
    kept = book.add(fault(), "b")
    book.unwatch(watcher, "a")
    assert [shown["id"] for shown in book.as_json()] == [kept.id]


def test_a_reset_begins_the_scenarios_faults_anew() -> None:
    book = FaultBook((fault(),))
    assert struck(book, "response.create") == ["scenario_0"]
    assert struck(book, "response.create") == []
    book.add(fault("session.update"))
    book.reset()
    assert [shown["id"] for shown in book.as_json()] == ["scenario_0"]
    assert struck(book, "response.create") == ["scenario_0"]


def test_there_is_room_for_so_many() -> None:
    book = FaultBook((fault(),))
    for _ in range(MAXIMUM_FAULTS):
        assert not book.full
        book.add(fault())
    assert book.full


def test_timed_faults_are_found() -> None:
    book = FaultBook((fault("time", at_ms=5), fault()))
    book.add(fault("time"), "b")
    assert [armed.id for armed in book.timed("a")] == ["scenario_0"]
