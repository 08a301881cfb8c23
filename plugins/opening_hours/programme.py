"""A site's iCal calendar as days: when the house is open, and what is on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar

from kiosk.errors import StartupError

MOST_BYTES: Final = 2 * 1024 * 1024
MOST_EVENTS: Final = 60
"""Events of one day."""
MOST_LETTERS: Final = 200
"""Letters of a title or a place."""


class CalendarError(StartupError):
    """The calendar cannot be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that is on, in the site's time; `titles` and `places` are further languages'."""

    start: datetime
    end: datetime
    title: str
    place: str = ""
    cancelled: bool = False
    titles: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)

    def title_in(self, language: str) -> str:
        """Return what it is called in a language, else as the calendar has it first."""
        return self.titles.get(language.partition("-")[0], self.title)

    def place_in(self, language: str) -> str:
        """Return where it is in a language, else as the calendar has it first."""
        return self.places.get(language.partition("-")[0], self.place)


@dataclass(frozen=True, slots=True)
class Day:
    """One day: spans in which the house is open, and its programme in order."""

    date: date
    open: tuple[tuple[time, time], ...]
    events: tuple[Event, ...]

    def is_open(self, at: time) -> bool:
        """Whether the house is open at a time of this day."""
        return any(start <= at < end for start, end in self.open)

    def hours(self) -> str:
        """Return the open spans, such as `10:00-18:00`; nothing when closed."""
        return ", ".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in self.open)


class Programme:
    """A calendar. Blocking: a large one takes milliseconds a day, so ask it in a thread."""

    def __init__(self, data: bytes, zone: ZoneInfo, *, opening: str, closed: str) -> None:
        self._zone = zone
        self._opening = opening.casefold()
        self._closed = closed.casefold()
        if len(data) > MOST_BYTES:
            raise CalendarError(f"the calendar is larger than {MOST_BYTES // 1024} KiB")
        try:
            calendar = Calendar.from_ical(data)
            _check_rules(calendar)
            self._query = recurring_ical_events.of(calendar)
            self.day(date(2026, 1, 1))
        except (ValueError, KeyError, AttributeError, IndexError, TypeError) as error:
            # The parser raises all of these for a broken file.
            raise CalendarError(f"it is no iCalendar file ({error})") from None
        if not any(component.name == "VEVENT" for component in calendar.walk()):
            raise CalendarError("it has no event (VEVENT)")

    def day(self, day: date) -> Day:
        """Return one day of the site."""
        spans: list[tuple[time, time]] = []
        events: list[Event] = []
        is_closed = False
        # An event is found on its day in its own time zone, which may be another day here.
        around = self._query.between(day - timedelta(days=1), day + timedelta(days=2))
        first = datetime.combine(day, time.min, self._zone)
        last = datetime.combine(day + timedelta(days=1), time.min, self._zone)
        for item in around:
            start, end = self._local(item["DTSTART"].dt), self._local(_end(item))
            if start >= last or not (end > first or start >= first):
                continue
            kinds = _categories(item)
            cancelled = str(item.get("STATUS", "")).upper() == "CANCELLED"
            if self._closed in kinds:
                is_closed = is_closed or not cancelled
            elif self._opening in kinds:
                if not cancelled:
                    spans.append(_within(day, start, end))
            elif len(events) < MOST_EVENTS:
                title, titles = _worded(item, "SUMMARY")
                place, places = _worded(item, "LOCATION")
                events.append(Event(start, end, title, place, cancelled, titles, places))
        if is_closed:
            return Day(day, (), ())
        return Day(day, tuple(sorted(spans)), tuple(sorted(events, key=lambda one: one.start)))

    def days(self, first: date, count: int) -> list[Day]:
        """Return some days in a row."""
        return [self.day(first + timedelta(days=number)) for number in range(count)]

    def _local(self, moment: date | datetime) -> datetime:
        if not isinstance(moment, datetime):
            return datetime.combine(moment, time.min, self._zone)
        if moment.tzinfo is None:
            return moment.replace(tzinfo=self._zone)  # a floating time is the site's own
        return moment.astimezone(self._zone)


def _check_rules(calendar: Any) -> None:
    """Raise CalendarError for a repetition that is counted for minutes, or without an end."""
    for event in calendar.walk("VEVENT"):
        found = event.get("RRULE")
        for rule in found if isinstance(found, list) else [] if found is None else [found]:
            if {"SECONDLY", "MINUTELY"} & {str(word).upper() for word in rule.get("FREQ", ())}:
                raise CalendarError("it has an event every minute or second (RRULE)")
            if any(int(number) < 1 for number in rule.get("INTERVAL", ())):
                raise CalendarError("it has an event that repeats every 0 days (RRULE)")


def _end(item: Any) -> date | datetime:
    end = item.get("DTEND")
    found: date | datetime = end.dt if end is not None else item["DTSTART"].dt
    return found


def _within(day: date, start: datetime, end: datetime) -> tuple[time, time]:
    """Return the part of a span that is on `day`; midnight at its end is 23:59."""
    first = start.time() if start.date() == day else time.min
    last = end.time() if end.date() == day and end.time() > time.min else time(23, 59)
    return first, last


def _worded(item: Any, name: str) -> tuple[str, dict[str, str]]:
    """Return a text as the event has it first, and by the languages it is marked with."""
    found = item.get(name)
    texts = found if isinstance(found, list) else [] if found is None else [found]
    by_language: dict[str, str] = {}
    for text in texts:
        marked = str(text.params.get("LANGUAGE", "")).partition("-")[0].lower()
        by_language.setdefault(marked, str(text)[:MOST_LETTERS])
    first = by_language.get("") or next(iter(by_language.values()), "")
    by_language.pop("", None)
    return first, by_language


def _categories(item: Any) -> set[str]:
    found = item.get("CATEGORIES")
    values = found if isinstance(found, list) else [] if found is None else [found]
    return {str(name).casefold() for value in values for name in value.cats}
