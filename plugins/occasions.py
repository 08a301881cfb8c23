"""Greets in its own way on some days: by settings, iCal file, seed, or in the model's words.

Asked before `lobby_greeting`, and leaves to it every visit that none of this is about.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import recurring_ical_events
import structlog
from icalendar import Calendar
from pydantic import BaseModel, ConfigDict, Field

from kiosk import hookimpl
from kiosk.errors import StartupError, StorageError
from kiosk.hooks.site import SessionHandle, Site
from kiosk.hooks.specs import RegisterSettings
from kiosk.model import Greeting, VisitSummary

log = structlog.get_logger(__name__)

CATEGORY: Final = "GREETING"
"""Category of events whose summary is a greeting; `SUMMARY;LANGUAGE=de:` is German."""
MOST_BYTES: Final = 2 * 1024 * 1024
USED: Final = "used/"
"""Keys of the store: when a screen was last used. One for each screen, and not for long."""


class Occasion(BaseModel):
    """Days with a greeting of their own; every year if so set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: dict[str, str] = Field(min_length=1, description='By language: { en = "…", de = "…" }.')
    begins: date
    ends: date | None = None
    yearly: bool = False
    places: tuple[str, ...] = ()

    def counts(self, day: date, place: str) -> bool:
        """Whether `day` at `place` is one of its days; a yearly one may go over New Year."""
        if self.places and place not in self.places:
            return False
        begins, ends = self.begins, self.ends or self.begins
        if not self.yearly:
            return begins <= day <= ends
        first, last, today = ((one.month, one.day) for one in (begins, ends, day))
        return first <= today <= last if first <= last else today >= first or today <= last


class OccasionSettings(BaseModel):
    """`[plugins.occasions]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: tuple[Occasion, ...] = Field((), max_length=100)
    calendar: Path | None = Field(None, description=f".ics; events of the category {CATEGORY}.")
    variants: dict[str, tuple[str, ...]] = Field(
        {}, description="By language, greetings of ordinary days; one is drawn for each visit."
    )
    seed: int = Field(0, description="The same seed, day and number of visit draw the same.")
    short: dict[str, str] = Field({}, description="By language, for a screen that was just used.")
    short_within_min: int = Field(60, ge=1, le=1440)
    improvise: bool = Field(False, description="The model greets; our words are what it goes by.")


def in_language(texts: dict[str, Any], language: str) -> Any:
    """Return what there is in a language, or in its base; None when there is nothing."""
    return texts.get(language) or texts.get(language.partition("-")[0])


class Greetings:
    """The greetings of a calendar. Blocking: ask it in a thread."""

    def __init__(self, path: Path) -> None:
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ValueError(f"it is larger than {MOST_BYTES // 1024} KiB")
            self._query = recurring_ical_events.of(Calendar.from_ical(path.read_bytes()))
            self.on(date(2026, 1, 1))
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise StartupError(f"plugin occasions: {path} cannot be read: {why}.") from None
        except (ValueError, KeyError, AttributeError, IndexError, TypeError) as error:
            # The parser raises all of these for a broken file.
            raise StartupError(f"plugin occasions: {path} is no calendar: {error}.") from None

    def on(self, day: date) -> dict[str, str]:
        """Return the greetings of a day by language; without a language they are English."""
        found: dict[str, str] = {}
        for event in self._query.at(day):
            if CATEGORY not in _categories(event):
                continue
            given = event.get("SUMMARY")
            for text in given if isinstance(given, list) else [given]:
                language = str(text.params.get("LANGUAGE", "en")).lower() if text else "en"
                found.setdefault(language, str(text or "")[:500])
        return found


def _categories(event: Any) -> set[str]:
    found = event.get("CATEGORIES")
    values = found if isinstance(found, list) else [] if found is None else [found]
    return {str(name).upper() for value in values for name in value.cats}


@hookimpl
def register_settings(register: RegisterSettings) -> None:
    """Which days, which words."""
    register(OccasionSettings)


@hookimpl
@asynccontextmanager
async def lifespan(site: Site) -> AsyncIterator[None]:
    """Read the calendar before the first visitor; one that is broken stops the start."""
    path = site.settings(OccasionSettings).calendar
    site.state["calendar"] = await asyncio.to_thread(Greetings, path) if path else None
    site.state["visits"] = 0
    await _forget(site)
    yield


@hookimpl
async def greeting(site: Site, session: SessionHandle) -> Greeting | None:
    """Greet as the day, the calendar, the last visit or the seed says; or leave it to others."""
    settings = site.settings(OccasionSettings)
    site.state["visits"] += 1
    text = await _of_the_day(site, session)
    short = in_language(settings.short, session.language)
    if text is None and short and await _was_just_used(site, session):
        text = short
    if text is None:
        text = _drawn(settings, session, site.state["visits"])
    return None if text is None else Greeting(text, improvise=settings.improvise)


async def _of_the_day(site: Site, session: SessionHandle) -> str | None:
    today, place = session.now().date(), session.kiosk.place
    for occasion in site.settings(OccasionSettings).days:
        text: str | None = in_language(occasion.text, session.language)
        if text and occasion.counts(today, place):
            return text
    calendar: Greetings | None = site.state["calendar"]
    if calendar is None:
        return None
    found: str | None = in_language(await asyncio.to_thread(calendar.on, today), session.language)
    return found


async def _was_just_used(site: Site, session: SessionHandle) -> bool:
    """Whether this screen was used so lately that it may be the same person: nobody is known."""
    try:
        last = await site.store.get(USED + session.kiosk.id)
    except StorageError:
        log.warning("nobody knows when the screen was last used")
        return False
    return last is not None and _is_fresh(site, last)


def _is_fresh(site: Site, last: str) -> bool:
    within = timedelta(minutes=site.settings(OccasionSettings).short_within_min)
    return site.now() - datetime.fromisoformat(last) <= within


async def _forget(site: Site) -> None:
    """Drop what is no longer lately; a site that greets nobody shortly keeps nothing."""
    keeps = bool(site.settings(OccasionSettings).short)
    try:
        for key, last in await site.store.items(USED):
            if not (keeps and _is_fresh(site, last)):
                await site.store.delete(key)
    except StorageError:
        log.warning("old uses of screens cannot be forgotten")


def _drawn(settings: OccasionSettings, session: SessionHandle, number: int) -> str | None:
    variants = in_language(settings.variants, session.language)
    if not variants:
        return None
    # Drawn from the day, the screen and the visit's number, so that a test knows what comes.
    key = f"{settings.seed}/{session.now():%Y-%m-%d}/{session.kiosk.id}/{number}"
    chosen: str = random.Random(key).choice(variants)
    return chosen


@hookimpl
async def session_ended(site: Site, summary: VisitSummary) -> None:
    """Remember when each screen was last used, and nothing else, also over a restart."""
    if not site.settings(OccasionSettings).short:
        return
    await _forget(site)
    try:
        await site.store.set(USED + summary.kiosk_id, site.now().isoformat())
    except StorageError:
        log.warning("the use of a screen cannot be kept")
