"""Opening hours and programme from an iCal file or address: what is on, and whether we are open.

Events of the category OPENING are opening hours, those of CLOSED are closures, all others are the
programme. A calendar behind an address is fetched again now and then; its last good copy is kept.
An event may be in several languages: `SUMMARY;LANGUAGE=de:` and `LOCATION;LANGUAGE=de:`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp
import click
import structlog
from pydantic import BaseModel, ConfigDict, Field, field_validator

from kiosk import hookimpl
from kiosk.errors import StorageError
from kiosk.hooks.site import SessionHandle, Site
from kiosk.hooks.specs import (
    RegisterCommand,
    RegisterHealthCheck,
    RegisterSettings,
    RegisterTool,
)
from kiosk.hooks.values import Deny, Panel
from kiosk.model import Card, Kiosk, ToolResult

from .programme import MOST_BYTES, CalendarError, Day, Programme
from .words import say, spoken_day

log = structlog.get_logger(__name__)

OWN: Final = Path(__file__).with_name("museum.ics")
COPY: Final = "calendar"
"""Key of the last good copy in the plugin's store."""
CHUNK: Final = 60_000
"""Characters of the copy in one value of the store, which takes 64 KiB."""
SOON: Final = timedelta(minutes=30)


class HoursSettings(BaseModel):
    """`[plugins.opening_hours]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    calendar: str = Field(str(OWN), description="Path of an .ics file, or its https address.")
    opening_category: str = "OPENING"
    closed_category: str = "CLOSED"
    refresh_min: float = Field(60, ge=1, le=1440, description="How often to read it again, min.")
    stale_h: float = Field(24, gt=0, description="After how long without a new copy to say so, h.")
    deny_when_closed: bool = False

    @field_validator("calendar")
    @classmethod
    def _safe(cls, value: str) -> str:
        if "://" in value and not value.startswith(("https://", "http://127.0.0.1:")):
            raise ValueError("use an https address, or a path")
        return value

    @property
    def is_address(self) -> bool:
        """Whether the calendar comes over HTTP."""
        return "://" in self.calendar


class Source:
    """The calendar now, where it comes from, and how old it is."""

    def __init__(self, site: Site, settings: HoursSettings) -> None:
        self._site = site
        self._settings = settings
        self.programme: Programme
        self.read_at: datetime
        self.problem = ""

    async def open(self) -> None:
        """Read it for the first time; raises CalendarError when there is no copy, either."""
        try:
            await self._read()
        except (CalendarError, OSError, aiohttp.ClientError, TimeoutError) as error:
            kept = await self._kept() if self._settings.is_address else b""
            if not kept:
                raise CalendarError(
                    f"plugin opening_hours: {self._settings.calendar} cannot be used: {_why(error)}"
                ) from None
            self.programme = await asyncio.to_thread(self._parsed, kept)
            self.read_at, self.problem = self._site.now(), _why(error)

    async def refresh(self) -> None:
        """Read it again and again; a calendar that broke is kept as it was, and told."""
        while True:
            await self._site.clock.sleep(self._settings.refresh_min * 60)
            try:
                await self._read()
            except (CalendarError, OSError, aiohttp.ClientError, TimeoutError) as error:
                self.problem = _why(error)
                log.warning("the calendar cannot be read again", kind=type(error).__name__)

    async def _read(self) -> None:
        if self._settings.is_address:
            data = await self._fetch()
        else:
            data = await asyncio.to_thread(Path(self._settings.calendar).read_bytes)
        self.programme = await asyncio.to_thread(self._parsed, data)
        self.read_at, self.problem = self._site.now(), ""
        if self._settings.is_address:
            await self._keep(data)

    async def _fetch(self) -> bytes:
        async with self._site.http.get(self._settings.calendar) as answer:
            answer.raise_for_status()
            data = await answer.content.read(MOST_BYTES + 1)
            while len(data) <= MOST_BYTES and (more := await answer.content.read(MOST_BYTES)):
                data += more
            return data

    def _parsed(self, data: bytes) -> Programme:
        settings = self._settings
        return Programme(
            data,
            self._site.zone,
            opening=settings.opening_category,
            closed=settings.closed_category,
        )

    async def _keep(self, data: bytes) -> None:
        text = data.decode("latin-1")
        parts = [text[at : at + CHUNK // 2] for at in range(0, len(text), CHUNK // 2)]
        try:
            for number, part in enumerate(parts):
                await self._site.store.set(f"{COPY}/{number:04}", part)
            for key, _ in await self._site.store.items(f"{COPY}/"):
                if int(key.rpartition("/")[2]) >= len(parts):
                    await self._site.store.delete(key)
        except StorageError:
            log.warning("the calendar's copy cannot be kept")

    async def _kept(self) -> bytes:
        parts = await self._site.store.items(f"{COPY}/")
        return "".join(str(part) for _, part in parts).encode("latin-1")

    async def day(self, when: date) -> Day:
        """Return one day."""
        return await asyncio.to_thread(self.programme.day, when)

    async def check(self) -> None:
        """Raise with a sentence when the calendar is stale."""
        age = self._site.now() - self.read_at
        if age > timedelta(hours=self._settings.stale_h):
            hours = age.total_seconds() / 3600
            raise RuntimeError(f"The calendar is {hours:.0f} h old: {self.problem or 'unread'}.")


def _why(error: BaseException) -> str:
    if isinstance(error, CalendarError):
        return str(error)
    if isinstance(error, aiohttp.ClientResponseError):
        return f"the server answered {error.status}"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return f"no answer ({type(error).__name__})"


def _source(site: Site) -> Source:
    source: Source = site.state["source"]
    return source


@hookimpl
def register_settings(register: RegisterSettings) -> None:
    """Which calendar, and what its categories mean."""
    register(HoursSettings)


@hookimpl
@asynccontextmanager
async def lifespan(site: Site) -> AsyncIterator[None]:
    """Read the calendar before the first visitor, and again while the server runs."""
    source = Source(site, site.settings(HoursSettings))
    await source.open()
    site.state["source"] = source
    async with asyncio.TaskGroup() as tasks:
        refreshing = tasks.create_task(source.refresh(), name="opening_hours/refresh")
        yield
        refreshing.cancel()


@hookimpl
async def admit_session(site: Site, kiosk: Kiosk) -> Deny | None:
    """Refuse visits while the house is closed, if the site wants that."""
    if not site.settings(HoursSettings).deny_when_closed:
        return None
    now = site.now()
    today = await _source(site).day(now.date())
    if today.is_open(now.time()):
        return None
    later = [start for start, _ in today.open if start > now.time()]
    if later:
        return Deny(say(kiosk.language, "opens", time=f"{later[0]:%H:%M}"))
    return Deny(say(kiosk.language, "shut"))


@hookimpl
async def instructions(site: Site, session: SessionHandle) -> str:
    """Tell the model today's and tomorrow's programme, so that it need not ask for it."""
    now = session.now()
    lines = []
    for label, when in (("Today", now.date()), ("Tomorrow", now.date() + timedelta(days=1))):
        day = await _source(site).day(when)
        lines.append(f"{label} ({when:%A}) the house is {_in_words(day)}.")
        lines += [f"{label} at {e.start:%H:%M}: {e.title}, {e.place or 'here'}." for e in _on(day)]
    return "\n".join(lines)


def _in_words(day: Day) -> str:
    return f"open {day.hours().replace('-', ' to ')}" if day.open else "closed"


def _on(day: Day) -> list[Any]:
    return [event for event in day.events if not event.cancelled]


@hookimpl
def register_tools(register: RegisterTool, site: Site) -> None:
    """One function for the model, about any day."""

    async def whats_on(session: SessionHandle, day: str = "today") -> ToolResult:
        """Say what is on and when the house is open: programme, events, concerts, guided tours
        and workshops of a day.

        Args:
            day: today, tomorrow, a weekday in English, or a date such as 2026-03-04.
        """
        when = spoken_day(day, session.now().date())
        if when is None:
            return ToolResult({"error": "Give today, tomorrow, a weekday, or YYYY-MM-DD."})
        found = await _source(site).day(when)
        events = [
            {
                "time": f"{event.start:%H:%M}",
                "title": event.title_in(session.language),
                "place": event.place_in(session.language),
            }
            for event in _on(found)
        ]
        told = {"date": f"{when:%A %d %B %Y}", "open": found.hours() or "closed", "events": events}
        return ToolResult(told, (programme_card(found, session),))

    register(whats_on)


def programme_card(day: Day, session: SessionHandle) -> Card:
    """Return a timetable of one day; what is over or on now is marked."""
    now, language, rows = session.now(), session.language, []
    for event in day.events:
        state = ""
        if event.cancelled:
            state = "cancelled"
        elif event.end <= now:
            state = "over"
        elif event.start <= now:
            state = "now"
        elif event.start - now <= SOON:
            state = "soon"
        title, place = event.title_in(language), event.place_in(language)
        row = {"time": f"{event.start:%H:%M}", "title": title, "place": place}
        rows.append({**row, "state": state})
    note = say(language, "open", hours=day.hours()) if day.open else say(language, "closed")
    data = {"rows": rows, "day": say(language, "day", date=day.date), "note": note}
    return Card("timetable", say(language, "title"), data, id="programme")


@hookimpl
async def dashboard_panels(site: Site) -> Sequence[Panel]:
    """Show operators today's hours, and how old the calendar is."""
    source, now = _source(site), site.now()
    today = await source.day(now.date())
    rows = [("Open today", today.hours() or "closed")]
    rows += [(f"{event.start:%H:%M}", event.title) for event in _on(today) if event.end > now][:4]
    rows.append(("Calendar read", f"{source.read_at:%d.%m. %H:%M}"))
    return [Panel("Opening hours", source.problem, rows)]


@hookimpl
def register_health_checks(register: RegisterHealthCheck, site: Site) -> None:
    """Say when the calendar is older than it should be."""

    async def fresh() -> None:
        await _source(site).check()

    register("calendar", fresh)


@hookimpl
def register_commands(register: RegisterCommand, site: Site) -> None:
    """`kiosk opening-hours`: print the next days, to see whether the calendar is understood."""

    @click.command("opening-hours")
    @click.option("--days", default=7, show_default=True, type=click.IntRange(1, 60))
    def opening_hours(days: int) -> None:
        """Print hours and programme of the next days from the calendar file."""
        settings = site.settings(HoursSettings)
        if settings.is_address:
            raise click.ClickException("The calendar is behind an address; download it first.")
        try:
            data = Path(settings.calendar).read_bytes()
            made = Programme(
                data,
                site.zone,
                opening=settings.opening_category,
                closed=settings.closed_category,
            )
        except (OSError, CalendarError) as error:
            raise click.ClickException(f"{settings.calendar}: {_why(error)}") from None
        for day in made.days(site.now().date(), days):
            click.echo(f"{day.date:%a %d.%m.}  {day.hours() or 'closed'}")
            for event in day.events:
                click.echo(f"    {event.start:%H:%M}  {event.title}")

    register(opening_hours)
