"""Greetings of days, calendars, screens just used and seeds; all else is left to other plugins."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk.errors import StartupError
from kiosk.model import EndReason, Greeting, VisitSummary
from kiosk.testing import fake_session, fake_site
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
            summary = VisitSummary("v", "lobby", language, START, START, EndReason.IDLE, 1)
            occasions.session_ended(site, session, summary)
    return answer


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
