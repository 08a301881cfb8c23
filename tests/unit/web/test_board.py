"""The live picture as values: rows that read as sentences, and what needs a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kiosk import events as ev
from kiosk.bus.memory import MemoryBus
from kiosk.model import EndReason, Kiosk
from kiosk.web import board
from kiosk.web.live import Change, LiveKiosk, LiveView
from tests.unit.signaling.test_device import FACTS
from tests.unit.storage.keeping import NOON, ManualClock, said


def view(*names: str) -> LiveView:
    clock = ManualClock()
    kiosks = [Kiosk(name.lower(), name) for name in names or ("Main",)]
    live = LiveView(MemoryBus(clock), clock, kiosks)
    for kiosk in kiosks:
        live.apply(ev.KioskConnected(kiosk_id=kiosk.id, at=NOON))
    return live


def stamp(kiosk: str = "main", seconds: float = 0) -> dict[str, Any]:
    at = NOON + timedelta(seconds=seconds)
    return {"kiosk_id": kiosk, "visit_id": f"visit_{kiosk}", "at": at}


def test_all_is_well() -> None:
    live = view("Main", "West")
    assert board.attention(live) == []
    assert board.headline(live) == "All 2 screens are connected, no visit running."
    assert board.headline(view()) == "The screen is connected, no visit running."
    row = board.kiosks(live)[0]
    assert (row["tone"], row["state"], row["language"], row["media"], row["visit"]) == (
        "calm", "Waiting for a visitor", "", "", "",
    )  # fmt: skip


def test_a_screen_out_of_service_waits_for_nobody() -> None:
    live = view()
    facts = FACTS | {"state": "offline", "at": round(NOON.timestamp() * 1000)}
    live.apply(ev.KioskReported(kiosk_id="main", at=NOON, facts=facts))
    row = board.kiosks(live)[0]
    assert (row["state"], row["tone"]) == ("Out of service; visitors read why", "calm")


def test_a_running_visit_reads_as_a_sentence() -> None:
    live = view()
    live.apply(ev.VisitStarted(**stamp(), language="de"))
    live.apply(ev.StateChanged(**stamp(), state="listening", media="direct"))
    row = board.kiosks(live)[0]
    assert [row[key] for key in ("name", "state", "language", "media", "tone", "visit")] == [
        "Main", "Listening", "in German", "direct picture", "busy", "visit_main",
    ]  # fmt: skip
    assert row["since"] == NOON.isoformat()
    assert board.headline(live) == "The screen is connected, 1 visit running."


def test_what_needs_a_person_comes_worst_first_with_its_reason() -> None:
    live = view("Main", "West", "Shop")
    live.kiosks["new"] = LiveKiosk("new", "New")
    live.apply(ev.KioskDisconnected(kiosk_id="shop", at=NOON))
    live.apply(ev.VisitStarted(**stamp("west"), language="de"))
    live.apply(ev.MediaChanged(**stamp("west", 3), rung="text", detail="UDP is blocked"))
    live.apply(ev.VisitStarted(**stamp("main"), language="de"))
    live.apply(ev.UpstreamLost(**stamp("main", 9), code="closed"))
    found = [(row["key"], row["text"], row["visit"]) for row in board.attention(live)]
    assert found == [
        ("main:line", "Main has lost its line to Voice Live and seeks a new one", "visit_main"),
        ("west:picture", "West shows no picture (text only): UDP is blocked", "visit_west"),
        ("shop:screen", "Shop is not connected", ""),
        ("new:screen", "New has not connected since this server started", ""),
    ]
    tones = {row["id"]: row["tone"] for row in board.kiosks(live)}
    assert tones == {"main": "trouble", "west": "trouble", "shop": "off", "new": "off"}
    assert board.headline(live) == "2 of 4 screens connected, 2 visits running."


def test_a_visit_whose_screen_is_gone_says_so() -> None:
    live = view()
    live.apply(ev.VisitStarted(**stamp(), language="de"))
    live.apply(ev.StateChanged(**stamp(), state="speaking"))
    live.apply(ev.KioskDisconnected(kiosk_id="main", at=NOON))
    assert board.kiosks(live)[0]["state"] == "Speaking, screen disconnected"
    assert board.visit(live, live.running["visit_main"])["tone"] == "trouble"


def test_the_end_of_a_visit_in_words() -> None:
    live = view()
    live.apply(ev.VisitStarted(**stamp(), language="de"))
    assert board.visit(live, live.running["visit_main"])["running"]
    live.apply(ev.VisitEnded(**stamp(), reason=EndReason.OPERATOR, turns=2, seconds=75))
    found = live.visit("visit_main")
    assert found is not None
    fields = board.visit(live, found)
    assert (fields["running"], fields["state"]) == (False, "Ended")
    assert fields["ended"] == "Ended after 1 min 15 s: an operator ended it"


def test_live_and_stored_turns_look_the_same() -> None:
    stored = said(4, "hello")
    lived = ev.TurnCompleted(
        kiosk_id="main", visit_id="visit_1", at=stored.at, seq=4, speaker="visitor",
        text="hello", language="en",
    )  # fmt: skip
    assert board.turn(lived) == board.turn(stored)
    assert board.turn(stored)["who"] == "Visitor"


def test_time_spent_is_drawn_up_to_a_full_bar() -> None:
    def entry(event: ev.DomainEvent) -> tuple[object, object]:
        fields = board.entry(Change(1, event))
        return fields["ms"], fields["bar"]

    assert entry(ev.ToolCalled(**stamp(), tool="m", outcome="ok", ms=1250)) == ("1.2 s", 25)
    assert entry(ev.ToolCalled(**stamp(), tool="m", outcome="ok", ms=90_000)) == ("90.0 s", 100)
    assert entry(ev.UpstreamRestored(**stamp(), after_ms=2500)) == ("2.5 s", 50)
    assert entry(ev.StateChanged(**stamp(), state="listening")) == ("", 0)


def test_a_screen_that_is_dark_on_purpose_does_not_look_broken() -> None:
    live = view("Main")
    live.apply(ev.ScreenRests(kiosk_id="main", at=NOON, dark=True))
    row = board.kiosks(live)[0]
    assert (row["state"], row["tone"]) == ("Dark on purpose, outside its hours", "calm")
    assert board.attention(live) == []
    live.apply(ev.ScreenRests(kiosk_id="main", at=NOON, dark=False))
    assert board.kiosks(live)[0]["state"] == "Waiting for a visitor"
