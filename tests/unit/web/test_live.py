"""The live picture from events: whole, bounded, numbered, and honest about what was missed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from kiosk import events as ev
from kiosk.bus.memory import MemoryBus
from kiosk.model import EndReason, Kiosk
from kiosk.web import live as module
from kiosk.web.live import FOLLOWER_QUEUE, JOURNAL, MAX_ENDED, MAX_TIMELINE, LiveView
from tests.unit.storage.keeping import NOON, ManualClock


def view() -> LiveView:
    clock = ManualClock()
    return LiveView(MemoryBus(clock), clock, [Kiosk("main", "Main entrance")])


def stamp(visit: str = "visit_1", seconds: float = 0) -> dict[str, Any]:
    return {"kiosk_id": "main", "visit_id": visit, "at": NOON + timedelta(seconds=seconds)}


def connected() -> ev.KioskConnected:
    return ev.KioskConnected(kiosk_id="main", at=NOON)


def disconnected() -> ev.KioskDisconnected:
    return ev.KioskDisconnected(kiosk_id="main", at=NOON)


def ended(visit: str = "visit_1") -> ev.VisitEnded:
    return ev.VisitEnded(**stamp(visit, 60), reason=EndReason.GOODBYE, turns=2, seconds=60)


def turn(seq: int, visit: str = "visit_1") -> ev.TurnCompleted:
    return ev.TurnCompleted(
        **stamp(visit), seq=seq, speaker="visitor", text=f"words {seq}", language="de"
    )


def test_a_visit_from_start_to_end() -> None:
    live = view()
    for event in (
        connected(),
        ev.VisitStarted(**stamp(), language="en"),
        ev.StateChanged(**stamp(seconds=1), state="speaking", media="direct"),
        ev.LanguageChanged(**stamp(), language="de"),
        turn(1),
        ev.UpstreamLost(**stamp(seconds=5), code="closed"),
    ):
        live.apply(event)
    kiosk, visit = live.kiosks["main"], live.running["visit_1"]
    assert (kiosk.connected, kiosk.visit_id) == (True, "visit_1")
    assert (visit.state, visit.language, visit.media) == ("speaking", "de", "direct")
    assert visit.lost_at == NOON + timedelta(seconds=5)
    live.apply(ev.UpstreamRestored(**stamp(), after_ms=900))
    live.apply(ev.MediaChanged(**stamp(), rung="text", detail="blocked"))
    mended = live.running["visit_1"]
    assert (mended.lost_at, mended.media, mended.media_detail) == (None, "text", "blocked")
    live.apply(ended())
    assert live.running == {}
    assert kiosk.visit_id is None
    found = live.visit("visit_1")
    assert found is not None
    assert found.ended == ended()
    assert [change.seq for change in found.timeline] == list(range(2, 10))
    assert live.seq == 9


def test_a_screen_that_is_replaced_stays_connected() -> None:
    live = view()
    for event in (connected(), connected(), disconnected()):
        live.apply(event)
    assert [item.connected for item in live.kiosks.values()] == [True]
    for _ in range(3):
        live.apply(disconnected())
    assert [item.connected for item in live.kiosks.values()] == [False]
    live.apply(connected())
    # An event that was lost must not leave it off for ever.
    assert [item.connected for item in live.kiosks.values()] == [True]


def test_the_last_event_is_more_than_the_state() -> None:
    live = view()
    live.apply(ev.ToolCalled(**stamp(), tool="map", outcome="ok", ms=1))
    live.apply(ev.StateChanged(**stamp(), state="speaking"))
    assert isinstance(live.kiosks["main"].last, ev.ToolCalled)


def test_a_visit_whose_start_was_missed_is_real() -> None:
    live = view()
    live.apply(turn(7))
    assert live.running["visit_1"].language == "de"
    assert live.kiosks["main"].visit_id == "visit_1"


def test_an_end_nobody_knows_makes_no_visit() -> None:
    live = view()
    live.apply(ended("visit_unknown"))
    assert live.visit("visit_unknown") is None


def test_events_after_the_end_do_not_bring_a_visit_back() -> None:
    live = view()
    live.apply(ev.VisitStarted(**stamp(), language="en"))
    live.apply(ended())
    live.apply(turn(3))
    assert live.running == {}
    assert live.kiosks["main"].visit_id is None
    found = live.visit("visit_1")
    assert found is not None
    assert len(found.turns) == 1


def test_an_older_visits_end_leaves_the_newer_one() -> None:
    live = view()
    live.apply(ev.VisitStarted(**stamp("visit_1"), language="en"))
    live.apply(ev.VisitStarted(**stamp("visit_2"), language="en"))
    live.apply(ev.StateChanged(**stamp("visit_1"), state="ending"))
    assert live.kiosks["main"].visit_id == "visit_2"
    live.apply(ended("visit_1"))
    assert live.kiosks["main"].visit_id == "visit_2"


def test_everything_is_bounded() -> None:
    live = view()
    for number in range(MAX_TIMELINE + 10):
        live.apply(turn(number))
    assert len(live.running["visit_1"].timeline) == MAX_TIMELINE
    assert live.running["visit_1"].forgotten == 10
    for number in range(MAX_ENDED + 5):
        live.apply(ev.VisitStarted(**stamp(f"visit_{number}"), language="en"))
        live.apply(ended(f"visit_{number}"))
    assert len(live.ended) == MAX_ENDED
    for number in range(module.MAX_KIOSKS + 5):
        live.apply(ev.KioskConnected(kiosk_id=f"k{number}", at=NOON))
    assert len(live.kiosks) == module.MAX_KIOSKS
    for number in range(module.MAX_RUNNING + 5):
        live.apply(ev.VisitStarted(**stamp(f"open_{number}"), language="en"))
    assert len(live.running) == module.MAX_RUNNING


def test_what_was_missed_is_given_again_as_far_as_it_is_known() -> None:
    live = view()
    for number in range(5):
        live.apply(turn(number))
    missed = live.since(live.epoch, 3)
    assert missed is not None
    assert [change.seq for change in missed] == [4, 5]
    assert live.since(live.epoch, 5) == []
    assert live.since(live.epoch, 6) is None, "a number from the future"
    assert live.since("another server", 3) is None
    for number in range(JOURNAL):
        live.apply(turn(number))
    assert live.since(live.epoch, 4) is None, "too long ago"
    assert live.since(live.epoch, 5) is not None


async def test_followers_get_every_change_in_order() -> None:
    live = view()
    with live.follow() as one, live.follow() as other:
        for number in range(3):
            live.apply(turn(number))
        for follower in (one, other):
            seen = [await follower.next() for _ in range(3)]
            assert [change.seq for change in seen if change is not None] == [1, 2, 3]
        live.end_followers()
        assert await one.next() is None
    with live.follow() as late:
        assert await late.next() is None, "nobody waits for a view that has closed"


async def test_a_slow_follower_is_ended_and_the_others_are_not() -> None:
    live = view()
    with live.follow() as slow, live.follow() as quick:
        for number in range(FOLLOWER_QUEUE + 1):
            live.apply(turn(number))
            assert await quick.next() is not None
        assert await slow.next() is None
        assert slow.slow
        live.apply(turn(0))
        assert await quick.next() is not None


@pytest.mark.parametrize(
    "payload", [{}, {"type": "party"}, {"type": "kiosk_connected", "kiosk_id": 3, "at": "x"}]
)
async def test_the_bus_is_listened_to_and_strange_events_are_skipped(
    payload: dict[str, Any],
) -> None:
    clock = ManualClock()
    bus = MemoryBus(clock)
    live = LiveView(bus, clock, [Kiosk("main", "Main entrance")])
    await live.start()
    with live.follow() as follower:
        await bus.publish(ev.EVENTS_TOPIC, payload)
        await bus.publish(ev.EVENTS_TOPIC, connected().model_dump(mode="json"))
        async with asyncio.timeout(20):
            change = await follower.next()
    assert change is not None
    assert change.event == connected()
    assert live.missed == 0
    await live.aclose()
    await bus.aclose()
