"""Every screen of the site as rows of one page: what it does, shows and runs, and its day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from kiosk.web import board, device_board, wording
from kiosk.web.day import bars
from kiosk.web.live import LiveKiosk, LiveView, LiveVisit

Fields: TypeAlias = dict[str, Any]
Sites: TypeAlias = frozenset[str] | None
"""The sites somebody may see; None is every one."""

MOST_NEEDS: Final = 5
"""Sentences on what needs a person; the rest is counted, and the rows show it."""
DIGEST: Final = 7
"""Characters of a digest that a row shows; the interface for programs has the whole."""
SORTS: Final[Mapping[str, str]] = {
    "place": "as in the settings",
    "trouble": "trouble first",
    "name": "by name",
    "visit": "longest visit first",
    "today": "most visits today first",
}
SHOWN: Final[Mapping[str, str]] = {
    "all": "every screen",
    "trouble": "in trouble",
    "visit": "with a visit",
    "off": "not connected",
    "older": "on an older page or configuration",
}
_SEARCHED: Final = (
    "id", "name", "place", "state", "language", "media", "why", "need", "page", "versions", "error",
)  # fmt: skip
_RANKS: Final = {"trouble": 0, "off": 1, "busy": 2, "calm": 3}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows somebody looks at, and in what order; every field is one of the form's."""

    q: str = ""
    show: str = "all"
    sort: str = "place"
    site: str = ""
    view: str = "list"

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Choice:
        """Read an address; what is unknown is as if it were not said."""
        show, sort = query.get("show", ""), query.get("sort", "")
        return cls(
            q=query.get("q", "").strip()[:80],
            show=show if show in SHOWN else "all",
            sort=sort if sort in SORTS else "place",
            site=query.get("site", "")[:64],
            view="wall" if query.get("view") == "wall" else "list",
        )


def row(view: LiveView, item: LiveKiosk) -> Fields:
    """Return one screen as the cells of its row; an empty one has nothing to say."""
    fields = board.kiosk(view, item)
    visit = view.running.get(item.visit_id) if item.visit_id is not None else None
    found = device_board.needs(view, item, visit)
    if found and item.connected:
        fields["tone"] = "trouble"
    counts = view.day.of(item.id)
    error = next(iter(item.latest_errors), None)
    picture, frame_at = _picture(item, visit)
    return fields | {
        "site": item.site,
        "why": visit.media_detail if visit is not None else "",
        "need": wording.sentence(found[0][2]) if found else "",
        "quality": _quality(item) if visit is not None else "",
        "picture": picture,
        "frame_at": frame_at,
        "page": _page(view, item),
        "config": _config(view, item),
        "versions": _versions(view, item),
        "today": sum(counts),
        "spark": bars(counts),
        "busiest": _busiest(view, counts),
        "error": wording.device_error(error[1]) if error is not None else "",
        "error_at": error[0].isoformat() if error is not None else "",
        "trouble": fields["tone"] == "trouble" or (fields["tone"] == "off" and not item.resting),
    }


def chosen(rows: Iterable[Fields], choice: Choice) -> list[Fields]:
    """Return the rows that fit a choice, in its order."""
    words = choice.q.lower().split()
    fits = _FITS[choice.show]
    found = [
        fields
        for fields in rows
        if fits(fields)
        and (not choice.site or fields["site"] == choice.site)
        and all(word in searched(fields) for word in words)
    ]
    return found if choice.sort == "place" else sorted(found, key=_ORDERS[choice.sort])


def searched(fields: Fields) -> str:
    """Return the text of a row that a search looks through."""
    return " ".join(str(fields[cell]) for cell in _SEARCHED).lower()


def groups(rows: Sequence[Fields], html: Sequence[str], names: Mapping[str, str]) -> list[Fields]:
    """Return the rows' HTML by site, sites in the order in which their first row comes."""
    found: dict[str, list[str]] = {}
    for fields, text in zip(rows, html, strict=True):
        found.setdefault(fields["site"], []).append(text)
    return [
        {"site": site, "name": names.get(site, site), "rows": group}
        for site, group in found.items()
    ]


def summary(view: LiveView, sites: Sites) -> Fields:
    """Return what stands above the rows: one line, what needs a person, and a line a site."""
    needs = board.attention(view, sites)
    counts: dict[str, list[int]] = {}
    for item in board.of_sites(view, sites):
        count = counts.setdefault(item.site, [0, 0, 0])
        count[0] += 1
        count[1] += item.connected
        count[2] += item.visit_id in view.running
    return {
        "headline": board.headline(view, sites),
        "attention": needs[:MOST_NEEDS],
        "more": _more(len(needs) - MOST_NEEDS),
        "sites": {site: _site_line(*count) for site, count in counts.items()},
    }


def _more(number: int) -> str:
    return f"and {wording.count(number, 'more thing')}: show the screens in trouble" * (number > 0)


def _site_line(total: int, connected: int, visits: int) -> str:
    if connected == total:
        text = "connected" if total == 1 else f"all {total} connected"
    else:
        text = f"{connected} of {total} connected"
    return f"{text}, {wording.count(visits, 'visit')}" if visits else text


def _page(view: LiveView, item: LiveKiosk) -> str:
    report = item.report
    if report is None or not view.version or report.page == view.version:
        return "held at this page" if report is not None and report.held else ""
    return "held at an older page" if report.held else "older page"


def _config(view: LiveView, item: LiveKiosk) -> str:
    wanted = view.configs.get(item.id, "")
    report = item.report
    if report is None or not report.config or not wanted or report.config == wanted:
        return ""
    return "older configuration; reload it"


def _versions(view: LiveView, item: LiveKiosk) -> str:
    """Return what it has and what is wanted, for support; empty where they are the same."""
    report, wanted = item.report, view.configs.get(item.id, "")
    parts = []
    if report is not None and view.version and report.page != view.version:
        parts.append(f"page {_short(report.page)}, wanted {_short(view.version)}")
    if report is not None and report.config and wanted and report.config != wanted:
        parts.append(f"configuration {_short(report.config)}, wanted {_short(wanted)}")
    return "; ".join(parts)


def _short(version: str) -> str:
    """Return a version with as much of its digest as tells it from others."""
    release, dash, digest = version.rpartition("-")
    return f"{release}{dash}{digest[:DIGEST]}"


def _picture(item: LiveKiosk, visit: LiveVisit | None) -> tuple[str, str]:
    """Return what is to be said of the avatar's picture, and when it was last shown if not now."""
    at = item.pictured_at.isoformat(timespec="seconds") if item.pictured_at is not None else ""
    wanted = visit is not None and item.connected and item.report is not None
    if not wanted or item.report is None or item.report.frame_age_s is None:
        return ("last picture", at) if at else ("", "")
    if item.report.frame_age_s > device_board.NO_FRAME_S:
        return "picture stopped", at
    return "picture moving", ""


def _quality(item: LiveKiosk) -> str:
    report = item.report
    if report is None:
        return ""
    parts = []
    if report.rtt_ms is not None:
        parts.append(wording.milliseconds(report.rtt_ms))
    if report.lost is not None:
        parts.append(f"{report.lost:.1f} % lost")
    return ", ".join(parts)


def _busiest(view: LiveView, counts: Sequence[int]) -> str:
    if not any(counts):
        return "No visit today"
    most = max(counts)
    total = wording.count(sum(counts), "visit")
    return f"{total} today, most from {view.day.hour(counts.index(most))}: {most}"


def _age(fields: Fields) -> str:
    # A visit that began earlier is longer; those without one come last.
    return fields["since"] or "9"


_FITS: Final[Mapping[str, Callable[[Fields], bool]]] = {
    "all": lambda fields: True,
    "trouble": lambda fields: bool(fields["trouble"]),
    "visit": lambda fields: fields["visit"] != "",
    "off": lambda fields: fields["tone"] == "off",
    "older": lambda fields: fields["page"] != "" or fields["config"] != "",
}
_ORDERS: Final[Mapping[str, Callable[[Fields], Any]]] = {
    "trouble": lambda fields: _RANKS[fields["tone"]],
    "name": lambda fields: fields["name"].casefold(),
    "visit": _age,
    "today": lambda fields: -fields["today"],
}
