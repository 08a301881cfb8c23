"""Greets by hour, place and language, and knows when the house is open: the plugin to copy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from kiosk import hookimpl
from kiosk.events import DomainEvent
from kiosk.hooks.site import SessionHandle, Site
from kiosk.hooks.specs import RegisterSettings
from kiosk.model import Card

from .words import WORDS

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LAST_CALL = timedelta(minutes=30)  # before closing we say so: nobody likes to find out inside


def _hours(value: Any) -> tuple[time, time] | None:
    if value is None or value == "closed":
        return None
    try:
        opens, closes = (time.fromisoformat(part.strip()) for part in str(value).split("-"))
    except ValueError:
        opens = closes = time.min
    if opens < closes:
        return opens, closes
    raise ValueError('write "10:00-18:00", the earlier first, or "closed"')


Day = Annotated[tuple[time, time] | None, BeforeValidator(_hours)]
USUAL = (time(10), time(18))


class LobbySettings(BaseModel):
    """`[plugins.lobby_greeting]`: each weekday is "10:00-18:00" or "closed"."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    monday: Day = None
    tuesday: Day = USUAL
    wednesday: Day = USUAL
    thursday: Day = (time(10), time(20))
    friday: Day = USUAL
    saturday: Day = USUAL
    sunday: Day = USUAL
    closed_days: tuple[date, ...] = ()
    entrances: tuple[str, ...] = ()  # places of kiosks that welcome; empty: all of them
    welcome: dict[str, str] = {}  # by language, such as en = "welcome to the Museum on the Quay"

    def hours(self, day: date) -> tuple[time, time] | None:
        """Return when the house opens and closes on `day`, or None when it is closed."""
        hours: tuple[time, time] | None = getattr(self, WEEKDAYS[day.weekday()])
        return None if day in self.closed_days else hours


@hookimpl
def register_settings(register: RegisterSettings) -> None:
    """Opening hours, and how the house is called."""
    register(LobbySettings)


@hookimpl
def greeting(site: Site, session: SessionHandle) -> str | None:
    """Say good day, where the visitor is, and what the hour means for them."""
    language = session.language.partition("-")[0]
    if language not in WORDS:
        return None  # the next plugin is asked, in the end the built-in one
    words, settings, now = WORDS[language], site.settings(LobbySettings), session.now()
    part = words["dawn" if now.hour < 12 else "noon" if now.hour < 18 else "dusk"]
    if (place := session.kiosk.place) and place not in (settings.entrances or (place,)):
        hello = words["there"].format(part=part, place=words["place"].format(place=place))
    else:
        welcome = settings.welcome.get(language, words["welcome"])
        hello = words["hello"].format(part=part, welcome=welcome)
        hello = hello.replace("{site}", session.site_name)
    news = _news(settings.hours(now.date()), now, words)
    return words["join"].join(filter(None, (hello, news, words["self"])))


def _news(hours: tuple[time, time] | None, now: datetime, words: dict[str, str]) -> str:
    if hours is None:
        return words["shut"]
    if now.time() < hours[0]:
        return words["early"].format(time=f"{hours[0]:%H:%M}")
    if now.time() >= hours[1]:
        return words["late"]
    if now + LAST_CALL >= datetime.combine(now.date(), hours[1], now.tzinfo):
        return words["closing"].format(time=f"{hours[1]:%H:%M}")
    return ""


@hookimpl
def instructions(site: Site, session: SessionHandle) -> str:
    """Tell the model date and hours as sentences it can say; it translates by itself."""
    settings, now = site.settings(LobbySettings), session.now()
    lines = [f"Now it is {now:%H:%M} on {now:%A}, {now.day} {now:%B %Y}."]
    for label, day in (("Today", now.date()), ("Tomorrow", now.date() + timedelta(days=1))):
        lines.append(f"{label} ({day:%A}) we are {_in_words(settings.hours(day))}.")
    for name in WEEKDAYS:
        lines.append(f"On {name.title()}s we are {_in_words(getattr(settings, name))}.")
    lines += [f"On {day.day} {day:%B %Y} we are closed." for day in settings.closed_days]
    return "\n".join(lines)


def _in_words(hours: tuple[time, time] | None) -> str:
    return f"open from {hours[0]:%H:%M} to {hours[1]:%H:%M}" if hours else "closed"


@hookimpl
def cards(site: Site, session: SessionHandle, event: DomainEvent) -> Sequence[Card] | None:
    """Show the week beside the answer when a visitor asks about opening hours."""
    if event.type != "turn_completed" or event.speaker != "visitor":
        return None
    words = WORDS.get(session.language.partition("-")[0])
    if words is None or not re.search(words["asks"], event.text, re.IGNORECASE):
        return None
    week = []
    for field, name in zip(WEEKDAYS, words["days"].split(), strict=True):
        day = getattr(site.settings(LobbySettings), field)
        hours = f"{day[0]:%H:%M}-{day[1]:%H:%M}" if day else words["closed"]
        week.append({"title": name, "aside": hours})
    return [Card("list", words["title"], {"items": week}, id="opening-hours")]
