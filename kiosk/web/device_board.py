"""A screen as a device in an operator's words: its report, what is wrong, what it was told."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from kiosk.signaling.device import MAX_LEVELS, Report
from kiosk.web import wording
from kiosk.web.live import LiveKiosk, LiveView, LiveVisit

Fields: TypeAlias = dict[str, Any]

NO_FRAME_S: Final = 12.0
"""A picture that stands still for longer is missing, not late."""
SILENT_S: Final = 60.0
"""An open microphone that gives pure silence for so long is broken or covered."""
SKEW_S: Final = 60.0
"""A clock that is further off is worth a visit by somebody."""
LATE: Final = 3
"""Reports that may fail to come before it is said."""
_BROWSERS: Final = (
    ("Edg/", "Edge"), ("Chromium/", "Chromium"), ("Chrome/", "Chromium"), ("Firefox/", "Firefox"),
    ("Version/", "Safari"),
)  # fmt: skip
_SYSTEMS: Final = ("Windows", "Android", "Linux", "Mac OS X")
_MICROPHONES: Final = {
    "off": "Closed: nobody is talking",
    "opening": "Being opened",
    "muted": "Muted by the visitor",
    "denied": "Refused by the browser: its policy must allow this site",
    "missing": "Missing: none is plugged in, or it went away",
}
_CAMERAS: Final = {
    None: "Not used to notice visitors",
    "on": "Notices visitors; off during a visit",
    "missing": "Missing: none is plugged in, it gives no picture, or another program has it",
    "denied": "Refused by the browser: its policy must allow this site",
}
_LOST_CAMERAS: Final = {
    "missing": "notices nobody coming: its camera is missing; look at its plug",
    "denied": "notices nobody coming: the browser refuses its camera; allow it in its policy",
}
_PICTURES: Final = frozenset({"direct", "relay", "websocket"})


def device(view: LiveView, item: LiveKiosk) -> Fields:
    """Return what is known of a device, as short sentences for their places on its page."""
    report = item.report
    fields: Fields = {
        "id": item.id,
        "connected": item.connected,
        "reported_at": _iso(item.reported_at),
        "late": "late" if late(view, item) else "",
        "reported": report is not None,
        "visit": item.visit_id or "",
        "commands": [
            {
                "text": f"{entry.by} asked for {wording.command(entry.name)}",
                "result": entry.detail,
                "at": _iso(entry.at),
                "tone": "calm" if entry.ok else "trouble",
            }
            for entry in reversed(item.commands)
        ],
        "errors": [
            {"text": kind, "at": _iso(at), "result": "", "tone": "trouble"}
            for at, kind in item.latest_errors
        ],
    }
    if report is not None and item.reported_at is not None:
        fields |= _facts(view, report, item.reported_at)
    return fields


BLANK: Final[Fields] = dict.fromkeys(
    (
        "version", "picture", "picture_at", "sound", "microphone", "camera", "devices", "media",
        "browser", "screen", "language", "memory", "up", "clock", "display", "network",
    ),
    "",
) | {"levels": []}  # fmt: skip
"""What a page shows of a device that has not reported."""


def needs(view: LiveView, item: LiveKiosk, visit: LiveVisit | None) -> list[tuple[int, str, str]]:
    """Return what a device's report says needs a person: rank, kind and the end of a sentence.

    Ages are said in the sentence only where they are old enough to matter by then.
    """
    report, at = item.report, item.reported_at
    if report is None or at is None or not item.connected:
        return []
    if late(view, item):
        return [(1, "report", "is connected and has stopped reporting; reload it")]
    found = []
    if visit is not None and report.media in _PICTURES and _frozen(report):
        found.append((0, "frame", "has shown no picture"))
    if visit is not None and report.microphone in {"denied", "missing"}:
        found.append((1, "microphone", f"has no microphone ({report.microphone})"))
    if visit is not None and (report.silent_s or 0) >= SILENT_S:
        found.append((1, "microphone", "hears nothing but silence; look at its microphone"))
    if report.camera in _LOST_CAMERAS:
        found.append((2, "camera", _LOST_CAMERAS[report.camera]))
    if abs(skew(report, at)) >= SKEW_S:
        found.append((2, "clock", f"has a wrong clock, {_off(skew(report, at))}"))
    return found


def since(item: LiveKiosk, kind: str) -> datetime:
    """Return since when a need of `needs` has been there."""
    at, report = item.reported_at, item.report
    assert at is not None
    assert report is not None
    ages = {"frame": report.frame_age_s, "microphone": report.silent_s}
    return at - timedelta(seconds=ages.get(kind) or 0)


def skew(report: Report, at: datetime) -> float:
    """Return how far the device's clock is ahead, seconds; the way of the message is in it."""
    return report.at / 1000 - at.timestamp()


def browser(agent: str) -> str:
    """Return browser and system of a user agent in a few words."""
    system = next((name for name in _SYSTEMS if name in agent), "")
    for mark, name in _BROWSERS:
        found = re.search(re.escape(mark) + r"(\d+)", agent)
        if found:
            return f"{name} {found[1]}" + (f" on {system}" if system else "")
    return agent[:60]


def _facts(view: LiveView, report: Report, at: datetime) -> Fields:
    picture, picture_at = _picture(report, at)
    ours = view.version
    sound = f"Volume {report.volume} %"
    return {
        "version": f"{report.page}, as this server has it"
        if report.page == ours or not ours
        else f"{report.page}; this server has {ours}: it reloads after its visit",
        "picture": picture,
        "picture_at": picture_at,
        "sound": f"Muted ({sound.lower()} when it is not)" if report.muted else sound,
        "microphone": _microphone(report),
        "camera": _CAMERAS[report.camera],
        "levels": [*([0] * (MAX_LEVELS - len(report.levels))), *report.levels],
        "devices": _devices(report),
        "media": wording.media(report.media) if report.media else "none",
        "browser": browser(report.browser),
        "screen": f"{report.width} x {report.height} px",
        "language": wording.language(report.language),
        "memory": _memory(report),
        "up": f"Loaded {wording.duration(report.up_s)} before, "
        f"{wording.count(report.visits, 'visit')} since",
        "clock": _off(skew(report, at)),
        "display": "Kept awake" if report.awake else "May go to sleep: no wake lock",
        "network": _network(report),
    }


def _picture(report: Report, at: datetime) -> tuple[str, str]:
    if report.frame_age_s is None:
        return "None wanted now", ""
    if not _frozen(report):
        return "Moving", ""
    return "No picture", _iso(at - timedelta(seconds=report.frame_age_s))


def _frozen(report: Report) -> bool:
    return report.frame_age_s is not None and report.frame_age_s > NO_FRAME_S


def _microphone(report: Report) -> str:
    if report.microphone != "on":
        return _MICROPHONES.get(report.microphone, report.microphone.capitalize())
    if report.silent_s is None:
        return "Open"
    if report.silent_s < SILENT_S:
        return "Open and hearing"
    return f"Open, but silent for {wording.duration(report.silent_s)}"


def _devices(report: Report) -> str:
    parts = []
    for number, one in (
        (report.microphones, "microphone"),
        (report.speakers, "speaker"),
        (report.cameras, "camera"),
    ):
        if number is not None:
            parts.append(wording.count(number, one) if number else f"no {one}")
    return ", ".join(parts) or "not known to the page"


def _memory(report: Report) -> str:
    nodes = wording.count(report.nodes, "element")
    return nodes if report.heap_mb is None else f"{report.heap_mb:.0f} MB, {nodes}"


def _network(report: Report) -> str:
    words = "Online" if report.online else "The browser says offline"
    if report.dropped_frames:
        words += f", {wording.count(report.dropped_frames, 'audio frame')} dropped"
    return words + (", page hidden" if report.hidden else "")


def _off(seconds: float) -> str:
    if abs(seconds) < 2:
        return "right"
    way = "ahead" if seconds > 0 else "behind"
    return f"{wording.duration(abs(seconds))} {way}"


def late(view: LiveView, item: LiveKiosk) -> bool:
    """Whether a connected screen's reports have stopped coming."""
    if not item.connected or item.report is None or item.reported_at is None:
        return False
    age = (view.clock.now() - item.reported_at).total_seconds()
    return age > LATE * item.report.every_s


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at is not None else ""
