"""The waiting screen on the server: its hours and nights, its wakes, what operators are told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk import events, keys
from kiosk.bus.memory import MemoryBus
from kiosk.i18n import Texts
from kiosk.settings import Settings, load_settings
from kiosk.settings.attract import AttractSettings
from kiosk.signaling import messages as m
from kiosk.tasks import TaskSet
from kiosk.testing.clock import ManualClock
from kiosk.web import attract
from kiosk.web.slides import load_slides
from tests.unit.running import running

OPEN = AttractSettings(hours=["mon-sun 10:00-18:00"], night="21:00-07:00", night_dim=0.6)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def settings(**values: Any) -> Settings:
    site = {"languages": ["en", "de"], "time_zone": "UTC", **values.pop("site", {})}
    return load_settings(overrides={"site": site, "attract": values}, read_file=False)


@pytest.mark.parametrize(
    ("moment", "shown", "wait"),
    [
        ("2026-11-27T12:00", m.Attract(), 3600),
        ("2026-11-27T17:30", m.Attract(), 1800),
        ("2026-11-27T18:00", m.Attract(closed=True, opens="2026-11-28T10:00:00+00:00"), 3600),
        (
            "2026-11-27T23:59",
            m.Attract(closed=True, opens="2026-11-28T10:00:00+00:00", dim=0.6),
            3600,
        ),
    ],
)
def test_what_it_does_goes_by_hours_and_night(moment: str, shown: m.Attract, wait: float) -> None:
    assert attract.now_showing(OPEN, at(moment)) == shown
    assert attract.until_change(OPEN, at(moment)) == wait


async def test_a_page_is_told_at_once_and_at_every_change_only() -> None:
    clock = ManualClock(at("2026-11-27T09:00"))
    told: list[m.ServerMessage] = []
    changed = asyncio.Event()

    def send(message: m.ServerMessage) -> None:
        told.append(message)
        changed.set()

    site = settings(hours=["mon-sun 10:00-18:00"])
    tasks = TaskSet("told")
    tasks.spawn(attract.keep_told(site, clock, send), name="told")
    try:
        async with asyncio.timeout(20):
            await changed.wait()
        assert told == [m.Attract(closed=True, opens="2026-11-27T10:00:00+00:00")]
        changed.clear()
        await clock.advance(seconds=3601)
        async with asyncio.timeout(20):
            await changed.wait()
        assert told[1:] == [m.Attract()]
        for _ in range(3):
            await clock.advance(seconds=3600)
        assert len(told) == 2
    finally:
        await tasks.aclose()


async def test_a_wake_reaches_a_waiting_screen_and_no_visit() -> None:
    bus, sent, visiting = MemoryBus(ManualClock()), list[m.ServerMessage](), [False]
    assert not await attract.wake(bus, "lobby")  # nobody is connected
    stop = bus.handle(attract.wake_target("lobby"), attract.waker(lambda: visiting[0], sent.append))
    assert await attract.wake(bus, "lobby")
    assert not await attract.wake(bus, "desk")
    visiting[0] = True
    assert not await attract.wake(bus, "lobby")
    assert sent == [m.Wake()]
    stop()
    assert not await attract.wake(bus, "lobby")


async def test_operators_hear_once_that_a_screen_is_dark_on_purpose() -> None:
    clock = ManualClock()
    bus = MemoryBus(clock)
    resting = attract.Resting(bus, clock, "lobby")
    heard: list[bool] = []
    async with bus.subscribe(events.EVENTS_TOPIC) as subscription:
        for dark in (False, True, True, False):
            await resting.report(m.Rest(dark=dark))
        await bus.aclose()
        async for payload in subscription:
            event = events.EVENT_ADAPTER.validate_python(payload)
            assert isinstance(event, events.ScreenRests)
            heard.append(event.dark)
    assert heard == [True, False]


def test_the_page_gets_greetings_slides_and_nothing_it_need_not_know(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text("<svg/>")
    (tmp_path / "slides.toml").write_text(
        '[[slide]]\nfile = "a.svg"\ntitle = { de = "Eins" }\nseconds = 6\n'
    )
    texts, slides = Texts.load(), load_slides(tmp_path)
    site = settings(slide_s=9, slides=str(tmp_path))
    data = attract.page_data(site, texts, "main", slides, lambda name: f"/static/{name}?v=1")
    assert data["slides"] == [
        {
            "src": f"/static/{slides.prefix}/a.svg?v=1",
            "video": False,
            "lines": [{"de": "Eins"}, {}],
            "fit": "cover",
            "ms": 6000,
        }
    ]
    assert [item["code"] for item in data["greetings"]] == ["en", "de"]
    assert data["greetings"][1]["text"] == texts.get("de", "attract.title")
    assert data["styled"]
    assert str(tmp_path) not in str(data)
    still = attract.page_data(settings(greet_in=[]), texts, "main", None, str)
    assert (still["greetings"], still["styled"]) == ([], False)


async def test_over_the_wire_a_screen_is_told_woken_and_refused(tmp_path: Path) -> None:
    async with (
        running(tmp_path, attract={"hours": ["mon 00:00-00:01"]}) as server,
        server.screen() as screen,
    ):
        await screen.send("hello", protocol=m.PROTOCOL)
        await screen.next("welcome")
        assert (await screen.next("attract"))["type"] == "attract"
        assert await attract.wake(server.app[keys.BUS], "lobby")
        await screen.next("wake")
        with server.app[keys.LIVE].follow() as follower:
            await screen.send("rest", dark=True)
            async with asyncio.timeout(20):
                change = await follower.next()
        assert change is not None
        assert isinstance(change.event, events.ScreenRests)
        assert server.app[keys.LIVE].kiosks["lobby"].resting
        # Only a site that wants it lets anything but a touch begin.
        await screen.send("start", by="presence")
        assert (await screen.next("error"))["code"] == "not_now"
        await screen.send("start")
        await screen.next("visit")
        assert not await attract.wake(server.app[keys.BUS], "lobby")
