"""Rows are made once, anew when their screen changed; unchanged, they are the same object."""

from __future__ import annotations

import json

from kiosk import events as ev
from kiosk.bus.memory import MemoryBus
from kiosk.model import Kiosk
from kiosk.web.fleet_rows import Rows
from kiosk.web.live import LiveView
from kiosk.web.templating import Templates
from tests.unit.signaling.test_device import FACTS
from tests.unit.storage.keeping import NOON, ManualClock


def made(summary_s: float = 0) -> tuple[LiveView, Rows, ManualClock]:
    clock = ManualClock()
    live = LiveView(MemoryBus(clock), clock, [Kiosk("main", "<b>Main</b>")])
    return live, Rows(live, Templates(), "UTC", summary_s=summary_s), clock


def reported(live: LiveView, **facts: object) -> None:
    at = round(NOON.timestamp() * 1000)
    live.apply(ev.KioskReported(kiosk_id="main", at=NOON, facts=FACTS | {"at": at} | facts))


def test_a_row_is_made_anew_only_when_it_says_something_else() -> None:
    live, rows, clock = made()
    item = live.kiosks["main"]
    first = rows.text(item)
    assert rows.text(item) is first
    live.apply(ev.KioskConnected(kiosk_id="main", at=NOON))
    second = rows.text(item)
    assert json.loads(second)["state"] == "Waiting for a visitor"
    reported(live)
    assert rows.text(item) is second, "a report with no news makes no other row"
    clock.advance(600)
    assert json.loads(rows.text(item))["need"].startswith("Is connected and has stopped")
    assert rows.fields(item) == json.loads(rows.text(item))


def test_its_html_is_kept_with_it_and_escaped() -> None:
    live, rows, _ = made()
    item = live.kiosks["main"]
    first = rows.html(item)
    assert "&lt;b&gt;Main" in first
    assert rows.html(item) is first
    live.apply(ev.KioskConnected(kiosk_id="main", at=NOON))
    assert "Waiting for a visitor" in rows.html(item)


def test_the_summary_waits_a_moment_and_says_that_it_is_due() -> None:
    live, rows, clock = made(summary_s=1)
    text, due = rows.summary(None)
    assert not due
    live.apply(ev.KioskConnected(kiosk_id="main", at=NOON))
    assert rows.summary(None) == (text, True)
    clock.advance(1)
    fresh, due = rows.summary(None)
    assert fresh != text
    assert not due
    clock.advance(1)
    assert rows.summary(None)[0] is fresh, "the same words are the same object"
