"""The waiting screen: what its page is given, when it rests, and how something wakes it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog

from kiosk import events
from kiosk.bus.base import Bus, Handler, NoHandlerError, Payload
from kiosk.clock import Clock
from kiosk.i18n import Texts
from kiosk.settings import Settings
from kiosk.settings.attract import AttractSettings
from kiosk.signaling import messages as m
from kiosk.web.slides import Slides, is_video

log = structlog.get_logger(__name__)

LOOK_AGAIN_S: Final = 3600.0
"""The clock of a machine may be set: the hours are looked at again after this time."""
WAKE_S: Final = 2.0
"""How long a screen's server may take to answer a wake."""
GREETING: Final = "attract.title"


def page_data(
    settings: Settings,
    texts: Texts,
    kiosk_id: str,
    slides: Slides | None,
    url: Callable[[str], str],
    hello: str = "",
) -> dict[str, Any]:
    """Return what the page's waiting screen goes by; the same for every visitor."""
    attract, languages = settings.attract, settings.site.languages
    greet_in = languages if attract.greet_in is None else attract.greet_in
    shown = []
    for item in slides.of(kiosk_id) if slides is not None else ():
        assert slides is not None
        shown.append(
            {
                "src": url(f"{slides.prefix}/{item.file}"),
                "video": is_video(item.file),
                "lines": [item.title, item.caption],
                "fit": item.fit,
                "ms": round((item.seconds or attract.slide_s) * 1000),
            }
        )
    return {
        "slides": shown,
        "shuffled": attract.order == "shuffled",
        "avatar_ms": round(attract.avatar_s * 1000),
        "greetings": [
            {
                "code": code,
                "dir": Texts.describe(code).dir,
                "text": texts.get(code, GREETING, wording=settings.site.wording),
            }
            for code in greet_in
            if code in languages
        ],
        "greet_ms": round(attract.greet_s * 1000),
        "styled": bool(
            shown
            or attract.hours
            or attract.closed_days
            or attract.night
            or attract.presence != "off"
            or attract.speak_starts != "off"
        ),
        "zone": settings.site.time_zone,
        "resting": attract.resting,
        "presence": attract.presence,
        "sensitivity": attract.sensitivity,
        "starts": attract.presence_starts,
        "speaks": attract.speak_starts,
        "leave_ms": round(attract.leave_s * 1000),
        "cooldown_ms": round(attract.cooldown_s * 1000),
        "hello": hello,
    }


def now_showing(attract: AttractSettings, at: datetime) -> m.Attract:
    """Return what the waiting screen does at this time, which has the site's zone."""
    hours, night = attract.opening, attract.nights
    is_closed = not hours.is_open(at)
    opens = hours.next_change(at) if is_closed else None
    dim = attract.night_dim if night is not None and night.is_open(at) else 0.0
    return m.Attract(closed=is_closed, opens=opens.isoformat() if opens else None, dim=dim)


def until_change(attract: AttractSettings, at: datetime) -> float:
    """Return the seconds until something of it may change."""
    edges = [attract.opening.next_change(at)]
    if attract.nights is not None:
        edges.append(attract.nights.next_change(at))
    waits = [(edge - at).total_seconds() for edge in edges if edge is not None]
    return max(1.0, min([LOOK_AGAIN_S, *waits]))


async def keep_told(
    settings: Settings, clock: Clock, send: Callable[[m.ServerMessage], None]
) -> None:
    """Tell one page what its waiting screen does, now and at every change, until cancelled."""
    attract, zone = settings.attract, ZoneInfo(settings.site.time_zone)
    told: m.Attract | None = None
    while True:
        at = clock.now().astimezone(zone)
        showing = now_showing(attract, at)
        if showing != told:
            send(showing)
            told = showing
        await clock.sleep(until_change(attract, at))


def wake_target(kiosk_id: str) -> str:
    """Return the bus target that wakes a screen, on whichever server its socket is."""
    return f"wake:{kiosk_id}"


def waker(is_visiting: Callable[[], bool], send: Callable[[m.ServerMessage], None]) -> Handler:
    """Return what answers a wake: the screen is told, unless a visitor is there already."""

    async def wake(_payload: Payload) -> Mapping[str, Any]:
        if is_visiting():
            return {"woken": False}
        send(m.Wake())
        return {"woken": True}

    return wake


async def wake(bus: Bus, kiosk_id: str) -> bool:
    """Wake a screen; False when it is not connected or has a visitor."""
    try:
        answer = await bus.command(wake_target(kiosk_id), {}, timeout_s=WAKE_S)
    except NoHandlerError:
        return False
    except TimeoutError:
        log.warning("a screen's server did not answer a wake", kiosk=kiosk_id)
        return False
    return answer.get("woken") is True


class Resting:
    """Tells operators when one waiting screen goes dark on purpose, once for each change."""

    def __init__(self, bus: Bus, clock: Clock, kiosk_id: str) -> None:
        self._bus = bus
        self._clock = clock
        self._kiosk_id = kiosk_id
        self._dark = False
        self._lock = asyncio.Lock()

    async def report(self, message: m.Rest) -> None:
        """Take what the page says."""
        async with self._lock:
            if message.dark == self._dark:
                return
            self._dark = message.dark
            event = events.ScreenRests(
                kiosk_id=self._kiosk_id, at=self._clock.now(), dark=message.dark
            )
            await self._bus.publish(events.EVENTS_TOPIC, event.model_dump(mode="json"))
