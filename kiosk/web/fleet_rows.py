"""The rows of the fleet page, each made once for everybody who looks on: values, JSON and HTML."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from markupsafe import Markup

from kiosk.web import device_board, fleet_board
from kiosk.web.fleet_board import Fields, Sites
from kiosk.web.live import LiveKiosk, LiveView
from kiosk.web.templating import Templates
from kiosk.web.when import When

SUMMARY_S: Final = 1.0
"""Shortest time between two looks at every screen for what needs a person."""


@dataclass(slots=True)
class _Row:
    state: object
    fields: Fields
    text: str
    html: Markup | None = None


class Rows:
    """Rows as they were when last asked for; one is made anew when its screen changed."""

    def __init__(
        self, live: LiveView, templates: Templates, zone: str, *, summary_s: float = SUMMARY_S
    ) -> None:
        self._live = live
        self._templates = templates
        self._when = When(zone)
        self._summary_s = summary_s
        self._rows: dict[str, _Row] = {}
        self._summaries: dict[Sites, tuple[int, float, str]] = {}

    def fields(self, item: LiveKiosk) -> Fields:
        """Return a screen's row as values."""
        return self._row(item).fields

    def text(self, item: LiveKiosk) -> str:
        """Return it as JSON: the same object as long as it says the same."""
        return self._row(item).text

    def html(self, item: LiveKiosk) -> Markup:
        """Return it as the page has it."""
        row = self._row(item)
        if row.html is None:
            context = {"row": row.fields, "when": self._when}
            # Rendered, and by that escaped, by the template.
            row.html = Markup(self._templates.render("operator/unit.html", context))  # noqa: S704  # nosec B704
        return row.html

    def summary(self, sites: Sites) -> tuple[str, bool]:
        """Return what stands above the rows as JSON, and whether it is due to be made anew."""
        now = self._live.clock.monotonic()
        known = self._summaries.get(sites)
        if known is not None:
            number, made, text = known
            if now - made < self._summary_s:
                return text, number != self._live.seq
        fresh = json.dumps(fleet_board.summary(self._live, sites), ensure_ascii=False)
        if known is not None and known[2] == fresh:
            fresh = known[2]
        self._summaries[sites] = (self._live.seq, now, fresh)
        return fresh, False

    def _row(self, item: LiveKiosk) -> _Row:
        late = device_board.late(self._live, item)
        state = (item.changed, self._live.day.name, late)
        known = self._rows.get(item.id)
        if known is not None and known.state == state:
            return known
        fields = fleet_board.row(self._live, item)
        if known is not None and known.fields == fields:
            known.state = state
            return known
        made = _Row(state, fields, json.dumps(fields, ensure_ascii=False))
        self._rows[item.id] = made
        return made


ROWS = web.AppKey("fleet_rows", Rows)
