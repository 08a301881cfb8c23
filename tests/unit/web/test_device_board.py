"""A device in words: what it reported, how long ago, and what of it needs a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kiosk import events as ev
from kiosk.bus.memory import MemoryBus
from kiosk.model import Kiosk
from kiosk.web import board, device_board
from kiosk.web.live import LiveView
from tests.unit.signaling.test_device import FACTS
from tests.unit.storage.keeping import NOON, ManualClock

EXACT = {"at": int(NOON.timestamp() * 1000)}


def view() -> tuple[LiveView, ManualClock]:
    clock = ManualClock()
    live = LiveView(MemoryBus(clock), clock, [Kiosk("main", "Main")], version="2.0")
    live.apply(ev.KioskConnected(kiosk_id="main", at=NOON))
    return live, clock


def report(live: LiveView, **facts: Any) -> dict[str, Any]:
    live.apply(ev.KioskReported(kiosk_id="main", at=NOON, facts=FACTS | EXACT | facts))
    return device_board.device(live, live.kiosks["main"])


def visit(live: LiveView) -> None:
    stamp: dict[str, Any] = {"kiosk_id": "main", "visit_id": "v", "at": NOON}
    live.apply(ev.VisitStarted(**stamp, language="en"))


def wants(live: LiveView) -> list[str]:
    return [row["text"] for row in board.attention(live)]


def test_nothing_is_claimed_before_a_report() -> None:
    live, _ = view()
    found = device_board.device(live, live.kiosks["main"])
    assert (found["reported"], found["connected"], found["commands"]) == (False, True, [])
    assert "picture" not in found
    assert wants(live) == []


@pytest.mark.parametrize(
    ("facts", "field", "words"),
    [
        ({}, "picture", "None wanted now"),
        ({"frame_age_s": 0.1}, "picture", "Moving"),
        ({"frame_age_s": 240}, "picture", "No picture"),
        ({"muted": True}, "sound", "Muted (volume 80 % when it is not)"),
        ({"microphone": "missing"}, "microphone", "Missing: none is plugged in, or it went away"),
        ({"microphone": "on", "silent_s": 1}, "microphone", "Open and hearing"),
        (
            {"microphone": "on", "silent_s": 120},
            "microphone",
            "Open, but silent for 2 min 00 s",
        ),
        (
            {"microphones": 1, "speakers": 2, "cameras": 0},
            "devices",
            "1 microphone, 2 speakers, no camera",
        ),
        ({"page": "2.0"}, "version", "2.0, as this server has it"),
        ({}, "version", "1.0; this server has 2.0: it reloads after its visit"),
        ({"at": EXACT["at"] + 90_000}, "clock", "1 min 30 s ahead"),
        ({}, "clock", "right"),
        ({"awake": True}, "display", "Kept awake"),
        ({}, "camera", "Not used to notice visitors"),
        ({"camera": "on"}, "camera", "Notices visitors; off during a visit"),
        (
            {"camera": "denied"},
            "camera",
            "Refused by the browser: its policy must allow this site",
        ),
        ({"online": False, "dropped_frames": 3}, "network",
         "The browser says offline, 3 audio frames dropped"),
        ({"heap_mb": 41.6, "nodes": 900}, "memory", "42 MB, 900 elements"),
    ],
)  # fmt: skip
def test_facts_in_words(facts: dict[str, Any], field: str, words: str) -> None:
    live, _ = view()
    assert report(live, **facts)[field] == words


def test_a_picture_that_stands_needs_a_person_since_it_stood() -> None:
    live, _ = view()
    report(live, media="direct", frame_age_s=240)
    assert wants(live) == [], "nobody is there to miss it"
    visit(live)
    (row,) = board.attention(live)
    assert row["text"] == "Main has shown no picture"
    assert row["since"] == (NOON - timedelta(minutes=4)).isoformat()
    assert row["kiosk"] == "main"


def test_a_dead_microphone_and_a_wrong_clock_need_one_too() -> None:
    live, _ = view()
    visit(live)
    report(live, microphone="on", silent_s=300, at=EXACT["at"] - 600_000)
    assert wants(live) == [
        "Main hears nothing but silence; look at its microphone",
        "Main has a wrong clock, 10 min 00 s behind",
    ]


def test_a_camera_that_should_notice_visitors_and_cannot_needs_one() -> None:
    live, _ = view()
    report(live, camera="missing")
    assert wants(live) == [
        "Main notices nobody coming: its camera is missing; look at its plug",
    ]
    report(live, camera="on")
    assert wants(live) == []


def test_a_screen_that_stops_reporting_is_said() -> None:
    live, clock = view()
    report(live)
    assert device_board.device(live, live.kiosks["main"])["late"] == ""
    clock.advance(91)
    assert device_board.device(live, live.kiosks["main"])["late"] == "late"
    assert wants(live) == ["Main is connected and has stopped reporting; reload it"]


def test_errors_and_commands_are_listed_newest_first_and_bounded() -> None:
    live, _ = view()
    for number in range(12):
        report(live, errors=[{"kind": f"media: {number}", "age_s": 5}])
        live.apply(
            ev.KioskCommanded(
                kiosk_id="main", at=NOON, name="mute", by="anna", ok=number % 2 == 0, detail="x"
            )
        )
    found = device_board.device(live, live.kiosks["main"])
    assert found["errors"][0]["text"] == "media: 11"
    assert found["errors"][0]["at"] == (NOON - timedelta(seconds=5)).isoformat()
    assert found["commands"][0] == {
        "text": "anna asked for the sound on or off",
        "result": "x",
        "at": NOON.isoformat(),
        "tone": "trouble",
    }
    assert (len(found["errors"]), len(found["commands"])) == (10, 10)


def test_browsers_are_named_shortly() -> None:
    linux = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36"
    assert device_board.browser(linux) == "Chromium 156 on Linux"
    assert device_board.browser("curl/8") == "curl/8"
