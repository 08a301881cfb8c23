"""Greetings of days, calendars, screens just used and seeds; all else is left to other plugins."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk.emulator.speech.engines import Engines
from kiosk.errors import StartupError
from kiosk.model import EndReason, Greeting, VisitSummary
from kiosk.testing import KioskHarness, ManualClock, fake_session, fake_site
from kiosk.testing.databases import fresh_database, url_of
from plugins import occasions
from plugins.occasions import Greetings, Occasion, OccasionSettings
from tests.unit.hooks.hooking import START

CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:1
CATEGORIES:GREETING
SUMMARY:Happy birthday to our museum!
SUMMARY;LANGUAGE=de:Unser Museum hat Geburtstag!
DTSTART;VALUE=DATE:20200304
DTEND;VALUE=DATE:20200305
RRULE:FREQ=YEARLY
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:A tour
DTSTART;VALUE=DATE:20260304
END:VEVENT
END:VCALENDAR
"""


async def greeted(language: str = "en", visits: int = 1, **table: Any) -> Greeting | None:
    """Greet on Wednesday, 4 March 2026; of several visits, the last one's greeting."""
    site = fake_site(OccasionSettings.model_validate(table))
    session = fake_session(language=language)
    answer = None
    async with occasions.lifespan(site):
        for _ in range(visits):
            answer = await occasions.greeting(site, session)
            await occasions.session_ended(site, over(language))
    return answer


def over(language: str = "en", kiosk: str = "lobby") -> VisitSummary:
    return VisitSummary("v", kiosk, language, START, START, EndReason.IDLE, 1)


async def test_without_settings_it_says_nothing() -> None:
    assert await greeted() is None


async def test_a_day_has_its_greeting_in_the_visitors_language() -> None:
    days = [
        {"begins": "2026-03-01", "ends": "2026-03-04", "text": {"en": "Spring!", "de": "Lenz!"}}
    ]
    assert await greeted(days=days) == Greeting("Spring!")
    assert await greeted("de-AT", days=days) == Greeting("Lenz!")
    assert await greeted("fr", days=days) is None
    assert await greeted(days=days, improvise=True) == Greeting("Spring!", improvise=True)


def test_a_yearly_one_goes_over_new_year() -> None:
    winter = Occasion(
        begins=date(2020, 12, 24), ends=date(2021, 1, 6), yearly=True, text={"en": "x"}
    )
    assert winter.counts(date(2026, 12, 31), "")
    assert winter.counts(date(2027, 1, 6), "")
    assert not winter.counts(date(2027, 1, 7), "")
    assert not Occasion(begins=date(2026, 3, 4), text={"en": "x"}, places=("shop",)).counts(
        date(2026, 3, 4), "entrance"
    )


async def test_a_calendar_greets_in_its_languages(tmp_path: Path) -> None:
    path = tmp_path / "days.ics"
    await asyncio.to_thread(path.write_text, CALENDAR.replace("\n", "\r\n"), encoding="utf-8")
    assert await greeted(calendar=str(path)) == Greeting("Happy birthday to our museum!")
    assert await greeted("de", calendar=str(path)) == Greeting("Unser Museum hat Geburtstag!")
    made = await asyncio.to_thread(Greetings, path)
    assert made.on(date(2026, 3, 5)) == {}


async def test_a_screen_that_was_just_used_greets_shortly() -> None:
    short = {"en": "Hello! What can I do for you?"}
    assert await greeted(short=short) is None
    assert await greeted(short=short, visits=2) == Greeting(short["en"])


async def test_it_is_remembered_over_a_restart_and_forgotten_after_its_time() -> None:
    clock = ManualClock(START)
    settings = OccasionSettings.model_validate({"short": {"en": "Hello again!"}})
    site = fake_site(settings, clock=clock)
    async with occasions.lifespan(site):
        await occasions.session_ended(site, over())
        await occasions.session_ended(site, over(kiosk="upstairs"))
    site.state.clear()  # as a server begins
    async with occasions.lifespan(site):
        assert await occasions.greeting(site, fake_session()) == Greeting("Hello again!")
        await clock.advance(seconds=3601)
        assert await occasions.greeting(site, fake_session()) is None
        await occasions.session_ended(site, over())
        assert list(site.store_data.values) == ["used/lobby"], "the other's is forgotten"
    await clock.advance(seconds=3601)
    async with occasions.lifespan(site):
        assert site.store_data.values == {}


async def test_a_site_that_greets_nobody_shortly_keeps_nothing() -> None:
    site = fake_site(OccasionSettings())
    await site.store.set("used/lobby", START.isoformat())  # it did, once
    async with occasions.lifespan(site):
        await occasions.session_ended(site, over())
        assert site.store_data.values == {}


async def test_a_screen_in_use_again_after_a_restart_is_greeted_shortly(
    engines: Engines, tmp_path: Path
) -> None:
    settings = {
        "storage": {"url": url_of(tmp_path / "kept.sqlite3")},
        "plugins": {"occasions": {"short": {"en": "Hello again!"}}},
    }
    await fresh_database(tmp_path / "kept.sqlite3")
    heard = []
    for _ in range(2):
        async with KioskHarness(
            engines=engines, plugins={"occasions": occasions}, settings=settings
        ) as harness:
            visit = await harness.visit(media=False, microphone=False)
            heard.append(await visit.heard())
            await visit.leave()
    assert heard[0] != "Hello again!"
    assert heard[1] == "Hello again!"


async def test_a_seed_draws_the_same_again() -> None:
    variants = {"en": [f"Greeting {number}" for number in range(20)]}
    drawn = [await greeted(variants=variants, seed=7, visits=n) for n in range(1, 6)]
    again = [await greeted(variants=variants, seed=7, visits=n) for n in range(1, 6)]
    other = [await greeted(variants=variants, seed=8, visits=n) for n in range(1, 6)]
    assert drawn == again != other
    assert len(set(drawn)) > 1


def test_a_broken_calendar_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "days.ics"
    with pytest.raises(StartupError, match="cannot be read: No such file"):
        Greetings(path)
    path.write_text("nonsense")
    with pytest.raises(StartupError, match="is no calendar"):
        Greetings(path)


def test_these_tests_are_on_a_wednesday() -> None:
    assert fake_session().now() == datetime(2026, 3, 4, 14, tzinfo=UTC)
