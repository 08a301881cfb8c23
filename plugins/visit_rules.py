"""House rules: which tools where and when, what is said when a visit breaks, and how it went.

Without settings it refuses nothing and says what the product says; it only counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, time
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from kiosk import hookimpl
from kiosk.hooks.site import SessionHandle, Site
from kiosk.hooks.specs import RegisterSettings
from kiosk.hooks.values import Panel, Problem, Refuse
from kiosk.model import ToolCall, ToolResult, VisitSummary

MOST_TOOLS: Final = 20
"""Tools in the panel, the most used first."""


class Rule(BaseModel):
    """Tools that are not called at these places, or in these hours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tools: tuple[str, ...] = Field(min_length=1)
    places: tuple[str, ...] = ()
    begins: time = time.min
    ends: time = time.max
    reason: str = Field("It is not available here.", description="Told to the model.")

    def counts(self, tool: str, place: str, at: time) -> bool:
        """Whether it forbids `tool` at `place` at this time; hours may go over midnight."""
        if tool not in self.tools or (self.places and place not in self.places):
            return False
        if self.begins <= self.ends:
            return self.begins <= at <= self.ends
        return at >= self.begins or at <= self.ends


class RuleSettings(BaseModel):
    """`[plugins.visit_rules]`: rules as `[[plugins.visit_rules.refuse]]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    refuse: tuple[Rule, ...] = Field((), max_length=50)
    sorry: dict[str, str] = Field({}, description="By language, what a visitor reads on a fault.")


class _Today:
    """Counts of one day."""

    def __init__(self, day: date) -> None:
        self.day = day
        self.begun = 0
        self.ended: Counter[str] = Counter()
        self.tools: Counter[str] = Counter()


def _today(site: Site) -> _Today:
    now = site.now().date()
    today = site.state.get("today")
    if not isinstance(today, _Today) or today.day != now:
        today = site.state["today"] = _Today(now)
    return today


@hookimpl
def register_settings(register: RegisterSettings) -> None:
    """The rules, and the sentences."""
    register(RuleSettings)


@hookimpl
def before_tool_call(site: Site, session: SessionHandle, call: ToolCall) -> Refuse | None:
    """Refuse what the house does not want here or now."""
    at = session.now().time()
    for rule in site.settings(RuleSettings).refuse:
        if rule.counts(call.name, session.kiosk.place, at):
            return Refuse(rule.reason)
    return None


@hookimpl
def session_error(site: Site, session: SessionHandle, error: Problem) -> str | None:
    """Say it in the house's own words, such as with the desk's number."""
    sorry = site.settings(RuleSettings).sorry
    return sorry.get(session.language) or sorry.get(session.language.partition("-")[0])


@hookimpl
def session_started(site: Site) -> None:
    """Count a conversation; a visit whose notice nobody accepts comes to none."""
    _today(site).begun += 1


@hookimpl
def after_tool_call(site: Site, call: ToolCall, result: ToolResult) -> None:
    """Count a call by its name; what was asked and answered is nobody's business."""
    _today(site).tools[call.name] += 1


@hookimpl
def session_ended(site: Site, summary: VisitSummary) -> None:
    """Count how visits end."""
    _today(site).ended[summary.reason.value] += 1


@hookimpl
def dashboard_panels(site: Site) -> Sequence[Panel]:
    """Show operators the day so far."""
    today = _today(site)
    rows = [("Conversations begun", str(today.begun))]
    for name, number in today.ended.most_common():
        rows.append((f"Visits ended: {name.replace('_', ' ')}", str(number)))
    rows += [(f"Tool {name}", str(count)) for name, count in today.tools.most_common(MOST_TOOLS)]
    text = "Since the server started, or since midnight. A visit begins with a touch, and its "
    text += "conversation once the notice is accepted and the line is there."
    return [Panel("Today", text, rows)]
