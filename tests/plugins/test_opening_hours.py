"""The calendar: hours, closures, what is on, a door that stays shut, and a calendar that breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

from kiosk import keys
from kiosk.emulator.speech.engines import Engines
from kiosk.i18n import Texts
from kiosk.model import Kiosk
from kiosk.testing import fake_session
from kiosk.testing.fixtures import MakeHarness
from plugins import opening_hours
from plugins.opening_hours import OWN, programme_card
from plugins.opening_hours.programme import CalendarError, Programme
from plugins.opening_hours.words import spoken_day
from tests.unit.cli.commanding import kiosk as command
from tests.unit.hooks.hooking import running

LISBON = ZoneInfo("Europe/Lisbon")
THURSDAY = date(2026, 12, 3)


def programme(data: bytes | None = None) -> Programme:
    return Programme(data or OWN.read_bytes(), LISBON, opening="opening", closed="Closed")


def event(lines: str) -> bytes:
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\n"
    return (text + "END:VCALENDAR\n").replace("\n", "\r\n").encode()


def test_a_day_has_its_hours_and_its_programme_in_order() -> None:
    day = programme().day(THURSDAY)
    assert day.hours() == "10:00-20:00"
    assert [f"{one.start:%H:%M} {one.title}" for one in day.events] == [
        "11:00 Guided tour of the house",
        "15:00 Guided tour of the house",
        "18:30 Concert on the harbour organ",
    ]
    assert day.is_open(time(19, 59))
    assert not day.is_open(time(20))


def test_an_event_is_in_the_visitors_language_or_as_the_calendar_has_it_first() -> None:
    day = programme().day(THURSDAY)
    for language, title, place in (
        ("ar", "حفل موسيقي على أرغن الميناء", "القاعة الكبرى"),
        ("pt-BR", "Concerto no órgão do porto", "Grande sala"),
        ("sv", "Concert on the harbour organ", "Great hall"),
    ):
        card = programme_card(day, fake_session(language=language))
        assert (card.data["rows"][-1]["title"], card.data["rows"][-1]["place"]) == (title, place)
    marked = event("SUMMARY;LANGUAGE=de-AT:Jause\nDTSTART:20261203T180000Z")
    (snack,) = programme(marked).day(THURSDAY).events
    assert (snack.title, snack.title_in("de"), snack.title_in("en")) == ("Jause",) * 3


def test_the_museums_programme_is_in_every_language_of_the_screen() -> None:
    languages = set(Texts.load().languages) - {"en"}
    for day in programme().days(date(2026, 12, 1), 7):
        for one in day.events:
            assert set(one.titles) == set(one.places) == languages, one.title


def test_a_closed_day_has_neither() -> None:
    christmas, monday = programme().day(date(2026, 12, 25)), programme().day(date(2026, 12, 7))
    assert (christmas.open, christmas.events) == ((), ())
    assert monday.open == ()


def test_times_of_other_zones_are_the_sites_and_cancelled_ones_are_marked() -> None:
    lines = "SUMMARY:Talk\nDTSTART:20261203T180000Z\nDTEND:20261203T190000Z\nSTATUS:CANCELLED"
    data = event(lines)
    made = Programme(data, ZoneInfo("Europe/Berlin"), opening="OPENING", closed="CLOSED")
    (talk,) = made.day(THURSDAY).events
    assert (f"{talk.start:%H:%M}", talk.cancelled) == ("19:00", True)
    (row,) = programme_card(made.day(THURSDAY), fake_session(language="it")).data["rows"]
    assert row["state"] == "cancelled"


@pytest.mark.parametrize(
    ("zone", "hours", "on"),
    [
        ("Pacific/Auckland", "20261202T200000Z/20261203T040000Z", "09:00-17:00"),
        ("America/Los_Angeles", "20261204T010000Z/20261204T060000Z", "17:00-22:00"),
    ],
)
def test_hours_of_another_zone_are_on_the_sites_day(zone: str, hours: str, on: str) -> None:
    start, end = hours.split("/")
    data = event(f"CATEGORIES:OPENING\nDTSTART:{start}\nDTEND:{end}")
    made = Programme(data, ZoneInfo(zone), opening="opening", closed="closed")
    days = [made.day(date(2026, 12, number)).hours() for number in (2, 3, 4)]
    assert days == ["", on, ""]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"not a calendar", "no iCalendar file"),
        (event("SUMMARY:x\nDTSTART:nonsense"), "no iCalendar file"),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n", "no event"),
        (b"x" * 3_000_000, "larger than"),
        (event("DTSTART:20261203T180000Z\nRRULE:FREQ=DAILY;INTERVAL=0"), "repeats every 0 days"),
        (event("DTSTART:20261203T180000Z\nRRULE:FREQ=SECONDLY"), "every minute or second"),
    ],
    ids=["text", "date", "empty", "large", "endless", "busy"],
)
def test_a_file_that_is_none_says_why(data: bytes, why: str) -> None:
    with pytest.raises(CalendarError, match=why):
        programme(data)


def test_days_as_a_model_says_them() -> None:
    assert spoken_day("Tomorrow", THURSDAY) == date(2026, 12, 4)
    assert spoken_day("monday", THURSDAY) == date(2026, 12, 7)
    assert spoken_day("thursday", THURSDAY) == THURSDAY
    assert spoken_day("2026-12-24", THURSDAY) == date(2026, 12, 24)
    assert spoken_day("someday", THURSDAY) is None


def test_the_card_says_what_is_over_and_what_is_next() -> None:
    at = datetime(2026, 12, 3, 14, 40, tzinfo=LISBON)
    card = programme_card(programme().day(THURSDAY), fake_session(language="de", now=at))
    assert [row["state"] for row in card.data["rows"]] == ["over", "soon", ""]
    assert card.data["day"] == "Donnerstag, 3. Dezember 2026"
    assert card.data["note"] == "Geöffnet 10:00-20:00."


async def test_a_visitor_asks_what_is_on(kiosk_harness: MakeHarness, engines: Engines) -> None:
    harness = await kiosk_harness(engines=engines, plugins={"opening_hours": opening_hours})
    visit = await harness.visit(media=False, microphone=False)
    await visit.heard()
    await visit.type("What is on at the museum on thursday, any concerts or events?")
    await visit.heard()
    assert [call.name for call in visit.tool_calls] == ["whats_on"]
    assert visit.cards["programme"]["title"] == "What is on"
    panels = await harness.app[keys.HOOKS].dashboard_panels("anna")
    assert [panel.title for panel in panels] == ["Opening hours"]


async def test_the_door_stays_shut_outside_the_hours_if_the_site_wants_that() -> None:
    table: dict[str, Any] = {"plugins": {"opening_hours": {"deny_when_closed": True}}}
    visitor = Kiosk("lobby", "Lobby", "entrance", "de")
    async with running({"opening_hours": opening_hours}, **table) as shown:
        # The clock of this helper says two in the afternoon of a Wednesday in March.
        assert await shown.hooks.admit_session(visitor) is None
        shown.clock.advance(5 * 3600)
        denied = await shown.hooks.admit_session(visitor)
        assert denied is not None
        assert denied.reason == "Wir haben jetzt geschlossen. Bis ein andermal!"
        shown.clock.advance(13 * 3600)
        denied = await shown.hooks.admit_session(visitor)
        assert denied is not None
        assert denied.reason == "Wir öffnen um 10:00. Bis bald!"


class Far:
    """Serves a calendar, for as long as it wants to."""

    def __init__(self) -> None:
        self.body = OWN.read_bytes()
        self.status = 200
        self.asked = asyncio.Event()

    async def answer(self, _request: web.Request) -> web.Response:
        self.asked.set()
        return web.Response(body=self.body, status=self.status)


@asynccontextmanager
async def far_side(far: Far) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/museum.ics", far.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/museum.ics"
    finally:
        await runner.cleanup()


async def test_the_last_good_copy_outlives_the_calendars_server(
    kiosk_harness: MakeHarness, engines: Engines, tmp_path: Path
) -> None:
    far = await asyncio.to_thread(Far)
    async with far_side(far) as url:
        settings: dict[str, Any] = {
            "plugins": {"opening_hours": {"calendar": url}},
            "storage": {"url": f"sqlite+aiosqlite:///{tmp_path / 'kept.sqlite3'}"},
        }
        options: dict[str, Any] = {
            "engines": engines,
            "settings": settings,
            "plugins": {"opening_hours": opening_hours},
        }
        await kiosk_harness(**options)
        far.status = 503
        harness = await kiosk_harness(**options)
        (panel,) = await harness.app[keys.HOOKS].dashboard_panels("anna")
        assert panel.text == "the server answered 503"


def test_a_calendar_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    async def start() -> None:
        table = {"plugins": {"opening_hours": {"calendar": str(tmp_path / "none.ics")}}}
        async with running({"opening_hours": opening_hours}, **table):
            pass

    with pytest.raises(Exception, match=r"none\.ics cannot be used: No such file"):
        asyncio.run(start())


def test_the_command_prints_the_next_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    result = command("opening-hours", "--days", "7")
    assert result.exit_code == 0
    assert "10:00-20:00" in result.output
    assert "Guided tour" in result.output
